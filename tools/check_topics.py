"""Every aggregate and event has a stored name of its own, for ever: `TOPIC = "access.RoleRequest.Approved"`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools import repository

FORM = re.compile(r"(?P<owner>[a-z]+)(\.[A-Z]\w*){1,2}")


def topics() -> Iterator[tuple[str, Path, int]]:
    """Topic, path and line of every literal `TOPIC` of a class."""
    for path in repository.files("chassis/*.py", "services/*.py"):
        for node in ast.walk(ast.parse(repository.text(path))):
            for statement in node.body if isinstance(node, ast.ClassDef) else ():
                match statement:
                    case (
                        ast.Assign(targets=[ast.Name(id="TOPIC")], value=ast.Constant(value=str(topic)))
                        | ast.AnnAssign(target=ast.Name(id="TOPIC"), value=ast.Constant(value=str(topic)))
                    ):
                        yield topic, path, statement.lineno


def findings() -> list[str]:
    """What is named twice, misshapen, or named after another context."""
    found, seen = [], dict[str, str]()
    for topic, path, line in topics():
        place = f"{path}:{line}"
        form = FORM.fullmatch(topic)
        owner = path.parts[1] if path.parts[0] == "services" else "chassis"
        if topic in seen:
            found.append(f"{place}: {topic} is the name of {seen[topic]} already")
        if not form or form["owner"] != owner:
            found.append(f"{place}: {topic} is not {owner}.Aggregate or {owner}.Aggregate.Event")
        seen.setdefault(topic, place)
    return found


if __name__ == "__main__":
    wrong = findings()
    print("\n".join(wrong) or f"topics: {len(list(topics()))} stored names, each one's own")
    raise SystemExit(bool(wrong))
