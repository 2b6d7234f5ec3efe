"""Modules have 30 to 250 lines; past 300 they are split by noun."""

from __future__ import annotations

from tools import repository

LIMIT = 300


def lengths() -> list[tuple[int, str]]:
    """Lines and path of every Python module that is not a test, the longest first."""
    modules = (path for path in repository.files("*.py") if path.parts[0] != "tests")
    return sorted(((len(repository.text(path).splitlines()), str(path)) for path in modules), reverse=True)


if __name__ == "__main__":
    found = lengths()
    long = [(lines, path) for lines, path in found if lines > LIMIT]
    for lines, path in long:
        print(f"{path}: {lines} lines, more than {LIMIT}: split it by noun")
    if not long:
        longest = ", ".join(f"{path} {lines}" for lines, path in found[:3])
        print(f"lengths: {len(found)} modules, none over {LIMIT} lines (longest: {longest})")
    raise SystemExit(bool(long))
