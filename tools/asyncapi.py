"""Makes docs/asyncapi.yaml, the description of every topic for others, from proto/ and the golden messages.

`python -m tools.asyncapi` writes it; with `--check`, as `make lint` calls it, it only says whether that is needed.
"""

from __future__ import annotations

import base64
import json
import sys
import tomllib
from typing import Any

import yaml
from chassis import fields
from chassis.bus import Topic
from chassis.kafka.topics import settings_of
from chassis.messages import PROGRESS, Catalogue
from google.protobuf.descriptor import FieldDescriptor

from tools import descriptors, golden
from tools.repository import ROOT

OUT = ROOT / "docs" / "asyncapi.yaml"
TIME = "google.protobuf.Timestamp"
HEADERS = {
    "ce_id": "Origin, edition, position, message and, of a state, form: the same at every resend.",
    "ce_type": "Full name of the message.",
    "ce_source": "The service that says it.",
    "ce_subject": "What it is about: the id of the aggregate, as in the key.",
    "ce_time": "Since when it is true (RFC 3339).",
    "ce_sequence": "Version of the aggregate: rises with each event of a key.",
    "ce_partitionkey": "The key.",
    "origin": "The service of which the log holds it.",
    "edition": "Edition of that log: raised when it was restored from a backup.",
    "form": "Form of a state, raised when states are told with more than before; 0 for an event.",
    "position": "Position in that log.",
    "leafhash": "Hash of the event in the log's proof (hexadecimal).",
    "correlationid": "What all that followed from one request shares.",
    "causationid": "Origin, edition and position of what this followed from.",
    "traceparent": "W3C trace context.",
}


def document() -> dict[str, Any]:
    """The whole description."""
    catalogue, said = Catalogue(), descriptors.comments()
    examples = _examples()
    topics = sorted(catalogue.topics.values(), key=lambda one: (one.origin, one.name))
    classes: dict[str, Any] = {topic.name: catalogue.decode(topic.name, b"").DESCRIPTOR for topic in topics}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mandate",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
            "description": "Who may act for whom in Medicare enrollment, as topics of Apache Kafka: what happened (30 "
            "days), and what is (for ever, the last state of each key). Order is kept within a key of one topic; "
            "delivery is at least once. Messages are only added to. No SSN, birth date, address, name or e-mail "
            "address is on any topic.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/protobuf",
        "channels": {topic.name: _channel(topic, said[classes[topic.name].full_name]) for topic in topics},
        "operations": {
            f"tell{topic.name}": {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}} for topic in topics
        },
        "components": {
            "messages": {
                topic.name: _message(topic, classes[topic.name], said, examples.get(topic.name)) for topic in topics
            },
            "schemas": {
                "Headers": {
                    "type": "object",
                    "description": "CloudEvents 1.0 in Kafka's binary mode, and ours; all are text.",
                    "properties": {name: {"type": "string", "description": text} for name, text in HEADERS.items()},
                    "required": ["ce_id", "ce_type", "ce_sequence", "ce_time", "origin", "edition", "form", "position"],
                }
            },
        },
    }


def _channel(topic: Topic, said: str) -> dict[str, Any]:
    settings = {
        name: int(value) if value.removeprefix("-").isdigit() else value for name, value in settings_of(topic).items()
    }
    config = settings | {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    own = ("cleanup.policy", "retention.ms", "delete.retention.ms", "max.message.bytes")
    return {
        "address": topic.name,
        "description": said,
        "tags": [{"name": topic.origin or "every service"}],
        "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {name: config[name] for name in own if name in config},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(topic: Topic, descriptor: Any, said: dict[str, str], example: Any) -> dict[str, Any]:
    is_progress = topic.name == PROGRESS
    told: dict[str, Any] = {
        "name": descriptor.full_name,
        "title": topic.name,
        "summary": said[descriptor.full_name],
        "contentType": "application/protobuf",
        "payload": _schema(descriptor, said)
        | {"x-protobuf": {"message": descriptor.full_name, "file": f"proto/{descriptor.file.name}"}},
        "bindings": {"kafka": {"key": _key(is_progress=is_progress), "bindingVersion": "0.5.0"}},
    }
    if not is_progress:
        told["headers"] = {"$ref": "#/components/schemas/Headers"}
    if example:
        told["examples"] = [{"headers": example["headers"], "payload": example["message"]}]
    return told


def _key(*, is_progress: bool) -> dict[str, str]:
    if is_progress:
        return {"type": "string", "description": "The service that tells how far it has told."}
    return {"type": "string", "format": "uuid", "description": "The id of the aggregate."}


def _schema(descriptor: Any, said: dict[str, str]) -> dict[str, Any]:
    """A message in its JSON form; the bytes on the topic are protobuf, by the number of each field."""
    properties = {}
    for field in descriptor.fields:
        kind = _kind(field, said)
        shown = {"type": "array", "items": kind} if field.is_repeated else kind
        text = said.get(f"{descriptor.full_name}.{field.name}")
        properties[field.json_name] = shown | ({"description": text} if text else {}) | {"x-number": field.number}
    return {"type": "object", "properties": properties}


def _kind(field: Any, said: dict[str, str]) -> dict[str, Any]:
    if field.message_type is not None:
        is_time = field.message_type.full_name == TIME
        return {"type": "string", "format": "date-time"} if is_time else _schema(field.message_type, said)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return {"type": "boolean"}
    if field.type in {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_UINT32}:
        return {"type": "integer", "format": "int32"}
    if field.type in {FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64}:
        return {"type": "string", "format": "int64"}  # as JSON of protobuf has it
    if field.type == FieldDescriptor.TYPE_BYTES:
        return {"type": "string", "format": "byte"}
    if field.type != FieldDescriptor.TYPE_STRING:
        raise LookupError(f"{field.full_name}: say here what its type is in JSON")
    is_uuid = fields.is_id(field) and not fields.may_be_empty(field)
    return {"type": "string"} | ({"format": "uuid"} if is_uuid else {})


def _examples() -> dict[str, Any]:
    """For each topic, a message of the newest form in which most is filled in."""
    best: dict[str, Any] = {}
    for line in golden.lines().splitlines():
        vector = json.loads(line)
        rank = (int(vector["headers"]["form"]), len(base64.b64decode(vector["value"])))
        if vector["topic"] not in best or rank > best[vector["topic"]][0]:
            best[vector["topic"]] = (rank, vector)
    return {topic: vector for topic, (_, vector) in best.items()}


def text() -> str:
    """The file."""
    head = "# Made by tools/asyncapi.py from proto/ and the golden messages: not to be edited.\n"
    told: str = yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)
    return head + told


if __name__ == "__main__":
    made = text()
    if "--check" not in sys.argv[1:]:
        OUT.write_text(made, encoding="utf-8")
    elif not OUT.is_file() or OUT.read_text(encoding="utf-8") != made:
        raise SystemExit("docs/asyncapi.yaml is out of date: python -m tools.asyncapi writes it")
    else:
        print("asyncapi: docs/asyncapi.yaml says what proto/ says")
