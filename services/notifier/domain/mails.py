"""The mails by the domain's own numbers (domain.md 6), and which facts make one of them pointless."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INVITATION = "M-01"
ACCOUNT_CREATED = "M-02"
CODE = "M-03"
ACCOUNT_LOCKED = "M-07"
ROLE_REQUEST_RECEIVED = "M-09"
ROLE_REQUEST_AWAITS = "M-10"
DOCUMENTS_RECEIVED = "M-11"
ROLE_REQUEST_APPROVED = "M-12"
ROLE_REQUEST_REJECTED = "M-13"
ACCESS_CHANGED = "M-14"
NO_OFFICIAL = "M-15"
CONNECTION_AWAITS = "M-16"
CONNECTION_DECIDED = "M-17"
CONNECTION_ENDED = "M-18"
EHR_CLOSED = "M-19"
INVITATION_OVER = "M-20"
SIGNATURE_NEEDED = "M-21"
APPLICATION_RECEIVED = "M-22"
CORRECTIONS_NEEDED = "M-24"
APPLICATION_APPROVED = "M-25"
APPLICATION_FAILED = "M-26"
REASSIGNMENT_CHANGED = "M-29"
ADDRESS_TAKEN = "M-30"

ALL = (
    INVITATION,
    ACCOUNT_CREATED,
    CODE,
    ACCOUNT_LOCKED,
    ROLE_REQUEST_RECEIVED,
    ROLE_REQUEST_AWAITS,
    DOCUMENTS_RECEIVED,
    ROLE_REQUEST_APPROVED,
    ROLE_REQUEST_REJECTED,
    ACCESS_CHANGED,
    NO_OFFICIAL,
    CONNECTION_AWAITS,
    CONNECTION_DECIDED,
    CONNECTION_ENDED,
    EHR_CLOSED,
    INVITATION_OVER,
    SIGNATURE_NEEDED,
    APPLICATION_RECEIVED,
    CORRECTIONS_NEEDED,
    APPLICATION_APPROVED,
    APPLICATION_FAILED,
    REASSIGNMENT_CHANGED,
    ADDRESS_TAKEN,
)

SAME_PERSON = "SAME_PERSON"
"""Who is named as official is one of those who decide, and was asked as such: one person gets one mail (M-10)."""

SUPERSEDED_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        INVITATION: frozenset({"InvitationWithdrawn", "DeskInvitationWithdrawn"}),
        CODE: frozenset({"MfaCodeIssued"}),  # one live code per session and purpose (D-25): an older one only misleads
        ROLE_REQUEST_AWAITS: frozenset(
            {
                "RoleRequestApproved",
                "RoleRequestAutoApproved",
                "RoleRequestRejected",
                "RoleRequestCancelled",
                SAME_PERSON,
            }
        ),
        CONNECTION_AWAITS: frozenset({"ConnectionApproved", "ConnectionRejected", "ConnectionCancelled"}),
    }
)
"""Mail -> messages, or what its address says, that make it pointless while it waits.

What is not named here is always sent.
"""
