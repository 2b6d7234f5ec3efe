"""Tables that are neither a view nor the log."""
