"""Views of identity: sealed values only."""
