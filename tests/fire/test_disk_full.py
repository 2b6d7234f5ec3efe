"""The disk of the database is full: a clear error, no half of an event, and space is all that it needs (F-11).

What people upload stands in a database too, so there is no third disk.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from chassis import log, nature
from chassis.audit import leaf_hash
from chassis.database import DatabaseUnavailableError
from chassis.embedded.postgres import EmbeddedPostgres, PostgresStartError, start
from tests.house import House, Room, build, living
from tests.integration.chassis.shop import SERVICE, add, open_tab

pytestmark = [pytest.mark.xdist_group("disk"), pytest.mark.timeout(420)]

IMAGE_MB, BALLAST_MB = 260, 48
LONG = 60_000
"""Characters of one thing: they cannot be pressed together."""
MOST = 2_000
ME = UUID(int=1)


@contextmanager
def mounted(base: Path, *, megabytes: int = IMAGE_MB) -> Iterator[Path]:
    """A file system of its own, no larger than its image."""
    image, disk = base / "image", base / "disk"
    disk.mkdir()
    with image.open("wb") as made:
        made.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def need_a_disk() -> None:
    """Skip where nobody may mount one."""
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("a disk of its own may be mounted by root alone, where there are loop devices")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    need_a_disk()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)  # PostgreSQL drops to another user; others' folders stay theirs
    with mounted(tmp_path) as made:
        (made / "ballast").write_bytes(bytes(BALLAST_MB << 20))
        (made / "base").mkdir()
        yield made


@contextmanager
def served(disk: Path) -> Iterator[EmbeddedPostgres]:
    """A server whose data are there: its log too, as on a machine with one disk."""
    server = start(disk / "base" / "postgres", settings=["max_wal_size=64MB", "min_wal_size=32MB"])
    try:
        yield server
    finally:
        server.stop()


def fill(room: Room, tab_id: UUID) -> tuple[list[str], Exception]:
    """Add long things until something says no: those that were taken, and what it said."""
    taken: list[str] = []
    for _ in range(MOST):
        what = nature.random_bytes(LONG // 2).hex()
        try:
            room.execute(add, ME, tab_id=tab_id, what=what)
        except Exception as error:  # noqa: BLE001 - looked at by whoever asked
            return taken, error
        taken.append(what)
        tab_id = room.execute(open_tab, ME).id  # each event holds all things of its tab
    raise AssertionError("the disk was never full")


def test_a_full_disk_is_a_clear_error_and_with_more_space_all_is_there(disk: Path) -> None:
    with served(disk) as postgres, living(postgres, build(postgres, [SERVICE]), [SERVICE]) as house:
        room = house.shop
        taken, said = fill(room, room.execute(open_tab, ME).id)
        assert isinstance(said, DatabaseUnavailableError), said
        assert taken
        (disk / "ballast").unlink()  # space is added
        come_back(postgres, disk)
        found = whole(house)
        assert [what for what in found if what in set(taken)] == taken
        assert len(found) - len(taken) in {0, 1}  # of the last one nobody was told
        room.execute(add, ME, tab_id=room.execute(open_tab, ME).id, what="after")
        assert whole(house)[-1] == "after"


def come_back(postgres: EmbeddedPostgres, disk: Path) -> None:
    """It may have gone down, and be down until somebody starts it; nothing else is to be done."""
    running = subprocess.run(["pgrep", "-F", disk / "base" / "postgres" / "data" / "postmaster.pid"], check=False)
    if running.returncode:
        try:
            start(postgres.base, port=postgres.port)
        except PostgresStartError:  # children of the old one lingered for a moment
            start(postgres.base, port=postgres.port)


def whole(house: House) -> list[str]:
    """What was added, in order; every row is as it was written, and no version is missing."""
    last: dict[UUID, int] = {}
    with house.shop.app.session() as session:
        after = 0
        while page := log.read(session, after=after, limit=200):
            for row in page:
                assert row.version == last.get(row.stream, 0) + 1
                last[row.stream] = row.version
                packed = (row.recorded_at, row.packed_cause, row.state)
                assert leaf_hash("shop", row.stream, row.version, row.topic, *packed) == row.leaf_hash
            after = page[-1].position
    return [event.what for event in house.shop.events() if hasattr(event, "what")]
