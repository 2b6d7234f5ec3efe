"""Messages to people: who is told what, when, and whether it was sent; no business state."""
