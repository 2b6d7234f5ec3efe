"""`mandate audit verify|prove|export|check`: proof, and every change found."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from chassis import audit, checking
from chassis.sealer import SealingKey
from cli.__main__ import app
from cli.installation import find
from cli.sealed import export
from tests.house import House
from tests.integration.cli.terminal import Terminal, Village
from tests.notary import KEY, Notary

COLUMNS = ("stream", "version", "topic", "state", "recorded_at", "cause", "leaf_hash")
SEED = 20_260_504


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "auditor.pub"
    file.write_text(f"{KEY.public}\n")
    return file


@pytest.fixture
def sealed(village: Village, notary: Notary) -> Village:
    notary.seal(batch=7)
    return village


def superuser(house: House, statement: str, *values: Any) -> None:
    with psycopg.connect(house.bus.dsn, options="-c search_path=access") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode(), values)


def test_what_nobody_has_touched_is_verified(mandate: Terminal, sealed: Village) -> None:
    said = mandate.says("audit", "verify")
    events = sealed.house.access.end() + sealed.house.connections.end()
    assert f"VERIFIED: {events} events" in said
    assert "access: checkpoint of" in said
    found = mandate.finds("audit", "verify", "--service", "access")
    assert (found["events"], found["findings"], found["missing"]) == (sealed.house.access.end(), [], [])
    assert mandate.says("audit", "key").strip() == str(KEY.public)


def changes(rows: list[dict[str, Any]], count: int) -> list[tuple[int, str, Any]]:
    """So many changes of one column of one row, by a seed: position, column, what it becomes."""
    dice = random.Random(SEED)
    made: list[tuple[int, str, Any]] = []
    for _ in range(count):
        row, column = dice.choice(rows), dice.choice(COLUMNS)
        was = row[column]
        match was:
            case bytes():
                at = dice.randrange(len(was))
                becomes: Any = was[:at] + bytes([was[at] ^ dice.randrange(1, 256)]) + was[at + 1 :]
            case str():
                becomes = was[:-1] + dice.choice([one for one in "abcXYZ" if one != was[-1]])
            case int():
                becomes = was + dice.randrange(1_000, 2_000)
            case UUID():
                becomes = UUID(int=was.int ^ 1 << dice.randrange(128))
            case _:
                becomes = was.replace(microsecond=(was.microsecond + dice.randrange(1, 10**6)) % 10**6)
        made.append((row["position"], column, becomes))
    return made


def leaf_of(row: dict[str, Any]) -> bytes:
    told = (row[name] for name in ("stream", "version", "topic", "recorded_at", "cause", "state"))
    return audit.leaf_hash("access", *told)


def stored(house: House) -> list[dict[str, Any]]:
    with house.access.app.session() as session:
        rows = session.run(f"SELECT position, {', '.join(COLUMNS)} FROM log ORDER BY position")
    return [dict(zip(("position", *COLUMNS), row, strict=True)) for row in rows]


@pytest.mark.timeout(1200)
def test_each_of_200_changes_of_a_stored_row_is_found_and_the_first_bad_leaf_named(
    mandate: Terminal, sealed: Village, tmp_path: Path
) -> None:
    """A-15: a superuser changes a row; the export is checked with the key alone, and the log verified."""
    house, out = sealed.house, tmp_path / "out"
    rows = stored(house)
    installation = find(mandate.state)
    index = {row["position"]: number for number, row in enumerate(rows)}
    for number, (position, column, becomes) in enumerate(changes(rows, 200)):
        was = rows[index[position]]
        superuser(house, f"UPDATE log SET {column} = %s WHERE position = %s", becomes, position)
        if number % 2 and column != "leaf_hash":  # every other time by somebody who knows how leaves are made
            superuser(
                house, "UPDATE log SET leaf_hash = %s WHERE position = %s", leaf_of(was | {column: becomes}), position
            )
        shutil.rmtree(out, ignore_errors=True)
        export(installation, ["access"], "", form="jsonl", out=out)
        report = checking.check(out, [KEY.public])
        named = f"first bad leaf of access: access@{position} (leaf {index[position]}, "
        assert report.code == 2, (position, column, becomes)
        assert [one.startswith(named) for one in report.findings] == [True], (column, becomes, report.findings)
        statement = f"UPDATE log SET {column} = %s, leaf_hash = %s WHERE position = %s"
        if column == "leaf_hash":
            statement = "UPDATE log SET leaf_hash = coalesce(%s, %s) WHERE position = %s"
        superuser(house, statement, was[column], was["leaf_hash"], position)
    assert checking.check(out, [KEY.public]).code == 2
    shutil.rmtree(out)
    mandate.says("audit", "export", "", "--service", "access", "--out", str(out))
    assert checking.check(out, [KEY.public]).code == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE log SET state = '{}' WHERE position = 5", "access@5 (leaf 4)"),
        ("UPDATE log SET state = '\\xff' WHERE position = 5", "access@5 (leaf 4)"),
        ("UPDATE log SET leaf_hash = sha256('x') WHERE position = 3", "access@3 (leaf 2)"),
        ("DELETE FROM log WHERE position = 4", "access@4 (leaf 3): its row is gone"),
        ("DELETE FROM log WHERE position > 8", "a checkpoint of"),
        ("UPDATE leaves SET leaf_hash = sha256('x') WHERE index = 6", "access@7 (leaf 6)"),
        ("DELETE FROM leaves WHERE index = 6", "access@7 was never sealed"),
        ("UPDATE checkpoints SET note = replace(note, E'\\n7\\n', E'\\n8\\n') WHERE size = 7", "signature"),
        ("UPDATE checkpoints SET root = sha256('x') WHERE size = 7", "signed for something else"),
    ],
)
def test_verify_names_what_a_superuser_has_done(mandate: Terminal, sealed: Village, change: str, named: str) -> None:
    """A-15: change, delete, take the tail away, forge what was sealed."""
    superuser(sealed.house, "ALTER TABLE log DROP CONSTRAINT log_stream_version")
    superuser(sealed.house, change)
    found = mandate.finds("audit", "verify", code=2)
    assert named in found["findings"][0]
    assert not any("connections" in one for one in found["findings"])


def test_row_and_leaf_changed_alike_lie_between_two_checkpoints(mandate: Terminal, sealed: Village) -> None:
    """Whoever forges the leaf as well cannot forge the root: a checkpoint's leaves are named."""
    [row] = [one for one in stored(sealed.house) if one["position"] == 9]
    forged = leaf_of(row | {"state": b"{}"})
    superuser(sealed.house, "UPDATE log SET state = '{}', leaf_hash = %s WHERE position = 9", forged)
    superuser(sealed.house, "UPDATE leaves SET leaf_hash = %s WHERE position = 9", forged)
    found = mandate.finds("audit", "verify", code=2)
    assert "one of access@8 to access@14: the root of 14 leaves is not the one that was signed" in found["findings"][0]


def test_a_checkpoint_kept_elsewhere_shows_that_everything_was_put_back(
    mandate: Terminal, sealed: Village, notary: Notary, publish_account: Callable[..., UUID], tmp_path: Path
) -> None:
    kept = tmp_path / "june.note"
    publish_account(uuid4(), position=90)
    sealed.house.settle()
    notary.seal()
    with sealed.house.access.app.session() as session:
        [(size, position, note)] = session.run("SELECT size, position, note FROM checkpoints ORDER BY 1 DESC LIMIT 1")
    kept.write_text(note)
    mandate.says("audit", "verify", "--since", str(kept))
    superuser(sealed.house, "DELETE FROM log WHERE position >= %s", position)
    for table, column in (("leaves", "index + 1"), ("checkpoints", "size")):
        superuser(sealed.house, f"DELETE FROM {table} WHERE {column} >= %s", size)
    mandate.says("audit", "verify")
    found = mandate.finds("audit", "verify", "--since", str(kept), code=2)
    assert f"a checkpoint of {size} leaves was signed, and only {size - 1} are here" in found["findings"][0]


def test_a_sealer_that_stands_still_is_incomplete(mandate: Terminal, sealed: Village, publish_account: Any) -> None:
    behind = sealed.house.access.end()
    publish_account(uuid4(), position=90)
    sealed.house.settle()
    assert mandate.finds("audit", "verify")["missing"] == []
    older = "UPDATE log SET recorded_at = recorded_at - interval '61 s' WHERE position > %s"
    superuser(sealed.house, older, behind)
    last = sealed.house.access.end()
    superuser(sealed.house, "UPDATE log SET recorded_at = '2026-01-01Z' WHERE position = %s", last)
    found = mandate.finds("audit", "verify", "--service", "access", code=3)
    assert "waits to be sealed for more than a minute" in found["missing"][0]


@pytest.mark.parametrize("query", ["npi:9", "actor:nobody", "aktor:x"])
def test_an_export_of_what_cannot_be_asked_leaves_no_folder(
    mandate: Terminal, sealed: Village, tmp_path: Path, query: str
) -> None:
    assert sealed.house
    assert mandate("audit", "export", query, "--out", str(tmp_path / "out")).exit_code == 1
    assert not (tmp_path / "out").exists()


def test_an_export_says_the_command_that_checks_it(
    mandate: Terminal, sealed: Village, tmp_path: Path, keys: Path
) -> None:
    assert sealed.house
    said = mandate.says("audit", "export", "", "--out", str(tmp_path / "out"))
    [command] = re.findall(r"`mandate (audit check [^`]*)`", said)
    result = CliRunner().invoke(app, command.replace("FILE", str(keys)).split())
    assert (result.exit_code, "PROVEN" in result.output) == (0, True), result.output


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_is_proven_by_folder_and_key_alone(
    mandate: Terminal, sealed: Village, tmp_path: Path, keys: Path, form: str
) -> None:
    """On another machine: two files of Python, no database, no network, nothing else of ours."""
    out, alone = tmp_path / "out", tmp_path / "alone"
    manifest = mandate.finds("audit", "export", f"subject:{sealed.practice}", "--format", form, "--out", str(out))
    assert 0 < sum(manifest["counts"].values()) < sealed.house.access.end() + sealed.house.connections.end()
    assert manifest["query"] == f"subject:{sealed.practice}"
    assert manifest["keys"] == [f"mandate.example+{KEY.public.id.hex()}"]
    assert manifest["counts"]["connections.Connection.Approved"] == 1
    alone.mkdir()
    for module in (audit, checking):
        shutil.copy(str(module.__file__), alone)
    said = subprocess.run(
        [sys.executable, str(alone / "checking.py"), str(out), str(keys)],
        capture_output=True, text=True, check=False, cwd=alone, env={},
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")
    assert f"PROVEN: {sum(manifest['counts'].values())} events" in said.stdout
    assert "PROVEN" in mandate_check(mandate, out, keys)


def mandate_check(mandate: Terminal, path: Path, keys: Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["audit", "check", str(path), "--key", str(keys)])
    assert result.exit_code == code, result.output
    return result.output


def test_an_export_that_was_touched_is_told_how(mandate: Terminal, sealed: Village, tmp_path: Path, keys: Path) -> None:
    def fresh(name: str) -> Path:
        out = tmp_path / name
        mandate.says("audit", "export", "", "--service", "access", "--out", str(out))
        return out

    gone = fresh("gone")
    (gone / "events.jsonl").unlink()
    assert "events.jsonl is missing" in mandate_check(mandate, gone, keys, 3)
    unsigned = fresh("unsigned")
    (unsigned / "access.checkpoint").unlink()
    assert "access.checkpoint is missing" in mandate_check(mandate, unsigned, keys, 3)
    for name in ("events.jsonl", "access.checkpoint", "manifest.json"):
        changed = fresh(f"changed-{name}")
        content = bytearray((changed / name).read_bytes())
        at = content.index(b"access") + 1
        content[at] ^= 4
        (changed / name).write_bytes(content)
        said = mandate_check(mandate, changed, keys, 3 if name == "manifest.json" else 2)  # it names another file then
        assert {
            "events.jsonl": "is not the file",
            "access.checkpoint": "access.checkpoint:",
            "manifest.json": "agcess.checkpoint is missing",
        }[name] in said
    lines = (fresh("dropped") / "events.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "dropped" / "events.jsonl").write_text("".join(lines[:4] + lines[5:]))
    assert "access@6 (leaf 5, row 5 of events.jsonl): leaf 4 must stand here" in mandate_check(
        mandate, tmp_path / "dropped", keys, 2
    )
    other = tmp_path / "other.pub"
    other.write_text(f"{SealingKey(KEY.name, Ed25519PrivateKey.generate()).public}\n")
    assert "not by a key that you trust" in mandate_check(mandate, fresh("other"), other, 2)
    assert "is there and not empty" in mandate.refuses("audit", "export", "", "--out", str(gone))
    assert "no format 'xml'" in mandate.refuses("audit", "export", "", "--out", str(gone), "--format", "xml")
    assert "manifest.json" in mandate_check(mandate, tmp_path / "keys", keys, 3)


def test_what_a_row_says_beside_its_leaf_is_checked_too(mandate: Terminal, sealed: Village, tmp_path: Path) -> None:
    """Hash and manifest made anew by whoever changed it: who did it still stands in the leaf."""
    out = tmp_path / "out"
    mandate.says("audit", "export", "", "--service", "access", "--out", str(out))
    rows = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    for column in ("actor", "on_behalf_of", "command_id", "correlation_id", "causation", "leaf_hash", "log"):
        changed = [dict(row) for row in rows]
        changed[3][column] = str(uuid4())
        (out / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed))
        report = checking.check(out, [KEY.public])
        assert any("(leaf 3, row 4" in one for one in report.findings), column


def test_one_event_is_proven_by_its_proof(mandate: Terminal, sealed: Village, tmp_path: Path, keys: Path) -> None:
    file = tmp_path / "approved.tlog-proof"
    proof = mandate.says("audit", "prove", "access@9")
    assert mandate.finds("audit", "prove", "access@9") == {"event": "access@9", "proof": proof}
    file.write_text(proof)
    assert "access@9" in mandate_check(mandate, file, keys)
    index = proof.index("\nindex ")
    for changed in (
        proof.replace("\nindex 8", "\nindex 7"),
        proof[:index] + proof[index + 60 :],
        proof[:60] + ("A" if proof[60] != "A" else "B") + proof[61:],
        proof[:-10] + ("A" if proof[-10] != "A" else "B") + proof[-9:],
        "",
        "\0",
    ):
        file.write_text(changed)
        assert "NOT PROVEN" in mandate_check(mandate, file, keys, 2)
    assert "cannot be read" in mandate_check(mandate, tmp_path / "nothing", keys, 3)
    for word in ("access", "access@x", "@5", "access@" + "9" * 30, "access@²"):
        assert "is no event" in mandate.refuses("audit", "prove", word)
    assert "no sealed event access@99999" in mandate.refuses("audit", "prove", "access@99999")


def test_a_key_that_is_none_is_told(mandate: Terminal, sealed: Village, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pub"
    for content in ("", "x\n", "a+b+c\n"):
        wrong.write_text(content)
        assert "wrong.pub: " in mandate.refuses("audit", "verify", "--key", str(wrong))
    assert "cannot be read" in mandate.refuses("audit", "verify", "--key", str(tmp_path))
    assert mandate("audit", "verify", "--nonsense").exit_code == 1
