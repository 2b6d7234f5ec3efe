"""Whenever X, tell whom it concerns: one file an outcome."""
