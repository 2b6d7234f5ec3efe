"""Time and chance enter through `chassis.nature` alone, so that a simulation can put its own there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools import repository

CALLS = {
    "datetime.now": "nature.now()",
    "datetime.utcnow": "nature.now()",
    "datetime.today": "nature.now()",
    "date.today": "nature.now()",
    "time.time": "nature.now()",
    "time.sleep": "a step() that the runtime calls",
    "uuid1": "nature.new_id()",
    "uuid4": "nature.new_id()",
    "uuid.uuid1": "nature.new_id()",
    "uuid.uuid4": "nature.new_id()",
    "os.urandom": "nature.random_bytes()",
}
"""The call, as written without its package, and what to write instead."""

OUTSIDE = ("chassis/nature.py", "chassis/runtime", "chassis/server", "chassis/kafka", "chassis/embedded")
"""Where the real ones are at home: the source itself, threads, sockets and servers."""


def calls(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, call and remedy of every forbidden call."""
    for node in ast.walk(ast.parse(repository.text(path))):
        if isinstance(node, ast.Call):
            name = ".".join(ast.unparse(node.func).split(".")[-2:])
            if name in CALLS:
                yield node.lineno, name, CALLS[name]


def findings() -> list[str]:
    """`path:line: what` for every hit in chassis/ and services/."""
    return [
        f"{path}:{line}: {call}() is not for a simulation to change; use {remedy}"
        for path in repository.files("chassis/*.py", "services/*.py")
        if not str(path).startswith(OUTSIDE)
        for line, call, remedy in calls(path)
    ]


if __name__ == "__main__":
    wrong = findings()
    print("\n".join(wrong) or "nature: time and chance come from chassis.nature alone")
    raise SystemExit(bool(wrong))
