"""What identity needs from outside of itself."""
