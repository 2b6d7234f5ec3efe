"""Where the registry meets files of others: NPPES's dissemination files, and generated ones."""
