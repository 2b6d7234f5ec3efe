"""The live activity view on a real broker: it counts, is killed, goes on, and never makes anybody wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from chassis.bus import Message
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.server import KafkaServer
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import Catalogue
from chassis.ports import free_port
from cli.dev import activity
from cli.dev.parts import READY, Running

ROOT = Path(__file__).parents[2]
Eventually = Callable[..., Any]


@contextmanager
def counting(kafka: KafkaServer, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    paths = os.pathsep.join(str(ROOT / one) for one in (".", "contracts", "kit/python"))
    environment = {"MANDATE_BUS_URL": kafka.bootstrap, "MANDATE_PORT": str(port), "MANDATE_FOLDER": str(folder)}
    with (folder / "activity.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.activity"],
            cwd=ROOT,
            env=os.environ | environment | {"PYTHONPATH": paths},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told(port: int, path: str) -> bytes:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bytes(answer.read())
    except (URLError, OSError):
        return b""


def sign_ins(port: int) -> tuple[int, int]:
    """Failed and succeeded, of which other tests of this broker tell nothing."""
    said = told(port, "/activity")
    topics = json.loads(said)["topics"] if said else {}
    return sum(topics.get("SignInFailed", ())), sum(topics.get("SignInSucceeded", ()))


@pytest.mark.timeout(180)
def test_what_goes_on_is_counted_and_a_killed_counter_goes_on(
    kafka: KafkaServer, tmp_path: Path, eventually: Eventually
) -> None:
    admin = KafkaTopicAdmin(kafka.bootstrap)
    admin.ensure(tuple(Catalogue().topics.values()))
    admin.close()
    port = free_port()

    def publish(topic: str, count: int) -> None:
        publisher = KafkaPublisher(kafka.bootstrap)
        try:
            publisher.publish([Message(topic, str(number), b"\xff no message at all", {}) for number in range(count)])
        finally:
            publisher.close()

    with counting(kafka, tmp_path, port) as first:
        eventually(lambda: told(port, "/readyz"), seconds=60)
        publish("SignInFailed", 30)
        publish("SignInSucceeded", 10)
        eventually(lambda: sign_ins(port) == (30, 10), seconds=60)
        first.send_signal(signal.SIGKILL)
        first.wait()
    publish("SignInFailed", 5)  # nobody counts, and nobody who publishes notices
    with counting(kafka, tmp_path, port) as second:
        eventually(lambda: told(port, "/readyz"), seconds=90)
        # at least once: what was counted and not yet committed may be counted again
        failed, succeeded = eventually(lambda: (now := sign_ins(port))[0] >= 35 and now, seconds=60)
        assert succeeded >= 10
        assert b'mandate_activity_events{topic="ConnectionEnded"} 0.0' in told(port, "/metrics")
        page = activity.counted([Running(activity.NAME, READY, url=f"http://127.0.0.1:{port}")])
        lines = {line.topic: line.last(60) for line in page["lines"]}
        assert page["problem"] == ""
        assert lines["SignInFailed"] >= failed  # what is counted again may still come
        second.terminate()
        assert second.wait(30) == 0
    gone = activity.counted([Running(activity.NAME, READY, url=f"http://127.0.0.1:{port}")])
    assert "does not answer" in gone["problem"]
