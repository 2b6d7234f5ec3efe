"""NetworkPolicies of our own workloads, from the table who -> whom : port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from tools.deploy import facts

Object = dict[str, Any]
NAME, ROLE = "app.kubernetes.io/name", "app.kubernetes.io/component"


def selector(service: str, *roles: str) -> Object:
    """The pods of a service in these roles."""
    if len(roles) == 1:
        return {"matchLabels": {NAME: service, ROLE: roles[0]}}
    wanted = {"key": ROLE, "operator": "In", "values": sorted(roles)}
    return {"matchLabels": {NAME: service}, "matchExpressions": [wanted]}


def tcp(*ports: str) -> list[Object]:
    """Ports by the names that the table gives them."""
    return [{"protocol": "TCP", "port": facts.table().ports[port]} for port in ports]


def policy(
    name: str, pods: Mapping[str, Any], *, ingress: Sequence[Object] = (), egress: Sequence[Object] = ()
) -> Object:
    """One NetworkPolicy; it only allows, for all is denied to begin with."""
    spec: Object = {"podSelector": pods, "policyTypes": []}
    for kind, rules in (("Ingress", ingress), ("Egress", egress)):
        if rules:
            spec["policyTypes"].append(kind)
            spec[kind.lower()] = list(rules)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def of_service(service: str) -> list[Object]:
    """A policy for each workload of the service that may talk to anybody at all."""
    found = []
    for role in facts.roles(service):
        ingress, egress = _ingress(service, role), _egress(f"{service}.{role}")
        if ingress or egress:
            found.append(policy(f"{service}-{role}", selector(service, role), ingress=ingress, egress=egress))
    return found


def _ingress(service: str, role: str) -> list[Object]:
    table = facts.table()
    rules = []
    callers = [party.split(".") for party, asked in sorted(table.calls.items()) if service in asked]
    if role == "api" and callers:
        peers = [{"podSelector": selector(*caller)} for caller in callers]
        rules.append({"from": peers, "ports": tcp("grpc")})
    for way in table.inwards.values():
        if any(fnmatch(f"{service}.{role}", party) for party in way["to"]):
            peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": way["namespace"]}}}
            rules.append({"from": [peer], "ports": tcp(way["port"])})
    return rules


def _egress(party: str) -> list[Object]:
    table = facts.table()
    rules: list[Object] = []
    if asked := table.calls.get(party):
        peers = [{"podSelector": selector(service, "api")} for service in sorted(asked)]
        rules.append({"to": peers, "ports": tcp("grpc")})
    if out := table.outwards.get(party):
        rules.append({"ports": tcp(out)})  # anywhere: where an installation's own mail server stands is not known here
    return rules
