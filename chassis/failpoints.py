"""Named places where a test may end or freeze this process: `MANDATE_FAILPOINT=relay.after_publish:kill`.

`kill` ends it as a power cut does, `stop` freezes it once until somebody sends SIGCONT, `raise` is a mistake in the
code. Without the variable a place costs one look at an empty name.
"""

from __future__ import annotations

import os
import signal

_NAME, _, _KIND = os.environ.get("MANDATE_FAILPOINT", "").partition(":")
_stops = ["once"]


def reach(name: str) -> None:
    """Pass the place, unless this process was started to meet its fault here."""
    if name != _NAME:
        return
    # to this thread: sent to the process, another thread may take it, and this one goes on for a while
    if _KIND == "kill":
        signal.raise_signal(signal.SIGKILL)
    if _KIND != "stop":
        raise RuntimeError(f"failpoint {name}")
    if _stops:
        _stops.clear()
        signal.raise_signal(signal.SIGSTOP)
