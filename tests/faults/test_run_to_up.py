"""From `run` to `up`, from the embedded bus to Kafka: the story goes on, and nothing is answered or sent twice."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chassis.client import channel
from chassis.hearing import HEARD
from chassis.inbox import Folder
from chassis.keys import Keyring
from chassis.ports import free_port
from cli.__main__ import app
from cli.demo import desk, eventually
from cli.installation import find
from cli.month import load_generated
from cli.platform import ALL, platform
from cli.up import down, parts_of, up
from tests.scenario import Story

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(1200)]

REACTIONS = "SELECT count(*) FROM log WHERE NOT starts_with(topic, %s)"
WAIT_S = 90.0


@pytest.fixture
def state() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mandate-moving-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        down(folder)
        shutil.rmtree(folder, ignore_errors=True)


def at_rest(state: Path) -> bool:
    """Whether nothing waits anywhere: not told, not heard, not followed, not sent."""
    found = CliRunner().invoke(app, ["events", "lag", "--json", "--state", str(state)])
    return found.exit_code == 0 and '"count": ' in found.output and not _waiting(found.output)


def _waiting(said: str) -> list[Any]:
    return [row for row in json.loads(said)["rows"] if row["count"]]


def own_events(state: Path) -> dict[str, int]:
    found = {}
    installation = find(state)
    for service in ALL:
        with installation.reading(service.name) as session:
            [(found[service.name],)] = session.run(REACTIONS, (HEARD,))
    return found


def mails(folder: Path) -> Counter[str]:
    return Counter(str(mail.message["Message-ID"]) for mail in Folder(folder).messages())


def test_the_story_goes_on_with_kafka_and_nobody_is_answered_or_written_to_twice(state: Path) -> None:
    with platform(state) as started:
        load_generated(started, others=50)
        story = Story(started.channel, started.inbox, eventually, eus=desk(started.password))
        for step in (
            story.step_1_the_registry_finds_them,
            story.step_2_a_provider_registers_and_signs_in,
            story.step_3_an_official_is_approved_by_external_user_services,
            story.step_4_the_official_approves_a_manager,
            story.step_5_a_staff_member_is_invited_and_registers,
            story.step_6_the_provider_approves_one_connection_and_rejects_the_other,
        ):
            step()
        eventually(partial(at_rest, state), "rest", wait_s=WAIT_S)
        before, sent = own_events(state), mails(state / "mail")
    assert set(sent.values()) == {1}

    done = CliRunner().invoke(app, ["bus", "move", "embedded", "kafka", "--state", str(state)])
    assert done.exit_code == 0, done.output

    up(state, port=free_port())
    eventually(partial(at_rest, state), "rest on Kafka", wait_s=WAIT_S)
    assert own_events(state) == before, "somebody has answered again what was answered before the move"
    assert mails(state / "up" / "mail") == sent

    later = _on_up(state, story)
    later.step_7_who_may_act_and_why()
    later.sign_in(later.people["provider"])
    later.step_9_the_provider_disconnects()
    eventually(partial(at_rest, state), "rest at the end", wait_s=WAIT_S)
    now = mails(state / "up" / "mail")
    assert now > sent
    assert set(now.values()) == {1}


def _on_up(state: Path, story: Story) -> Story:
    """The same people, who have waited for the others to move."""
    addresses = {one.name.removesuffix(".api"): one.url for one in parts_of(state / "up") if one.name.endswith(".api")}
    signer = Keyring(state / "up" / "keys").signer("portal")
    folder = Folder(state / "up" / "mail")
    there = Story(
        lambda name: channel(addresses[name], audience=name, signer=signer), folder, eventually, eus=story.eus
    )
    there.people, there.group, there.practice, there.rejected = (
        story.people,
        story.group,
        story.practice,
        story.rejected,
    )
    return there
