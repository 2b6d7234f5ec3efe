"""What is shown: one file a view."""
