"""The Reassignment Report of a group with 5,000 reassignments: its first page, a page in the middle, its CSV (L-09).

The whole platform runs in this process, as `mandate run` has it; a group's official, who has got there by the story,
asks the portal at fixed times. Reassignments are appended by aggregates of the real context, between providers of the
registry whose records were loaded first.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.ports import free_port
from cli.demo import desk, eventually
from cli.month import load_generated
from cli.platform import Platform, platform
from cli.run import serve_portal
from services.enrollment.commands import importing
from services.enrollment.commands.importing import Paper
from services.enrollment.domain.reassignment import Reassignment
from tests.bench.figures import begin, percentile
from tests.bench.machine import children, cpu_s, folder, peak_rss_mb, postmaster
from tests.bench.pages import open_loop, rows
from tests.bench.running import Reader, Running
from tests.enrolling import CONTRACTOR, Enrolling
from tests.scenario import Story

FLOOR_MS = 300
FLAT_MB = 16
CLERK = UUID("0193b5a0-7c1e-7f00-8a00-0000000000c2")
EFFECTIVE = "2024-02-01"


def told(started: Platform) -> tuple[Story, UUID]:
    """The story up to a group with an official and an enrollment; and that enrollment."""
    password = started.password
    story = Story(started.channel, started.inbox, eventually, eus=desk(password), mac=desk(password, "MAC"))
    story.step_1_the_registry_finds_them()
    story.step_3_an_official_is_approved_by_external_user_services()
    enrolling = Enrolling(story)
    enrolling.step_8_the_contractor_has_the_group_on_record()
    return story, UUID(enrolling._group_card().enrollment_id)


def providers(started: Platform, count: int) -> list[tuple[UUID, str]]:
    with started.processes["registry"].database.session() as session:
        found = session.run(
            "SELECT provider_id, npi FROM providers WHERE entity_type = 1 AND offered ORDER BY npi LIMIT %s", (count,)
        )
    assert len(found) == count
    return [(provider_id, npi) for provider_id, npi in found]


def reassign(app: Application, cause: Cause, *, provider: tuple[UUID, str], enrollment: Receipt, group: Any) -> Receipt:
    """A command: a reassignment that stands, as the contractor's approval makes it."""
    provider_id, npi = provider
    group_enrollment, group_id, group_npi = group
    one = Reassignment(
        id=Reassignment.id_for(provider_id, group_enrollment),
        provider_id=provider_id,
        npi=npi,
        receiving_enrollment_id=group_enrollment,
        receiving_provider_id=group_id,
        receiving_npi=group_npi,
        application_id=cause.command_id,
    )
    one.establish(application_id=cause.command_id, enrollment_id=UUID(str(enrollment.id)), effective_date=EFFECTIVE)
    return app.commit(one, cause=cause)


def fill(app: Application, found: Sequence[tuple[UUID, str]], group: Any) -> None:
    for number, (provider_id, npi) in enumerate(found):
        paper = Paper(
            provider_id=provider_id,
            npi=npi,
            form="855I",
            state="ME",
            specialty="Internal Medicine",
            contractor=CONTRACTOR,
            ptans=[f"IN{number:06}"],
            effective_date=EFFECTIVE,
            revalidation_due_date="",
            practice_location="Harbor Point, ME",
            officials=[],
        )
        loaded = app.execute(importing._load, Cause.of(CLERK), paper=paper, officials=[])
        app.execute(reassign, Cause.of(CLERK), provider=(provider_id, npi), enrollment=loaded, group=group)


def download(reader: Reader, path: str, count: int) -> tuple[float, float]:
    """Rows a second of the CSV, and by how many MB this process grew meanwhile at most."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = peak_rss_mb(os.getpid())
    began = time.perf_counter()
    lines = 0
    with reader.http.stream("GET", path) as answer:
        assert answer.status_code == 200, answer.status_code
        for piece in answer.iter_raw():
            lines += piece.count(b"\n")
    took = time.perf_counter() - began
    assert lines >= count + 1, lines
    return count / took, peak_rss_mb(os.getpid()) - before


def main() -> int:
    bench = begin("report", __doc__)
    rounds, seconds, size = (1, 3, 500) if bench.quick else (bench.rounds or 5, 10, 5_000)
    first, middle, rates, grown = [], [], [], []
    with folder() as base, platform(base / "state") as started:
        load_generated(started, others=size * 2)
        port = free_port()
        web = serve_portal(started, port)
        story, enrollment = told(started)
        group = (enrollment, UUID(story.group), story.company.npis[0])
        reader = Reader(Running(started.state, f"http://127.0.0.1:{port}", os.getpid(), 0.0))
        official = story.people["official"]
        reader.sign_in(official.user_id, official.password)  # before: a code would wait behind all that is told
        fill(started.processes["enrollment"].app, providers(started, size), group)
        path = f"/enrollments/{enrollment}/reassignments"

        def is_page(body: str) -> None:
            assert rows(body) == 25, (rows(body), body[:300])

        eventually(lambda: f"{size:,}" in (text := reader.http.get(path).text) or str(size) in text, "all rows")
        cursor = re.search(r'href="([^"]*after=[^"]+)"', reader.http.get(path).text)
        assert cursor
        far = cursor[1]
        for _ in range(size // 50):
            found = re.findall(r'href="([^"]*after=[^"]+)"', reader.http.get(far).text)
            far = found[-1] if found else far
        for _ in range(rounds):
            first.append(percentile(open_loop(reader, path, seconds, is_page), 0.95))
            middle.append(percentile(open_loop(reader, far, seconds, is_page), 0.95))
            rate, grew = download(reader, f"{path}.csv", size)
            rates.append(rate)
            grown.append(grew)
        bench.foreign.count(cpu_s(children(postmaster(started.state / "postgres"))))
        reader.http.close()
        web.stop()
    bench.add(f"Reassignment Report, {size} rows, first page: p95", "ms", first, FLOOR_MS, at_most=True)
    bench.add("  a page in the middle: p95", "ms", middle, FLOOR_MS, at_most=True)
    bench.add("  CSV", "rows/s", rates)
    bench.add("  growth of the process meanwhile, at most", "MB", grown, FLAT_MB, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
