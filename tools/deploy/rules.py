"""What every rendering of deploy/ must hold, rule by rule: pods, probes, scaling, migration, configuration.

Rules 5, 6 and 7 are in `rules_of_flows`. Each is a function from all objects of a rendering to findings in words; none
is a good rendering. `single` is an installation on one machine, with one copy of all and an image of no registry.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tools.deploy import facts
from tools.deploy.settings import known

Object = dict[str, Any]
SPREAD = {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
NOT_READY_FOR = re.compile("kafka|lag|heard", re.IGNORECASE)
SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN|PEPPER)$|//[^/@\s]+:[^/@\s]+@")


def kind(objects: Sequence[Object], *kinds: str) -> Iterator[Object]:
    """The objects of these kinds."""
    return (one for one in objects if one["kind"] in kinds)


def name(found: Object) -> str:
    """Kind and name, as people say it."""
    return f"{found['kind']} {found['metadata']['name']}"


def role(found: Object) -> str:
    """api, worker, sealer, migrate or web."""
    return str(found["metadata"].get("labels", {}).get("app.kubernetes.io/component", ""))


def pods(objects: Sequence[Object]) -> Iterator[tuple[Object, Object]]:
    """Each object that makes pods, and the pods' spec."""
    for one in kind(objects, "Deployment", "StatefulSet", "DaemonSet", "Job"):
        yield one, one["spec"]["template"]["spec"]


def rule_1_pods_may_do_little(objects: Sequence[Object], *, single: bool) -> Iterator[str]:
    """Requests and limits, the restricted security context, a read-only root, no token, the image by digest."""
    for owner, pod in pods(objects):
        context, where = pod.get("securityContext", {}), name(owner)
        wanted = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
        yield from (f"{where}: {key} is not {value}" for key, value in wanted.items() if context.get(key) != value)
        if pod.get("automountServiceAccountToken") is not False:
            yield f"{where}: a token of the Kubernetes API is mounted"
        for volume in pod.get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield f"{where}: the emptyDir {volume['name']} has no size"
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield from (f"{where}: {one}" for one in _container(container, single=single))


def _container(container: Object, *, single: bool) -> Iterator[str]:
    requests = container.get("resources", {}).get("requests", {})
    yield from (f"no request of {one}" for one in ("cpu", "memory", "ephemeral-storage") if one not in requests)
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "no limit of memory"
    context = container.get("securityContext", {})
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    yield from (f"{key} is not {value}" for key, value in wanted.items() if context.get(key) != value)
    pinned = r":(?!latest$)[\w.-]+" if single else r"@sha256:[0-9a-f]{64}"
    if not re.search(f"{pinned}$", container["image"]):
        yield f"the image {container['image']} is not named by {'a tag' if single else 'its digest'}"


def rule_2_probes_ask_what_they_should(objects: Sequence[Object], *, single: bool) -> Iterator[str]:  # noqa: ARG001
    """Startup: the schema; readiness: the database, gRPC by its own probe; liveness: own loops; 40 s to end."""
    for owner in kind(objects, "Deployment"):
        pod, where = owner["spec"]["template"]["spec"], name(owner)
        if pod.get("terminationGracePeriodSeconds") != 40:  # noqa: PLR2004 - platform teams are promised it
            yield f"{where}: terminationGracePeriodSeconds is not 40"
        for container in pod["containers"]:
            if container.get("lifecycle", {}).get("preStop") != {"sleep": {"seconds": 5}}:
                yield f"{where}: preStop is no sleep of 5 s"
            yield from (f"{where}: {one}" for one in _probes(container, role(owner)))


def _probes(container: Object, of: str) -> Iterator[str]:
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    http = {"port": "management"}
    wanted = {
        "startupProbe": {"httpGet": {"path": "/startupz"} | http},
        "readinessProbe": {"httpGet": {"path": "/readyz"} | http},
        "livenessProbe": {"httpGet": {"path": "/livez"} | http},
    }
    if of == "counter":  # nothing but its pages: they answer while its loop beats
        wanted = {
            "startupProbe": {"httpGet": {"path": "/activity"} | http},
            "readinessProbe": {"httpGet": {"path": "/readyz"} | http},
            "livenessProbe": {"httpGet": {"path": "/activity"} | http},
        }
    if "grpc" in ports:
        wanted["readinessProbe"] = {"grpc": {"port": ports["grpc"]}}
    for probe, asks in wanted.items():
        found = container.get(probe, {})
        handlers = {key: value for key, value in found.items() if key in {"httpGet", "grpc", "exec", "tcpSocket"}}
        if handlers != asks:
            yield f"{probe} asks {handlers or 'nobody'}, not {asks}"
        if found.get("timeoutSeconds", 1) < 2:  # noqa: PLR2004 - one second is a garbage collection
            yield f"{probe} waits for less than 2 s"


def rule_3_there_are_two_of_all(objects: Sequence[Object], *, single: bool) -> Iterator[str]:
    """Two copies at least, over zones and hosts; none is taken away before another is ready; CPU decides how many."""
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in kind(objects, "HorizontalPodAutoscaler")}
    budgets = {
        tuple(sorted(one["spec"]["selector"]["matchLabels"].items())): one["spec"].get("maxUnavailable")
        for one in kind(objects, "PodDisruptionBudget")
    }
    for owner in kind(objects, "Deployment"):
        spec, where, least = owner["spec"], name(owner), 1 if single else 2
        spread = {one["topologyKey"] for one in spec["template"]["spec"].get("topologySpreadConstraints", [])}
        if spread != SPREAD:
            yield f"{where}: not spread by zone and host"
        if spec.get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{where}: a roll-out takes a copy away before its successor is ready"
        if role(owner) not in {"api", "web"}:
            if role(owner) != "counter" and spec.get("replicas", 1) < least:
                yield f"{where}: fewer copies than {least}"
            continue
        if "replicas" in spec:
            yield f"{where}: replicas and its HorizontalPodAutoscaler would fight"
        scaling = scaled.get(owner["metadata"]["name"], {})
        if scaling.get("minReplicas", 0) < least:
            yield f"{where}: no HorizontalPodAutoscaler with at least {least}"
        elif [one["resource"]["name"] for one in scaling["metrics"]] != ["cpu"]:
            yield f"{where}: not scaled by CPU"
        if budgets.get(tuple(sorted(spec["selector"]["matchLabels"].items()))) != 1:
            yield f"{where}: no PodDisruptionBudget with maxUnavailable 1"


def rule_4_the_owner_migrates(objects: Sequence[Object], *, single: bool) -> Iterator[str]:  # noqa: ARG001
    """A Job for each service, with an account and the owner's login that nobody else has; it may be repeated."""
    jobs = {one["metadata"]["name"] for one in kind(objects, "Job")}
    yield from (f"no Job migrates {one}" for one in sorted(facts.SERVICES) if f"{one}-migrate" not in jobs)
    accounts = Counter(pod.get("serviceAccountName") for _, pod in pods(objects))
    for owner, pod in pods(objects):
        if accounts[pod.get("serviceAccountName")] > 1 or not pod.get("serviceAccountName"):
            yield f"{name(owner)}: its ServiceAccount is not its own"
        if ("owner" in _logins(pod)) != (role(owner) == "migrate"):
            yield f"{name(owner)}: {'not ' if role(owner) == 'migrate' else ''}the owner's login is mounted"
        if role(owner) == "migrate":
            wanted = ("backoffLimit", "ttlSecondsAfterFinished", "activeDeadlineSeconds")
            yield from (f"{name(owner)}: no {key}" for key in wanted if key not in owner["spec"])


def _logins(pod: Object) -> set[str]:
    """The kinds of logins whose secrets the pod mounts: `access-database-owner` is one of the owner."""
    sources = [source for volume in pod["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    secrets = [source["secret"]["name"] for source in sources if "secret" in source]
    return {one.rpartition("-")[2] for one in secrets if "-database-" in one or "-vault-" in one}


def rule_10_settings_are_known_and_secrets_are_files(objects: Sequence[Object], *, single: bool) -> Iterator[str]:  # noqa: ARG001
    """No Secret in git, ConfigMaps with a hash, secrets by file, and no MANDATE_ variable that nobody reads."""
    yield from (f"{name(one)} stands in git" for one in kind(objects, "Secret"))
    maps = {one["metadata"]["name"]: one.get("data", {}) for one in kind(objects, "ConfigMap")}
    for config in sorted({one for _, pod in pods(objects) for one in _configs(pod)}):
        if not re.search(r"-[a-z0-9]{10}$", config):
            yield f"ConfigMap {config}: no hash in its name, so pods would not notice a change"
    for owner, pod in pods(objects):
        for container in pod["containers"]:
            variables = {one["name"]: one.get("value", "") for one in container.get("env", [])}
            for source in container.get("envFrom", []):
                config = source.get("configMapRef", {}).get("name")
                if config not in maps:
                    yield f"{name(owner)}: envFrom names no ConfigMap of this rendering"
                variables |= maps.get(config, {})
            yield from (f"{name(owner)}: {one}" for one in _variables(container, variables))


def _configs(pod: Object) -> Iterator[str]:
    """The ConfigMaps that a pod reads."""
    sources = [source for volume in pod["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    yield from (source["configMap"]["name"] for source in sources if "configMap" in source)
    for container in pod["containers"]:
        yield from (one["configMapRef"]["name"] for one in container.get("envFrom", []) if "configMapRef" in one)


def _variables(container: Object, variables: dict[str, str]) -> Iterator[str]:
    if any("secretKeyRef" in one.get("valueFrom", {}) for one in container.get("env", [])):
        yield "a secret travels in the environment"
    for variable, value in sorted(variables.items()):
        if variable.startswith("MANDATE_") and not known(variable):
            yield f"{variable}: no process reads it"
        if SECRET.search(variable) or SECRET.search(value):
            yield f"{variable}: a secret stands in the environment"


RULES = (
    rule_1_pods_may_do_little,
    rule_2_probes_ask_what_they_should,
    rule_3_there_are_two_of_all,
    rule_4_the_owner_migrates,
    rule_10_settings_are_known_and_secrets_are_files,
)
