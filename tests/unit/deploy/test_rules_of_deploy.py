"""The rules that every rendering of deploy/ holds, each seen failing: `prod` is good, and one change makes it bad."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools.deploy import definitions, rendering, rules, rules_of_flows, schemas
from tools.deploy.facts import DEPLOY

Object = dict[str, Any]
RULES = (*rules.RULES, *rules_of_flows.RULES)


@pytest.fixture(scope="session")
def prod() -> list[Object]:
    """The committed rendering; that it is today's, `make lint` sees."""
    return rendering.objects((DEPLOY / "rendered" / "prod.yaml").read_text())


def one(objects: list[Object], kind: str, name: str) -> Object:
    return next(found for found in objects if found["kind"] == kind and found["metadata"]["name"] == name)


def pod(objects: list[Object], name: str = "access-api", kind: str = "Deployment") -> Object:
    found: Object = one(objects, kind, name)["spec"]["template"]["spec"]
    return found


def container(objects: list[Object], name: str = "access-api") -> Object:
    found: Object = pod(objects, name)["containers"][0]
    return found


def flows(objects: list[Object], name: str) -> Object:
    found: Object = one(objects, "NetworkPolicy", name)["spec"]
    return found


def settings(objects: list[Object], beginning: str) -> Object:
    maps = [found for found in objects if found["kind"] == "ConfigMap"]
    return next(found["data"] for found in maps if found["metadata"]["name"].startswith(beginning))


def postgresql(objects: list[Object]) -> Object:
    found: Object = one(objects, "Cluster", "access-db")["spec"]
    return found


def without_sql(objects: list[Object], words: str) -> None:
    made = postgresql(objects)["bootstrap"]["initdb"]
    made["postInitApplicationSQL"] = [line for line in made["postInitApplicationSQL"] if words not in line]


def scaling(objects: list[Object], name: str) -> Object:
    found: Object = one(objects, "HorizontalPodAutoscaler", name)["spec"]
    return found


def rights(objects: list[Object]) -> list[Object]:
    found: list[Object] = one(objects, "KafkaUser", "access-worker")["spec"]["authorization"]["acls"]
    return found


def remove(objects: list[Object], kind: str, name: str) -> None:
    objects.remove(one(objects, kind, name))


def put(where: Object, key: str, value: Any) -> None:
    where[key] = value


Breach = Callable[[list[Object]], Any]
BREACHES: dict[str, list[Breach]] = {
    "no request of cpu": [lambda all_: container(all_)["resources"]["requests"].pop("cpu")],
    "no request of ephemeral-storage": [lambda all_: container(all_)["resources"]["requests"].pop("ephemeral-storage")],
    "no limit of memory": [lambda all_: container(all_)["resources"]["limits"].pop("memory")],
    "runAsNonRoot is not True": [lambda all_: pod(all_)["securityContext"].pop("runAsNonRoot")],
    "runAsUser is not 10001": [lambda all_: put(pod(all_)["securityContext"], "runAsUser", 0)],
    "seccompProfile is not": [lambda all_: pod(all_)["securityContext"].pop("seccompProfile")],
    "allowPrivilegeEscalation is not": [
        lambda all_: container(all_)["securityContext"].pop("allowPrivilegeEscalation"),
    ],
    "capabilities is not": [lambda all_: container(all_)["securityContext"].pop("capabilities")],
    "readOnlyRootFilesystem is not": [lambda all_: container(all_)["securityContext"].pop("readOnlyRootFilesystem")],
    "a token of the Kubernetes API": [lambda all_: pod(all_).pop("automountServiceAccountToken")],
    "has no size": [lambda all_: put(pod(all_)["volumes"][0], "emptyDir", {})],
    "not named by its digest": [lambda all_: put(container(all_), "image", "mandate:latest")],
    "startupProbe asks nobody": [lambda all_: container(all_).pop("startupProbe")],
    "readinessProbe asks": [
        lambda all_: put(container(all_), "readinessProbe", {"tcpSocket": {"port": 50051}}),
        lambda all_: put(container(all_, "access-worker")["readinessProbe"]["httpGet"], "path", "/livez"),
    ],
    "livenessProbe asks": [lambda all_: put(container(all_)["livenessProbe"]["httpGet"], "path", "/readyz")],
    "startupProbe waits for less": [lambda all_: container(all_)["startupProbe"].pop("timeoutSeconds")],
    "terminationGracePeriodSeconds is not 40": [lambda all_: pod(all_).pop("terminationGracePeriodSeconds")],
    "preStop is no sleep": [lambda all_: container(all_).pop("lifecycle")],
    "no HorizontalPodAutoscaler with at least 2": [
        lambda all_: remove(all_, "HorizontalPodAutoscaler", "access-api"),
        lambda all_: put(scaling(all_, "portal"), "minReplicas", 1),
    ],
    "not scaled by CPU": [
        lambda all_: put(scaling(all_, "access-api")["metrics"][0]["resource"], "name", "memory"),
    ],
    "would fight": [lambda all_: put(one(all_, "Deployment", "access-api")["spec"], "replicas", 3)],
    "no PodDisruptionBudget": [
        lambda all_: remove(all_, "PodDisruptionBudget", "access-api"),
        lambda all_: put(one(all_, "PodDisruptionBudget", "portal")["spec"], "maxUnavailable", 2),
    ],
    "not spread by zone and host": [lambda all_: pod(all_)["topologySpreadConstraints"].pop()],
    "takes a copy away before": [lambda all_: one(all_, "Deployment", "access-api")["spec"].pop("strategy")],
    "fewer copies than 2": [lambda all_: put(one(all_, "Deployment", "access-sealer")["spec"], "replicas", 1)],
    "no Job migrates access": [lambda all_: remove(all_, "Job", "access-migrate")],
    "its ServiceAccount is not its own": [
        lambda all_: put(pod(all_, "access-migrate", "Job"), "serviceAccountName", "access-api")
    ],
    "the owner's login is mounted": [
        lambda all_: put(pod(all_), "volumes", pod(all_, "access-migrate", "Job")["volumes"]),
        lambda all_: put(pod(all_, "access-migrate", "Job"), "volumes", pod(all_)["volumes"]),
    ],
    "no ttlSecondsAfterFinished": [
        lambda all_: one(all_, "Job", "access-migrate")["spec"].pop("ttlSecondsAfterFinished")
    ],
    "no backoffLimit": [lambda all_: one(all_, "Job", "access-migrate")["spec"].pop("backoffLimit")],
    "denies everything in both": [lambda all_: flows(all_, "default-deny")["policyTypes"].remove("Egress")],
    "identity.api -> registry.api:50051 is missing out of": [
        lambda all_: remove(all_, "NetworkPolicy", "identity-api"),
    ],
    "portal.web -> access.api:50051 is missing into": [
        lambda all_: flows(all_, "access-api")["ingress"][0]["from"].pop(),
    ],
    "gateway-system -> access.api:50051 is open into": [
        lambda all_: flows(all_, "access-api")["ingress"][0]["from"].append(
            {"namespaceSelector": {"matchLabels": {rules_of_flows.NAMESPACE: "gateway-system"}}}
        )
    ],
    "connections.worker -> anywhere:587 is open": [
        lambda all_: flows(all_, "connections-to-connections-db")["egress"].append({"ports": [{"port": 587}]}),
    ],
    "ns:* -> portal.web:8000 is open": [
        lambda all_: flows(all_, "portal-web")["ingress"][0]["from"].append({"namespaceSelector": {}})
    ],
    "notifier.worker -> notifier-db:5432 is missing": [
        lambda all_: remove(all_, "NetworkPolicy", "notifier-to-notifier-db")
    ],
    "access.sealer -> vault-db:5432 is open": [
        lambda all_: flows(all_, "access-to-vault-db")["podSelector"]["matchExpressions"][0]["values"].append("sealer")
    ],
    "registry.worker -> kafka:9093 is missing": [
        lambda all_: flows(all_, "kafka-clients")["podSelector"]["matchExpressions"][0]["values"].remove("registry")
    ],
    "topic PinIssued: nobody makes it": [lambda all_: remove(all_, "KafkaTopic", "pin-issued")],
    "topic Wish: not declared": [
        lambda all_: put(one(all_, "KafkaTopic", "pin-issued")["spec"], "topicName", "Wish"),
    ],
    "other partitions or settings": [
        lambda all_: put(one(all_, "KafkaTopic", "pin-issued")["spec"], "partitions", 4),
        lambda all_: put(one(all_, "KafkaTopic", "account-state")["spec"]["config"], "retention.ms", "1"),
    ],
    "not three copies": [lambda all_: put(one(all_, "KafkaTopic", "pin-issued")["spec"], "replicas", 1)],
    "KafkaUser of access: may Create": [lambda all_: rights(all_)[0]["operations"].append("Create")],
    "KafkaUser of access: may not": [lambda all_: rights(all_).pop()],
    "no KafkaUser for activity": [lambda all_: remove(all_, "KafkaUser", "activity")],
    "activity.counter -> kafka:9093 is missing": [lambda all_: remove(all_, "NetworkPolicy", "activity-to-kafka")],
    "no KafkaUser for access": [lambda all_: remove(all_, "KafkaUser", "access-worker")],
    "KafkaUser stranger: of no service": [
        lambda all_: all_.append(
            copy.deepcopy(one(all_, "KafkaUser", "access-worker")) | {"metadata": {"name": "stranger"}}
        )
    ],
    "synchronous_commit is not on": [
        lambda all_: put(postgresql(all_)["postgresql"]["parameters"], "synchronous_commit", "off")
    ],
    "no lock_timeout": [lambda all_: postgresql(all_)["postgresql"]["parameters"].pop("lock_timeout")],
    "does not wait for one of two": [lambda all_: postgresql(all_)["postgresql"].pop("synchronous")],
    "access_app has no statement_timeout": [
        lambda all_: without_sql(all_, "access_app SET statement_timeout"),
    ],
    "do not each have a login": [lambda all_: without_sql(all_, "access_sealer")],
    "access-db: no backup": [lambda all_: postgresql(all_).pop("backup")],
    "access-db: no ScheduledBackup": [lambda all_: remove(all_, "ScheduledBackup", "access-db")],
    "no cluster vault-db": [lambda all_: remove(all_, "Cluster", "vault-db")],
    "stands in git": [
        lambda all_: all_.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "access-keys"}})
    ],
    "no hash in its name": [
        lambda all_: put(container(all_)["envFrom"][0]["configMapRef"], "name", "mandate-settings"),
        lambda all_: put(pod(all_)["volumes"][1]["projected"]["sources"][0]["configMap"], "name", "database-urls"),
    ],
    "MANDATE_POLL: no process reads it": [lambda all_: put(settings(all_, "mandate-settings"), "MANDATE_POLL", "1")],
    "a secret stands in the environment": [
        lambda all_: put(settings(all_, "portal-settings"), "MANDATE_PORTAL_SECRET", "s" * 32),
        lambda all_: container(all_)["env"].append({"name": "MANDATE_VAULT_URL", "value": "postgresql://a:b@c/d"}),
    ],
    "a secret travels in the environment": [
        lambda all_: container(all_)["env"].append(
            {"name": "MANDATE_DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
        )
    ],
}
"""What a rule says -> changes after each of which it must say it."""


def test_prod_holds_every_rule(prod: list[Object]) -> None:
    assert rules_of_flows.all_findings(prod, RULES, single=False) == []


@pytest.mark.parametrize("said", BREACHES)
def test_a_breach_is_noticed(prod: list[Object], said: str) -> None:
    for breach in BREACHES[said]:
        objects = copy.deepcopy(prod)
        breach(objects)
        found = rules_of_flows.all_findings(objects, RULES, single=False)
        assert any(said in finding for finding in found), found


def test_every_rule_has_been_seen_to_fail(prod: list[Object]) -> None:
    broken = set()
    for breaches in BREACHES.values():
        for breach in breaches:
            objects = copy.deepcopy(prod)
            breach(objects)
            broken |= {
                finding.partition(":")[0] for finding in rules_of_flows.all_findings(objects, RULES, single=False)
            }
    assert broken == {rule.__name__ for rule in RULES}


def misspelt(objects: list[Object], kind: str, name: str, right: str, wrong: str) -> list[str]:
    found = copy.deepcopy(one(objects, kind, name))
    found["spec"][wrong] = found["spec"].pop(right)
    return list(schemas.findings(found))


def test_schemas_refuse_what_is_misspelt(prod: list[Object]) -> None:
    """Of Kubernetes's own kinds, and of each other project's."""
    assert "strateg" in misspelt(prod, "Deployment", "access-api", "strategy", "strateg")[0]
    assert "partition" in misspelt(prod, "KafkaTopic", "pin-issued", "partitions", "partition")[0]
    assert "instance" in misspelt(prod, "Cluster", "access-db", "instances", "instance")[0]
    assert "renewAfter" in misspelt(prod, "Certificate", "portal-tls", "renewBefore", "renewAfter")[0]
    assert "listener" in misspelt(prod, "Gateway", "mandate", "listeners", "listener")[0]


def test_schemas_refuse_a_wrong_type(prod: list[Object]) -> None:
    found = copy.deepcopy(one(prod, "Deployment", "access-worker"))
    found["spec"]["replicas"] = "2"
    assert list(schemas.findings(found))


def test_a_kind_that_no_schema_knows_is_a_finding() -> None:
    stranger = {"apiVersion": "example.org/v1", "kind": "Wish", "metadata": {"name": "any"}}
    assert "nothing was checked" in next(schemas.findings(stranger))


def test_every_custom_kind_that_is_used_has_its_definition(prod: list[Object]) -> None:
    used = {found["kind"] for found in prod if (found["apiVersion"], found["kind"]) in definitions.schemas()}
    assert {"Kafka", "KafkaTopic", "KafkaUser", "KafkaNodePool", "Cluster", "ScheduledBackup", "Gateway"} <= used
    assert {"HTTPRoute", "Certificate", "Issuer"} <= used
