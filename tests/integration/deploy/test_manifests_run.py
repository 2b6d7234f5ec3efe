"""What the manifests say of access, played without a cluster: its roles, its Job, its processes, their probes.

Commands, environment, roles and keys are those of deploy/, paths apart: PostgreSQL is a server of our own, to which
passwords open in place of certificates, and Kafka is left out, for neither api nor sealer nor migrate has a way there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import grpc
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.embedded import postgres
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.ports import free_port
from chassis.runtime import Wakeup, wait_until
from tools.deploy import keys, rendering
from tools.deploy import postgres as declared
from tools.deploy.facts import DEPLOY

# one installation for all, in order
pytestmark = pytest.mark.xdist_group("manifests")

Object = dict[str, Any]
SERVICE = "access"
MOUNTS = Path("/etc/mandate")
WAIT_S = 40.0


class Installation:
    """A server with the databases of `postgres-cnpg`, keys, and the processes of one service."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._objects = rendering.objects((DEPLOY / "rendered" / "prod.yaml").read_text())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports = {name: free_port() for name in ("api", "api.management", "sealer.management")}
        keys.make(folder / "keys", installation="mandate.example")
        for database in (SERVICE, "vault"):
            self._make(database)

    def _make(self, database: str) -> None:
        """As the operator bootstraps a cluster: the owner, its database, then what the manifest says."""
        cluster = next(
            one for one in self._objects if one["kind"] == "Cluster" and one["metadata"]["name"] == f"{database}-db"
        )
        initdb = cluster["spec"]["bootstrap"]["initdb"]
        with psycopg.connect(self._server.dsn(), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {initdb['owner']} LOGIN".encode())
            admin.execute(f"CREATE DATABASE {initdb['database']} OWNER {initdb['owner']}".encode())
        with psycopg.connect(self._server.dsn(initdb["database"]), autocommit=True) as admin:
            for statement in initdb["postInitApplicationSQL"]:
                admin.execute(statement.encode())
            for login in declared.logins(database):
                admin.execute(f"ALTER ROLE {login.role} PASSWORD '{login.role}'".encode())

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{role}@127.0.0.1:{self._server.port}/{database}"

    def start(self, role: str) -> subprocess.Popen[bytes]:
        """The process of a workload, by its own command and environment."""
        name = f"{SERVICE}-{role}"
        owner = next(
            one for one in self._objects if one["metadata"]["name"] == name and one["kind"] in {"Deployment", "Job"}
        )
        [container] = owner["spec"]["template"]["spec"]["containers"]
        mounts = self._folder / name
        environment = self._environment(container) | {
            "MANDATE_PORT": str(self.ports["api"]),
            "MANDATE_MANAGEMENT_PORT": str(self.ports.get(f"{role}.management", 0)),
            "MANDATE_HOST": "127.0.0.1",
        }
        environment = {key: value.replace(str(MOUNTS), str(mounts)) for key, value in environment.items()}
        self._mount(mounts, role)
        with (self._folder / f"{name}.log").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *container["command"][1:]], env=environment, stdout=out, stderr=subprocess.STDOUT
            )
        self.processes[role] = process
        return process

    def _environment(self, container: Object) -> dict[str, str]:
        maps = {one["metadata"]["name"]: one["data"] for one in self._objects if one["kind"] == "ConfigMap"}
        found = {"PATH": os.environ["PATH"]}
        for source in container["envFrom"]:
            found |= maps[source["configMapRef"]["name"]]
        return found | {one["name"]: one["value"] for one in container["env"]}

    def _mount(self, mounts: Path, role: str) -> None:
        """The files that the pod's volumes bring; a login of each database as the manifest gives it to this role."""
        kind = {"migrate": "owner", "sealer": "sealer"}.get(role, "app")
        for folder, database in (("database", SERVICE), ("vault", "vault")):
            if folder == "vault" and role == "sealer":
                continue
            (mounts / folder).mkdir(parents=True, exist_ok=True)
            login = next(
                one
                for one in declared.logins(database)
                if one.kind == kind and (kind == "owner" or database == SERVICE or one.role == f"vault_{SERVICE}")
            )
            (mounts / folder / "url").write_text(self.url(login.role, database) + "\n")
        if role != "migrate":
            secret = f"{SERVICE}-sealer-keys" if role == "sealer" else f"{SERVICE}-keys"
            (mounts / "keys").symlink_to(self._folder / "keys" / secret)

    def log(self, role: str) -> str:
        return (self._folder / f"{SERVICE}-{role}.log").read_text()

    def asked(self, role: str, path: str) -> int:
        """The status of an answer of the management port; 0 where nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.ports[f'{role}.management']}{path}", timeout=3) as answer:
                return int(answer.status)
        except (URLError, OSError):
            return 0

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """On a server of its own: roles belong to the whole of one."""
    folder = tmp_path_factory.mktemp("installation")
    server = postgres.start(tmp_path_factory.mktemp("postgres"))
    try:
        made = Installation(server, folder)
        try:
            yield made
        finally:
            made.close()
    finally:
        server.stop()


def until(there: Callable[[], bool], installation: Installation, role: str) -> None:
    assert wait_until(there, Wakeup(), timeout_s=WAIT_S), installation.log(role)


def test_processes_wait_for_the_job_and_then_answer_their_probes(installation: Installation) -> None:
    """Rules 2 and 4: before `migrate` nothing is ready; after it gRPC, readiness, startup and liveness say yes."""
    api, sealer = installation.start("api"), installation.start("sealer")
    until(lambda: "waiting for the schema" in installation.log("api"), installation, "api")
    assert installation.asked("api", "/startupz") == 0
    assert installation.start("migrate").wait(WAIT_S) == 0, installation.log("migrate")
    for role in ("api", "sealer"):
        until(lambda role=role: installation.asked(role, "/startupz") == 200, installation, role)  # type: ignore[misc]
        assert installation.asked(role, "/readyz") == 200
        assert installation.asked(role, "/livez") == 200
    with grpc.insecure_channel(f"127.0.0.1:{installation.ports['api']}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert api.poll() is None
    assert sealer.poll() is None


def test_the_job_may_run_again(installation: Installation) -> None:
    assert installation.start("migrate").wait(WAIT_S) == 0, installation.log("migrate")


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("access_app", "DELETE FROM access.log"),
        ("access_app", "CREATE TABLE access.mine (one int)"),
        ("access_app", "INSERT INTO access.checkpoints DEFAULT VALUES"),
        ("access_sealer", "INSERT INTO access.log DEFAULT VALUES"),
        ("access_sealer", "SELECT * FROM access.pins"),
        ("access_reader", "CREATE TABLE access.mine (one int)"),
    ],
)
def test_a_login_may_do_no_more_than_its_role(installation: Installation, role: str, statement: str) -> None:
    """Rule 7, after the Job."""
    with (
        psycopg.connect(installation.url(role, SERVICE), autocommit=True) as session,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        session.execute(statement.encode())


def test_no_login_can_hold_things_up_for_ever(installation: Installation) -> None:
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    for role, statement in (("access_app", "30s"), ("access_sealer", "5min"), ("access_owner", "0")):
        with psycopg.connect(installation.url(role, SERVICE)) as session:
            found = [session.execute(f"SHOW {limit}".encode()).fetchone() for limit in limits]
        assert found == [(statement,), ("5s",), ("10s",)], role


def test_the_vault_is_open_to_its_own_logins_alone(installation: Installation) -> None:
    with psycopg.connect(installation.url("vault_access", "vault")) as session:
        session.execute("SET ROLE mandate_vault")
        assert session.execute("SELECT count(*) FROM vault.keys").fetchone() == (0,)
    with (
        psycopg.connect(installation.url("access_app", "vault")) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("SELECT * FROM vault.keys")


def test_what_is_logged_is_json(installation: Installation) -> None:
    for line in installation.log("api").splitlines():
        assert json.loads(line)["level"]
