"""Follows deploy/images/Dockerfile without Docker, in a temporary folder: what is copied, run, and then starts.

It shows that the recipe copies all that its steps need and leaves all that runs; not that the base image suits them.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tools import repository
from tools.deploy import facts
from tools.deploy.facts import DEPLOY
from tools.repository import ROOT

DOCKERFILE = DEPLOY / "images" / "Dockerfile"
HOME = "/opt/mandate"
LATE = ("services.notifier.adapters.letters", "services.portal.web.app", "cli.up", "chassis.documents.examining")
"""Modules that open files of theirs, or are imported late."""


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """The instructions of the recipe's first stage, in order."""
    stage = re.split(r"^FROM ", text.replace("\\\n", ""), flags=re.MULTILINE)[1]
    for line in stage.splitlines()[1:]:
        word, _, rest = line.partition(" ")
        if word in {"COPY", "RUN"}:
            yield word, rest


def copy(tree: Path, words: str) -> None:
    """What COPY does: what git would have of these files, and nothing that lies about."""
    *sources, target = shlex.split(words)
    for path in repository.files(*sources):
        to = tree / path if target != "./" else tree / path.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, to)


def started(home: Path, *words: str, **environment: str) -> str:
    """What a program of the image says, in an environment that says no more than this."""
    program, given = [str(home / "venv" / "bin" / words[0]), *words[1:]], {"HOME": str(home)} | environment
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=given, cwd="/")
    return done.stdout + done.stderr


def main() -> None:
    """Build in a temporary folder, then start everything. Ends with 1 where something is missing."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mandate-image-") as folder:
        home = Path(folder)
        tree = home / "tree"
        tree.mkdir()
        for word, rest in instructions(DOCKERFILE.read_text()):
            if word == "COPY":
                copy(tree, rest)
            else:
                subprocess.run(["sh", "-c", rest.replace(HOME, folder)], cwd=tree, check=True)
        for service in (*sorted(facts.SERVICES), facts.PORTAL, facts.ACTIVITY):
            words = ["-m", f"services.{service}", *(["worker"] if service in facts.SERVICES else [])]
            said = started(home, "python", *words)
            if "Field required" not in said:
                raise SystemExit(f"image-check: python {' '.join(words)} does not come as far as its settings:\n{said}")
        if "Usage: mandate" not in started(home, "mandate", "--help"):
            raise SystemExit("image-check: no `mandate` command")
        for module in LATE:
            if said := started(home, "python", "-c", f"import {module}"):
                raise SystemExit(f"image-check: {module}:\n{said}")
        reaching = "from chassis import failpoints; failpoints.reach('a'); print('alive', end='')"
        if started(home, "python", "-c", reaching, MANDATE_FAILPOINT="a:kill") != "alive":
            raise SystemExit("image-check: a process of the image can be told to die (chassis/failpoints.py)")
        data = [one for one in repository.files("services", "chassis") if one.suffix not in {".py", ".md"}]
        missing = [str(one) for one in data if not (tree / one).exists()]
        if missing or not (tree / "services" / "portal" / "web" / "static" / "vendor").is_dir():
            raise SystemExit(f"image-check: left out of the image: {missing or 'the front-end files'}")
    print(
        f"image-check: every process starts from the recipe's tree, {len(data)} data files are there,"
        f" in {time.monotonic() - began:.0f} s (no Docker: the base image is not tried)"
    )


if __name__ == "__main__":
    main()
