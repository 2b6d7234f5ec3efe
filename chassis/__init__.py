"""What every service stands on: the log, its followers, the bus, and the runtime that drives them."""
