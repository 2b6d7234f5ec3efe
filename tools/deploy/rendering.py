"""What kustomize makes of deploy/: each overlay, and base with every combination of components."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from tools.deploy.facts import DEPLOY
from tools.deploy.kubectl import LOCK, kubectl
from tools.repository import ROOT

Object = dict[str, Any]
OVERLAYS = ("local", "prod")
NEEDS = {"postgres-cnpg": {"certs"}}
"""Component -> others that it stands on."""
PARTS = ("base", "components", "overlays")
DRAFTS = ROOT / ".state" / "deploy"


def components() -> list[str]:
    """Every component that there is."""
    return sorted(file.parent.name for file in (DEPLOY / "components").glob("*/kustomization.yaml"))


def sets() -> Iterator[tuple[str, ...]]:
    """Every combination of components that can stand together."""
    names = components()
    for size in range(len(names) + 1):
        for chosen in combinations(names, size):
            if all(NEEDS.get(name, set()) <= set(chosen) for name in chosen):
                yield chosen


def overlay(name: str) -> str:
    """An overlay, rendered. Raises `SystemExit` with kustomize's own words."""
    return _render(DEPLOY / "overlays" / name)


def combination(chosen: Sequence[str]) -> str:
    """Base with these components and the images of `prod`, rendered. Raises `SystemExit`."""
    folder = DRAFTS / "+".join(["base", *chosen])
    folder.mkdir(parents=True, exist_ok=True)
    draft = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "mandate",
        "resources": [_seen_from(folder, "base")],
        "components": [_seen_from(folder, f"components/{name}") for name in chosen],
        "images": yaml.safe_load((DEPLOY / "overlays" / "prod" / "kustomization.yaml").read_text())["images"],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(draft))
    made, stamp, now = folder / "rendered.yaml", folder / "made-from", inputs()
    if not (stamp.exists() and stamp.read_text() == now):
        stamp.unlink(missing_ok=True)
        made.write_text(_render(folder))
        stamp.write_text(now)
    return made.read_text()


@cache
def inputs() -> str:
    """One hash over all that is rendered, and by what: half a hundred renderings are made once for each content."""
    total = hashlib.sha256(LOCK.read_bytes())
    for file in sorted(file for part in PARTS for file in (DEPLOY / part).rglob("*") if file.is_file()):
        total.update(f"\0{file.relative_to(DEPLOY)}\0".encode() + file.read_bytes())
    return total.hexdigest()


def _seen_from(folder: Path, part: str) -> str:
    return os.path.relpath(DEPLOY / part, folder)


def _render(folder: Path) -> str:
    done = subprocess.run([kubectl(), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:  # a warning is a fault, too
        raise SystemExit(f"{folder.relative_to(ROOT)}: {done.stderr.strip()}")
    return done.stdout


def objects(rendered: str) -> list[Object]:
    """The objects of a rendered text."""
    return [one for one in yaml.load_all(rendered, Loader=yaml.CSafeLoader) if one]
