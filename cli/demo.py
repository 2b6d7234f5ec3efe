"""`mandate demo`: the story of getting access, played through the public interfaces, step by step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console

from chassis.client import channel
from chassis.inbox import Folder
from chassis.keys import Keyring
from chassis.runtime import Wakeup, seconds, wait_until
from cli.installation import find
from cli.month import load_generated
from cli.platform import SEEDED, Platform, password_of, platform
from cli.replaying import EQUAL, replay
from cli.sealed import keys_of
from cli.showing import say_json
from cli.up import parts_of
from cli.verifying import verify
from tests.auditing import Auditing
from tests.enrolling import Enrolling
from tests.scenario import Person, Story

WAIT_S = 30.0


def demo_on_up(state: Path, *, as_json: bool = False) -> None:
    """Play the story on what `up` runs: its people are there from then on."""
    console = Console(quiet=as_json)
    began = seconds()
    say = telling(console)
    play_on_up(state, say=say)
    look_again(state, say=say)
    took = seconds() - began
    console.print(f"told in {took:.1f} s on Kafka and PostgreSQL")
    if as_json:
        say_json({"took_s": round(took, 1)}, indent=None)


def demo(*, others: int = 10_000, as_json: bool = False) -> None:
    """Start a platform of its own, play the story, stop, and leave nothing behind."""
    console = Console(quiet=as_json)
    say = telling(console)
    folder = Path(tempfile.mkdtemp(prefix="mandate-demo-"))
    folder.chmod(0o755)  # PostgreSQL drops to another user where we are root
    began = seconds()
    try:
        with ExitStack() as parts:
            with console.status("starting PostgreSQL and the services, loading a generated month of providers"):
                started = parts.enter_context(platform(folder / "state"))
                load_generated(started, others=others)
            console.print(f"the platform stands, with {others:,} generated providers ({seconds() - began:.1f} s)")
            play(started, say=say)
            look_again(folder / "state", say=say)
            mails, took = len(started.inbox.messages()), seconds() - began
            console.print(f"told in {took:.1f} s; {mails} mails were sent. Next: make run")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        say_json({"took_s": round(took, 1), "mails": mails}, indent=None)


Say = Callable[[str, str], None]


def telling(console: Console) -> Say:
    """What says each step: there, or as a line of JSON where that is quiet."""

    def say(step: str, line: str) -> None:
        if console.quiet:
            say_json({"step": step, "said": line}, indent=None)
        console.print(f"  [bold]{step}[/] {line}")

    return say


def silent(_step: str, _line: str) -> None:
    """Say nothing."""


def play(started: Platform, *, say: Say = silent) -> Story:
    """Tell the whole story on a platform in this process."""
    return tell(
        Story(
            started.channel,
            started.inbox,
            eventually,
            eus=desk(started.password),
            mac=desk(started.password, "MAC"),
            auditor=desk(started.password, "AUDITOR"),
            say=say,
        )
    )


def play_on_up(state: Path, *, say: Say = silent, telling: int = 0, wait_s: float = WAIT_S) -> Story:
    """Tell the whole story on the processes that `mandate up` started; each telling has people of its own."""
    folder = (state / "up").resolve()
    addresses = {part.name.removesuffix(".api"): part.url for part in parts_of(folder) if part.name.endswith(".api")}
    if not addresses:
        raise SystemExit("nothing is up: make up")
    signer = Keyring(folder / "keys").signer("portal")

    def to(service: str) -> grpc.Channel:
        return channel(addresses[service], audience=service, signer=signer)

    def patiently(look: Callable[[], Any], what: str) -> Any:
        return eventually(look, what, wait_s=wait_s)

    password = password_of(folder)
    eus, mac, auditor = desk(password), desk(password, "MAC"), desk(password, "AUDITOR")
    inbox = Folder(folder / "mail")
    return tell(Story(to, inbox, patiently, eus=eus, mac=mac, auditor=auditor, telling=telling, say=say))


def look_again(state: Path, *, say: Say) -> None:
    """The last of step 10, from outside: every view rebuilt from zero and compared, everything sealed verified."""
    installation = find(state)
    services = installation.services()
    compared = replay(installation, services, lambda _service, _reached, _last: None)
    assert [one for one in compared if one.outcome != EQUAL] == [], "a view is not what the log says"
    report = verify(installation, [one.name for one in services], keys_of(installation))
    assert (report.findings, report.missing) == ([], []), "something is not what was sealed"
    say("10", f"{len(compared)} views rebuilt from zero are the same; {report.rows} sealed events are as they were")


def desk(password: str, role: str = "EUS") -> Person:
    """The seeded person of External User Services, of the contractor (MAC), or who audits (AUDITOR)."""
    who = next(one for one in SEEDED if one.role == role)
    born_on = date(1970, 1, 1)  # nobody asks for it at a sign-in
    return Person(who.first_name, who.last_name, who.user_id, who.email, "", born_on, password)


def tell(story: Story) -> Story:
    """All steps, in order; step 8 where there is a contractor, step 10 where there is an auditor."""
    story.step_1_the_registry_finds_them()
    story.step_2_a_provider_registers_and_signs_in()
    story.step_3_an_official_is_approved_by_external_user_services()
    story.step_4_the_official_approves_a_manager()
    story.step_5_a_staff_member_is_invited_and_registers()
    story.step_6_the_provider_approves_one_connection_and_rejects_the_other()
    story.step_7_who_may_act_and_why()
    if story.mac is None:
        story.step_9_the_provider_disconnects()
    else:
        _enroll(story)
    if story.auditor is not None:
        auditing = Auditing(story)
        auditing.step_10_every_event_of_the_provider_in_order_of_causation()
        auditing.step_10_who_could_act_before_and_after()
    return story


def _enroll(story: Story) -> None:
    """Steps 8 and 9, in PECOS too."""
    enrolling = Enrolling(story)
    enrolling.step_8_the_contractor_has_the_group_on_record()
    enrolling.step_8_an_official_on_record_is_approved_at_once()
    submitted = enrolling.step_8_the_staff_member_prepares_and_submits()
    enrolling.step_8_both_sign(submitted)
    enrolling.step_8_the_contractor_approves(submitted)
    enrolling.step_8_another_application_is_under_way()
    story.step_9_the_provider_disconnects()
    enrolling.step_9_nothing_goes_on()


def eventually(look: Callable[[], Any], what: str, *, wait_s: float = WAIT_S) -> Any:
    """What `look` finds, once it finds something; `AssertionError` after so many seconds."""
    found: list[Any] = [None]

    def there() -> bool:
        found[0] = look()
        return bool(found[0])

    if not wait_until(there, Wakeup(), timeout_s=wait_s):
        raise AssertionError(f"there never was {what}")
    return found[0]
