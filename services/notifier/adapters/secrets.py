"""Opens what other services have sealed for the notifier (section 5: codes and PINs on their way)."""

from __future__ import annotations

from chassis.sealing import open_sealed
from chassis.vault import SealBrokenError
from services.notifier.adapters.ports import RefusedForGoodError


class SealedSecrets:
    """Holds the notifier's private key."""

    def __init__(self, private_key: bytes) -> None:
        self._key = private_key

    def open(self, token: str, context: str) -> str:
        """The plaintext of a token that was sealed for this key in this context."""
        try:
            return open_sealed(self._key, token, context)
        except SealBrokenError as error:
            raise RefusedForGoodError(f"SEAL_BROKEN: {error}") from None
