"""What is shown, and what policies look up: one file a view."""
