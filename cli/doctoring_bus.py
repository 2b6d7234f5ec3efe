"""What is wrong between a log and the bus: what was told, and from where is read, against what the bus has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chassis.bus import BusUnavailableError, Place, Places, UnknownTopicError
from chassis.messages import PROGRESS, Catalogue
from chassis.progress import why_behind
from cli.doctoring import CRITICAL, WARNING, Check, Finding, Patient

PAGE = "MandateHeardLate"


def of_topics(catalogue: Catalogue, ends: Places) -> Iterator[Finding]:
    """Topics that are not as the contract declares them."""
    for topic in sorted(catalogue.topics.values(), key=lambda one: one.name):
        count = sum(name == topic.name for name, _ in ends)
        if not count:
            said = f"the bus has no topic {topic.name}: `migrate` makes it"
            yield Finding(CRITICAL, "bus", "topic", said, "mandate events topics", PAGE)
        elif count != topic.partitions:
            said = f"{topic.name} has {count} partitions, the contract says {topic.partitions}: its keys lie elsewhere"
            yield Finding(CRITICAL, "bus", "partitions", said, "mandate events topics", PAGE)


def of_log_behind(patient: Patient) -> Iterator[Finding]:
    """The log ends before what it has told: it was put back, and nobody of the service may act."""
    if patient.bus is None:
        return
    try:
        why = why_behind(patient.session, patient.bus, patient.app.name)
    except (BusUnavailableError, UnknownTopicError):
        return
    if why:
        said = why.partition(" It was restored")[0].removesuffix(".")
        yield patient.finds(
            CRITICAL, "log-behind", said, f"mandate restore {patient.service.name}", "MandateDatabaseDown"
        )


def of_told(patient: Patient) -> Iterator[Finding]:
    """The relay's Progress names a topic that is no more: nobody who listens can ever prove it."""
    rows = patient.session.run("SELECT topic, topic_id FROM written GROUP BY 1, 2 ORDER BY 1")
    gone = [topic for topic, topic_id in rows if _id(patient.ends, topic) not in ("", topic_id)]
    if gone:
        said = f"{', '.join(gone)} was made anew since it was written to: what is in sync with it cannot be proven"
        yield patient.finds(CRITICAL, "made-anew", said, f"mandate events retell {patient.service.name}", PAGE)


def of_places(patient: Patient) -> Iterator[Finding]:
    """From where the service reads on, against what the bus still has."""
    rows = patient.session.run("SELECT topic, partition, topic_id, next, gap FROM offsets ORDER BY 1, 2")
    hears = (*patient.app.hears, PROGRESS)
    mine = [row for row in rows if row[0] in hears]
    anew: dict[str, None] = {}
    places: dict[tuple[str, int], Place] = {}
    for topic, partition, topic_id, next_, gap in mine:
        end = patient.ends.get((topic, partition))
        if gap:
            yield _gap(patient, topic, partition)
        if end is None:
            continue
        if end.topic_id != topic_id:
            anew[topic] = None
        elif next_ > end.offset:
            said = f"it reads {topic}/{partition} from {next_}, which ends at {end.offset}: its worker begins it anew"
            yield patient.finds(WARNING, "beyond-end", said, "mandate events lag --all", PAGE)
        elif not gap:
            places[topic, partition] = Place(topic_id, next_)
    for topic in anew:
        said = f"{topic} was made anew since it was heard: its worker reads it from its beginning as soon as it runs"
        yield patient.finds(WARNING, "made-anew", said, "mandate events lag --all", PAGE)
    for topic, partition in _passed(patient, places):
        yield _gap(patient, topic, partition)


def _passed(patient: Patient, places: dict[tuple[str, int], Place]) -> Sequence[tuple[str, int]]:
    """Those of these places below which records have been taken away."""
    if patient.bus is None or not places:
        return ()
    topics = sorted({topic for topic, _ in places if (topic, 0) in patient.ends})
    try:
        gaps = patient.bus.poll(topics, places, limit=1).gaps
    except (BusUnavailableError, UnknownTopicError):
        return ()
    return sorted(part for part in gaps if part in places)


def _gap(patient: Patient, topic: str, partition: int) -> Finding:
    origin: Any = patient.app.catalogue.topics[topic].origin
    said = f"retention has passed its place in {topic}/{partition}: what lay between was never heard"
    return patient.finds(CRITICAL, "below-retention", said, f"mandate events retell {origin}", PAGE)


def _id(ends: Places, topic: str) -> str:
    """The topic's id; empty where the bus does not have it, or does not answer."""
    return next((end.topic_id for (name, _), end in ends.items() if name == topic), "")


CHECKS: Sequence[Check] = (of_log_behind, of_told, of_places)
