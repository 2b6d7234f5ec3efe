"""A month that is large enough for a second process: the same rows, the same damages, nothing half-loaded."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Self

import pytest

from services.registry.adapters import nppes
from services.registry.adapters.generated_month import MonthFiles, write_month
from services.registry.adapters.judging import BesideError, is_beside, read, write
from services.registry.adapters.nppes_blocks import SIZE, Piece
from services.registry.commands.load_month import Progress
from services.registry.domain.errors import DamagedRowError
from tests.integration.registry.loading import SSN_KEY, TABLES, Connection, later, load

OTHERS = 6_000
LINE = 4_150
assert is_beside(LINE * 1_196 // SIZE)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> MonthFiles:
    """Of some blocks, with NPIs that stand once."""
    return write_month(tmp_path_factory.mktemp("large") / "20260614", seed=5, ssn_key=SSN_KEY, others=OTHERS)


@pytest.fixture(autouse=True)
def is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large enough for a second process is what these tests load."""
    monkeypatch.setattr(nppes, "ALONE", 1)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes beside that a test's loads start."""
    kept: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __enter__(self) -> Self:
            kept.append(self)
            return self

    monkeypatch.setattr(subprocess, "Popen", Kept)
    return kept


def told(registry: Connection) -> dict[str, list[tuple[str]]]:
    """Every row of the tables that a month fills, whichever way it came."""
    return {
        table: registry.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()
        for table in TABLES
        if table != "loads"
    }


def emptied(registry: Connection) -> None:
    for table in TABLES:
        registry.execute(f"TRUNCATE {table}")


def test_two_processes_one_and_staging_give_the_same_rows(
    registry: Connection,
    large: MonthFiles,
    started: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = load(registry, large)
    assert (report.inserted, report.skipped, report.changes["supplement"] > 5_000) == (OTHERS + 6, 0, True)
    assert len(started) == 1
    assert started[0].returncode is not None
    hashes = registry.execute("SELECT sha256 FROM loads").fetchone()
    beside = told(registry)
    assert load(registry, large).unchanged

    emptied(registry)
    twice = later(large, data=lambda lines: [*lines, lines[LINE]])  # so that nothing goes straight (NP-02)
    report = load(registry, twice)
    assert (report.inserted, [damage.line for damage in report.damages]) == (OTHERS + 6, [OTHERS + 8])
    assert told(registry) == beside

    monkeypatch.setattr(nppes, "ALONE", 1 << 30)
    emptied(registry)
    before = len(started)
    load(registry, large)
    assert len(started) == before
    assert told(registry) == beside
    assert registry.execute("SELECT sha256 FROM loads").fetchone() == hashes


def test_a_damaged_row_that_is_judged_beside_is_told_by_its_line(registry: Connection, large: MonthFiles) -> None:
    """NP-04."""
    damaged = later(large, data=lambda lines: [*lines[: LINE - 1], '"2000000002","1"', *lines[LINE - 1 :]])
    before = told(registry)
    with pytest.raises(DamagedRowError, match=f":{LINE}: 2 columns"):
        load(registry, damaged, strict=True)
    assert told(registry) == before
    report = load(registry, damaged)
    assert (report.inserted, [damage.line for damage in report.damages]) == (OTHERS + 6, [LINE])


def test_where_the_process_beside_is_killed_nothing_is_loaded(
    registry: Connection, large: MonthFiles, started: list[subprocess.Popen[bytes]]
) -> None:
    def kill(progress: Progress) -> None:
        if started and not progress.step.startswith("hash"):
            started[0].kill()

    before = told(registry)
    with pytest.raises(BesideError, match="nothing was loaded"):
        load(registry, large, progress=kill)
    assert told(registry) == before
    assert registry.execute("SELECT count(*) FROM loads").fetchone() == (0,)
    assert load(registry, large).inserted == OTHERS + 6


@pytest.mark.parametrize("kept", [0, 5, -1], ids=["nothing", "half-a-line", "all-but-a-byte"])
def test_a_piece_that_did_not_arrive_whole_is_no_piece(kept: int) -> None:
    out = io.BytesIO()
    write(out, Piece(b"1\tone\n", b"2\ttwo\n", 2, 0, []))
    assert read(io.BytesIO(out.getvalue())).straight == b"2\ttwo\n"
    with pytest.raises(BesideError, match="nothing was loaded"):
        read(io.BytesIO(out.getvalue()[:kept]))


def test_a_load_that_fails_leaves_no_process_behind(
    registry: Connection, large: MonthFiles, started: list[subprocess.Popen[bytes]]
) -> None:
    def fail(progress: Progress) -> None:
        if Path(progress.step).suffix:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(registry, large, progress=fail)
    assert [process.returncode is None for process in started] == [False]
