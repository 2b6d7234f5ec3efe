"""`mandate up`: one process per service role on real Kafka and PostgreSQL; `down` beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from rich.console import Console

from chassis.embedded import postgres
from chassis.kafka.jars import fetch_jars
from chassis.kafka.server import KafkaServer
from chassis.kafka.server import start as start_kafka
from chassis.keys import Keyring
from chassis.ports import free_ports
from chassis.runtime import Wakeup, wait_until
from cli.alone import see_port_free
from cli.month import load_month_into
from cli.platform import ensure_database, make_keys, password_of, service_environment

NAMES = ("registry", "identity", "access", "connections", "enrollment", "notifier")
READY_S = 90.0
STOP_S = 25.0
EXEC_S = 1.0
HOST = "127.0.0.1"

BROKERS: list[KafkaServer] = []
"""Started by this process, and reaped when they have ended."""
_LEFT_RUNNING: list[subprocess.Popen[bytes]] = []
"""Processes that outlive us on purpose; kept, so that nobody takes them for forgotten, and reaped when we end them."""


@dataclass(frozen=True)
class Part:
    """One process that `up` started."""

    name: str
    pid: int
    word: str
    """Stands in the process's command line, so that no other process is ever taken for it."""
    url: str = ""
    health: str = ""
    log: str = ""
    words: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    """What it was started with; kept in a file that only its owner reads."""

    def alive(self) -> bool:
        """Whether this very process runs."""
        _reap()
        return self.word.encode() in self._words()

    def _words(self) -> bytes:
        """Its command line. One that has just been started has a program before it has words: they are waited for."""
        process, words = Path(f"/proc/{self.pid}"), b""

        def there() -> bool:
            nonlocal words
            words = (process / "cmdline").read_bytes()
            if not words:
                (process / "exe").readlink()  # dead and not reaped it has none
            return bool(words)

        try:
            wait_until(there, Wakeup(), timeout_s=EXEC_S)
        except OSError:
            return b""
        return words

    def ready(self) -> bool:
        """Whether it answers that it is ready."""
        if not self.health:
            return self.alive()
        try:
            with urlopen(self.health, timeout=2) as answer:  # noqa: S310 - our own loopback address
                return bool(answer.status == 200)  # noqa: PLR2004 - OK
        except (HTTPException, OSError):  # another program may have taken its port, and answer what is no HTTP
            return False


def cache() -> Path:
    """Where what was fetched once is kept, over all checkouts."""
    return Path(os.environ.get("MANDATE_CACHE", Path.home() / ".cache" / "mandate"))


def up(state: Path, *, port: int = 8000, console: Console | None = None) -> list[Part]:
    """Start everything, and return it when every part is ready. `console` is told how far that is."""
    console = console or Console(quiet=True)
    state = (state / "up").resolve()
    if any(part.alive() for part in parts_of(state)):
        raise SystemExit("it is up already: make ps shows it, make down stops it")
    see_port_free(HOST, port)
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o755)  # PostgreSQL drops to another user where we are root
    started: list[Part] = []
    try:
        for part in _start(state, port, console):
            started.append(part)
            note(state, started)
        with console.status("waiting until every part is ready"):
            _await(started)
    except BaseException:
        down(state.parent)
        raise
    return started


def _start(state: Path, port: int, console: Console) -> Iterator[Part]:
    console.print("PostgreSQL …")
    server = postgres.start(state / "postgres")
    yield Part(
        "postgres", postmaster(state), "postgres", f"{HOST}:{server.port}", log=str(server.base / "postgres.log")
    )
    databases = {name: ensure_database(server, name) for name in (*NAMES, "vault")}
    console.print("Kafka …")
    kafka = start_kafka(state / "kafka", jars=fetch_jars(cache()))
    BROKERS.append(kafka)
    yield Part("kafka", kafka.pid or 0, "kafka.Kafka", kafka.bootstrap, log=str(state / "kafka"))
    keys = Keyring(state / "keys", make=True)
    make_keys(keys)
    inbox_port, smtp_port, counts_port, *ports = free_ports(3 + 3 * len(NAMES), but=port)
    inbox = f"http://{HOST}:{inbox_port}/dev/inbox"
    words = ["-m", "cli", "inbox", str(smtp_port), str(inbox_port), str(state.parent)]
    yield spawn(state, "inbox", words, {}, url=inbox, health=inbox)
    common = service_environment(f"http://{HOST}:{port}", password_of(state), smtp=(HOST, smtp_port)) | {
        "MANDATE_BUS": "kafka",
        "MANDATE_BUS_URL": kafka.bootstrap,
        "MANDATE_VAULT_URL": databases["vault"],
        "MANDATE_KEYS": str(state / "keys"),
        "MANDATE_POOL": "4",
    }
    addresses = {name: f"{HOST}:{ports.pop()}" for name in NAMES}
    common["MANDATE_ADDRESSES"] = json.dumps(addresses)
    console.print("schemas and topics …")
    _migrate({name: common | {"MANDATE_DATABASE_URL": databases[name]} for name in NAMES})
    load_month_into(databases["registry"], keys)
    for name in NAMES:
        own = common | {"MANDATE_DATABASE_URL": databases[name]}
        yield from _service(state, name, own, addresses[name], {"worker": ports.pop(), "api": ports.pop()})
    yield _web(state, "activity", counts_port, common | {"MANDATE_FOLDER": str(state / "activity")}, "readyz")
    secret = keys.secret("portal.key").hex()
    portal = common | {"MANDATE_PORTAL_SECRET": secret, "MANDATE_PORTAL_SECURE_COOKIES": "0"}
    yield _web(state, "portal", port, portal, "health")


def _web(state: Path, name: str, port: int, environment: Mapping[str, str], health: str) -> Part:
    url, own = f"http://{HOST}:{port}", dict(environment) | {"MANDATE_PORT": str(port)}
    return spawn(state, name, ["-m", f"services.{name}"], own, url=url, health=f"{url}/{health}")


def _service(state: Path, name: str, own: Mapping[str, str], address: str, health: Mapping[str, int]) -> Iterator[Part]:
    for role, management in health.items():
        more = {"MANDATE_MANAGEMENT_PORT": str(management)}
        if role == "api":
            more["MANDATE_PORT"] = address.rpartition(":")[2]
        yield spawn(
            state,
            f"{name}.{role}",
            ["-m", f"services.{name}", role],
            dict(own) | more,
            url=address if role == "api" else "",
            health=f"http://{HOST}:{management}/readyz",
        )


def spawn(state: Path, name: str, words: list[str], environment: Mapping[str, str], *, url: str, health: str) -> Part:
    """Start one process of ours, which outlives us."""
    logs = state / "logs"
    logs.mkdir(exist_ok=True)
    file = logs / f"{name}.log"
    with file.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, *words],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _LEFT_RUNNING.append(process)
    kept = tuple(sorted(environment.items()))
    return Part(name, process.pid, words[1], url, health, str(file), tuple(words), kept)


def _migrate(environments: Mapping[str, Mapping[str, str]]) -> None:
    """Every service's schema at the same time, as the Jobs of a cluster do it."""
    running = {
        name: subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", f"services.{name}", "migrate"],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, environment in environments.items()
    }
    said = {name: process.communicate()[0] for name, process in running.items()}
    for name, process in running.items():
        if process.returncode:
            raise SystemExit(f"services.{name} migrate failed:\n{said[name][-2000:]}")


def postmaster(state: Path) -> int:
    """The process of the database server."""
    return int((state / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def note(state: Path, parts: list[Part]) -> None:
    """Write down what runs, for `ps` and `down`."""
    file = _file(state)
    file.touch(mode=0o600)
    file.write_text(json.dumps([asdict(one) for one in parts], indent=1))


def _await(parts: list[Part]) -> None:
    def ready() -> bool:
        dead = next((part for part in parts if not part.alive()), None)
        if dead is not None:
            tail = Path(dead.log).read_text(errors="replace")[-2000:] if dead.log.endswith(".log") else ""
            raise SystemExit(f"{dead.name} ended:\n{tail}")
        return all(part.ready() for part in parts)

    if not wait_until(ready, Wakeup(), timeout_s=READY_S):
        late = ", ".join(part.name for part in parts if not part.ready())
        raise SystemExit(f"not ready after {READY_S:.0f} s: {late}")


def down(state: Path, stopping: Callable[[str], object] = lambda _: None) -> dict[str, bool]:
    """Stop what `up` started, the last first, and only that; `stopping` is told the name of each, before.

    Return, by name, whether each has ended when asked to; it had to be killed where it has not.
    """
    state = (state / "up").resolve()
    ended = {}
    for part in reversed(parts_of(state)):
        if not part.alive():
            continue
        stopping(part.name)
        number = signal.SIGINT if part.name == "postgres" else signal.SIGTERM  # PostgreSQL's fast stop
        os.kill(part.pid, number)
        ended[part.name] = wait_until(lambda part=part: not part.alive(), Wakeup(), timeout_s=STOP_S)  # type: ignore[misc]
        if not ended[part.name]:
            os.kill(part.pid, signal.SIGKILL)
    _reap()
    _file(state).unlink(missing_ok=True)
    return ended


def _reap() -> None:
    """Take note of children of ours that have ended."""
    for process in [one for one in _LEFT_RUNNING if one.poll() is not None]:
        _LEFT_RUNNING.remove(process)
    for broker in [one for one in BROKERS if one.ended()]:
        BROKERS.remove(broker)


def parts_of(state: Path) -> list[Part]:
    """What was started, as it was noted."""
    if not _file(state).exists():
        return []
    noted: list[dict[str, Any]] = json.loads(_file(state).read_text())
    return [
        Part(**(one | {"words": tuple(one["words"]), "environment": tuple(map(tuple, one["environment"]))}))
        for one in noted
    ]


def _file(state: Path) -> Path:
    return state / "parts.json"
