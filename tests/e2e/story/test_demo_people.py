"""The people of `make run`: they register by themselves, once, and go on where they were stopped."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mandate.access.v1 import service_pb2 as access
from mandate.connections.v1 import service_pb2 as connections

from chassis import nature
from cli import people
from cli.demo import desk, eventually
from cli.month import load_generated
from cli.platform import Platform, platform
from tests.scenario import Person, Story

pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def peopled() -> Iterator[Platform]:
    base = Path(tempfile.mkdtemp(prefix="mandate-e2e-"))
    base.chmod(0o755)
    try:
        with platform(base / "state") as started:
            load_generated(started, others=200)
            assert not people.are_here(started)
            told_to_stop = iter((False, False, True))
            assert not people.make(started, stopping=lambda: next(told_to_stop)), "Ctrl-C behind the second step"
            assert not people.are_here(started)
            assert people.make(started), "the next start goes on there"
            yield started
    finally:
        shutil.rmtree(base, ignore_errors=True)


def test_the_official_approves_and_the_staff_member_may_act(peopled: Platform) -> None:
    """The first ten minutes: sign in with the one password, approve what waits, ask who may act, disconnect."""
    assert people.are_here(peopled)
    story = Story(peopled.channel, peopled.inbox, eventually, eus=desk(peopled.password))
    them: dict[str, Person] = {one.user_id: one.person(peopled.password) for one in people.PEOPLE}
    for who in them.values():
        story.sign_in(who)
    official, staff, provider = them["aorivera"], them["stokafor"], them[people.PROVIDER.user_id]
    assert [one.role for one in story._employers(provider)] == ["AUTHORIZED_OFFICIAL"]

    def may_act() -> bool:
        request = access.ExplainAuthorityRequest(
            account_id=staff.account_id, provider_id=waiting.provider_id, function="PECOS"
        )
        return bool(story.ask(story.access.ExplainAuthority, request, staff, "access").allowed)

    story.token(staff, "access")
    [waiting] = story._pending(official)
    assert not may_act()
    decision = {"connection_id": waiting.connection_id, "side": "PROVIDER"}
    approve = connections.ApproveConnectionRequest(command_id=str(nature.new_id()), **decision)
    story.ask(story.connections.ApproveConnection, approve, official, "connections")
    story.eventually(may_act, "the right to act")
    end = connections.EndConnectionRequest(command_id=str(nature.new_id()), **decision)
    story.ask(story.connections.EndConnection, end, official, "connections")
    story.eventually(lambda: not may_act(), "the end of it")
