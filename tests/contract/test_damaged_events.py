"""What the log holds, damaged: every own event and every heard message, before every view of every service (B-04)."""

from __future__ import annotations

import base64
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

import pytest

from chassis.codec import Codec, DamagedEventError, UnknownEventError, json_bytes
from chassis.followers import Page, folded
from chassis.hearing import HEARD, decode_heard, headers_of
from chassis.log import Recorded
from chassis.messages import Catalogue
from chassis.service import Service
from tests.chance import TURNS, chance
from tests.contract import samples
from tests.strange import broken

pytestmark = pytest.mark.timeout(3600)
CATALOGUE = Catalogue()
AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)
EACH = 25
"""Times that each event is damaged in one turn."""


def stored_rows(service: Service) -> list[tuple[str, bytes]]:
    """Topic and state of all that a log of this service may hold."""
    codec = Codec(service.application.aggregates)
    events = [samples.event_of(kind, one) for one in service.application.aggregates for kind in samples.kinds_of(one)]
    own = [(codec.to_stored_event(event).topic, codec.to_stored_event(event).state) for event in events]
    return own + [(topic, state) for topic, state in heard_rows() if topic[len(HEARD) :] in service.application.hears]


@cache
def heard_rows() -> list[tuple[str, bytes]]:
    return [
        (
            HEARD + message.topic,
            json_bytes(
                {
                    "headers": dict(message.headers),
                    "key": message.key,
                    "value": base64.b64encode(message.value or b"").decode(),
                }
            ),
        )
        for _, message in samples.messages()
    ]


def row_of(topic: str, state: bytes) -> Recorded:
    return Recorded(7, UUID(int=5), 3, topic, state, AT, b"", b"")


ROWS = {service.name: stored_rows(service) for service in samples.SERVICES}


def ends(service: Service, codec: Codec, row: Recorded) -> str:
    """What becomes of a row: read, folded by all views or by none of those that cannot; or refused by name."""
    try:
        event: Any = (
            decode_heard(CATALOGUE, row)
            if row.topic.startswith(HEARD)
            else codec.event_in(row.topic, row.stream, row.version, row.state)
        )
    except UnknownEventError:
        return "waited for"
    except DamagedEventError as error:
        return _names(row, error)
    for view in dict.fromkeys((*service.application.policy_views, *service.application.views)):
        try:
            folded(view, Page([row], [event]))
        except DamagedEventError as error:
            return f"not folded, {_names(row, error, view.name)}"
    return "folded"


def _names(row: Recorded, error: DamagedEventError, view: str = "") -> str:
    assert re.match(rf"{re.escape(row.topic)} {row.stream} version {row.version}: {view}", str(error)), error
    return "damaged"


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("service", samples.SERVICES, ids=lambda service: service.name)
def test_what_is_damaged_is_refused_by_name_or_is_another_whole_event(service: Service, turn: int) -> None:
    """Bits turned, bytes lost and put in, the end cut off."""
    by, codec = chance(turn), Codec(service.application.aggregates)
    found = Counter(
        ends(service, codec, row_of(topic, broken(state, by)))
        for topic, state in ROWS[service.name]
        for _ in range(EACH)
    )
    assert found["damaged"] > found.total() / 2, found


@pytest.mark.parametrize("service", samples.SERVICES, ids=lambda service: service.name)
def test_every_place_where_the_end_is_cut_off_is_damage(service: Service) -> None:
    codec, by = Codec(service.application.aggregates), Random(0)
    for topic, state in ROWS[service.name]:
        for length in {0, 1, len(state) - 1, *(by.randrange(len(state)) for _ in range(9))}:
            assert ends(service, codec, row_of(topic, state[:length])) == "damaged", (topic, length)


@pytest.mark.parametrize("service", samples.SERVICES, ids=lambda service: service.name)
def test_a_topic_or_a_version_that_is_none_of_ours_is_waited_for(service: Service) -> None:
    codec = Codec(service.application.aggregates)
    for topic, state in ROWS[service.name]:
        for other in (f"{topic}s", topic.lower(), "", "heard.", f"heard.{topic}", "os:system"):
            assert ends(service, codec, row_of(other, state)) == "waited for", other
        if not topic.startswith(HEARD):
            newer = state.replace(b"{", b'{"class_version":99,', 1)
            assert ends(service, codec, row_of(topic, newer)) == "waited for", topic
            none = state.replace(b"{", b'{"class_version":-1,', 1)
            assert ends(service, codec, row_of(topic, none)) in {"damaged", "folded"}, topic


def test_an_undamaged_log_is_folded_whole() -> None:
    for service in samples.SERVICES:
        codec = Codec(service.application.aggregates)
        assert {ends(service, codec, row_of(*one)) for one in ROWS[service.name]} == {"folded"}, service.name


def test_headers_that_are_no_text_are_damage_too() -> None:
    row = row_of("heard.RoleRequested", b'{"headers":{"ce_id":"\xff"},"key":"k","value":""}')
    for read in (headers_of, lambda one: decode_heard(CATALOGUE, one)):
        with pytest.raises(DamagedEventError, match=r"heard\.RoleRequested"):
            read(row)
