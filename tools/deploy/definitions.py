"""The definitions of the custom kinds that deploy/ uses: kept without their descriptions, checked against offline.

`python -m tools.deploy.definitions FOLDER` takes them anew from a folder of definitions as their projects publish them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.deploy.facts import DEPLOY

Schema = dict[str, Any]
FOLDER = DEPLOY / "definitions"
KINDS = frozenset(
    {
        *("Certificate", "Issuer", "Cluster", "ScheduledBackup", "Gateway", "HTTPRoute", "GRPCRoute", "ScaledObject"),
        *("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "PodMonitor", "ServiceMonitor", "PrometheusRule"),
    }
)


def take(source: Path) -> None:
    """Keep the definitions of our kinds, without descriptions and without versions that are no longer stored."""
    FOLDER.mkdir(exist_ok=True)
    for file in sorted(source.rglob("*.yaml")):
        for found in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader):
            if found and found["spec"]["names"]["kind"] in KINDS:
                found["spec"]["versions"] = [one for one in found["spec"]["versions"] if one["storage"]]
                text = json.dumps(_without_descriptions(found), separators=(",", ":"))
                (FOLDER / f"{found['metadata']['name']}.json").write_text(text + "\n")


def _without_descriptions(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_descriptions(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_descriptions(value)
        for key, value in node.items()
        if not (key == "description" and isinstance(value, str))
    }


@cache
def schemas() -> Mapping[tuple[str, str], Schema]:
    """(apiVersion, kind) -> strict JSON schema, for every definition that is kept."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        spec = json.loads(file.read_text())["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"] = schema.get("properties", {}) | {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            }
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = strict(schema)
    return found


def strict(node: Any) -> Any:
    """An OpenAPI schema of a definition as a JSON schema that refuses what it does not name."""
    if isinstance(node, list):
        return [strict(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(value) for key, value in node.items()}
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    if (
        isinstance(node.get("properties"), dict)
        and "type" in node
        and not node.get("x-kubernetes-preserve-unknown-fields")
    ):
        made.setdefault("additionalProperties", False)
    if node.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


if __name__ == "__main__":
    take(Path(sys.argv[1]))
