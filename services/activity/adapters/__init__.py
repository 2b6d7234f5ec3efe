"""The stream processor that counts."""
