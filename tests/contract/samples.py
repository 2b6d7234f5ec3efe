"""Samples of events and messages, made from their declarations: always the same, so that their bytes can be kept.

`python -m tests.contract.samples` writes what is missing in `golden/`. It never writes over a file: bytes that have
been stored or published once must be read for ever. An event whose form changes gets `class_version` 2 and an
upcast, and its old file is kept as `<topic>.v1.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

from chassis.bus import Message
from chassis.codec import Codec
from chassis.domain import NAMESPACE, Aggregate, Claim, Look
from chassis.messages import Origin, wrap
from chassis.service import Service
from services.access.__main__ import SERVICE as ACCESS
from services.access.domain.association import Association
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.enrollment.__main__ import SERVICE as ENROLLMENT
from services.enrollment.domain.application import Application
from services.identity.__main__ import SERVICE as IDENTITY
from services.identity.domain.account import Account
from services.notifier.__main__ import SERVICE as NOTIFIER
from services.notifier.domain.notification import Notification, to_account
from services.registry.__main__ import SERVICE as REGISTRY

GOLDEN = Path(__file__).parent / "golden"
SERVICES: tuple[Service, ...] = (ACCESS, CONNECTIONS, ENROLLMENT, IDENTITY, NOTIFIER, REGISTRY)
"""Whose events and messages are kept; a service joins by a line here and the files that the command above writes."""

AT = datetime(2026, 5, 4, 13, 30, 15, 123456, tzinfo=UTC)
BEFORE: dict[type, tuple[type, ...]] = {
    Association.Ended: (Association.Requested, Association.Approved),
    Application.SignatureRequestedAgain: (Application.Started, Application.Submitted, Application.SignatureRequested),
    Application.SignatureDeclined: (Application.Started, Application.Submitted, Application.SignatureRequested),
    Account.MfaMethodVerified: (Account.RegistrationStarted, Account.MfaMethodAdded),
}
"""Events whose message needs more of a history than the aggregate's first event."""

PLAIN: dict[Any, Any] = {
    Any: "of any kind",
    bool: True,
    int: 7,
    Decimal: Decimal("12.50"),
    datetime: AT,
    date: AT.date(),
    bytes: b"\x00\xff",
    dict: {"of": "it"},
    list: ["one", "other"],
}

CHOSEN: dict[tuple[type, str], Any] = {
    (Account.Locked, "reason"): "password",
    (Association.ProvidersWithheld, "provider_ids"): [str(uuid5(NAMESPACE, f"provider.{one}")) for one in range(2)],
    (Account.ProvidersFound, "provider_ids"): [str(uuid5(NAMESPACE, f"provider.{number}")) for number in range(2)],
    (Notification.Requested, "recipient"): to_account(uuid5(NAMESPACE, "account_id")),
    (Notification.Requested, "template"): "M-09",
}
"""Fields of events for which not every text will do."""


NAMED: dict[str, Any] = {
    "offers": [
        {
            "employer_id": str(uuid5(NAMESPACE, "employer")),
            "role": "STAFF_END_USER",
            "functions": ["NPPES", "PECOS"],
        }
    ],
    "officials": [
        {
            "person_id": str(uuid5(NAMESPACE, "person")),
            "capacity": "AUTHORIZED_OFFICIAL",
            "name": "v1.1.sealed",
        }
    ],
    "document_type": "CP_575",
    "documents_uploaded": 1,
}
"""Fields that hold more than their type says."""


def sample_of(hint: Any, name: str) -> Any:
    """A value of a declared type, told apart by the field's name."""
    known = {UUID: uuid5(NAMESPACE, name), str: f"the {name} / ünïcödé"} | PLAIN
    if name in NAMED or (get_origin(hint) is None and hint in known):
        return NAMED.get(name, known.get(hint))
    arguments = [one for one in get_args(hint) if one is not type(None)]
    container = get_origin(hint)
    if container is list:
        return [sample_of(arguments[0], f"{name}.{number}") for number in range(2)]
    if container is dict:
        return {"of": sample_of(arguments[1], name)}
    if container is Union or arguments:
        return sample_of(arguments[0], name)
    raise LookupError(f"no sample of {hint}")


def event_of(kind: Any, aggregate: type[Aggregate], *, version: int = 1) -> Any:
    """A sample of an event class, the same whenever it is made."""
    hints = get_type_hints(kind)
    own = {"originator_id": uuid5(NAMESPACE, aggregate.TOPIC), "originator_version": version, "timestamp": AT}
    if "originator_topic" in hints:
        own["originator_topic"] = aggregate.TOPIC
    names = [field.name for field in fields(kind) if field.name not in own]
    values = {name: CHOSEN.get((kind, name)) or sample_of(hints[name], name) for name in names} | own
    return kind(**values)


def events() -> Iterator[tuple[Codec, str, Any]]:
    """Every event class of these services, and of all logs, with its codec: (codec, topic, sample)."""
    for aggregates in ((Claim, Look), *(service.application.aggregates for service in SERVICES)):
        codec = Codec(aggregates)
        for aggregate in aggregates:
            for kind in kinds_of(aggregate):
                yield codec, kind.TOPIC, event_of(kind, aggregate)


def kinds_of(aggregate: type[Aggregate]) -> list[Any]:
    """The event classes of an aggregate, the first event first."""
    kinds = [one for one in vars(aggregate).values() if isinstance(one, type) and hasattr(one, "TOPIC")]
    return sorted(kinds, key=lambda one: not _begins(one))


def _begins(kind: Any) -> bool:
    return "originator_topic" in get_type_hints(kind)


def messages() -> Iterator[tuple[str, Message]]:
    """Every message of these services in its envelope, as the relay makes it: (file, message)."""
    for service in SERVICES:
        for aggregate in service.application.aggregates:
            first, *_ = kinds_of(aggregate)
            for kind in kinds_of(aggregate):
                grown: Any = None
                for version, one in enumerate(BEFORE.get(kind, () if _begins(kind) else (first,)), start=1):
                    grown = event_of(one, aggregate, version=version).mutate(grown)
                event = event_of(kind, aggregate, version=grown.version + 1 if grown else 1)
                grown = event.mutate(grown)
                to_message = service.publishing.to_message.get(kind)
                told = to_message(event, grown) if to_message else None
                if told is not None:
                    yield kind.TOPIC, wrap(told, _origin(service, event))
                to_state = service.publishing.to_state.get(aggregate)
                if to_state:
                    form = service.publishing.form
                    yield f"{kind.TOPIC}.state", wrap(to_state(grown), _origin(service, event), form=form)


def _origin(service: Service, event: Any) -> Origin:
    return Origin(
        service=service.name,
        edition=1,
        position=41,
        stream=event.originator_id,
        version=event.originator_version,
        at=AT,
        correlation_id=UUID(int=0x0195_0000_0000_7000_8000_0000_0000_0001),
        causation_id=f"{service.name}/1/40",
        leaf_hash=bytes(range(32)),
    )


def event_file(topic: str) -> Path:
    return GOLDEN / "events" / f"{topic}.json"


def message_file(name: str, message: Message) -> Path:
    """Of a state, each form has its own: what was told once is kept."""
    form = int(dict(message.headers).get("form", 0))
    later = f"-form{form}" if form > 1 else ""
    event = f"{name.rpartition('.')[0] or name}.{name.rpartition('.')[2]}"
    return GOLDEN / "messages" / f"{event}-{message.topic}{later}.json"


def as_kept(message: Message) -> dict[str, Any]:
    """A message as its golden file holds it."""
    return {
        "topic": message.topic,
        "key": message.key,
        "headers": dict(message.headers),
        "value": (message.value or b"").hex(),
    }


def write_missing() -> None:
    for codec, topic, event in events():
        _write(event_file(topic), {"topic": topic, "state": codec.to_stored_event(event).state.decode()})
    for name, message in messages():
        _write(message_file(name, message), as_kept(message))


def _write(file: Path, content: dict[str, Any]) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write_missing()
