"""`mandate run --json`: a program that starts an installation reads where everything is, and when it is over."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from cli.platform import SEEDED, password_of

pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(120)]


@pytest.fixture
def state() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="mandate-run-"))
    base.chmod(0o755)  # PostgreSQL drops to another user where we are root
    yield base / "state"
    shutil.rmtree(base, ignore_errors=True)


def test_one_object_when_it_is_ready_and_one_when_it_has_stopped(state: Path) -> None:
    words = [sys.executable, "-m", "cli", "run", "--json", "--no-people", "--port", "0", "--state", str(state)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            with urlopen(f"{ready['portal']}/health") as answer:
                assert answer.status == 200
            second = subprocess.run(words, capture_output=True, text=True, check=False)
        finally:
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (ready["state"], ready["password"]) == ("ready", password_of(state))
    assert [one["user_id"] for one in ready["sign_ins"]] == [one.user_id for one in SEEDED]
    assert set(ready["services"]) == {"registry", "identity", "access", "connections", "enrollment", "notifier"}
    assert json.loads(rest) == {"state": "stopped", "people_are_here": False}
    assert (process.returncode, errors) == (0, "")
    assert (second.returncode, second.stdout) == (1, "")
    assert "is going on" in json.loads(second.stderr)["error"]
