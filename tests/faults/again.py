"""Starting a part of `mandate up` again after it has ended, at its old address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chassis.embedded import postgres
from chassis.kafka.jars import fetch_jars
from chassis.kafka.server import start as start_kafka
from cli.up import BROKERS, cache, note, parts_of, postmaster, spawn


def restart(state: Path, name: str, **more: str) -> None:
    """Start a process of ours, with further environment for this time (none of it is kept)."""
    folder = (state / "up").resolve()
    parts = parts_of(folder)
    for number, part in enumerate(parts):
        if part.name == name and not part.alive():
            environment = dict(part.environment)
            begun = spawn(folder, name, list(part.words), environment | more, url=part.url, health=part.health)
            parts[number] = replace(begun, environment=part.environment)
    note(folder, parts)


def start_kafka_again(state: Path) -> None:
    """Start the broker."""
    folder = (state / "up").resolve()
    kafka = start_kafka(folder / "kafka", jars=fetch_jars(cache()))
    BROKERS.append(kafka)
    _has(folder, "kafka", kafka.pid or 0)


def start_postgres_again(state: Path) -> None:
    """Start the database server. Raises `PostgresStartError`."""
    folder = (state / "up").resolve()
    port = int(next(one.url for one in parts_of(folder) if one.name == "postgres").rpartition(":")[2])
    postgres.start(folder / "postgres", port=port)
    _has(folder, "postgres", postmaster(folder))


def _has(folder: Path, name: str, pid: int) -> None:
    note(folder, [replace(one, pid=pid) if one.name == name else one for one in parts_of(folder)])
