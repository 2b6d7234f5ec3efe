"""The ids of providers, made of what NPPES and the supplement say and therefore the same at every load."""

from __future__ import annotations

from hashlib import sha1
from typing import Any
from uuid import UUID, uuid5

PROVIDERS = UUID("6f1d5c0e-3f0b-5c58-9a52-5d2f4c8f0b61")
"""Every provider's id, and so every employer's, is made below this one, for ever."""

_NPI = "npi:"
_EMPLOYER = "employer:"
_VARIANT = {c: f"{int(c, 16) & 0x3 | 0x8:x}" for c in "0123456789abcdef"}


def of_npi(npi: str) -> UUID:
    """The id of an individual provider, or of an organization that no supplement knows."""
    return uuid5(PROVIDERS, _NPI + npi)


def of_employer(key: str) -> UUID:
    """The id of an organization: all NPIs with one employer key of the supplement are one provider."""
    return uuid5(PROVIDERS, _EMPLOYER + key)


def hex_of_npi(npi: bytes) -> bytes:
    """`of_npi` as 32 hexadecimal digits, at a third of its price: it is paid for every row of a month."""
    return _hex(_OF_NPI, npi)


def hex_of_employer(key: bytes) -> bytes:
    """`of_employer` in the same way."""
    return _hex(_OF_EMPLOYER, key)


def _hex(begun: Any, name: bytes) -> bytes:
    """What `uuid5` makes of a name space's bytes, which are hashed already, and the rest of a name."""
    whole = begun.copy()
    whole.update(name)
    digest = whole.hexdigest()
    return f"{digest[:12]}5{digest[13:16]}{_VARIANT[digest[16]]}{digest[17:32]}".encode()


_OF_NPI, _OF_EMPLOYER = (sha1(PROVIDERS.bytes + kind.encode(), usedforsecurity=False) for kind in (_NPI, _EMPLOYER))
