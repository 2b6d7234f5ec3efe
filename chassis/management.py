"""Health and metrics of one process, on a port of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from chassis import log
from chassis.application import Application
from chassis.database import DatabaseUnavailableError
from chassis.runtime import Background, Worker, seconds
from chassis.settings import Settings

STUCK_S = 60.0
"""A worker without a turn for so long is not alive."""

FOLLOWERS = (
    "SELECT follower, position FROM positions"
    " UNION ALL SELECT 'sealer', coalesce(max(position), 0) FROM checkpoints ORDER BY follower"
)
"""How far everybody who follows a log has come, its sealer too."""


def alive(workers: Sequence[Worker]) -> bool:
    """Whether all of them live and take their turns."""
    now = seconds()
    return all(worker.error is None and now - worker.last_turn < STUCK_S for worker in workers)


class Management:
    """Answers /livez, /readyz, /startupz, /metrics, /version."""

    def __init__(self, service: str, settings: Settings, app: Application, *, workers: Sequence[Worker]) -> None:
        self.draining = False
        self._service, self._app, self._workers = service, app, workers
        registry = CollectorRegistry()
        self._behind = Gauge(
            "mandate_follower_behind_events", "Events behind the log's end", ["service", "follower"], registry=registry
        )
        self._registry = registry
        self._server = ThreadingHTTPServer((settings.host, settings.management_port), self._handler())
        self.port: int = self._server.server_address[1]
        self._thread = Background(f"{service}.management", self._server.serve_forever)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def alive(self) -> bool:
        """Own loops beat; no dependency is asked."""
        return alive(self._workers)

    def ready(self) -> dict[str, Any]:
        """What readiness rests on: the database and its schema; never the bus, never the age of what was heard."""
        try:
            with self._app.session() as session:
                end = log.end(session)
                positions = session.run(FOLLOWERS)
        except (DatabaseUnavailableError, LookupError) as error:
            return {"ready": False, "database": str(error)}
        behind = {follower: max(0, end - position) for follower, position in positions}
        return {"ready": not self.draining, "database": "ok", "log": end, "behind": behind}

    def _metrics(self) -> bytes:
        for follower, count in self.ready().get("behind", {}).items():
            self._behind.labels(self._service, follower).set(count)
        return generate_latest(self._registry)

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        path, _, query = path.partition("?")
        match path:
            case "/livez":
                return (200 if self.alive() else 503), "text/plain", b"ok" if self.alive() else b"stuck"
            case "/readyz" | "/startupz":
                state = self.ready()
                body = json.dumps(state if query == "verbose" else {"ready": state["ready"]})
                return (200 if state["ready"] else 503), "application/json", body.encode()
            case "/metrics":
                return 200, "text/plain; version=0.0.4", self._metrics()
            case "/version":
                return 200, "application/json", json.dumps({"version": version("mandate")}).encode()
            case _:
                return 404, "text/plain", b"not here"

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
