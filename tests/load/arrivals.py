"""Open-loop load: what is asked is asked at its time, whether or not earlier questions were answered.

A latency counts from the time at which the question was to be asked: a server that stands still for a second is late
for everybody who would have come in that second, not for the one who happened to wait.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from tests.bench.figures import Bench, percentile

Work = Callable[[int], object]
CLIENTS = 64
LATE_S = 0.5
"""Behind the knee most questions come later than this: clients, server or machine have no more to give."""


@dataclass
class Asked:
    """What became of one run."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    """Of the answers that were OK, in seconds."""
    errors: Counter[str] = field(default_factory=Counter)
    """Others, by status."""

    @property
    def rate(self) -> float:
        """Answers that were OK, a second."""
        return len(self.latencies) / self.seconds

    def ms(self, part: float) -> float:
        """A percentile in milliseconds; infinite where nothing was answered."""
        return 1_000 * percentile(self.latencies, part) if self.latencies else float("inf")


def arrive(rate: float, seconds: float, work: Work, *, clients: int = CLIENTS) -> Asked:
    """Do `work(number)` `rate` times a second for so long; a `grpc.RpcError` is an answer too."""
    numbers, count = itertools.count(), round(rate * seconds)
    began, lock = time.perf_counter() + 0.1, threading.Lock()
    asked = Asked(seconds)

    def client() -> None:
        while (number := next(numbers)) < count:
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            error = ""
            try:
                work(number)
            except grpc.RpcError as refused:
                error = refused.code().name
            took = time.perf_counter() - due
            with lock:
                if error:
                    asked.errors[error] += 1
                else:
                    asked.latencies.append(took)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked.seconds = max(seconds, time.perf_counter() - began)
    return asked


def knee(first: float, seconds: float, work: Work, *, most: float = 4_000.0) -> list[tuple[float, Asked]]:
    """Step the rate up by a quarter until answers come late or not at all; the last step is behind the knee."""
    steps: list[tuple[float, Asked]] = []
    rate = first
    while rate <= most:
        asked = arrive(rate, seconds, work)
        steps.append((rate, asked))
        print(
            f"  {rate:6.0f}/s: p50 {asked.ms(0.5):.0f} ms, p99 {asked.ms(0.99):.0f} ms, {dict(asked.errors)}",
            flush=True,
        )
        if asked.errors or asked.ms(0.95) > 1_000 * LATE_S:
            break
        rate *= 1.25
    return steps


@dataclass(frozen=True)
class Asking:
    """A script's figures, and for how long it is to ask."""

    bench: Bench
    seconds: float
    minutes: float


def begin(name: str, doc: str | None, *, seconds: float, arguments: Sequence[str] | None = None) -> Asking:
    """The options that all scripts share."""
    options = argparse.ArgumentParser(description=doc)
    options.add_argument("--seconds", type=float, default=seconds, help="for how long each part asks")
    options.add_argument("--minutes", type=float, default=60.0, help="for how long the soak lasts")
    options.add_argument("--out", type=Path, help="file for the figures, as JSON")
    chosen = options.parse_args(arguments)
    return Asking(Bench(name, chosen.seconds < seconds, chosen.out), chosen.seconds, chosen.minutes)
