"""What may be asked: one function a command."""
