"""Health and metrics of one process, on a port of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from math import isfinite
from typing import Any, Protocol

from chassis import log, metrics
from chassis.application import Application
from chassis.database import DatabaseUnavailableError, PooledDatabase
from chassis.measuring import FOLLOWERS, Gauges, More, count_from_zero, nothing
from chassis.metrics import Reading
from chassis.runtime import Background, Worker, seconds
from chassis.sealer import TamperedError

STUCK_S = 60.0
"""A worker without a turn for so long is not alive."""


def alive(workers: Sequence[Worker]) -> bool:
    """Whether all of them live and take their turns."""
    now = seconds()
    return all(worker.error is None and now - worker.last_turn < STUCK_S for worker in workers)


def in_alarm(worker: Worker) -> bool:
    """Whether this worker's sealer has found the log changed.

    Then its process stays: `/metrics` must say so for longer than a process lives that dies of it at every start.
    """
    return isinstance(worker.error, TamperedError)


class Health(Protocol):
    """What a process says about itself."""

    name: str

    def alive(self) -> bool:
        """Own loops beat; no dependency is asked."""
        ...

    def ready(self) -> dict[str, Any]:
        """`ready`, and on what it rests: never the bus, never the age of what was heard."""
        ...

    def read(self) -> Sequence[Reading]:
        """Its gauges."""
        ...


class ServiceHealth:
    """Of a process of a service."""

    def __init__(
        self, app: Application, workers: Sequence[Worker], measures: More = nothing, *, only_seals: bool = False
    ) -> None:
        self.name = app.name
        self._app, self._workers = app, workers
        self._gauges = Gauges(app, measures, only_seals)
        count_from_zero(app)

    def alive(self) -> bool:
        """Own loops beat; no dependency is asked."""
        return alive([worker for worker in self._workers if not in_alarm(worker)])

    def ready(self) -> dict[str, Any]:
        """What readiness rests on: the database and its schema; never the bus, never the age of what was heard."""
        try:
            with self._app.session() as session:
                end = log.end(session)
                positions = session.run(FOLLOWERS)
        except (DatabaseUnavailableError, LookupError) as error:
            return {"ready": False, "database": str(error)}
        behind = {follower: max(0, end - position) for follower, position in positions}
        return {"ready": True, "database": "ok", "log": end, "behind": behind}

    def read(self) -> Sequence[Reading]:
        """The service's gauges, and whether a sealer of this process is in alarm."""
        alarm = any(map(in_alarm, self._workers))
        return [*self._gauges.read(), metrics.SEALER_ALARM.reads(alarm, self.name), *self._waiting()]

    def _waiting(self) -> Iterator[Reading]:
        database = self._app.database
        together = database.together if isinstance(database, PooledDatabase) else None
        if together is not None:
            waiting = getattr(together, "waiting", 0)  # a queue has a depth; others who commit together may have none
            yield metrics.APPENDS_WAITING.reads(waiting, self.name)


class Management:
    """Answers /livez, /readyz, /startupz, /metrics, /version."""

    def __init__(self, health: Health, *, host: str, port: int) -> None:
        self.draining = False
        self._health = health
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self.port: int = self._server.server_address[1]
        self._thread = Background(f"{health.name}.management", self._server.serve_forever)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def ready(self) -> dict[str, Any]:
        """What the process says, and that it is not about to stop."""
        state = self._health.ready()
        return state | {"ready": state["ready"] and not self.draining}

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        path, _, query = path.partition("?")
        match path:
            case "/livez":
                alive = self._health.alive()
                return (200 if alive else 503), "text/plain", b"ok" if alive else b"stuck"
            case "/readyz" | "/startupz":
                state = self.ready()
                body = json.dumps(self._verbose(state) if query == "verbose" else {"ready": state["ready"]})
                return (200 if state["ready"] else 503), "application/json", body.encode()
            case "/metrics":
                return 200, "text/plain; version=0.0.4", metrics.exposition(self._health.read())
            case "/version":
                return 200, "application/json", json.dumps({"version": version("mandate")}).encode()
            case _:
                return 404, "text/plain", b"not here"

    def _verbose(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state with what `/metrics` says at this moment, by the same names: a number where only one thing has it.

        What is infinite there is null: JSON has no word for it.
        """
        measures: dict[str, Any] = {}
        for one in self._health.read():
            value = one.value if isfinite(one.value) else None
            things = [label for name, label in zip(one.gauge.labels, one.labels, strict=True) if name != "service"]
            if things:
                measures.setdefault(one.gauge.name, {})[" ".join(things)] = value
            else:
                measures[one.gauge.name] = value
        return state | {"measures": measures}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        management = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = management._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Probes are no news."""

        return Handler
