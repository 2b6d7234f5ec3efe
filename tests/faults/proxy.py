"""A bad network: a way to a server that is cut when it has done what it was asked, is slow, or holds all it carries."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

HOST = "127.0.0.1"
TO, FROM = "to", "from"
"""The two directions: to the server, and from it."""
Marker = Callable[[bytes], bool]


class Proxy:
    """Forwards bytes between its own port and a server's; in a `with` block, or until `close`.

    Kafka tells its clients where it is: `stands_in` puts the proxy's own port there.
    """

    def __init__(self, port: int, *, stands_in: bool = False) -> None:
        self._to = port
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        there, here = (HOST.encode() + number.to_bytes(4, "big") for number in (port, self.port))
        self._instead = (there, here) if stands_in else (b"", b"")
        self._marker: Marker | None = None
        self._forward = True
        self._open = {way: threading.Event() for way in (TO, FROM)}
        self.release()
        self.slow_s = 0.0
        """How much later than sent a piece arrives, in each direction."""
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, marker: bytes | Marker, *, forward: bool) -> None:
        """Cut the next connection that sends such bytes: once the server has answered, or before it sees them."""
        self._forward = forward
        self._marker = marker if callable(marker) else lambda sent: marker in sent

    def hold(self, *ways: str) -> None:
        """Let nothing through any more in these directions; connections stay, as when a cable is pulled."""
        for way in ways:
            self._open[way].clear()

    def release(self) -> None:
        """Deliver what was held, late and in order, as TCP does."""
        for way in self._open.values():
            way.set()

    def close(self) -> None:
        self.release()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        lost = threading.Event()
        with client, contextlib.suppress(OSError), socket.create_connection((HOST, self._to)) as server:
            back = threading.Thread(target=self._answer, args=(server, client, lost), daemon=True)
            back.start()
            self._ask(client, server, lost)
            back.join()

    def _ask(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while sent := self._arrived(TO, client):
                if self._marker is not None and self._marker(sent):
                    self._marker = None
                    self.cuts += 1
                    lost.set()
                    if self._forward:
                        server.sendall(sent)
                        return  # the server has done it, and says so: then its answer is lost
                    break
                server.sendall(sent)
        _end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while (sent := self._arrived(FROM, server)) and not lost.is_set():
                client.sendall(sent.replace(*self._instead) if self._instead[0] else sent)
        _end(client, server)

    def _arrived(self, way: str, source: socket.socket) -> bytes:
        sent = source.recv(1 << 16)
        time.sleep(self.slow_s)
        self._open[way].wait()
        return sent


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
