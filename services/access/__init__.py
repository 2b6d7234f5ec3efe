"""Who works for whom, and with what: role requests, associations, and the right to act."""
