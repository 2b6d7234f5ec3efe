"""Words of the field that every service shares, one noun a module: pure, without clock, chance or database."""
