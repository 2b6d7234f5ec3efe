"""The story on embedded parts, with threads, gRPC and mail as `make run` has them."""

from __future__ import annotations

import psycopg
import pytest

from cli.demo import play
from cli.installation import find
from cli.platform import ALL, Platform
from tests import downstream

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(300)]


def test_the_story_is_told_on_embedded_parts(embedded_platform: Platform) -> None:
    """Steps 1 to 10; what must be seen is asserted where it is told."""
    told: list[str] = []
    story = play(embedded_platform, say=lambda step, _line: told.append(step))
    assert told == ["1", "2", "3", "4", "5", "6", "7", *["8"] * 5, "9", "9", "10", "10"]
    assert story.revoked_in_s < 2  # a promise to people (limits: revocation seen everywhere)
    with find(embedded_platform.state).bus() as bus:
        downstream.check(bus, story)
    with psycopg.connect(embedded_platform.dsn) as database:
        for service in ALL:
            parked = database.execute(f"SELECT cause FROM {service.name}.parked".encode()).fetchall()
            unread = database.execute(f"SELECT cause FROM {service.name}.parked_messages".encode()).fetchall()
            assert (service.name, parked, unread) == (service.name, [], [])
