"""Makes the keys of an installation, one folder for each Secret that the manifests mount; nothing of it enters git."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from chassis import nature
from chassis.keys import SEALER_PUBLIC, Keyring
from chassis.settings import SERVICES as SIGNING

from tools.deploy import facts
from tools.repository import ROOT

SEALER = ("sealer.pem", SEALER_PUBLIC)
README = """\
The keys of one installation. Keep them where you keep such things, then give them to the cluster:
  kubectl apply --server-side -k {folder}
Lost keys cannot be made again: what vault.key has sealed is gone without it.
"""


def secrets() -> Mapping[str, Sequence[str]]:
    """Secret -> its files."""
    public = [f"{name}.pub.pem" for name in SIGNING]
    found: dict[str, Sequence[str]] = {}
    for service in sorted(facts.SERVICES):
        found[f"{service}-keys"] = [f"{service}.pem", *public, *facts.table().keys[service]]
        found[f"{service}-sealer-keys"] = SEALER
    return found | {"portal-keys": ["portal.pem", *facts.table().keys[facts.PORTAL]], "portal-secret": ["secret"]}


def make(folder: Path, *, installation: str) -> None:
    """Make every key below a new folder, and a kustomization that gives them to a cluster.

    Raises `SystemExit` where the folder exists, or lies in the repository.
    """
    folder = folder.resolve()
    if folder.exists():
        raise SystemExit(f"{folder} exists: keys are made once. Name a new folder.")
    if ROOT in folder.parents and ROOT / ".state" not in folder.parents:
        raise SystemExit(f"{folder} lies in the repository: name a folder elsewhere, or below .state")
    every = folder / "every"
    every.mkdir(parents=True)
    folder.chmod(0o700)
    _make_all(every, installation)
    for secret, files in secrets().items():
        (folder / secret).mkdir()
        for file in files:
            shutil.copy(every / file, folder / secret / file)
    shutil.rmtree(every)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(_kustomization(), sort_keys=False))
    print(README.format(folder=folder), end="")


def _make_all(every: Path, installation: str) -> None:
    ring = Keyring(every, make=True)
    ring.verifier("any", SIGNING)
    ring.sealing_public("notifier")
    ring.sealing_key(installation)
    for file in {file for files in secrets().values() for file in files if file.endswith(".key")}:
        ring.secret(file)
    (every / "secret").write_text(nature.random_bytes(32).hex())


def _kustomization() -> Mapping[str, object]:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "mandate",
        "generatorOptions": {"disableNameSuffixHash": True},
        "secretGenerator": [
            {"name": secret, "files": [f"{secret}/{file}" for file in files]} for secret, files in secrets().items()
        ],
    }
