"""Tools of other languages for tests: what is not at hand is said and passed over, or with REQUIRED an error."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from tools import repository
from tools.repository import ROOT

REQUIRED = "MANDATE_TEST_EVERY_TOOL"
"""Set by `make test-kit-examples`: every tool must be there."""

INSTALL = {
    "node": "apt-get install -y nodejs npm",
    "npm": "apt-get install -y nodejs npm",
    "go": "install Go 1.26 or newer from its own site",
    "java": "apt-get install -y openjdk-17-jdk-headless maven",
    "javac": "apt-get install -y openjdk-17-jdk-headless maven",
    "mvn": "apt-get install -y openjdk-17-jdk-headless maven",
}


def cache() -> Path:
    """The folder that all checkouts share."""
    return Path(os.environ.get("MANDATE_CACHE") or Path.home() / ".cache" / "mandate")


def need(*tools: str) -> None:
    """Skip the test, in words, where one of these is missing."""
    for tool in tools:
        if shutil.which(tool) is None:
            _absent(f"NOT RUN: there is no {tool} here; {INSTALL[tool]}")


def _absent(words: str) -> NoReturn:
    if os.environ.get(REQUIRED):
        pytest.fail(words)
    pytest.skip(words)


def run(
    command: Sequence[str | Path], cwd: Path, *, seconds: float = 100, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; the caller judges."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def built(source: Path, fetch: Sequence[str], *steps: Sequence[str]) -> Path:
    """A copy of `source` in the cache, in which `fetch` and then the steps were run; another content is another copy.

    What cannot be fetched is as a tool that is absent; a step that fails is a fault.
    """
    total = hashlib.sha256(repr((fetch, steps)).encode())
    files = [ROOT / path for path in repository.files(str(source.relative_to(ROOT)))]  # not what was built in there
    for file in files:
        total.update(f"\0{file.relative_to(source)}\0".encode() + file.read_bytes())
    name = f"{source.name}-{total.hexdigest()[:12]}"
    cache().mkdir(parents=True, exist_ok=True)
    done = cache() / name
    with (cache() / f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.is_dir():
            with tempfile.TemporaryDirectory(prefix=f"{name}.part-", dir=cache()) as part:
                work = Path(part) / source.name
                for file in files:
                    (work / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, work / file.relative_to(source))
                for step in (fetch, *steps):
                    said = run(step, work, seconds=400)
                    if said.returncode:
                        words = f"{' '.join(map(str, step))}\n{(said.stdout + said.stderr)[-3000:]}"
                        _absent(f"NOT RUN, cannot be fetched: {words}") if step is fetch else pytest.fail(words)
                work.rename(done)
    return done
