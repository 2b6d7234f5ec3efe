"""What people of tests agree to: the marks of the statements that pages show in English."""

from __future__ import annotations

from chassis.vocabulary import attestations

_SHOWN = attestations.shown("en")

ATTESTATION = _SHOWN[attestations.OFFICIAL].mark
"""Of who asks to be an Authorized Official (IA-EMP-08)."""
SIGNATURE = _SHOWN[attestations.SIGNATURE].mark
"""Of who signs an application (PE-X-04)."""
