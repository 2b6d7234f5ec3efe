"""A way to the database that is cut at the worst moment: when a statement was carried out, before its answer comes."""

from __future__ import annotations

import contextlib
import select
import socket
import threading


class Proxy:
    """Forwards bytes between its own port and a server's."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._marker: bytes | None = None
        self._forward = True
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, marker: bytes, *, forward: bool) -> None:
        """Cut the next connection that sends these bytes: once the server has answered, or before it sees them."""
        self._marker, self._forward = marker, forward

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._to)) as server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    sent = ready.recv(1 << 16)
                    if not sent:
                        return
                    if ready is client and self._marker is not None and self._marker in sent:
                        self._marker = None
                        self.cuts += 1
                        if self._forward:
                            server.sendall(sent)
                            select.select([server], [], [], 10)  # the server has done it, and says so
                        return
                    (server if ready is client else client).sendall(sent)
