"""No two test modules have one name: pytest cannot collect them together."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

from tools import repository


def findings() -> list[str]:
    """`name: path, path` for every name that occurs twice."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in map(str, repository.files()):
        name = PurePosixPath(path).name
        if path.startswith("tests/") and name.startswith("test_") and name.endswith(".py"):
            places[name].append(path)
    return [f"{name}: {', '.join(paths)}" for name, paths in sorted(places.items()) if len(paths) > 1]


if __name__ == "__main__":
    found = findings()
    print("\n".join(found) or "test names: each one's own")
    raise SystemExit(bool(found))
