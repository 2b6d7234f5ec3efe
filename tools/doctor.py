"""What is missing on this machine, and the exact command that adds it. Runs before anything is installed."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, NamedTuple  # noqa: UP035 - an older Python must get as far as being told

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST, JAVA = (3, 11), (3, 13), 17
DISK_GB = 3


class Finding(NamedTuple):
    """One thing: whether it is there, what was seen, who needs it and what adds it."""

    ok: bool
    thing: str
    seen: str
    needed_for: str
    fix: str


def main() -> int:
    """Print a table (or JSON); 1 if something that `make run` or `make test` needs is missing."""
    parser = argparse.ArgumentParser(prog="make doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    found = [check() for check in CHECKS]
    if parser.parse_args().json:
        print(json.dumps([finding._asdict() for finding in found], indent=1))
    else:
        show(found)
    return any(not finding.ok for finding in found)


def show(found: list[Finding]) -> None:
    """A line for each thing; below it the fix, where one is needed."""
    for finding in found:
        mark = "ok     " if finding.ok else "MISSING"
        print(f"{mark}  {finding.thing:<22} {finding.seen:<34} {finding.needed_for}")
        if not finding.ok:
            print(f"         fix: {finding.fix}")
    missing = sum(not finding.ok for finding in found)
    if missing:
        print(f"\n{missing} missing. As root, or with sudo that asks no password, the targets add all this themselves.")
    else:
        print("\nNothing is missing.")


def apt(*packages: str) -> str:
    """The command that installs Debian packages, for whoever asks."""
    install = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 and not shutil.which("sudo"):
        return f"su -c 'apt-get update && {install}'"
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get update && {sudo}{install}"


def version_of(*command: str) -> str:
    """The line in which a program names its version; nothing if it cannot be run."""
    if not shutil.which(command[0]):
        return ""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"^[A-Za-z]*[^/\n]*\d+\.\d+.*$", done.stdout.decode(errors="replace"), re.MULTILINE)
    return found.group().strip() if found and not done.returncode else ""


def number(text: str) -> int:
    """The first number in a text, 0 without one."""
    found = re.search(r"\d+", text)
    return int(found.group()) if found else 0


def python() -> Finding:
    """The interpreter that `make setup` would take."""
    version = sys.version_info[:2]
    ok = OLDEST <= version <= NEWEST
    wanted = "{}.{} to {}.{}".format(*OLDEST, *NEWEST)
    fix = f"install Python {wanted} and name it: make setup PYTHON=python3.11"
    return Finding(ok, "Python " + wanted, sys.version.split()[0], "everything", fix)


def venv() -> Finding:
    """Debian's python3 may come without the means to make a virtual environment."""
    ok = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    return Finding(ok, "python3-venv", "venv, ensurepip" if ok else "no ensurepip", "setup", apt("python3-venv"))


def tools() -> Finding:
    """The small programs that the scripts use."""
    names = {"git": "git", "flock": "util-linux", "sha256sum": "coreutils", "awk": "mawk", "tar": "tar"}
    missing = [name for name in names if not shutil.which(name)]
    seen = "no " + ", ".join(missing) if missing else ", ".join(names)
    return Finding(not missing, "small programs", seen, "everything", apt(*(names[name] for name in missing)))


def user() -> Finding:
    """PostgreSQL refuses to run as root: there must be somebody to run it as."""
    if os.geteuid() != 0:
        return Finding(True, "user for PostgreSQL", pwd.getpwuid(os.geteuid()).pw_name, "run, test", "")  # noqa: FBT003
    names = {entry.pw_name for entry in pwd.getpwall()}
    seen = next((name for name in ("postgres", "nobody") if name in names), "")
    fix = "useradd --system --no-create-home postgres"
    return Finding(bool(seen), "user for PostgreSQL", seen or "only root", "run, test", fix)


def java() -> Finding:
    """Kafka is written in Java."""
    seen = version_of("java", "-version")
    version = number(seen.partition("version")[2])
    return Finding(version >= JAVA, f"Java {JAVA}+", seen or "none", "up, test (Kafka)", "sh tools/need.sh java")


def maven() -> Finding:
    """Kafka's jars come by Maven."""
    seen = version_of("mvn", "--version")
    return Finding(bool(seen), "Maven", plain(seen) or "none", "up, test (Kafka)", apt("maven"))


def chromium() -> Finding:
    """The browser of the browser tests."""
    commands = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    seen = next(filter(None, (version_of(name, "--version") for name in commands)), "")
    return Finding(bool(seen), "Chromium", seen or "none", "test (browser)", "sh tools/need.sh chromium")


def promtool() -> Finding:
    """Plays the alerts; Debian has it in the package of a server, which the script does not install."""
    seen = version_of("promtool", "--version") or version_of(str(ROOT / ".state" / "promtool"), "--version")
    return Finding(bool(seen), "promtool", plain(seen) or "none", "test (alerts)", "sh tools/need.sh promtool")


def node() -> Finding:
    """Front-end files come by npm: the system's, or for those who have none one that comes as a wheel."""
    seen, npm = version_of("node", "--version"), version_of("npm", "--version")
    both = f"node {seen}, npm {npm}" if seen and npm else "none: setup fetches its own"
    return Finding(True, "Node and npm", both, "front-end files", "")  # noqa: FBT003


def disk() -> Finding:
    """Room for the environment, Kafka's jars and test databases."""
    free = shutil.disk_usage(ROOT).free / 1e9
    return Finding(
        free >= DISK_GB, f"{DISK_GB} GB of disk", f"{free:.0f} GB free", "everything", f"free some of {ROOT}"
    )


def environment() -> Finding:
    """Whether .venv is what requirements.lock says."""
    stamp = ROOT / ".venv" / ".made-from-lock"
    made = stamp.read_text().strip() if stamp.exists() else ""
    current = made == hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    seen = "as locked" if current else "older than requirements.lock" if made else "not made yet"
    return Finding(current, ".venv", seen, "everything", "make setup")


def plain(text: str) -> str:
    """Without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).partition(" (")[0]


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    venv,
    tools,
    user,
    disk,
    java,
    maven,
    chromium,
    promtool,
    node,
    environment,
)


if __name__ == "__main__":
    raise SystemExit(main())
