"""Makes the manifests that are alike for every service, the NetworkPolicies, and the Kafka side, from `facts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tools.deploy import facts, kafka, policies, postgres
from tools.deploy.facts import DEPLOY, SERVICES

Files = dict[Path, str]
"""Path below deploy/ -> text."""

HEAD = "# Made by `make k8s` from deploy/templates, who_talks_to_whom.toml and the services: not edited by hand.\n"
SIZES = {"cpu": "100m", "memory": "192Mi", "memory_limit": "512Mi"}
EXAMINING = {"access", "enrollment"}
"""Their api looks into documents in a process that may take 512 MB (limits.md, uploads)."""


class _Plain(yaml.SafeDumper):
    """Writes everything out: no anchors, which kustomize's patches would trip over."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def dump(objects: Sequence[Mapping[str, Any]]) -> str:
    """YAML documents with the head that says where they come from."""
    text = yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, width=120)
    return HEAD + str(text)


def made() -> Files:
    """Every generated file as it must be."""
    files: Files = {}
    for name in sorted(SERVICES):
        files |= _service(name)
    for name in (facts.PORTAL, facts.ACTIVITY):
        files[Path("base") / name / "network-policies.yaml"] = dump(policies.of_service(name))
    files |= {Path("components/postgres-cnpg") / name: dump(objects) for name, objects in postgres.files().items()}
    files |= {Path("components/kafka-strimzi") / name: dump(objects) for name, objects in kafka.files().items()}
    return files


def _service(name: str) -> Files:
    folder = Path("base") / name
    resources = {"serviceaccounts.yaml": _rendered("serviceaccounts.yaml", name)}
    for role in facts.roles(name):
        template = "migrate.yaml" if role == "migrate" else "deployment.yaml"
        resources[f"{role}.yaml"] = _rendered(template, name, role)
    resources["service.yaml"] = _rendered("service.yaml", name)
    resources["scaling.yaml"] = _rendered("scaling.yaml", name)
    resources["network-policies.yaml"] = policies.of_service(name)
    files = {folder / file: dump(objects) for file, objects in resources.items()}
    index = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(resources),
    }
    return files | {folder / "kustomization.yaml": dump([index])}


def _rendered(template: str, service: str, role: str = "") -> list[dict[str, Any]]:
    environment = jinja2.Environment(  # noqa: S701 - YAML of ours, no page
        loader=jinja2.FileSystemLoader(DEPLOY / "templates"), undefined=jinja2.StrictUndefined
    )
    sizes = SIZES | ({"memory_limit": "1Gi"} if service in EXAMINING and role == "api" else {})
    text = environment.get_template(template).render(
        service=service,
        role=role,
        roles=facts.roles(service),
        vault=SERVICES[service].vault and role != "sealer",
        login={"migrate": "owner", "sealer": "sealer"}.get(role, "app"),
        ports=facts.table().ports,
        **sizes,
    )
    return list(yaml.safe_load_all(text))
