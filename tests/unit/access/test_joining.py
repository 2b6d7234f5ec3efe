"""What accepting an invitation gives, as of the moment at which it is accepted."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.vocabulary.functions import EHR_RETIRED_AT
from services.access.domain.association import Association
from services.access.domain.invitation import Invitation, Offer
from services.access.domain.joining import join

OFFICIAL, INVITEE, GROUP = uuid4(), uuid4(), uuid4()
EARLIER = EHR_RETIRED_AT - timedelta(hours=1)


def official() -> Association:
    made = Association(
        id=Association.id_for(OFFICIAL, GROUP), account_id=OFFICIAL, employer_id=GROUP, role="AUTHORIZED_OFFICIAL",
        role_request_id=uuid4(),
    )  # fmt: skip
    made.approve(role_request_id=made.open_request_id or uuid4(), approved_by=uuid4())
    return made


@pytest.mark.parametrize(("late", "functions"), [(False, ["EHR", "PECOS"]), (True, ["PECOS"])])
def test_an_invitation_of_before_gives_no_ehr_after_its_end(late: bool, functions: list[str]) -> None:
    """IA-EHR-01: what was offered in time and is accepted too late."""
    offer = Offer(GROUP, "STAFF_END_USER", ("EHR", "PECOS"))
    invitation = Invitation(
        id=uuid4(), invited_by=OFFICIAL, invitee="sealed", offers=[offer.as_fields()], tracking_id="V7F3K2QX9V"
    )
    invitation.issue_pin(secret="sealed", expires_at=EHR_RETIRED_AT + timedelta(hours=1))
    invitation.redeem(now=EARLIER)
    known: dict[UUID, Association] = {Association.id_for(OFFICIAL, GROUP): official()}
    now = EHR_RETIRED_AT if late else EARLIER
    changed = list(join(known.get, invitation, account_id=INVITEE, now=now))
    [joined] = [one for one in changed if isinstance(one, Association)]
    assert joined.functions == functions
