"""The portal: web pages over the other services. It holds no truth of its own."""
