"""Checks objects without a cluster: Kubernetes's own kinds by its schemas, all others by their definitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import referencing
from jsonschema.protocols import Validator

from tools.deploy import definitions

VERSION = "1.34"
"""Of Kubernetes: the oldest that is promised."""


def findings(found: Mapping[str, Any]) -> Iterator[str]:
    """What of one object its schema refuses; that it has none is a finding, too."""
    name = f"{found.get('kind')} {found.get('metadata', {}).get('name')}"
    validator = _validator(str(found.get("apiVersion")), str(found.get("kind")))
    if validator is None:
        yield f"{name}: no schema of {found.get('apiVersion')} {found.get('kind')} is known, so nothing was checked"
        return
    for error in validator.iter_errors(dict(found)):
        yield f"{name}: {error.json_path}: {error.message[:300]}"


@cache
def _validator(version: str, kind: str) -> Validator | None:
    kept = definitions.schemas().get((version, kind))
    if kept is not None:
        return jsonschema.Draft7Validator(kept)
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", version)
    file = _folder() / f"{kind.lower()}-{group}.json"
    if not file.is_file():
        return None
    return jsonschema.Draft202012Validator(json.loads(file.read_text()), registry=_registry())


def _folder() -> Any:
    """The strict schemas that the package `kubernetes-validate` brings, of our version."""
    schemas = files("kubernetes_validate") / "kubernetes-json-schema"
    return next(one for one in schemas.iterdir() if re.fullmatch(rf"v{VERSION}(\.\d+)?-local-strict", one.name))


@cache
def _registry() -> Any:
    definitions_of_all = json.loads((_folder() / "_definitions.json").read_text())
    resource = referencing.Resource.from_contents(
        definitions_of_all, default_specification=referencing.jsonschema.DRAFT202012
    )
    return referencing.Registry().with_resource("_definitions.json", resource)
