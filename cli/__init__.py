"""The `mandate` command."""
