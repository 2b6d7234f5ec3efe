"""Whenever X, do Z: one file an outcome."""
