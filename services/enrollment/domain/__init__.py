"""The aggregates of this context: one file each, pure."""
