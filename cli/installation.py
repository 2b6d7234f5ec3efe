"""What runs below a state folder, `run` or `up`: its databases, opened as their owner to look, and its bus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from chassis.bus import Publisher, Subscriber, TopicAdmin
    from chassis.database import PooledDatabase, Session
    from chassis.service import Service

State = Annotated[Path, typer.Option("--state", envvar="MANDATE_STATE", help="Folder of data, keys and logs.")]
STATE = Path(".state")
DATABASE = "mandate"
"""The one database of `run`; `up` has one a service."""
ANSWER_S = 5


class ReadOnly:
    """A service's database for looking only: one session, in which the server refuses to write."""

    together = None

    def __init__(self, schema: str, session: Session) -> None:
        self.schema = schema
        self._session = session

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The one session."""
        yield self._session

    committing = session


@dataclass(frozen=True)
class Installation:
    """An installation whose PostgreSQL runs."""

    kind: str
    """`run` or `up`."""
    folder: Path
    port: int
    password: str = field(repr=False)
    kafka: str = ""
    """Bootstrap servers; empty where the bus is in PostgreSQL."""

    def dsn(self, schema: str) -> str:
        """The owner's libpq address of the database in which a schema is."""
        from chassis.embedded.postgres import EmbeddedPostgres

        server = EmbeddedPostgres(base=self.folder / "postgres", port=self.port, password=self.password)
        return server.dsn(schema if self.kind == "up" else DATABASE)

    @contextmanager
    def looking(self, schema: str) -> Iterator[Session]:
        """The owner's session in one schema; it can read everything and write nothing.

        Raises `DatabaseUnavailableError`, for whoever has more to look at than this one.
        """
        import psycopg

        from chassis.database import DatabaseUnavailableError, Session, options

        settings = f"{options(schema)} -c default_transaction_read_only=on"
        try:
            with psycopg.connect(
                self.dsn(schema), autocommit=True, options=settings, connect_timeout=ANSWER_S
            ) as connection:
                yield Session(connection)
        except psycopg.OperationalError as error:
            raise DatabaseUnavailableError(" ".join(str(error).split())) from error

    @contextmanager
    def reading(self, schema: str) -> Iterator[Session]:
        """The same for whoever needs just this: ends the program with a line where it does not answer."""
        from chassis.database import DatabaseUnavailableError

        try:
            with self.looking(schema) as session:
                yield session
        except DatabaseUnavailableError as error:
            raise SystemExit(self._silent("PostgreSQL", error)) from error

    @contextmanager
    def working(self, service: Service) -> Iterator[PooledDatabase]:
        """A service's database as the service itself has it, for what changes something."""
        from chassis.database import DatabaseUnavailableError
        from chassis.migrate import open_database

        database = open_database(self.dsn(service.name), service.name, size=2)
        try:
            yield database
        except DatabaseUnavailableError as error:
            raise SystemExit(self._silent("PostgreSQL", error)) from error
        finally:
            database.close()

    @contextmanager
    def listening(self) -> Iterator[Subscriber]:
        """The bus, to read from. Raises `BusUnavailableError` and `UnknownTopicError`, as the bus does."""
        from chassis.bus import BusUnavailableError
        from chassis.database import DatabaseUnavailableError
        from chassis.embedded.bus import EmbeddedSubscriber

        if self.kind == "run":
            try:
                with self.looking("bus") as session:
                    yield EmbeddedSubscriber(ReadOnly("bus", session))
            except DatabaseUnavailableError as error:
                raise BusUnavailableError(str(error)) from error
            return
        from chassis.kafka.subscriber import KafkaSubscriber

        subscriber = KafkaSubscriber(self.kafka)
        try:
            yield subscriber
        finally:
            subscriber.close()

    @contextmanager
    def bus(self) -> Iterator[Subscriber]:
        """The bus, to read from: ends the program with a line where it does not answer."""
        from chassis.bus import BusUnavailableError, UnknownTopicError

        try:
            with self.listening() as subscriber:
                yield subscriber
        except BusUnavailableError as error:
            raise SystemExit(self._silent("the bus", error)) from error
        except UnknownTopicError as error:
            raise SystemExit(
                f"the bus has no topic {error}: start the installation again, for it makes them"
            ) from error

    @contextmanager
    def telling(self) -> Iterator[tuple[Publisher, TopicAdmin]]:
        """The bus, to write to and to make topics on."""
        from chassis.bus import BusUnavailableError
        from chassis.database import DatabaseUnavailableError

        try:
            if self.kind == "run":
                from chassis.embedded.bus import EmbeddedPublisher, EmbeddedTopicAdmin
                from chassis.migrate import open_database

                database = open_database(self.dsn("bus"), "bus", size=2)
                try:
                    yield EmbeddedPublisher(database), EmbeddedTopicAdmin(database)
                finally:
                    database.close()
                return
            from chassis.kafka.publisher import KafkaPublisher
            from chassis.kafka.topics import KafkaTopicAdmin

            publisher, admin = KafkaPublisher(self.kafka), KafkaTopicAdmin(self.kafka)
            try:
                yield publisher, admin
            finally:
                publisher.close()
                admin.close()
        except (BusUnavailableError, DatabaseUnavailableError) as error:
            raise SystemExit(self._silent("the bus", error)) from error

    def services(self) -> tuple[Service, ...]:
        """The services that have a log here."""
        from cli.platform import ALL

        return tuple(one for one in ALL if self._has_log(one.name))

    def _has_log(self, schema: str) -> bool:
        with self.reading(schema) as session:
            return session.one("SELECT to_regclass('log')") != (None,)

    def service(self, name: str) -> Service:
        """One of the services that have a log here."""
        there = {one.name: one for one in self.services()}
        if name not in there:
            raise SystemExit(f"there is no service {name!r} here: choose one of {', '.join(there) or 'none'}")
        return there[name]

    def chosen(self, name: str | None) -> Sequence[Service]:
        """The service of this name, or all."""
        return (self.service(name),) if name else self.services()

    def _silent(self, what: str, error: Exception) -> str:
        said = " ".join(str(error).split())
        again = f"mandate {self.kind} --state {self.folder.parent if self.kind == 'up' else self.folder}"
        return f"{what} does not answer ({said}): see that it runs, or start it with `{again}`"


def find(state: Path, *, only: str = "") -> Installation:
    """What runs below the folder: what `up` started, else `run`, or `only` one of them.

    Ends the program with a line where nothing does.
    """
    state = state.resolve()
    for kind, folder in (("up", state / "up"), ("run", state)):
        if only not in ("", kind):
            continue
        try:
            port = port_of(folder / "postgres")
            if port is None:
                continue
            password = (folder / "postgres" / "password").read_text()
            kafka = _kafka(folder) if kind == "up" else ""
        except PermissionError as error:
            raise SystemExit(f"{error.filename} may not be read: do this as the user who started it") from error
        return Installation(kind, folder, port, password, kafka)
    raise SystemExit(
        f"nothing runs below {state}: start it with `mandate {only or 'run'} --state {state}`, or name another --state"
    )


def port_of(base: Path) -> int | None:
    """The port of the PostgreSQL whose data are below `base`; None where it does not run."""
    try:
        lines = (base / "data" / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError, IndexError, ValueError):
        return None
    return port if b"postgres" in command else None  # else it died, and another process has its number


def _kafka(folder: Path) -> str:
    from cli.up import parts_of

    return next((part.url for part in parts_of(folder) if part.name == "kafka"), "")


def uuid_of(text: str, what: str) -> UUID:
    """An id that somebody typed. Ends the program with a line where it is none."""
    try:
        return UUID(text)
    except ValueError:
        raise SystemExit(
            f"{text!r} is no {what}: it looks like 018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b61, as the tables show it"
        ) from None
