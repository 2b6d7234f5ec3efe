"""Identity: its aggregates and its views. Its deadlines are named in `timers.py`."""

from __future__ import annotations

from chassis.application import Application
from services.identity.domain.account import Account
from services.identity.domain.code import Code
from services.identity.domain.decoy import Decoy
from services.identity.domain.desk_invitation import DeskInvitation
from services.identity.domain.sign_in import SignIn
from services.identity.projections.accounts import ACCOUNTS
from services.identity.projections.desk_invitations import DESK_INVITATIONS
from services.identity.projections.desk_people import DESK_PEOPLE


class IdentityApplication(Application):
    """Who a person is, and whether it is they who ask."""

    name = "identity"
    aggregates = (Account, SignIn, Code, Decoy, DeskInvitation)
    views = (ACCOUNTS, DESK_INVITATIONS, DESK_PEOPLE)
