"""The portal over the double, in a process of its own, and a browser."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from services.portal.web.challenge import Challenges
from tests.e2e.pages import walk
from tests.e2e.pages.serve import SECRET


@contextmanager
def served(idle_seconds: float = 900, *more: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.e2e.pages.serve", str(port), str(idle_seconds), *more]
    process = subprocess.Popen(command, cwd=walk.ROOT, stdout=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        _await(process, f"{base}/health")
        yield base
    finally:
        process.terminate()
        process.wait(20)


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    while process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError):
            continue
    raise RuntimeError(f"the portal ended with {process.returncode}")


@pytest.fixture(scope="session")
def portal() -> Iterator[str]:
    with served() as base:
        yield base


@pytest.fixture
def whole_portal() -> Iterator[str]:
    """The portal over real services, new for each test."""
    with served(900, "real") as base:
        yield base


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with walk.browser() as running:
        yield running


@pytest.fixture(scope="session")
def challenge_text() -> Callable[[str], str | None]:
    return Challenges(SECRET.encode(), timedelta(minutes=10)).text
