"""Enrollment (PECOS): Medicare applications, signatures, records and reassignments."""
