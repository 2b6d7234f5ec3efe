"""What may be asked of identity: one function a command, and the tables that secrets stand in."""
