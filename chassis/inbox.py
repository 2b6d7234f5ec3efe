"""A mail server for development and tests: takes every mail, keeps it, and shows it; nothing leaves the machine."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from chassis import nature
from chassis.vocabulary.pin import ALPHABET, CODE_LENGTH, LENGTH

LOOPBACK = "127.0.0.1"
MOST = 10_000
"""Mails kept in memory; the oldest go first."""

Says = Callable[[str, str], str | None]
"""Asked at each RCPT and DATA, with the recipient: a reply of its own ("451 try later"), or None to take it."""

_CODE = re.compile(rf"(?<![\w-])(?:\d{{{CODE_LENGTH}}}|[{ALPHABET}]{{{LENGTH}}})(?![\w-])")


@dataclass(frozen=True)
class Mail:
    """One mail as it was handed over: envelope, bytes, and the message in them."""

    sender: str
    to: tuple[str, ...]
    received_at: datetime
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """The message in the bytes."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets: repeats of one mail have the same."""
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        """The plain text; empty where there is none."""
        return self._body("plain")

    @property
    def html(self) -> str:
        """The HTML; empty where there is none."""
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


class Inbox:
    """Listens on a free port of the loopback address; with a folder, keeps every mail there as a file too."""

    def __init__(self, *, port: int = 0, folder: Path | None = None, says: Says | None = None) -> None:
        self.host, self.port = LOOPBACK, port
        self.says: Says = says or (lambda _at, _to: None)
        self._folder = folder
        self._mails: list[Mail] = []
        self._controller: _Controller | None = None

    def start(self) -> Self:
        """Begin to listen; `port` says where."""
        listening = socket.create_server((self.host, self.port))
        # as asyncio does for sockets of its own: an answer's second line would wait 40 ms for the ACK of its first
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = listening.getsockname()[1]
        self._controller = _Controller(self, listening)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Listen no more; what has come stays."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def messages(self, to: str = "") -> Sequence[Mail]:
        """All mails, or those for one address, oldest first."""
        return [mail for mail in list(self._mails) if not to or to.lower() in map(str.lower, mail.to)]

    def latest_code(self, to: str) -> str | None:
        """The code of six digits, or the PIN, in the newest mail for the address that has one."""
        for mail in reversed(self.messages(to)):
            found = _CODE.findall(mail.text)
            if found:
                return str(found[0])
        return None

    def clear(self) -> None:
        """Forget what has come; files stay."""
        self._mails.clear()

    def keep(self, mail: Mail) -> None:
        """Take a mail in."""
        self._mails.append(mail)
        del self._mails[:-MOST]
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"{mail.received_at:%Y%m%dT%H%M%S%f}-{len(self._mails):05}.eml"
            (self._folder / name).write_bytes(mail.raw)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Handler:
    """What aiosmtpd calls, on its own thread."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Sequence[str]
    ) -> str:
        refusal = self._inbox.says("RCPT", address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        refusal = self._inbox.says("DATA", envelope.rcpt_tos[0])
        if refusal is None:
            self._inbox.keep(
                Mail(
                    sender=envelope.mail_from,
                    to=tuple(envelope.rcpt_tos),
                    received_at=nature.now(),
                    raw=envelope.original_content,
                )
            )
        return refusal or "250 OK"


class _Controller(Controller):
    """Serves on a socket that listens already, so that a free port is ours from the beginning."""

    def __init__(self, inbox: Inbox, listening: socket.socket) -> None:
        super().__init__(_Handler(inbox), hostname=LOOPBACK, port=inbox.port, enable_SMTPUTF8=True)
        self._listening = listening

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


class Folder:
    """The mails that an inbox of another process keeps in a folder, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def messages(self, to: str = "") -> Sequence[Mail]:
        """All mails, or those for one address."""
        mails = [_read(file) for file in sorted(self._folder.glob("*.eml"))]
        return [mail for mail in mails if not to or to.lower() in map(str.lower, mail.to)]


def _read(file: Path) -> Mail:
    raw = file.read_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    at = datetime.strptime(file.name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Mail(str(message["From"]), tuple(one.addr_spec for one in message["To"].addresses), at, raw)
