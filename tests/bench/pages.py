"""A portal page of 25 rows at 10 requests a second (P20): search results, and My Profile with 25 employers.

Requests are sent at fixed times and their latency counts from then; the limit is the portal's own `/health`, by turns.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable

from tests.bench.figures import begin, percentile, ratios
from tests.bench.machine import cpu_s, folder
from tests.bench.running import Reader, platform

RATE = 10
ROWS = 25
FLOOR_MS = 100
SEARCH = "/employers/find?state={}"


def rows(text: str) -> int:
    """Rows of the tables' bodies."""
    return sum(body.count("<tr ") for body in re.findall(r"<tbody.*?</tbody>", text, re.DOTALL))


def open_loop(reader: Reader, path: str, seconds: float, check: Callable[[str], None]) -> list[float]:
    """Milliseconds of each request, from its scheduled time; what came back is looked at afterwards."""
    count = int(seconds * RATE)
    took: list[float] = [0.0] * count
    bodies: list[str] = [""] * count
    began = time.perf_counter()

    def run(number: int, at: float) -> None:
        answer = reader.http.get(path)
        took[number] = (time.perf_counter() - at) * 1e3
        bodies[number] = answer.text if answer.status_code == 200 else f"status {answer.status_code}"

    threads = []
    for number in range(count):
        at = began + number / RATE
        time.sleep(max(0.0, at - time.perf_counter()))
        threads.append(threading.Thread(target=run, args=(number, at)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for body in bodies:
        check(body)
    return took


def twenty_five(body: str) -> None:
    assert rows(body) == ROWS, (rows(body), body[:200])


def healthy(body: str) -> None:
    assert body == "ok", body


def employers(reader: Reader, found: list[str]) -> None:
    """Ask for a role at each: they all stand on My Profile from then on."""
    for employer in found:
        page = f"/employers/{employer}/request"
        answer = reader.send(page, role="STAFF_END_USER")
        assert answer.url.path.startswith("/requests/"), (answer.url, answer.status_code)


def main() -> int:
    bench = begin("pages", __doc__)
    rounds, seconds = (1, 5) if bench.quick else (bench.rounds or 5, 10)
    took: dict[str, list[list[float]]] = {"search": [], "profile": [], "health": []}
    cpu: dict[str, list[float]] = {name: [] for name in took}
    with folder() as base, platform(base / "state") as running:
        reader = Reader(running)
        reader.sign_in()
        state, text = next(
            (state, text)
            for state in ("CA", "TX", "NY", "FL", "PA", "ME", "OH")
            if rows(text := reader.http.get(SEARCH.format(state)).text) == ROWS
        )
        employers(reader, re.findall(r'href="/employers/([0-9a-f-]{36})/request"', text)[:ROWS])
        pages = {
            "search": (SEARCH.format(state), twenty_five),
            "profile": ("/profile", twenty_five),
            "health": ("/health", healthy),
        }
        pids = [pid for some in running.processes().values() for pid in some]
        for path, check in pages.values():
            open_loop(reader, path, 1, check)  # warm
        for _ in range(rounds):
            for name, (path, check) in pages.items():
                before = cpu_s(pids)
                took[name].append(open_loop(reader, path, seconds, check))
                cpu[name].append((cpu_s(pids) - before) / (seconds * RATE) * 1e3)
        reader.http.close()
        bench.foreign.count(cpu_s(running.processes()["PostgreSQL"]))
    for name, what in (("search", "search, 25 results"), ("profile", "My Profile, 25 employers")):
        p95 = [percentile(row, 0.95) for row in took[name]]
        bench.add(f"{what}: p50", "ms", [percentile(row, 0.5) for row in took[name]], at_most=True)
        bench.add(f"{what}: p95", "ms", p95, FLOOR_MS, at_most=True)
        bench.add(f"  CPU of portal, services and PostgreSQL, {name}", "ms", cpu[name], at_most=True)
        bench.add(
            f"  CPU / that of /health, {name}",
            "x",
            ratios(cpu[name], [max(one, 0.1) for one in cpu["health"]]),
            20,
            at_most=True,
            goal=10,
        )
    bench.add("limit: /health: p95", "ms", [percentile(row, 0.95) for row in took["health"]], at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
