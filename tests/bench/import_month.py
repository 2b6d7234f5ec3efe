"""A month of NPPES's files against raw COPY of its data file, interleaved (performance.md P18): prints the ratio."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from chassis.embedded import postgres
from services.registry.adapters.generated_month import MonthFiles, write_month
from services.registry.adapters.nppes import readers
from services.registry.commands.load_month import Progress, load_month
from services.registry.domain.nppes_layout import PROVIDERS
from tests.bench.figures import Bench
from tests.bench.machine import children, cpu_s, peak_rss_mb, postmaster

FLOOR = 0.7

ROOT = Path(__file__).parents[2]
MIGRATIONS = sorted((ROOT / "services/registry/migrations").glob("*.sql"))
LOAD = """
import sys
from pathlib import Path
from tests.bench.import_month import load_alone
load_alone(sys.argv[1], Path(sys.argv[2]))
"""


def raw_copy(dsn: str, files: MonthFiles) -> float:
    """Seconds of COPY of the data file as it is, into a table of 330 text columns without an index."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS raw")
        columns = ", ".join(f"c{number} text" for number in range(len(PROVIDERS.columns)))
        connection.execute(f"CREATE TABLE raw ({columns})")
        begin = time.perf_counter()
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY raw FROM STDIN WITH (FORMAT csv, HEADER)") as copy,
            files.data.open("rb") as file,
        ):
            while data := file.read(1 << 17):
                copy.write(data)
        return time.perf_counter() - begin


def month(dsn: str, files: MonthFiles, progress: Callable[[Progress], None]) -> float:
    """Seconds of our load into empty tables: all four files, judged, joined, indexed, analyzed, committed."""
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=bench") as connection:
        connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
        connection.execute("CREATE SCHEMA bench")
        for migration in MIGRATIONS:
            connection.execute(migration.read_bytes())
        begin = time.perf_counter()
        load_month(
            connection,
            read=readers,
            data=files.data,
            other_names=files.other_names,
            locations=files.locations,
            supplement=files.supplement,
            strict=True,
            progress=progress,
        )
        return time.perf_counter() - begin


def load_alone(dsn: str, folder: Path) -> None:
    """Load in a process of its own and print the seconds and the peak RSS in MiB, that of the process beside added."""
    files = MonthFiles(*(next(folder.glob(f"{name}_*")) for name in ("npidata", "othername", "pl", "supplement")))
    beside: list[float] = []

    def look(progress: Progress) -> None:
        if not beside and progress.step == files.locations.name:  # the data file is behind us, the end is not yet
            beside.append(sum(map(peak_rss_mb, children(os.getpid())[1:])))

    seconds = month(dsn, files, look)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{seconds} {peak + sum(beside)}\n")


def main() -> int:
    """Generate, load both ways by turns, print; 1 where the floor is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--public", action="store_true", help="NPPES's own files alone: an empty supplement")
    options.add_argument("--quick", action="store_true", help="the size that guards the floor")
    options.add_argument("--out", type=Path, help="file for the figures, as JSON")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rows, chosen.rounds = 20_000, 2
    bench = Bench("import_month", chosen.quick, chosen.out)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        base.chmod(0o755)
        begin = time.perf_counter()
        files = write_month(base / "month", seed=chosen.seed, others=chosen.rows, ssn_key=bytes(32))
        if chosen.public:
            with files.supplement.open("r+") as supplement:
                supplement.readline()
                supplement.truncate(supplement.tell())
        size = files.data.stat().st_size
        print(f"generated {chosen.rows} rows, {size / 1e6:.0f} MB, in {time.perf_counter() - begin:.1f} s")
        server = postgres.start(base / "postgres")
        try:
            ratios, peaks = [], []
            for number in range(1, chosen.rounds + 1):
                raw = raw_copy(server.dsn(), files)
                told = subprocess.run(
                    [sys.executable, "-c", LOAD, server.dsn(), str(base / "month")],
                    check=True,
                    capture_output=True,
                    text=True,
                    cwd=ROOT,
                ).stdout
                ours, peak = map(float, told.split())
                ratios.append(raw / ours)
                peaks.append(peak)
                print(f"round {number}: raw COPY {raw:.2f} s, our load {ours:.2f} s, ratio {raw / ours:.2f}")
            bench.foreign.count(cpu_s(children(postmaster(server.base))))
        finally:
            server.stop()
    bench.add("import of a month / raw COPY of its data file, rows/s", "x", ratios, FLOOR, goal=2)
    bench.add("  peak memory of the load", "MB RSS", peaks, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
