"""The pages below `/dev`, over an installation that lives."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from starlette.applications import Starlette

from chassis import nature
from chassis.cause import Cause, system_actor
from chassis.inbox import Inbox, Mail
from cli import up
from cli.dev.commands import latest
from cli.dev.pages import Dev, routes
from cli.dev.parts import READY, Running, last_error, processes
from cli.dev.services import tiles
from cli.dev.topics import counted, covered, last
from cli.installation import Installation, find
from cli.tracing import Node, trace
from cli.up import Part
from services.connections.commands import connections
from tests.integration.cli.terminal import Terminal, Village
from tests.notary import Notary
from tests.unit.portal.conftest import visitor

PARTS = (Running("access.worker", READY, "1.2.3"), Running("kafka", READY))


@pytest.fixture
def installation(mandate: Terminal) -> Installation:
    return find(mandate.state, only="run")


@pytest.fixture
def inbox() -> Inbox:
    """It listens to nobody: what is in it was put there."""
    return Inbox()


@pytest.fixture
def browser(mandate: Terminal, inbox: Inbox) -> httpx.Client:
    dev = Dev(partial(find, mandate.state, only="run"), lambda: PARTS, inbox)
    return visitor(Starlette(routes=routes(dev)), "http://127.0.0.1:8000")


def nodes(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in nodes(child))]


def test_a_tile_says_where_the_log_ends_and_who_is_behind(
    village: Village, installation: Installation, notary: Notary
) -> None:
    assert [one.follower for one in tiles(installation, PARTS)[0].late] == ["sealer"]
    notary.seal()
    before = {tile.name: tile for tile in tiles(installation, PARTS)}
    assert before["access"].position > 0
    assert [one.name for one in before["access"].parts] == ["access.worker"]
    assert before["access"].late == []
    with psycopg.connect(village.house.bus.dsn, autocommit=True) as owner:
        owner.execute("UPDATE access.positions SET position = position - 3 WHERE follower = 'staff_list_v1'")
    [late] = {tile.name: tile for tile in tiles(installation, PARTS)}["access"].late
    assert (late.follower, late.events) == ("staff_list_v1", 3)


@pytest.mark.usefixtures("village")
def test_the_page_shows_what_is_parked_and_what_is_ready(village: Village, browser: httpx.Client) -> None:
    shown = browser.get("/dev").text
    assert "1.2.3" in shown
    assert "kafka" in shown
    with psycopg.connect(village.house.bus.dsn, autocommit=True) as owner:
        owner.execute(
            'INSERT INTO access.parked_messages (topic, topic_id, partition, "offset", key, headers, cause, parked_at)'
            " VALUES ('AccountState', 'x', 3, 7, 'key', '{}', 'a <b>riddle</b>', now())"
        )
    assert "message AccountState 3@7<small>a &lt;b&gt;riddle&lt;/b&gt;</small>" in browser.get("/dev").text


def test_the_latest_commands_are_those_that_began_something(village: Village, installation: Installation) -> None:
    found = latest(installation)
    moments = [one.at for one in found]
    assert moments == sorted(moments, reverse=True)
    [asked] = [one for one in found if one.command_id == village.command]
    assert (asked.service, asked.actor, asked.what) == (
        "connections",
        str(village.official),
        "connections.Connection.Requested",
    )
    for one in found:
        followed = trace(installation, one.command_id)
        assert followed.correlation_id == one.command_id
        assert [node.what for node in followed.root.children] == list(one.events)


def test_what_followed_a_command_is_no_command_of_its_own(village: Village, installation: Installation) -> None:
    """A follower that takes a command goes on with the correlation of what it answers: it is in that one's trace."""
    cause = Cause(actor=uuid4(), command_id=nature.new_id(), correlation_id=village.command)
    asked = {"function": "NPPES", "side": "SURROGATE", "provider_id": village.practice, "surrogate_id": village.group}
    village.house.connections.app.execute(connections.request, replace(cause, actor=village.official), **asked)
    assert cause.command_id not in {one.command_id for one in latest(installation)}


def test_what_is_asked_for_at_every_start_is_not_listed_again(village: Village, installation: Installation) -> None:
    """A part that changed nothing says nothing; a person who changed nothing may wonder why."""
    part, person = (nature.new_id() for _ in range(2))
    for actor, command in ((system_actor("identity/seed"), part), (village.doctor, person)):
        with psycopg.connect(village.house.bus.dsn, autocommit=True) as owner:
            owner.execute("INSERT INTO access.answered VALUES (%s, %s, 1, %s, now())", (command, actor, village.group))
    listed = {one.command_id: one.what for one in latest(installation)}
    assert part not in listed
    assert listed[person] == "changed nothing"


def test_only_so_many_commands_are_listed(village: Village, installation: Installation) -> None:
    assert len(latest(installation, limit=2)) == 2
    assert len(latest(installation)) > 2
    assert village.command in {one.command_id for one in latest(installation)}


def test_a_trace_is_a_page(village: Village, browser: httpx.Client, installation: Installation) -> None:
    assert f'href="/dev/trace/{village.command}"' in browser.get("/dev").text
    shown = browser.get(f"/dev/trace/{village.command}").text
    for node in nodes(trace(installation, village.command).root)[1:]:
        assert node.what in shown
        assert node.where in shown
    assert "connection_list_v1" in shown
    assert str(village.official) in shown


def test_what_is_not_there_is_said(browser: httpx.Client) -> None:
    unknown = browser.get(f"/dev/trace/{uuid4()}")
    assert (unknown.status_code, "no service has taken the command" in unknown.text) == (404, True)
    assert browser.get("/dev/topics/Nothing").status_code == 404
    assert browser.get("/dev/inbox/0").status_code == 404
    slashed = [browser.get(f"{path}/") for path in ("/dev", "/dev/inbox")]
    assert [one.headers.get("location") for one in slashed] == ["/dev", "/dev/inbox"]


def test_topics_are_counted_and_their_last_records_shown(
    village: Village, browser: httpx.Client, installation: Installation
) -> None:
    told = {row["topic"]: row["told"] for row in counted(installation)}
    assert (told["ConnectionRequested"], told["ConnectionEnded"]) == (1, 0)
    assert told["ConnectionState"] == 2
    newest, first = last(installation, "ConnectionState")
    assert newest["appended_at"] >= first["appended_at"]
    assert json.loads(first["text"])["provider_id"] == str(village.practice)
    assert f"/dev/trace/{village.command}" in browser.get("/dev/topics/ConnectionRequested").text
    assert "ConnectionRequested" in browser.get("/dev/topics").text


def test_a_sealed_secret_is_not_shown() -> None:
    value = {"code_id": "1", "sealed_code": "b3BlbiBtZQ==", "more": [{"sealed_pin": "c2VzYW1l"}]}
    shown = covered({"value": value})
    assert shown["value"] == {
        "code_id": "1",
        "sealed_code": "sealed, 12 characters",
        "more": [{"sealed_pin": "sealed, 8 characters"}],
    }
    assert "b3Bl" not in shown["text"]


def test_bytes_that_cannot_be_read_are_counted() -> None:
    shown = covered({"value": None, "unreadable": "no such form", "bytes": b"Ana Rivera"})
    assert (shown["bytes"], shown["ended"]) == ("10 bytes", False)
    assert covered({"value": None})["ended"]


def test_the_inbox_shows_mails_as_text(browser: httpx.Client, inbox: Inbox) -> None:
    inbox.keep(_mail("Your code", "<i>123456</i>"))
    assert 'href="/dev/inbox/0"' in browser.get("/dev/inbox").text
    shown = browser.get("/dev/inbox/0").text
    assert "<pre>&lt;i&gt;123456" in shown


def test_the_embedded_bus_has_no_live_activity(browser: httpx.Client) -> None:
    """It says who has; with Kafka: tests/bus/test_activity.py."""
    shown = browser.get("/dev/activity")
    assert (shown.status_code, "make up starts it" in shown.text) == (200, True)


def test_nobody_looks_by_a_name_of_his_own(browser: httpx.Client) -> None:
    """A page of elsewhere, whose name was made to point to this machine, must not read codes and passwords."""
    for path in ("/dev", "/dev/inbox", "/dev/topics", "/dev/activity", f"/dev/trace/{uuid4()}"):
        assert browser.get(path, headers={"host": "pages.example:8000"}).status_code == 400
    assert browser.get("/dev/inbox", headers={"host": "localhost:8000"}).status_code == 200
    assert "script-src 'self'" in browser.get("/dev").headers["content-security-policy"]


def test_an_installation_that_does_not_answer_ends_no_process(tmp_path: Path, inbox: Inbox) -> None:
    dev = Dev(partial(find, tmp_path, only="up"), lambda: PARTS, inbox)
    browser = visitor(Starlette(routes=routes(dev)), "http://localhost")
    for path in ("/dev", "/dev/topics", f"/dev/trace/{UUID(int=1)}"):
        answer = browser.get(path)
        assert (answer.status_code, "nothing runs below" in answer.text) == (503, True)
    assert "kafka" in browser.get("/dev").text
    assert browser.get("/dev/inbox").status_code == 200


def test_the_last_error_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "access.worker.log"
    assert last_error(log) == ""
    lines = (
        {"level": "error", "event": "first", "timestamp": "t0"},
        {"level": "error", "event": "a worker died", "cause": "why", "timestamp": "t1"},
        {"level": "info", "event": "ready"},
    )
    log.write_text("no json\n" + "\n".join(map(json.dumps, lines)) + "\n[]\n")
    assert last_error(log) == "t1 a worker died why"
    raised = [{"exc_type": "ValueError", "exc_value": "no"}, {"exc_type": "KeyError", "exc_value": "cause"}]
    log.write_text(json.dumps({"level": "error", "event": "worker ended", "exception": raised}))
    assert last_error(log) == "worker ended ValueError: no"


def _mail(subject: str, text: str) -> Mail:
    raw = f"From: a@b.example\r\nTo: c@d.example\r\nSubject: {subject}\r\nMessage-ID: <1@b>\r\n\r\n{text}\r\n"
    return Mail("a@b.example", ("c@d.example",), nature.now(), raw.encode())


def test_run_looks_at_itself_where_up_runs_in_the_same_folder(mandate: Terminal) -> None:
    (mandate.state / "up").mkdir()
    (mandate.state / "up" / "postgres").symlink_to((mandate.state / "postgres").resolve())
    assert (find(mandate.state).kind, find(mandate.state, only="run").kind) == ("up", "run")


def test_parts_of_up_are_seen_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    folder.mkdir()
    error = {"level": "error", "event": "a worker died", "cause": "why"}
    (folder / "gone.log").write_text(json.dumps(error))
    up.note(folder, [Part("access.api", 0, "no such process", "", "", str(folder / "gone.log"))])
    [gone] = processes(tmp_path)
    assert (gone.name, gone.state, gone.version, gone.error) == ("access.api", "down", "", "a worker died why")


def test_ps_and_logs_say_how_parts_are_and_what_they_said(tmp_path: Path) -> None:
    typed = Terminal(tmp_path)
    assert typed.refuses("ps") == typed.refuses("logs", "access") == "nothing is up: make up"
    folder = tmp_path / "up"
    folder.mkdir()
    (folder / "gone.log").write_text("its last words")
    up.note(folder, [Part("access.worker", 0, "no such process", "", "", str(folder / "gone.log"))])
    [gone] = typed.finds("ps")
    assert (gone["name"], gone["state"], gone["behind"]) == ("access.worker", "down", None)
    assert "make logs S=access.worker" in typed.says("ps")
    assert "its last words" in typed.says("logs", "access")
    assert typed.refuses("logs", "acess") == "there is no log of acess: name one of access"
