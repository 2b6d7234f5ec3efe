"""L-06: a log of 1,000,000 events (with --seconds: 10,000 for each) folded into every view of access, from zero."""

from __future__ import annotations

import os
import sys
import time

from chassis.followers import ViewFollower, folded, read_page
from chassis.views import View
from services.access.__main__ import SERVICE as ACCESS
from tests.bench.history import append_all, staff_events
from tests.bench.machine import server
from tests.bench.replay import empty, replay
from tests.house import Room, build, living
from tests.load.arrivals import begin
from tests.load.machine import rss_mb

TABLE, FOLD, RSS_MB, EVENTS, LIVE = 3_000.0, 15_000.0, 400.0, 1_000_000, 500


def hash_of(room: Room, view: View) -> str:
    """Of all rows, in order of the key."""
    key = ", ".join(view.key)
    with room.app.session() as session:
        [(found,)] = session.run(f"SELECT md5(string_agg(md5(v::text), '' ORDER BY {key})) FROM {view.name} AS v")
    return str(found)


def live(room: Room, views: list[View]) -> None:
    """As while people work: small batches."""
    for view in views:
        follower = ViewFollower(room.app, view, batch=LIVE)
        while follower.step():
            pass


def fold_only(room: Room, view: View) -> float:
    """Seconds of reading and folding, page by page, without a table."""
    began, after = time.perf_counter(), 0
    with room.app.session() as session:
        while (page := read_page(room.app, session, after=after)).recorded:
            folded(view, page)
            after = page.recorded[-1].position
    return time.perf_counter() - began


def main() -> int:
    asking = begin("rebuild", __doc__, seconds=100.0)
    bench, count = asking.bench, min(EVENTS, round(asking.seconds * 10_000))
    with server() as postgres, living(postgres, build(postgres, (ACCESS,)), (ACCESS,)) as house:
        room = house.access
        append_all(room, staff_events(count), limit=count)
        views = list(dict.fromkeys((*room.app.policy_views, *room.app.views)))
        live(room, views)
        heavy = 0.0
        for view in views:
            before = hash_of(room, view)
            empty(room, view)
            began = time.perf_counter()
            replay(room, view)
            took = time.perf_counter() - began
            heavy = max(heavy, rss_mb(os.getpid()))
            differs = float(hash_of(room, view) != before)
            bench.add(f"rebuilt {view.name}", "events/s", [count / took], TABLE)
            bench.add("  fold alone", "events/s", [count / fold_only(room, view)], FOLD)
            bench.add("  differs from the live one", "tables", [differs], 0, at_most=True)
        bench.add("memory of this process after a rebuild, at most", "MB", [heavy], RSS_MB, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
