"""Between events and bytes: what comes back is what went, or an error that says what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import ProgrammingError
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from chassis.codec import Codec, DamagedEventError, UnknownEventError, UnstorableTextError
from chassis.domain import Aggregate, AggregateCreated, Claim, event

AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)


class Box(Aggregate):
    """Holds one of everything that an event may hold."""

    TOPIC = "tests.Box"

    class Filled(AggregateCreated):
        """The box is full."""

        TOPIC = "tests.Box.Filled"
        text: str
        number: int
        yes: bool
        id_: UUID
        sum_: Decimal
        at: datetime
        day: date
        raw: bytes
        many: list[str]
        named: dict[str, int]
        perhaps: UUID | None
        one_of: Literal["A", "B"]

    @event(Filled)
    def __init__(
        self,
        id: UUID,
        text: str,
        number: int,
        yes: bool,
        id_: UUID,
        sum_: Decimal,
        at: datetime,
        day: date,
        raw: bytes,
        many: list[str],
        named: dict[str, int],
        perhaps: UUID | None,
        one_of: Literal["A", "B"],
    ) -> None:
        self.text = text


class Moved(Aggregate):
    """Its event is in its third version: the street got its own field, then the town."""

    TOPIC = "tests.Moved"

    class To(AggregateCreated):
        """Somebody lives there from now on."""

        TOPIC = "tests.Moved.To"
        class_version: ClassVar[int] = 3
        street: str
        town: str
        rooms: dict[str, str]

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["street"] = state.pop("address")

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["street"], state["town"] = state["street"].split(", ")

    @event(To)
    def __init__(self, id: UUID, street: str, town: str, rooms: dict[str, str]) -> None:
        self.street = street


CODEC = Codec([Box, Moved])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def stored(topic: str, state: bytes) -> StoredEvent:
    return StoredEvent(UUID(int=5), 1, topic, state)


@given(
    st.builds(
        Box,
        id=st.uuids(),
        text=TEXTS,
        number=st.integers(-(1 << 63), (1 << 64) - 1),
        yes=st.booleans(),
        id_=st.uuids(),
        sum_=st.decimals(allow_nan=False, allow_infinity=False),
        at=st.datetimes(timezones=st.just(UTC)),
        day=st.dates(),
        raw=st.binary(),
        many=st.lists(TEXTS),
        named=st.dictionaries(TEXTS, st.integers(-9, 9)),
        perhaps=st.none() | st.uuids(),
        one_of=st.sampled_from(["A", "B"]),
    )
)
def test_every_event_comes_back_as_it_went(box: Box) -> None:
    [filled] = box.collect_events()
    written = CODEC.to_stored_event(filled)
    read = CODEC.to_domain_event(written)
    assert vars(read) == vars(filled)
    assert type(read) is Box.Filled
    assert CODEC.to_stored_event(read).state == written.state


def test_the_bytes_are_json_with_sorted_keys() -> None:
    box = Box(
        id=UUID(int=5),
        text="é",
        number=1,
        yes=True,
        id_=UUID(int=6),
        sum_=Decimal("1.50"),
        at=AT,
        day=AT.date(),
        raw=b"\xff",
        many=[],
        named={"b": 1, "a": 2},
        perhaps=None,
        one_of="A",
    )
    [filled] = box.collect_events()
    object.__setattr__(filled, "timestamp", AT)
    assert CODEC.to_stored_event(filled).state.decode() == (
        '{"at":"2026-05-04T13:00:00Z","day":"2026-05-04","id_":"00000000-0000-0000-0000-000000000006","many":[],'
        '"named":{"a":2,"b":1},"number":1,"one_of":"A","originator_topic":"tests.Box","perhaps":null,"raw":"/w==",'
        '"sum_":"1.50","text":"é","timestamp":"2026-05-04T13:00:00Z","yes":true}'
    )


ROOMS = b'"originator_topic":"tests.Moved","rooms":{"1":"bath"},"timestamp":"2026-05-04T13:00:00Z"}'


@pytest.mark.parametrize(
    "state",
    [
        b'{"address":"Elm 1, Salem",' + ROOMS,
        b'{"class_version":2,"street":"Elm 1, Salem",' + ROOMS,
        b'{"class_version":3,"street":"Elm 1","town":"Salem",' + ROOMS,
    ],
)
def test_an_event_of_an_older_form_is_read_as_one_of_today(state: bytes) -> None:
    read: Any = CODEC.to_domain_event(stored("tests.Moved.To", state))
    assert (read.street, read.town, read.rooms, read.timestamp) == ("Elm 1", "Salem", {"1": "bath"}, AT)
    assert not hasattr(read, "class_version") or read.class_version == 3
    assert b'"class_version":3' in CODEC.to_stored_event(read).state


@pytest.mark.parametrize(
    "state",
    [
        b'{"street":"Elm 1, Salem",' + ROOMS,  # says it is of version 1, and is not
        b'{"address":"Elm 1",' + ROOMS,
        b'{"address":["Elm 1, Salem"],' + ROOMS,
        b'{"class_version":"2","street":"Elm 1, Salem",' + ROOMS,
        b'{"class_version":null,"street":"Elm 1, Salem",' + ROOMS,
        b'{"class_version":0,"address":"Elm 1, Salem",' + ROOMS,
        b'{"class_version":3,"street":1,"town":true,' + ROOMS,
        b"[]",
        b"7",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_damaged_bytes_of_an_older_form_are_damaged(state: bytes) -> None:
    with pytest.raises(DamagedEventError, match=r"tests\.Moved\.To 00000000-0000-0000-0000-000000000005 version 1"):
        CODEC.to_domain_event(stored("tests.Moved.To", state))


def test_a_form_that_a_newer_release_wrote_is_unknown_not_read_halfway() -> None:
    newer = b'{"class_version":4,"street":"Elm 1","town":"Salem",' + ROOMS
    with pytest.raises(UnknownEventError):
        CODEC.to_domain_event(stored("tests.Moved.To", newer))


def test_a_release_that_knows_the_first_form_alone_does_not_read_the_second() -> None:
    """A rollback from N to N-1 meets what N has written (F-17)."""
    [first] = Claim(id=uuid4(), owner_id=uuid4()).collect_events()
    written = Codec([]).to_stored_event(first)
    newer = StoredEvent(written.originator_id, 1, written.topic, written.state.replace(b"{", b'{"class_version":2,', 1))
    with pytest.raises(UnknownEventError, match="class version 2"):
        Codec([]).to_domain_event(newer)


def test_what_is_not_in_the_table_of_aggregates_is_unknown() -> None:
    assert not CODEC.knows("tests.Other.Event")
    with pytest.raises(UnknownEventError, match="builtins:eval"):
        CODEC.to_domain_event(stored("builtins:eval", b"{}"))


class Color(Enum):
    RED = "red"


@pytest.mark.parametrize(
    "hint",
    [
        Color,
        list[Color],
        dict[str, Color],
        Color | None,
        set,
        set[str],
        frozenset[str],
        tuple,
        tuple[str, ...],
        list[tuple[int, int]],
        dict[str, set[int]],
        dict[int, str],
        dict[UUID, str],
        float,
        complex,
        object,
    ],
    ids=str,
)
def test_loose_types_are_refused_when_the_event_is_declared(hint: Any) -> None:
    name = f"tests.Loose{abs(hash(str(hint)))}"

    class Loose(Aggregate):
        TOPIC = name

        class Made(AggregateCreated):
            TOPIC = f"{name}.Made"
            __annotations__: ClassVar[dict[str, Any]] = {"what": hint}  # type: ignore[misc]

    with pytest.raises(TypeError, match=r"Made\.what"):
        Codec([Loose])


def test_an_event_without_a_stored_name_is_refused() -> None:
    with pytest.raises(ProgrammingError, match="Explicit topic not defined"):

        class Nameless(Aggregate):
            TOPIC = "tests.Nameless"

            class Done(Aggregate.Event):
                """Nobody has said how this is stored."""

                what: str


def test_two_events_do_not_share_a_stored_name() -> None:
    with pytest.raises(ProgrammingError, match=r"tests\.Twice\.One"):

        class Twice(Aggregate):
            TOPIC = "tests.Twice"

            class One(Aggregate.Event):
                TOPIC = "tests.Twice.One"

            class Other(Aggregate.Event):
                TOPIC = "tests.Twice.One"


def filled(text: str) -> Any:
    [made] = Moved(id=uuid4(), street=text, town="Salem", rooms={}).collect_events()
    return made


@pytest.mark.parametrize("text", ["\0", "a\0b", "\\\0", "\\\\\0"])
def test_a_nul_character_is_refused_before_it_is_stored(text: str) -> None:
    """No table of PostgreSQL takes one: the first view that shows it would stand still for ever."""
    with pytest.raises(UnstorableTextError):
        CODEC.to_stored_event(filled(text))


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "u0000", "\\", "\x01\x7f", "\u202e", "\ufeff"])
def test_text_that_only_looks_like_it_is_stored(text: str) -> None:
    read: Any = CODEC.to_domain_event(CODEC.to_stored_event(filled(text)))
    assert read.street == text
