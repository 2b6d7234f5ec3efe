"""Breaks every rule of ours once, in a throw-away project, and sees it noticed: a rule nobody has seen fail is none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tools.check_addresses import HOSTS, PLACES
from tools.repository import ROOT

ROOMS = ("__main__", "api", "timers", "publishing", "hearing", "application", "adapters", "commands", "policies")
SERVICE = (*ROOMS, "projections", "domain")
CHASSIS = ("domain", "vocabulary", "nature", "views", "hearing", "runtime", "embedded", "log")
IMPORTS, PYTHON = Path(sys.executable).parent / "lint-imports", sys.executable


class Breach(NamedTuple):
    """A file's content that some rule must refuse, and the words by which the rule is known."""

    rule: str
    path: str
    content: str


CONTRACTS = (
    Breach("Contexts never import each other", "services/a/commands.py", "import services.b.domain"),
    Breach("The chassis knows nobody", "chassis/log.py", "import services.a"),
    Breach("closed list, in layers", "services/a/helpers.py", ""),
    Breach("closed list, in layers", "services/a/domain.py", "import services.a.commands"),
    Breach("closed list, in layers", "services/a/adapters.py", "import services.a.api"),
    Breach("The domain imports", "services/a/domain.py", "import chassis.log"),
    Breach("The domain imports", "services/a/domain.py", "import pydantic"),
    Breach("The domain imports", "services/a/domain.py", "import time"),
    Breach("No circles", "services/a/domain.py", "import services.a.commands"),
    Breach("Projections import", "services/a/projections.py", "import services.a.commands"),
    Breach("Commands import", "services/a/commands.py", "import services.a.policies"),
    Breach("Policies import", "services/a/policies.py", "import services.a.commands"),
    Breach("The application imports", "services/a/application.py", "import services.a.commands"),
    Breach("Publishing imports", "services/a/publishing.py", "import services.a.projections"),
    Breach("Publishing imports", "services/a/hearing.py", "import services.a.domain\nimport services.a.projections"),
    Breach("Timers import", "services/a/timers.py", "import services.a.policies"),
    Breach("The api imports", "services/a/api.py", "import services.a.policies"),
    Breach("Followers have no", "services/a/policies.py", "import threading"),
    Breach("Followers have no", "chassis/views.py", "import secrets"),
    Breach("Threads, sleeps and drivers", "chassis/log.py", "import time"),
    Breach("Only what puts", "chassis/log.py", "import chassis.runtime"),
)
TOPIC = 'class A:\n    TOPIC = "a.A"\n'
CHECKS = (
    Breach("tools.check_topics", "services/a/domain.py", TOPIC + TOPIC.replace("class A", "class B")),
    Breach("tools.check_topics", "services/b/domain.py", TOPIC),
    Breach("tools.check_addresses", "chassis/log.py", f"HOST = 'https://{'.'.join(HOSTS[0])}/'"),
    Breach("tools.check_addresses", "chassis/log.py", f"PLACE = '/{PLACES[0]}/x'"),
    Breach("tools.check_nature", "services/a/commands.py", "from uuid import uuid4\n\nID = uuid4()\n"),
    Breach("tools.check_nature", "chassis/log.py", "from datetime import datetime, UTC\n\nAT = datetime.now(UTC)\n"),
    Breach("tools.check_lengths", "chassis/log.py", "\n" * 301),
)


def build(top: Path) -> None:
    """Two services with every room, a chassis, and the real rules."""
    for name in ("chassis", "services"):
        (top / name).mkdir()
        (top / name / "__init__.py").touch()
    for module in CHASSIS:
        (top / "chassis" / f"{module}.py").touch()
    for service in ("a", "b"):
        (top / "services" / service).mkdir()
        for module in ("__init__", *SERVICE):
            (top / "services" / service / f"{module}.py").touch()
        (top / "services" / service / "commands.py").write_text(f"import services.{service}.domain")
    shutil.copytree(ROOT / "tools", top / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", top)
    run(top, "git", "init", "-q")


def run(top: Path, *command: str | Path) -> tuple[int, str]:
    """Exit code and output of a command in the throw-away project."""
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def broken(top: Path, rule: str) -> bool:
    """Whether import-linter calls the contract of that name broken."""
    said = run(top, IMPORTS, "--no-cache")[1]
    verdict = re.search(re.escape(rule) + r".*?(KEPT|BROKEN)", " ".join(said.split()))
    return verdict is not None and verdict[1] == "BROKEN"


def refused(top: Path, breach: Breach) -> bool:
    """Whether the check fails, and for this file."""
    code, said = run(top, PYTHON, "-m", breach.rule)
    return code == 1 and f"{breach.path}:" in said


def main() -> int:
    """Say for each breach whether it was seen; 1 if one was not, or if the clean project fails."""
    blind = []
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        build(top)
        if run(top, IMPORTS, "--no-cache")[0] or any(run(top, PYTHON, "-m", check.rule)[0] for check in CHECKS):
            blind.append("the clean project fails")
        for breach in (*CONTRACTS, *CHECKS):
            path = top / breach.path
            before = path.read_text() if path.exists() else None
            path.write_text(breach.content)
            seen = refused(top, breach) if breach in CHECKS else broken(top, breach.rule)
            print(f"{'seen failing' if seen else 'NOT NOTICED '}  {breach.rule:<28} {breach.path}")
            if not seen:
                blind.append(breach.rule)
            path.unlink() if before is None else path.write_text(before)
    print(f"{len(CONTRACTS) + len(CHECKS)} breaches, {len(blind)} not noticed" + "".join(f"\n  {b}" for b in blind))
    return bool(blind)


if __name__ == "__main__":
    raise SystemExit(main())
