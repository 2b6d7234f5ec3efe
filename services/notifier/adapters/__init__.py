"""Where the outside is called: owners of addresses, the mail server; and the words of the mails."""
