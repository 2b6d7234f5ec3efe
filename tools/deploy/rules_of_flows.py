"""What every rendering of deploy/ must hold: who may talk to whom, who may do what on Kafka, how PostgreSQL is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from chassis.kafka.topics import settings_of
from services.activity.adapters.counting import CHANGELOG
from services.activity.adapters.counting import NAME as GROUP

from tools.deploy import facts
from tools.deploy.policies import NAME, ROLE
from tools.deploy.postgres import cluster
from tools.deploy.rules import kind

Object = dict[str, Any]
Flow = tuple[str, str, int]
"""Who, to whom, on which port: parties, clusters (`access-db`, `kafka`), namespaces (`ns:monitoring`), `anywhere`."""
NAMESPACE = "kubernetes.io/metadata.name"


def wanted(objects: Sequence[Object]) -> set[Flow]:
    """The flows that the table and the services ask for, as far as their ends are part of the rendering."""
    table = facts.table()
    ports, parties = table.ports, [f"{service}.{role}" for service, role in facts.parties()]
    flows = {(who, f"{to}.api", ports["grpc"]) for who, asked in table.calls.items() for to in asked}
    flows |= {(who, "anywhere", ports[port]) for who, port in table.outwards.items()}
    for way in table.inwards.values():
        to = {one for one in parties for pattern in way["to"] if fnmatch(one, pattern)}
        flows |= {(f"ns:{way['namespace']}", one, ports[way["port"]]) for one in to}
    if any(kind(objects, "Cluster")):
        for database, sessions in facts.databases().items():
            flows |= {(f"{who}.{role}", cluster(database), ports["postgres"]) for who, role in sessions}
    if any(kind(objects, "Kafka")):
        flows |= {(f"{service}.worker", "kafka", ports["kafka"]) for service in facts.SERVICES}
        flows.add((f"{facts.ACTIVITY}.counter", "kafka", ports["kafka"]))
    return flows


def rule_5_only_the_table_s_flows_are_open(objects: Sequence[Object], *, single: bool) -> Iterator[str]:  # noqa: ARG001
    """All is denied but what the table says, at both ends; only the notifier leaves, only the portal is let into."""
    policies = list(kind(objects, "NetworkPolicy"))
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if deny not in [one["spec"] for one in policies]:
        yield "no NetworkPolicy denies everything in both directions"
    table = wanted(objects)
    for direction, opened in (("out of", _opened(policies, "egress")), ("into", _opened(policies, "ingress"))):
        needed = table if direction == "out of" else {one for one in table if one[1] not in {"anywhere", "kafka"}}
        if direction == "out of":
            needed = {one for one in needed if not one[0].startswith("ns:")}
        for who, to, port in sorted(needed - opened):
            yield f"{who} -> {to}:{port} is missing {direction} its end"
        for who, to, port in sorted(opened - needed):
            yield f"{who} -> {to}:{port} is open {direction} its end, and not in the table"


def _opened(policies: Sequence[Object], direction: str) -> set[Flow]:
    flows = set()
    for policy in policies:
        spec = policy["spec"]
        here = list(_ends(spec["podSelector"]))
        for rule in spec.get(direction, []):
            peers = rule.get("to" if direction == "egress" else "from")
            there = [one for peer in peers for one in _peer(peer)] if peers else ["anywhere"]
            for mine in here:
                for other in there:
                    for port in rule.get("ports", [{"port": 0}]):
                        ends = (mine, other) if direction == "egress" else (other, mine)
                        if port["port"] != facts.table().ports["dns"]:
                            flows.add((*ends, port["port"]))
    return flows


def _peer(peer: Mapping[str, Any]) -> Iterator[str]:
    if "podSelector" in peer and "namespaceSelector" not in peer:
        yield from _ends(peer["podSelector"])
    else:
        yield f"ns:{peer.get('namespaceSelector', {}).get('matchLabels', {}).get(NAMESPACE, '*')}"


def _ends(selector: Mapping[str, Any]) -> Iterator[str]:
    """The parties that a selector means; pods of the engines among themselves are the engines' own affair."""
    labels = dict(selector.get("matchLabels", {}))
    if "cnpg.io/cluster" in labels:
        yield labels["cnpg.io/cluster"]
    elif "strimzi.io/name" in labels:
        yield "kafka"
    elif ROLE in labels or NAME in labels:
        expressions = {one["key"]: one["values"] for one in selector.get("matchExpressions", [])}
        for service in [labels[NAME]] if NAME in labels else expressions.get(NAME, ["*"]):
            for role in [labels[ROLE]] if ROLE in labels else expressions.get(ROLE, ["*"]):
                yield f"{service}.{role}"


def rule_6_kafka_rights_are_those_declared(objects: Sequence[Object], *, single: bool) -> Iterator[str]:
    """Own topics are written, what is heard is read, nobody makes topics; there are just the topics of `proto/`."""
    if not any(kind(objects, "Kafka")):
        return
    made = {one["spec"]["topicName"]: one["spec"] for one in kind(objects, "KafkaTopic")}
    yield from (f"topic {one}: not declared in proto/" for one in sorted(made.keys() - facts.kept_topics().keys()))
    for topic, declared in facts.kept_topics().items():
        spec = made.get(topic)
        if spec is None:
            yield f"topic {topic}: nobody makes it"
            continue
        settings = {key: value for key, value in spec["config"].items() if key != "min.insync.replicas"}
        if (spec["partitions"], settings) != (declared.partitions, settings_of(declared)):
            yield f"topic {topic}: other partitions or settings than the code's"
        if not single and (spec["replicas"], spec["config"].get("min.insync.replicas")) != (3, "2"):
            yield f"topic {topic}: not three copies, two of them in step"
    users = {one["metadata"]["name"]: one["spec"] for one in kind(objects, "KafkaUser")}
    for service in sorted(facts.SERVICES):
        spec = users.pop(f"{service}-worker", None)
        if spec is None:
            yield f"no KafkaUser for {service}"
        else:
            needed = {("topic", one, "Read") for one in facts.reads(service)}
            needed |= {("topic", one, "Write") for one in facts.writes(service)}
            yield from _rights(service, spec, needed)
    if (counter := users.pop(facts.ACTIVITY, None)) is None:
        yield f"no KafkaUser for {facts.ACTIVITY}"
    else:
        needed = {("topic", one, "Read") for one in (*facts.counted(), CHANGELOG.name)}
        needed |= {("topic", CHANGELOG.name, "Write"), ("group", GROUP, "Read")}
        yield from _rights(facts.ACTIVITY, counter, needed)
    yield from (f"KafkaUser {one}: of no service" for one in sorted(users))


def _rights(service: str, spec: Object, needed: set[tuple[str, str, str]]) -> Iterator[str]:
    found = {
        (acl["resource"]["type"], acl["resource"].get("name"), operation)
        for acl in spec["authorization"]["acls"]
        for operation in acl["operations"]
        if operation != "Describe"
    }
    yield from (f"KafkaUser of {service}: may not {what} {of} {one}" for of, one, what in sorted(needed - found))
    yield from (f"KafkaUser of {service}: may {what} {of} {one}" for of, one, what in sorted(found - needed))


def rule_7_postgresql_keeps_what_it_confirmed(objects: Sequence[Object], *, single: bool) -> Iterator[str]:
    """Commits wait for a second copy, sessions cannot hold things up, each login is a role of its own."""
    clusters = {one["metadata"]["name"]: one["spec"] for one in kind(objects, "Cluster")}
    if not clusters:
        return
    yield from (f"no cluster {cluster(one)}" for one in facts.databases() if cluster(one) not in clusters)
    for where, spec in clusters.items():
        parameters, sql = (
            spec["postgresql"]["parameters"],
            "; ".join(spec["bootstrap"]["initdb"]["postInitApplicationSQL"]),
        )
        set_to = {"synchronous_commit": "on", "wal_level": "replica"}
        yield from (f"{where}: {key} is not {value}" for key, value in set_to.items() if parameters.get(key) != value)
        limits = ("idle_in_transaction_session_timeout", "lock_timeout")
        yield from (f"{where}: no {key}" for key in limits if key not in parameters)
        if not single and (spec["instances"] < 3 or "synchronous" not in spec["postgresql"]):  # noqa: PLR2004 - quorum
            yield f"{where}: a commit does not wait for one of two other copies"
        logins = {line.split()[2] for line in sql.split("; ") if line.startswith("CREATE ROLE") and " LOGIN" in line}
        for login in [*sorted(logins), spec["bootstrap"]["initdb"]["owner"]]:
            for limit in ("statement_timeout", *limits):
                if f"ALTER ROLE {login} SET {limit}" not in sql:
                    yield f"{where}: {login} has no {limit}"
        kinds = {one.rpartition("_")[2] for one in logins}
        if where != cluster(facts.VAULT) and not {"app", "sealer", "reader"} <= kinds:
            yield f"{where}: app, sealer and reader do not each have a login"
        if not single and "backup" not in spec:
            yield f"{where}: no backup"
    backed_up = {one["spec"]["cluster"]["name"] for one in kind(objects, "ScheduledBackup")}
    if not single:
        yield from (f"{one}: no ScheduledBackup" for one in sorted(clusters.keys() - backed_up))


RULES = (
    rule_5_only_the_table_s_flows_are_open,
    rule_6_kafka_rights_are_those_declared,
    rule_7_postgresql_keeps_what_it_confirmed,
)


def all_findings(objects: Sequence[Object], rules: Sequence[Any], *, single: bool) -> list[str]:
    """What these rules find, each with the rule's name."""
    return [f"{rule.__name__}: {one}" for rule in rules for one in rule(objects, single=single)]
