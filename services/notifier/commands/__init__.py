"""What may be asked: one function per command."""
