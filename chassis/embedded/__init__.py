"""Parts that need no installed server: PostgreSQL from a wheel, and the bus on PostgreSQL."""
