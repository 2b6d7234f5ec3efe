"""One process that appends: `python -m tests.integration.chassis.writer DSN COUNT`, begins when it is told to."""

from __future__ import annotations

import sys
from uuid import uuid4

import psycopg

from chassis import log
from chassis.cause import Cause
from chassis.database import Session, options
from chassis.log import Entry


def main(dsn: str, count: int) -> None:
    with psycopg.connect(dsn, autocommit=True, options=options("shop", "mandate_shop")) as connection:
        # what is on disk when does not matter here, and twelve thousand waits for a disk would
        connection.execute("SET synchronous_commit = off")
        session = Session(connection)
        cause = Cause.of(uuid4())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for _ in range(count):
            log.append(session, "shop", [Entry(uuid4(), 1, "shop.Tab.Closed", b"{}")], cause)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
