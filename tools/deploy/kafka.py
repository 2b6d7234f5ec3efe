"""The Kafka side: topics from `proto/`, users with just the rights that their service's declarations ask for."""

from __future__ import annotations

import re
from typing import Any

from chassis.kafka.topics import settings_of

from tools.deploy import facts, policies

Object = dict[str, Any]
API, CLUSTER = "kafka.strimzi.io/v1", "mandate"
PODS = {"matchLabels": {"strimzi.io/cluster": CLUSTER, "strimzi.io/name": f"{CLUSTER}-kafka"}}


def files() -> dict[str, list[Object]]:
    """File name -> objects."""
    services = sorted(facts.SERVICES)
    return {
        "topics.yaml": [_topic(name) for name in facts.topics()],
        "users.yaml": [_user(service) for service in services],
        "clients.yaml": [_clients()],
        "workers.yaml": [_mount(service) for service in services],
    }


def _meta(name: str) -> Object:
    return {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}


def object_name(topic: str) -> str:
    """The topic's name as Kubernetes takes it: RoleRequested is role-requested."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", topic).lower()


def _topic(name: str) -> Object:
    topic = facts.topics()[name]
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": _meta(object_name(name)),
        "spec": {
            "topicName": name,
            "partitions": topic.partitions,
            "replicas": 3,
            "config": settings_of(topic) | {"min.insync.replicas": "2"},
        },
    }


def _user(service: str) -> Object:
    rights: dict[str, list[str]] = {}
    for topic in facts.reads(service):
        rights.setdefault(topic, []).append("Read")
    for topic in facts.writes(service):
        rights.setdefault(topic, []).append("Write")
    acls = [
        {
            "resource": {"type": "topic", "name": topic, "patternType": "literal"},
            "operations": [*operations, "Describe"],
        }
        for topic, operations in sorted(rights.items())
    ]
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": _meta(f"{service}-worker"),
        "spec": {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}},
    }


def _clients() -> Object:
    pods = {
        "matchLabels": {policies.ROLE: "worker"},
        "matchExpressions": [{"key": policies.NAME, "operator": "In", "values": sorted(facts.SERVICES)}],
    }
    return policies.policy(
        "kafka-clients", pods, egress=[{"to": [{"podSelector": PODS}], "ports": policies.tcp("kafka")}]
    )


def _mount(service: str) -> Object:
    """A patch: the worker finds the cluster's certificate and its own beside each other."""
    certificate = {
        "name": f"{CLUSTER}-cluster-ca-cert",
        "items": [{"key": "ca.crt", "path": "ca.crt"}],
    }
    own = {
        "name": f"{service}-worker",
        "items": [{"key": "user.crt", "path": "tls.crt"}, {"key": "user.key", "path": "tls.key"}],
    }
    volume = {
        "name": "kafka",
        "projected": {"defaultMode": 0o440, "sources": [{"secret": certificate}, {"secret": own}]},
    }
    container = {
        "name": "worker",
        "env": [{"name": "MANDATE_BUS_TLS", "value": "/etc/mandate/kafka"}],
        "volumeMounts": [{"name": "kafka", "mountPath": "/etc/mandate/kafka", "readOnly": True}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{service}-worker"},
        "spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}},
    }
