"""The bounded contexts, the registry and the portal: one package each, with the same rooms."""
