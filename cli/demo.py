"""`mandate demo`: the story of getting access, played through the public interfaces, step by step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from chassis.runtime import Wakeup, seconds, wait_until
from cli.month import load_generated
from cli.platform import SEEDED, Platform, platform
from tests.scenario import Person, Story

WAIT_S = 20.0


def demo(*, others: int = 10_000) -> None:
    """Start a platform of its own, play the story, stop, and leave nothing behind."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="mandate-demo-"))
    folder.chmod(0o755)  # PostgreSQL drops to another user where we are root
    began = seconds()
    try:
        with platform(folder / "state") as started:
            load_generated(started, others=others)
            console.print(f"the platform stands, with {others:,} generated providers ({seconds() - began:.1f} s)")
            play(started, say=lambda step, line: console.print(f"  [bold]{step}[/] {line}"))
            mails = len(started.inbox.messages())
            console.print(f"told in {seconds() - began:.1f} s; {mails} mails were sent. Next: make run")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(started: Platform, *, say: Callable[[str, str], None] = lambda _step, _line: None) -> Story:
    """Tell the whole story on a running platform."""
    seeded = SEEDED[0]
    eus = Person(
        seeded.first_name,
        seeded.last_name,
        seeded.user_id,
        seeded.email,
        ssn="",
        born_on=date(1970, 1, 1),
        password=started.password,
    )
    story = Story(started.channel, started.inbox, eventually, eus=eus, say=say)
    story.step_1_the_registry_finds_them()
    story.step_2_a_provider_registers_and_signs_in()
    story.step_3_an_official_is_approved_by_external_user_services()
    story.step_4_the_official_approves_a_manager()
    story.step_5_staff_joins_with_one_function()
    story.step_6_the_provider_approves_one_connection_and_rejects_the_other()
    story.step_7_who_may_act_and_why()
    story.step_9_the_provider_disconnects()
    return story


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, once it finds something; `AssertionError` after 20 seconds."""
    found: list[Any] = [None]

    def there() -> bool:
        found[0] = look()
        return bool(found[0])

    if not wait_until(there, Wakeup(), timeout_s=WAIT_S):
        raise AssertionError(f"there never was {what}")
    return found[0]
