"""Loopback ports for servers that are started here: embedded parts, `make up`, tests."""

from __future__ import annotations

import itertools
import os
import socket
from contextlib import ExitStack
from pathlib import Path

HOST = "127.0.0.1"
FIRST = 20_000
FEWEST = 2_000
"""Fewer ports than that are no choice."""
TRIES = 2_000
STRIDE = 611
"""Processes whose ids follow one another begin so far apart, so that two that look at once find other ports."""
_asked = itertools.count()


def free_port() -> int:
    """A port that nothing listens on just now, and that no outgoing connection is given either.

    A port of the kernel's own range may be taken by any connection while its server is away for a moment, as one is
    that was killed: whoever starts it again would find its port in use.
    """
    return free_ports(1)[0]


def free_ports(count: int, *, but: int = 0) -> list[int]:
    """So many of them, no two alike and none `but`."""
    with ExitStack() as held:  # all at once: a port that was let go of may be the next one's too
        return [_held(held, but) for _ in range(count)]


def _held(held: ExitStack, but: int) -> int:
    many = _outgoing() - FIRST
    for _ in range(TRIES):
        # where the kernel's range leaves too few, its own choice is as good as any
        port = FIRST + (os.getpid() * STRIDE + next(_asked)) % many if many >= FEWEST else 0
        probe = held.enter_context(socket.socket())
        try:
            probe.bind((HOST, port))
        except OSError:
            continue
        bound: int = probe.getsockname()[1]
        if bound != but:
            return bound
    raise OSError(f"no port is free on {HOST}")


def _outgoing() -> int:
    """Where the kernel's own range begins."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768
