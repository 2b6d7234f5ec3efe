"""Records of the bus: the last ones of a topic, those that come, and how one is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.json_format import MessageToDict

from chassis.bus import PATIENCE, BusUnavailableError, Place, Places, Record, Subscriber
from chassis.messages import Catalogue, UnreadableMessageError
from chassis.runtime import Wakeup
from cli.showing import line, moment, plain, say_json

LOOK_S = 0.2
"""Seconds after which a topic that was silent is looked at again."""


def between(bus: Subscriber, topics: Sequence[str], begin: Places, ends: Places) -> Iterator[Record]:
    """All records from one set of places to another, in order within each partition."""
    places, silent = begin, 0
    while any(places[part].topic_id == end.topic_id and places[part].offset < end.offset for part, end in ends.items()):
        batch = bus.poll(topics, places)
        yield from (one for one in _by_time(batch.records) if one.offset < ends[one.topic, one.partition].offset)
        silent = 0 if batch.records or batch.places != places else silent + 1
        if silent > PATIENCE:
            raise BusUnavailableError(f"{', '.join(topics)} cannot be read to the end")
        places = batch.places


def all_of(bus: Subscriber, topic: str) -> tuple[Iterator[Record], Places]:
    """All records that are there now, and the places behind them."""
    ends = bus.ends((topic,))
    return between(bus, (topic,), {part: Place(end.topic_id, 0) for part, end in ends.items()}, ends), ends


def last_of(bus: Subscriber, topic: str, count: int) -> tuple[Iterator[Record], Places]:
    """The last records by the bus's own time, and the places behind them.

    Looked for from the end backwards, ten times as far each time: compaction leaves holes.
    """
    ends = bus.ends((topic,))
    reach = count
    while True:
        begin = {part: Place(end.topic_id, max(0, end.offset - reach)) for part, end in ends.items()}
        found = list(between(bus, (topic,), begin, ends))
        there = Counter((one.topic, one.partition) for one in found)
        if all(there[part] >= count or place.offset == 0 for part, place in begin.items()):
            return iter(_by_time(found)[-count:]), ends
        reach *= 10


def coming(bus: Subscriber, topic: str, places: Places) -> Iterator[Record]:
    """The records behind these places, for ever: waits for more."""
    bell = Wakeup()
    while True:
        batch = bus.poll((topic,), places)
        yield from _by_time(batch.records)
        places = batch.places
        if not batch.records:
            bell.wait(bell.rings, LOOK_S)


def reading(bus: Subscriber, topic: str, *, last: int | None, follow: bool) -> Iterator[Record]:
    """The `last` records, or all for None; then, with `follow`, those that come."""
    found, places = all_of(bus, topic) if last is None else last_of(bus, topic, last)
    yield from found
    if follow:
        yield from coming(bus, topic, places)


def _by_time(records: Sequence[Record]) -> list[Record]:
    return sorted(records, key=lambda one: (one.appended_at, one.partition, one.offset))


def decoded(catalogue: Catalogue, record: Record) -> dict[str, Any] | None:
    """The fields of a record's message; None for a tombstone. Raises `UnreadableMessageError`."""
    if record.value is None:
        return None
    message = catalogue.decode(record.topic, record.value)
    return dict(MessageToDict(message, preserving_proto_field_name=True))


def as_json(catalogue: Catalogue, record: Record) -> dict[str, Any]:
    """A record as programs see it; what cannot be read comes with its bytes and the reason."""
    value: dict[str, Any]
    try:
        value = {"value": decoded(catalogue, record)}
    except UnreadableMessageError as error:
        value = {"value": None, "unreadable": str(error), "bytes": record.value}
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key,
        "appended_at": record.appended_at,
        "headers": dict(record.headers),
        **value,
    }


def print_json(catalogue: Catalogue, record: Record) -> None:
    """One record, one line of JSON."""
    say_json(as_json(catalogue, record), indent=None)


def print_line(catalogue: Catalogue, record: Record) -> None:
    """One record, one line."""
    line(
        (moment(record.appended_at), "dim"),
        f"  {record.partition}@{record.offset}",
        (f"  {plain(record.key)}  ", "cyan"),
        _value(catalogue, record, apart=", "),
    )


def print_pretty(catalogue: Catalogue, record: Record) -> None:
    """One record with its headers, as a subscriber sees it."""
    line(
        ("topic ", "dim"),
        (record.topic, "bold"),
        f"  partition {record.partition}  offset {record.offset}  key ",
        (plain(record.key), "cyan"),
        (f"  at {moment(record.appended_at)}", "dim"),
    )
    for name, text in _headers(record.headers):
        line(("  " + plain(name), "dim"), ("=", "dim"), plain(text))
    line("  value = ", _value(catalogue, record, apart="\n    "))


def _headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """CloudEvents' own first, then ours."""
    return sorted(headers.items(), key=lambda one: (not one[0].startswith(("content-type", "ce_")), one[0]))


def _value(catalogue: Catalogue, record: Record, *, apart: str) -> str:
    try:
        fields = decoded(catalogue, record)
    except UnreadableMessageError as error:
        return plain(f"unreadable ({error}): {(record.value or b'').hex()}")
    if fields is None:
        return "none: this key has ended"
    inside = apart.join(f"{name}={plain(str(value))}" for name, value in fields.items())
    begin, end = ("\n    ", "\n  ") if "\n" in apart and fields else ("", "")
    return f"{record.topic}{{{begin}{inside}{end}}}"
