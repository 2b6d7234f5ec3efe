"""The registry's rules: ids, errors, what may be searched for; pure."""
