"""Documents that people upload: received, looked into by a process of its own, and kept sealed beside the log."""
