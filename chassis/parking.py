"""Messages that could not be heard: kept with cause and bytes, until they can be read or are let go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from chassis import nature
from chassis.bus import Batch, Record
from chassis.codec import json_bytes
from chassis.database import Session
from chassis.messages import KEY_MOST, PROGRESS, as_text


def parked_before(session: Session, batch: Batch) -> dict[tuple[str, str], int]:
    """For each topic and key of these records that has a parked message: the offset of the first of them."""
    keys = {kept(record.key) for record in batch.records if record.topic != PROGRESS}
    if not keys:
        return {}
    ids = {(topic, place.topic_id) for (topic, _), place in batch.places.items()}
    rows = session.run(
        'SELECT topic, topic_id, key, min("offset") FROM parked_messages WHERE key = ANY(%s) GROUP BY 1, 2, 3',
        (sorted(keys),),
    )
    return {(topic, key): offset for topic, topic_id, key, offset in rows if (topic, topic_id) in ids}


def park(session: Session, record: Record, topic_id: str, cause: str) -> None:
    """Keep what cannot be read, with its cause and bytes; the partition goes on."""
    session.run(
        'INSERT INTO parked_messages (topic, topic_id, partition, "offset", key, headers, value, cause, parked_at)'
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            record.topic,
            topic_id,
            record.partition,
            record.offset,
            kept(record.key),
            json_bytes({storable(name): storable(text) for name, text in as_text(record.headers).items()}).decode(),
            record.value,
            storable(cause),
            nature.now(),
        ),
    )


def storable(text: str) -> str:
    """A stranger's text as a table can keep it: PostgreSQL takes no NUL."""
    return text.replace("\0", "\\x00")


def kept(key: str) -> str:
    """A stranger's key as an index can keep it too: of a long one the beginning, and what tells it from others."""
    whole = storable(key)
    return (
        whole
        if len(whole) <= KEY_MOST
        else f"{whole[:KEY_MOST]}... sha256 {hashlib.sha256(whole.encode()).hexdigest()}"
    )


def discard(session: Session, record: Record, topic_id: str) -> None:
    """Let a parked message go: it has been heard, or somebody has decided that it was never ours."""
    session.run(
        'DELETE FROM parked_messages WHERE topic = %s AND topic_id = %s AND partition = %s AND "offset" = %s',
        (record.topic, topic_id, record.partition, record.offset),
    )


def unknown_keys(session: Session, topics: Iterable[str]) -> set[str]:
    """Keys with a parked message: what is so about them is not known, and rights on them are refused."""
    rows = session.run("SELECT DISTINCT key FROM parked_messages WHERE topic = ANY(%s)", (list(topics),))
    return {key for (key,) in rows}
