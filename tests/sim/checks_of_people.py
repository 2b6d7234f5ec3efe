"""What must hold of people, and of mails to them, when the whole telling has come to rest."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from chassis.domain import Claim
from services.identity.domain.account import Account
from services.identity.domain.code import Code
from services.notifier.domain.notification import Notification
from tests.sim.stage import Stage

APART = timedelta(minutes=1)
"""Between two hand-overs of one mail: its claim (2 minutes) or the first wait after a refusal (1) is over before."""
ENDS = (Notification.Sent, Notification.Failed, Notification.Superseded, Notification.Expired)


class InvariantError(AssertionError):
    """Something that must always hold does not."""


def check_mails(stage: Stage) -> None:
    """Every mail that was asked for has one end; what was sent is in the box, and what is in the box was sent."""
    ends = _ends(stage)
    for id_, how in ends.items():
        # what was on its way when it was dropped went out all the same, and this is written down too
        if len(how) != 1 and not (len(how) == 2 and how[1] is Notification.Sent is not how[0]):
            raise InvariantError(f"the mail {id_} has ended {len(how)} times: {[one.__name__ for one in how]}")
    taken: dict[UUID, list[datetime]] = defaultdict(list)
    for one in stage.box.taken:
        taken[UUID(one.message_id.strip("<>").partition("@")[0])].append(one.at)
    lost = {id_ for id_, how in ends.items() if Notification.Sent in how} - set(taken)
    if lost:
        raise InvariantError(f"recorded as sent, but never handed over: {lost}")
    # dropped is another thing: its sender died, or heard no yes, and before the next try it was pointless
    unknown = {id_ for id_ in taken if ends[id_][0] is Notification.Failed}
    if unknown:
        raise InvariantError(f"handed over, and recorded as failed: {unknown}")
    twice = [id_ for id_, at in taken.items() if any(later - earlier < APART for earlier, later in pairwise(at))]
    if twice:
        raise InvariantError(f"handed over twice at once: {twice}")


def _ends(stage: Stage) -> dict[UUID, list[type]]:
    """How each mail that was asked for has ended, in order."""
    ends: dict[UUID, list[type]] = {}
    for event in stage.events("notifier"):
        if isinstance(event, Notification.Requested):
            ends[event.originator_id] = []
        elif isinstance(event, ENDS):
            ends[event.originator_id].append(type(event))
    return ends


def check_people(stage: Stage) -> None:
    """What is unique has one owner, who is active; a code is good once."""
    app = stage.apps["identity"]
    owners: dict[UUID, UUID] = {}
    for event in stage.events("identity"):
        if not isinstance(event, Account.Activated):
            continue
        account: Account = app.repository.get(event.originator_id)
        for claim_id in (account.email_claim, account.user_id_claim, None if account.roles else account.ssn_claim):
            if claim_id is None:  # the installation's own people have no number
                continue
            if owners.setdefault(claim_id, account.id) != account.id:
                raise InvariantError(f"{account.id} and {owners[claim_id]} are active with one {claim_id}")
            claim: Claim | None = app.repository.find(claim_id)
            if claim is None or claim.owner_id != account.id:
                raise InvariantError(f"{account.id} is active without its claim {claim_id}")
    proven = [event.originator_id for event in stage.events("identity") if isinstance(event, Code.Verified)]
    if len(proven) != len(set(proven)):
        raise InvariantError("a code was good twice")
