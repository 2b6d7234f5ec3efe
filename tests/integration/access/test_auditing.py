"""Who could act at another time, over the API: for auditors alone."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from structlog.testing import capture_logs

from chassis import log, nature
from chassis.cause import Cause
from chassis.domain import Look, NotAllowedError
from chassis.log import Entry
from chassis.server import RefusedError
from services.access.commands import role_requests
from tests.access_office import Office
from tests.attested import ATTESTATION

GROUP, PERSON, AUDITOR, HELP = (nature.new_id() for _ in range(4))
ASKED: dict[str, Any] = {"provider_id": str(GROUP), "function": "PECOS"}


@pytest.mark.parametrize("roles", [(), ("EUS",), ("MAC",)])
def test_only_auditors_ask(office: Office, roles: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowedError, match="Only auditors"):
        office.ask("WhoCouldAct", PERSON, roles=roles, **ASKED)


@pytest.mark.usefixtures("every_level")
def test_the_answer_is_of_its_moment_and_the_question_is_noted(office: Office) -> None:
    before = Timestamp()
    before.FromDatetime(nature.now())
    office.clock.forward(hours=1)
    asked = office.room.execute(
        role_requests.request_role, PERSON, employer_id=GROUP, role="STAFF_END_USER", attestation=ATTESTATION
    )
    end = office.room.end()
    with capture_logs() as noted:
        now = office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **ASKED)
        then = office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **ASKED, known_at=before)
    assert asked.id
    assert (now.position, then.position) == (end, 0)
    assert then.valid_at == then.known_at == before, "a moment of belief alone asks for what was true then"
    looks = office.room.events(Look.Taken)
    assert [(one.question, one.about) for one in looks] == [("who could act", GROUP)] * 2
    assert {one.asked["function"] for one in looks} == {"PECOS"}
    assert looks[1].asked["known_at"] == before.ToDatetime(UTC).isoformat()
    assert office.room.end() == end + 2
    assert [(one["event"], one["actor"], one["found"]) for one in noted] == [("audit read", str(AUDITOR), 0)] * 2


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("provider_id", {"provider_id": "' OR 1=1 --"}),
        ("provider_id", {"provider_id": ""}),
        ("function", {"function": "pecos; DROP TABLE log"}),
        ("function", {"function": "é" * 4000}),
        ("valid_at", {"valid_at": Timestamp(seconds=1 << 60)}),
        ("known_at", {"known_at": Timestamp(seconds=-(1 << 60))}),
    ],
)
def test_bad_questions_name_the_field(office: Office, field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as caught:
        office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **(ASKED | wrong))
    assert [detail.field for detail in caught.value.details] == [field]


@pytest.mark.parametrize("topic", ["access.Association.Paused", "heard.SomethingNew", "access.Document.Uploaded"])
def test_what_a_newer_release_wrote_is_no_answer_and_what_is_about_something_else_no_hindrance(
    office: Office, topic: str
) -> None:
    before = office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **ASKED).position
    with office.room.app.session() as session:
        log.append(session, "access", [Entry(nature.new_id(), 1, topic, b'{"unread": true}')], Cause.of(PERSON))
    if topic == "access.Document.Uploaded":
        assert office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **ASKED).position == before + 2, "it, and a look"
        return
    with pytest.raises(RefusedError) as caught:
        office.ask("WhoCouldAct", AUDITOR, roles=("AUDITOR",), **ASKED)
    assert [detail.code for detail in caught.value.details] == ["VIEW_STALE"]
