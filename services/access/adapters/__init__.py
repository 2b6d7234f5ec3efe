"""Where the outside is called: programs that look into what strangers send."""
