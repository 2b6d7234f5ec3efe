"""Pages by area, server-rendered; every action is a plain form post first."""
