"""A real Kubernetes API server on loopback, and what it says of every rendering of deploy/ (`make k8s-check`).

It has no scheduler and no kubelet: objects are judged and kept, pods do not run. Needs what
`tools/kube/build.sh` builds and Debian's etcd-server.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from chassis.ports import free_port
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.deploy import definitions, rendering
from tools.deploy.kubectl import kubectl
from tools.repository import ROOT

Object = dict[str, Any]
START_S = 90.0
HOST = "127.0.0.1"
ROOTED = ("runAsNonRoot: true", "runAsNonRoot: false")
"""What the namespace's Pod Security must warn of."""
FAULTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "Deployment": [("readinessProbe:", "readinessProb:"), ("containerPort: 9464", "containerPort: many"), ROOTED],
    "KafkaTopic": [("topicName:", "topicNames:")],
    "Cluster": [("instances: 3", "instances: three")],
    "Certificate": [("renewBefore:", "renewedBefore:")],
    "HTTPRoute": [("backendRefs:", "backendReferences:")],
}
"""Kind -> what is misspelt once in an object of it, to see it refused."""


class Refused(Exception):  # noqa: N818 - it says what happened
    """The API server does not take what it was given; the message is its own."""


class Cluster:
    """A running API server, spoken to by kubectl."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig

    def run(self, *words: str, given: str = "") -> str:
        """Run kubectl. Raises `Refused` where it fails or warns."""
        command = [kubectl(), "--kubeconfig", str(self._kubeconfig), *words]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if done.returncode or "Warning:" in done.stderr:
            raise Refused(done.stderr.strip())
        return done.stdout

    def apply(self, text: str, *, really: bool = False) -> int:
        """Have objects judged, or kept; return how many. Raises `Refused`."""
        words = ["apply", "--server-side", "--force-conflicts", *([] if really else ["--dry-run=server"]), "-f", "-"]
        return len(self.run(*words, given=text).splitlines())


def programs() -> tuple[str, str]:
    """Paths of etcd and of the API server. Raises `SystemExit` with what to type."""
    built = subprocess.run(
        ["sh", str(ROOT / "tools" / "kube" / "build.sh"), "--built"], capture_output=True, text=True, check=False
    )
    etcd = shutil.which("etcd")
    if built.returncode or etcd is None:
        raise SystemExit("No API server is built here, or etcd is missing: make k8s-check sees to both.")
    return etcd, f"{built.stdout.strip()}/kube-apiserver"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """An API server with our custom kinds and the namespace `mandate`, in a temporary folder, until the block ends."""
    etcd, server = programs()
    with ExitStack() as closing:
        state = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="mandate-kube-")))
        ports = {name: free_port() for name in ("etcd", "peer", "api")}
        token = secrets.token_hex(24)
        (state / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n')
        _account_keys(state)
        _start(closing, state, "etcd", _etcd(etcd, state, ports))
        process = _start(closing, state, "apiserver", _api_server(server, state, ports))
        (state / "kubeconfig").write_text(json.dumps(_kubeconfig(ports["api"], token)))
        started = Cluster(state / "kubeconfig")
        _await(started, process, state / "apiserver.log")
        for file in sorted(definitions.FOLDER.glob("*.json")):
            started.run("apply", "--server-side", "-f", str(file))
        started.run("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        yield started


def _account_keys(state: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = serialization.PrivateFormat.TraditionalOpenSSL
    (state / "sa.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (state / "sa.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, public))


def _etcd(program: str, state: Path, ports: Mapping[str, int]) -> list[str]:
    clients, peers = f"http://{HOST}:{ports['etcd']}", f"http://{HOST}:{ports['peer']}"
    return [
        program,
        f"--data-dir={state / 'etcd'}",
        *(f"--{one}-client-urls={clients}" for one in ("listen", "advertise")),
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
    ]


def _api_server(program: str, state: Path, ports: Mapping[str, int]) -> list[str]:
    return [
        program,
        f"--etcd-servers=http://{HOST}:{ports['etcd']}",
        f"--secure-port={ports['api']}",
        f"--bind-address={HOST}",
        f"--cert-dir={state / 'certs'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={state / 'sa.pub'}",
        f"--service-account-signing-key-file={state / 'sa.key'}",
        f"--token-auth-file={state / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/24",
        "--disable-admission-plugins=ServiceAccount",
    ]


def _start(closing: ExitStack, state: Path, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    log = closing.enter_context((state / f"{name}.log").open("wb"))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=state)
    closing.callback(process.wait)
    closing.callback(process.kill)
    return process


def _kubeconfig(port: int, token: str) -> Object:
    server = {"server": f"https://{HOST}:{port}", "insecure-skip-tls-verify": True}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": server}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin"}}],
        "current-context": "local",
    }


def _await(started: Cluster, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if "ok" in started.run("get", "--raw", "/readyz"):
                return
        except Refused:
            time.sleep(0.2)
    raise SystemExit(f"The API server did not come up:\n{log.read_text(errors='replace')[-2000:]}")


def distinct() -> list[str]:
    """Every document of every rendering, once: dry runs leave nothing, so two forms of one object may both be tried."""
    texts = [rendering.overlay(name) for name in rendering.OVERLAYS]
    texts += [rendering.combination(chosen) for chosen in rendering.sets()]
    return list(dict.fromkeys(document for text in texts for document in text.strip().split("\n---\n")))


def spoilt(documents: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is misspelt, and a good document with just that in it."""
    for kind, faults in FAULTS.items():
        for right, wrong in faults:
            good = next(one for one in documents if f"\nkind: {kind}\n" in f"\n{one}" and right in one)
            yield f"{kind}: {wrong}", good.replace(right, wrong, 1)


def main() -> None:
    """Judge all, keep `prod`, and see faults refused. Ends with 1 where the server refuses what it should take."""
    began = time.monotonic()
    documents = distinct()
    with cluster() as started:
        namespace = next(one for one in documents if yaml.safe_load(one)["kind"] == "Namespace")
        started.apply(namespace, really=True)
        judged = started.apply("\n---\n".join(documents))
        kept = started.apply(rendering.overlay("prod"), really=True)
        started.apply(rendering.overlay("prod"))  # and once more, over what is there
        faults = 0
        for fault, text in spoilt(documents):
            try:
                started.apply(text)
            except Refused:
                faults += 1
                continue
            raise SystemExit(f"k8s-check: the API server took {fault}")
    took = time.monotonic() - began
    print(f"k8s-check: {judged} objects judged, {kept} of prod kept, {faults} faults refused, in {took:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(f"k8s-check: refused:\n{refused}")
