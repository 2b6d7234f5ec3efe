"""What downstream systems use to follow Mandate: decisions in memory, from the state topics."""
