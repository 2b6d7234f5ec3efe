"""Prints the part of requirements.lock that runs: the project's own dependencies and theirs, no developer's tools."""

from __future__ import annotations

import re
import tomllib

from tools.repository import ROOT

NAME = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==", re.MULTILINE)


def blocks(lock: str) -> dict[str, str]:
    """Name -> its lines of a lock: version, hashes, and the comments that say who wants it."""
    starts = list(NAME.finditer(lock))
    ends = [start.start() for start in starts[1:]] + [len(lock)]
    return {start[1]: lock[start.start() : end] for start, end in zip(starts, ends, strict=True)}


def runtime(lock: str, roots: set[str]) -> dict[str, str]:
    """The blocks of these packages and of all that they want, as the lock's `# via` comments tell it."""
    found, wants = blocks(lock), dict[str, set[str]]()
    for name, block in found.items():
        _, _, via = block.partition("# via")
        for wanter in re.findall(r"[a-z0-9][a-z0-9._-]*", via):
            wants.setdefault(wanter, set()).add(name)
    kept, new = set[str](), roots & found.keys()
    while new:
        kept |= new
        new = {wanted for one in new for wanted in wants.get(one, ())} - kept
    return {name: block for name, block in found.items() if name in kept}


def roots() -> set[str]:
    """What pyproject.toml names as needed to run."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return {re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in named}


if __name__ == "__main__":
    print("".join(runtime((ROOT / "requirements.lock").read_text(), roots()).values()), end="")
