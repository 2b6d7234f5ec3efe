"""A Kafka broker for benchmarks, where this machine can start one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.kafka.jars import KafkaStartError, fetch_jars
from chassis.kafka.server import KafkaServer, start
from cli.up import cache
from tests.bench.figures import Bench
from tests.bench.machine import folder

JAVA_OPTIONS = ("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC")
"""The full compiler, unlike the broker of `make up`."""


@contextmanager
def broker(bench: Bench) -> Iterator[KafkaServer | None]:
    """A broker of its own, or None and a line that says why."""
    if shutil.which("java") is None:
        bench.skip("Kafka", "there is no Java: apt-get install openjdk-17-jre-headless maven")
        yield None
        return
    with folder() as base:
        try:
            started = start(base / "kafka", jars=fetch_jars(cache()), java_options=JAVA_OPTIONS)
        except KafkaStartError as error:
            bench.skip("Kafka", str(error).splitlines()[0])
            yield None
            return
        try:
            yield started
        finally:
            started.stop()
