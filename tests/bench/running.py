"""`mandate run` as a process of its own, and a reader of its portal who signs in as people do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx

from chassis.ports import free_port
from cli.platform import SEEDED, password_of
from tests.bench.machine import children, cpu_s, postmaster

START_S = 120.0
ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A platform that answers."""

    state: Path
    url: str
    pid: int
    ready_s: float
    """From the start of the process to the first good answer of the portal."""
    ready_cpu_s: float = 0.0
    """CPU that it took until then, PostgreSQL's included."""

    def processes(self) -> dict[str, list[int]]:
        """The one process, and PostgreSQL with its children."""
        return {"python": children(self.pid), "PostgreSQL": children(postmaster(self.state / "postgres"))}


@contextmanager
def platform(state: Path) -> Iterator[Running]:
    """Start `mandate run` on a folder; stop it as Ctrl-C does."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    state.mkdir(exist_ok=True)
    began = time.perf_counter()
    with (state.parent / f"{state.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "run", "--no-people", "--state", str(state), "--port", str(port)],
            cwd=ROOT,
            env=environment(state.parent),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not _answers(url):
            ended = process.poll() is not None
            if ended or time.perf_counter() - began > START_S:
                tail = Path(log.name).read_text(errors="replace")[-2000:]
                raise RuntimeError(f"mandate run {'ended' if ended else 'never answered'}:\n{tail}")
            time.sleep(0.01)
        running = Running(state, url, process.pid, time.perf_counter() - began)
        running.ready_cpu_s = sum(map(cpu_s, running.processes().values()))
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(base: Path) -> dict[str, str]:
    """An installation that has run before: modules compiled, in a folder of their own; whatever our shell says."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = os.pathsep.join((str(ROOT), str(ROOT / "contracts"), str(ROOT / "kit/python")))
    return kept | {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(base / "compiled")}


def _answers(url: str) -> bool:
    try:
        answer = httpx.get(url, timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and "user_id" in answer.text


class Reader:
    """Somebody with a browser that runs no script."""

    def __init__(self, running: Running) -> None:
        self.http = httpx.Client(base_url=running.url, timeout=20)
        self._running = running

    def send(self, page: str, to: str = "", **boxes: str) -> httpx.Response:
        """Open a page, fill in its last form to `to`, send it, and follow where it leads."""
        shown = self.http.get(page, follow_redirects=True)
        to = to or page
        form = shown.text.split(f'action="{to}"', 1)[-1].split("</form>", 1)[0]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        data = {name: unescape(value) for name, value in hidden.items()} | boxes
        headers = {"origin": self._running.url, "sec-fetch-site": "same-origin"}
        return self.http.post(to, data=data, headers=headers, follow_redirects=True)

    def sign_in(self, user_id: str = SEEDED[0].user_id, password: str = "") -> None:
        """The seeded reviewer, or somebody else, with password and the code of the inbox."""
        before = self._mails()
        verify = self.send("/signin", user_id=user_id, password=password or password_of(self._running.state))
        assert verify.url.path == "/signin/verify", (verify.url, verify.status_code)
        until = time.perf_counter() + 20
        while time.perf_counter() < until:
            code = self._code(before)
            if code:
                home = self.send("/signin/verify", code=code)
                assert home.url.path == "/home", (home.url, home.status_code)
                return
            time.sleep(0.05)
        raise AssertionError("there never was a mail with a code")

    def _mails(self) -> int:
        found = re.findall(r"/dev/inbox/([0-9]+)", self.http.get("/dev/inbox").text)
        return max(map(int, found), default=-1)

    def _code(self, before: int) -> str:
        number = self._mails()
        if number <= before:
            return ""
        found = re.search(r"\b([0-9]{6})\b", self.http.get(f"/dev/inbox/{number}").text.partition("<pre>")[2])
        return found[1] if found else ""
