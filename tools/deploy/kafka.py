"""The Kafka side: topics from `proto/`, users with just the rights that their service's declarations ask for."""

from __future__ import annotations

import re
from typing import Any

from chassis.kafka.topics import settings_of
from services.activity.adapters.counting import CHANGELOG
from services.activity.adapters.counting import NAME as GROUP

from tools.deploy import facts, policies

Object = dict[str, Any]
API, CLUSTER = "kafka.strimzi.io/v1", "mandate"
PODS = {"matchLabels": {"strimzi.io/cluster": CLUSTER, "strimzi.io/name": f"{CLUSTER}-kafka"}}


def files() -> dict[str, list[Object]]:
    """File name -> objects."""
    services = sorted(facts.SERVICES)
    return {
        "topics.yaml": [_topic(name) for name in facts.kept_topics()],
        "users.yaml": [*(_user(service) for service in services), _counter()],
        "clients.yaml": _clients(),
        "workers.yaml": [
            *(_mount(f"{service}-worker", "worker") for service in services),
            _mount(facts.ACTIVITY, "counter"),
        ],
    }


def _meta(name: str) -> Object:
    return {"name": name, "labels": {"strimzi.io/cluster": CLUSTER}}


def object_name(topic: str) -> str:
    """The topic's name as Kubernetes takes it: RoleRequested is role-requested."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", topic).lower()


def _topic(name: str) -> Object:
    topic = facts.kept_topics()[name]
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
    return _named(f"{service}-worker", [_right("topic", topic, *rights[topic]) for topic in sorted(rights)])


def _counter() -> Object:
    """Activity reads every event topic as a group of Kafka's, and keeps its counts in a topic of its own."""
    acls = [_right("topic", topic, "Read") for topic in facts.counted()]
    acls += [_right("topic", CHANGELOG.name, "Read", "Write"), _right("group", GROUP, "Read")]
    return _named(facts.ACTIVITY, acls)


def _right(kind: str, name: str, *operations: str) -> Object:
    resource = {"type": kind, "name": name, "patternType": "literal"}
    return {"resource": resource, "operations": [*operations, "Describe"]}


def _named(name: str, acls: list[Object]) -> Object:
    spec = {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": acls}}
    return {"apiVersion": API, "kind": "KafkaUser", "metadata": _meta(name), "spec": spec}


def _clients() -> list[Object]:
    workers = {
        "matchLabels": {policies.ROLE: "worker"},
        "matchExpressions": [{"key": policies.NAME, "operator": "In", "values": sorted(facts.SERVICES)}],
    }
    counter = policies.selector(facts.ACTIVITY, "counter")
    egress = [{"to": [{"podSelector": PODS}], "ports": policies.tcp("kafka")}]
    return [
        policies.policy("kafka-clients", workers, egress=egress),
        policies.policy("activity-to-kafka", counter, egress=egress),
    ]


def _mount(workload: str, container_name: str) -> Object:
    """A patch: the process finds the cluster's certificate and its own beside each other."""
    certificate = {
        "name": f"{CLUSTER}-cluster-ca-cert",
        "items": [{"key": "ca.crt", "path": "ca.crt"}],
    }
    own = {
        "name": workload,
        "items": [{"key": "user.crt", "path": "tls.crt"}, {"key": "user.key", "path": "tls.key"}],
    }
    volume = {
        "name": "kafka",
        "projected": {"defaultMode": 0o440, "sources": [{"secret": certificate}, {"secret": own}]},
    }
    container = {
        "name": container_name,
        "env": [{"name": "MANDATE_BUS_TLS", "value": "/etc/mandate/kafka"}],
        "volumeMounts": [{"name": "kafka", "mountPath": "/etc/mandate/kafka", "readOnly": True}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": workload},
        "spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}},
    }
