"""Providers and their NPIs: NPPES's files, search, and who owns which NPI (D-01)."""
