"""The roles that a person may have at an employer (2.5), and what sets them apart."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AUTHORIZED_OFFICIAL = "AUTHORIZED_OFFICIAL"
ACCESS_MANAGER = "ACCESS_MANAGER"
STAFF_END_USER = "STAFF_END_USER"

EUS, MAC, AUDITOR = "EUS", "MAC", "AUDITOR"
"""Roles that an installation gives its own people, as tokens carry them."""

NAMES: Mapping[str, str] = MappingProxyType(
    {
        AUTHORIZED_OFFICIAL: "Authorized Official",
        ACCESS_MANAGER: "Access Manager",
        STAFF_END_USER: "Staff End User",
    }
)
"""The English names, in the order in which pages offer them (IA-EMP-07)."""

MANAGING = frozenset({AUTHORIZED_OFFICIAL, ACCESS_MANAGER})
"""Roles that manage staff and connections, and have every business function by themselves (IA-ROLE-02, IA-ROLE-03)."""


def manages(role: str) -> bool:
    """Whether people in this role manage staff and connections (IA-ROLE-02 to IA-ROLE-04).

    Whom they may manage is another question: an Access Manager manages Staff End Users only (D-09).
    """
    return role in MANAGING
