"""Whether an installation is whole, whatever was done to it: its views, its seals, and where its secrets stand."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

from chassis.keys import Keyring
from cli.installation import find
from cli.replaying import EQUAL, replay
from cli.verifying import verify
from tests.scenario import Person

OWN = ("keys", "demo-password")
"""What an operator guards: nothing else may hold a secret."""


def check_views(state: Path) -> None:
    """I5: every row of every view is what its log says, folded from zero."""
    installation = find(state)
    compared = replay(installation, installation.chosen(None), lambda *_: None)
    assert compared
    assert [one for one in compared if one.outcome != EQUAL] == []


def check_seals(state: Path) -> None:
    """I7: every tree agrees with its checkpoints, from the first to the last, and with its log."""
    installation = find(state)
    names = [one.name for one in installation.chosen(None)]
    report = verify(installation, names, Keyring(state / "up" / "keys").sealing_publics())
    assert report.rows
    assert report.findings == []


def check_secrets(state: Path, people: Iterable[Person], *, known: str) -> None:
    """I8: no whole SSN and no password in any file: databases and their WAL, topics, logs of processes, mails.

    `known` is no secret, and stands in databases and topics: a search that does not find it finds nothing.
    """
    secrets = [form.encode() for who in people for form in _forms(who)]
    files = [one for one in _files(state / "up") if _part(state, one) not in OWN]
    assert {"postgres", "kafka"} <= {_part(state, file) for file in files if _holds(file, known.encode())}
    found = {(file.name, secret) for file in files for secret in secrets if _holds(file, secret)}
    assert found == set()


def _forms(who: Person) -> Iterator[str]:
    yield who.password
    if who.ssn:
        yield from (who.ssn, f"{who.ssn[:3]}-{who.ssn[3:5]}-{who.ssn[5:]}")


def _files(folder: Path) -> Iterator[Path]:
    for one in folder.rglob("*"):
        if one.is_file() and one.stat().st_size:
            yield one


def _part(state: Path, file: Path) -> str:
    return file.relative_to(state / "up").parts[0]


def _holds(file: Path, secret: bytes) -> bool:
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(secret) >= 0
    except (OSError, ValueError):  # gone meanwhile, or emptied
        return False
