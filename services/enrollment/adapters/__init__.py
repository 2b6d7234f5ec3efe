"""Where the outside is called: the registry, and access at the moment of signing and submitting."""
