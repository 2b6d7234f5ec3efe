"""Tests that play by chance: a few histories in `make test`, always the same; others, and more, in `make test-long`.

`MANDATE_TEST_SEED=n` chooses them, `MANDATE_TEST_TIMES=m` plays m times as many. What failed says its seed and turn.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisDeprecationWarning
from hypothesis.strategies import SearchStrategy

SEED = int(os.environ.get("MANDATE_TEST_SEED", "1"))
TIMES = int(os.environ.get("MANDATE_TEST_TIMES", "1"))
TURNS = range(TIMES)
"""A test is played once for each, with another seed; hypothesis keeps what one has seen in memory until it ends."""

_DICE = "Do not use the `random` module inside strategies"
beside_a_pool = pytest.mark.filterwarnings(f"ignore:{_DICE}")
"""For tests of hypothesis with a database: a pool throws dice of the module for each connection that it makes, in a
thread of its own, and where that falls into the drawing, hypothesis takes it for the strategy's."""


def play(turn: int, examples: int, body: Callable[..., None], *drawn: SearchStrategy[Any]) -> None:
    """Call `body` with what is drawn, until it fails or was called so often; no smaller case is looked for."""
    print(f"MANDATE_TEST_SEED={SEED}, turn {turn}")
    chosen = settings(
        max_examples=examples,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _DICE, HypothesisDeprecationWarning)
        seed(f"{SEED}.{turn}")(chosen(given(*drawn)(body)))()


def chance(turn: int) -> Random:
    """The same for a loop that draws itself."""
    print(f"MANDATE_TEST_SEED={SEED}, turn {turn}")
    return Random(f"{SEED}.{turn}")
