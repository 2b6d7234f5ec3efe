"""Live activity: how much happens on each topic, by windows of time. A look, never on the path of a fact."""
