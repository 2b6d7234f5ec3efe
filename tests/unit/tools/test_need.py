"""What is missing is named with the one command to type, and that command can be typed as it stands."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NEED = Path(__file__).resolve().parents[3] / "tools" / "need.sh"
COMMAND = "apt-get install -y --no-install-recommends maven"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The programs of a bare system: no Maven, no sudo, an apt-get that must not be called."""
    for name in ("sh", "dirname", "paste", "sed"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    _program(tmp_path, "apt-get", "echo 'called' >&2; exit 9")
    return tmp_path


def _program(machine: Path, name: str, text: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{text}\n")
    (machine / name).chmod(0o755)


def need(machine: Path, *words: str) -> list[str]:
    done = subprocess.run(
        [str(machine / "sh"), str(NEED), *words],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr.splitlines()


def test_root_is_told_apt_get(machine: Path) -> None:
    _program(machine, "id", "echo 0")
    assert need(machine, "--check", "maven") == ["Missing: maven. Type:", f"  apt-get update && {COMMAND}"]


def test_a_user_whose_sudo_asks_a_password_is_told_sudo(machine: Path) -> None:
    _program(machine, "id", "echo 1000")
    _program(machine, "sudo", "exit 1")
    assert need(machine, "maven")[1] == f"  sudo apt-get update && sudo {COMMAND}"


def test_a_user_of_a_system_without_sudo_is_told_su(machine: Path) -> None:
    _program(machine, "id", "echo 1000")
    assert need(machine, "maven") == [
        "Missing: maven. Type:",
        f"  su -c 'apt-get update && {COMMAND}'",
        "then the same command again.",
    ]
