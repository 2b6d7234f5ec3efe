"""What the registry may be asked to do."""
