"""Every service behind its real gRPC server, on one database, with no followers: what is asked is all there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor

from chassis import log, nature
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.keys import Keyring
from chassis.main import Process, apis_of, build, create
from chassis.server import Api, Callers, details_of, serve
from chassis.service import Service
from chassis.settings import SERVICES, Settings
from cli.platform import ALL
from tests.house import drop_database, new_database

DEADLINE_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: str
    codes: Sequence[str] = ()
    said: Any = None
    words: str = ""
    """Of a refusal."""


@dataclass(frozen=True)
class Gate:
    """One RPC of one service."""

    service: str
    method: MethodDescriptor
    rule: Callers

    @property
    def path(self) -> str:
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def name(self) -> str:
        """As a failing test shows it."""
        return f"{self.service}: {self.path}"


@dataclass
class Fortress:
    """The servers, and how they are asked with bytes."""

    keys: Keyring
    processes: dict[str, Process] = field(default_factory=dict)
    channels: dict[str, grpc.Channel] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)

    def open(self, service: Service, address: str, apis: Sequence[Api]) -> None:
        """Reach a server, and know its gates."""
        self.channels[service.name] = grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)])
        self.gates += [
            Gate(service.name, method, api.rules[method.name]) for api in apis for method in api.descriptor.methods
        ]

    def ask(self, gate: Gate, sent: bytes | Sequence[bytes], metadata: Mapping[str, Any] | None = None) -> Answer:
        """Send these bytes as the request; on a stream twice, or each of several."""
        channel, read = self.channels[gate.service], message_factory.GetMessageClass(gate.method.output_type).FromString
        how: Any = channel.stream_unary if gate.method.client_streaming else channel.unary_unary
        call = how(gate.path, request_serializer=None, response_deserializer=read)
        given = self.token(gate) if metadata is None else metadata
        asked = iter([sent] * 2 if isinstance(sent, bytes) else sent) if gate.method.client_streaming else sent
        try:
            said = call(asked, timeout=DEADLINE_S, metadata=tuple(given.items()))
        except grpc.RpcError as error:
            return Answer(error.code().name, [one.code for one in details_of(error)], words=error.details() or "")
        return Answer("OK", said=said)

    def token(
        self, gate: Gate, roles: Sequence[str] = ("EUS", "MAC", "AUDITOR"), who: UUID | None = None
    ) -> dict[str, str]:
        """What opens this gate: a person's token with every role, or a service's; or the token of somebody."""
        if isinstance(gate.rule, frozenset) and who is None:
            token = self.keys.signer(min(gate.rule)).service_token(gate.service)
        else:
            who = who or nature.new_id()
            signer, now = self.keys.signer("identity"), nature.now()
            token, _ = signer.user_token(who, audience=gate.service, roles=roles, mfa_at=now, session="s")
        return {"authorization": f"Bearer {token}"}

    def ends(self, *services: str) -> dict[str, int]:
        """Where these logs end, or all."""
        found = {}
        for name in services or self.processes:
            with self.processes[name].app.session() as session:
                found[name] = log.end(session)
        return found


def _stop(server: grpc.Server) -> None:
    server.stop(1).wait()


@contextmanager
def fortified(postgres: EmbeddedPostgres, base: Path) -> Iterator[Fortress]:
    """Start all servers, and stop them as the block ends."""
    name = new_database(postgres)
    keys = Keyring(base / "keys", make=True)
    made = Fortress(keys)
    settings = Settings(database_url=postgres.dsn(name), keys=base / "keys", addresses={}, pool=4)
    with ExitStack() as closing:
        closing.callback(drop_database, postgres, name)
        for service in ALL:
            create(service, settings)
            process = made.processes[service.name] = build(service, settings, make_keys=True)
            closing.callback(process.closing.close)
        for service in ALL:
            process = made.processes[service.name]
            apis = apis_of(service, process.parts)
            server, port = serve(apis, keys.verifier(service.name, SERVICES), address="127.0.0.1:0")
            closing.callback(_stop, server)
            settings.addresses[service.name] = f"127.0.0.1:{port}"
            made.open(service, settings.addresses[service.name], apis)
            closing.callback(made.channels[service.name].close)
        yield made
