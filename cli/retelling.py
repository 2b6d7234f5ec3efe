"""Telling once more what is so: all states of a service, into the topics as they are now."""

from __future__ import annotations

from typing import Any

from chassis import told
from chassis.database import Session
from chassis.messages import Catalogue
from chassis.service import Service
from cli import lag
from cli.installation import Installation


def forget(session: Session) -> int:
    """Let a service forget the bus it knew, in the open transaction: from where it reads, to where it has written.

    What was heard stands in its log, so what comes again is nothing new. Its relay tells all its states on the new
    bus; returns how many.
    """
    session.run("DELETE FROM offsets")
    session.run("DELETE FROM written")
    session.run("DELETE FROM reread")
    return told.tell_all_again(session)


def retell(installation: Installation, service: Service) -> dict[str, Any]:
    """Forget what was written to topics that are no more, tell all states again, and let go of gaps in what it tells.

    Messages are as before, so nobody who has heard them does anything. What happened between, on topics of events,
    is not told again: `gaps` says where.
    """
    topics = sorted(one.name for one in Catalogue().topics.values() if one.origin == service.name)
    with installation.bus() as bus:
        ends, _ = lag.ends_of(bus, topics)
    ids = {end.topic_id for end in (ends or {}).values()}
    with installation.working(service) as database, database.session() as session, session.transaction():
        forgotten = session.run("DELETE FROM written WHERE topic_id <> ALL(%s) RETURNING topic", (sorted(ids),))
        states = told.tell_all_again(session)
        # one step back, and a relay that runs sees that it was moved, and looks what it has to tell again
        session.run(
            "UPDATE positions SET position = position - 1 WHERE follower = %s AND position > 0",
            (lag.OUTBOX_OF.format(service.name),),
        )
    gaps = []
    for listener in installation.services():
        with installation.working(listener) as database, database.session() as session:
            rows = session.run(
                "UPDATE offsets SET gap = false WHERE gap AND topic = ANY(%s) RETURNING topic, partition", (topics,)
            )
        gaps += [{"service": listener.name, "topic": topic, "partition": partition} for topic, partition in rows]
    return {"states": states, "forgotten": sorted({topic for (topic,) in forgotten}), "gaps": gaps}
