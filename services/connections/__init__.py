"""Which surrogate may act for which provider: one connection for each business function."""
