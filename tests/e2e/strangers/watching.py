"""Whether anything was written."""

from __future__ import annotations

from chassis import log
from cli.demo import eventually
from cli.platform import Platform


class Watched:
    """The ends of all logs but the notifier's: it writes when a mail was sent, some time after what it is about."""

    def __init__(self, platform: Platform) -> None:
        self._processes = [one for name, one in platform.processes.items() if name != "notifier"]
        self._ends: list[int] = []
        eventually(lambda: not self._moved(), "a moment in which nothing is written")

    def written(self, what: str) -> list[str]:
        """A line where something was since this was asked last."""
        was = self._ends
        return [f"{what} was refused, and something was written: {was} {self._ends}"] if self._moved() else []

    def _moved(self) -> bool:
        was, self._ends = self._ends, []
        for process in self._processes:
            with process.app.session() as session:
                self._ends.append(log.end(session))
        return was != self._ends
