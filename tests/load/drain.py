"""L-05: the relay stands still, 100,000 events are written (with --seconds: 1,000 for each), and it starts again."""

from __future__ import annotations

import os
import signal
import sys
import time

from chassis.bus import BusUnavailableError, Places
from chassis.messages import Catalogue
from cli.demo import eventually
from cli.installation import find
from services.access.application import AccessApplication
from tests.bench.history import append_all, staff_events
from tests.faults.again import restart
from tests.house import Room
from tests.load.arrivals import begin
from tests.load.city import City, city
from tests.load.machine import rss_mb

FLOOR, GROWTH_MB, EVENTS = 2_000.0, 50.0, 100_000
TOPICS = ("RoleRequested", "RoleRequestApproved", "AssociationState")
WORKER = "access.worker"


def stop(place: City) -> None:
    one = place.part(WORKER)
    os.kill(one.pid, signal.SIGTERM)
    eventually(lambda: not one.alive(), "the end of the worker", wait_s=60)


def told(place: City) -> int:
    with place.looking("access") as session:
        [(position,)] = session.run("SELECT position FROM positions WHERE follower = 'access.relay'")
        return int(position)


def out_of_order(place: City) -> tuple[int, int]:
    """How many messages are on the bus, each counted once; how many of them follow a higher version of their key."""
    seen: dict[str, None] = {}
    last: dict[tuple[str, str], int] = {}
    wrong = 0
    with find(place.state).listening() as subscriber:
        ends = subscriber.ends(TOPICS)
        places: Places = {}
        while {part: one.offset for part, one in places.items()} != {part: one.offset for part, one in ends.items()}:
            try:
                batch = subscriber.poll(TOPICS, places, limit=5_000)
            except BusUnavailableError:  # it works hard just now
                continue
            places = batch.places
            for record in batch.records:
                key, version = (record.topic, record.key), int(record.headers["ce_sequence"])
                if record.headers["ce_id"] not in seen:
                    wrong += version <= last.get(key, 0)
                    last[key] = version
                seen[record.headers["ce_id"]] = None
    return len(seen), wrong


def main() -> int:
    asking = begin("drain", __doc__, seconds=100.0)
    bench, count = asking.bench, min(EVENTS, round(asking.seconds * 1_000))
    with city(employers=0) as place:
        stop(place)
        with place.database("access") as database:
            room = Room(None, AccessApplication(database, Catalogue()), database, {})  # type: ignore[arg-type]
            append_all(room, staff_events(count), limit=count)
            end = room.end()
        before, _ = out_of_order(place)
        began = time.perf_counter()
        restart(place.state, WORKER)
        eventually(lambda: place.part(WORKER).ready(), "the worker", wait_s=60)
        ready, light = time.perf_counter(), rss_mb(place.part(WORKER).pid)
        heavy = [light]

        def drained() -> bool:
            heavy.append(rss_mb(place.part(WORKER).pid))
            return told(place) >= end

        eventually(drained, "the end of the drain", wait_s=900)
        took = time.perf_counter() - began
        messages, wrong = out_of_order(place)
        bench.add("relay drain, from the start of its process", "messages/s", [(messages - before) / took], FLOOR)
        bench.add("  until the process was ready", "s", [ready - began])
        bench.add("  most memory above that when ready", "MB", [max(heavy) - light], GROWTH_MB, at_most=True)
        bench.add("  messages out of order", "messages", [wrong], 0, at_most=True, note=f"of {messages}")
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
