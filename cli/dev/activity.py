"""How much goes on, topic by topic and minute by minute: what the live activity view has counted on Kafka."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from cli.dev.parts import Running

NAME = "activity"
HIGH, WIDE = 20, 4
"""Of a bar, in pixels."""


@dataclass(frozen=True)
class Line:
    """A topic, and how many records came in each minute, the one that goes on last."""

    topic: str
    minutes: Sequence[int]

    def last(self, minutes: int) -> int:
        """Records of the last so many minutes."""
        return sum(self.minutes[-minutes:])

    @property
    def bars(self) -> Sequence[tuple[int, int]]:
        """Place and height of the bar of each minute that has one."""
        most = max(self.minutes)
        heights = [-(-one * HIGH // most) if most else 0 for one in self.minutes]
        return [(number * WIDE, height) for number, height in enumerate(heights) if height]


def counted(parts: Sequence[Running]) -> Mapping[str, Any]:
    """The topics with records of the last hour, the busiest first; or, in `problem`, why nothing is counted."""
    part = next((one for one in parts if one.name == NAME), None)
    if part is None:
        return {"lines": (), "failed": 0.0, "problem": "It counts on Kafka: make up starts it, make run has none."}
    try:
        with urlopen(f"{part.url}/activity", timeout=2) as answer:  # noqa: S310 - our own loopback address
            told = json.load(answer)
    except (URLError, OSError, ValueError) as error:
        problem = f"It does not answer ({error}). Nothing else needs it: make logs S=activity says why."
        return {"lines": (), "failed": 0.0, "problem": problem}
    lines = [Line(topic, minutes) for topic, minutes in told["topics"].items()]
    busiest = sorted(lines, key=lambda one: (-one.last(len(one.minutes)), one.topic))
    return {"lines": busiest, "failed": told["sign_in_failure_ratio"], "problem": ""}
