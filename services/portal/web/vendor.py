"""Copies what the pages need out of node_modules into static/vendor: `python -m services.portal.web.vendor`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

WEB = Path(__file__).parent
ROOT = WEB.parents[2]
TARGET = WEB / "static" / "vendor"

USWDS = "@uswds/uswds"
HTMX = "htmx.org"

FILES = {
    "uswds": (
        USWDS,
        "dist",
        (
            "css/uswds.min.css",
            "js/uswds-init.min.js",
            "js/uswds.min.js",
            "img/sprite.svg",
            "fonts/public-sans/PublicSans-Regular.woff2",
            "fonts/public-sans/PublicSans-SemiBold.woff2",
            "fonts/roboto-mono/roboto-mono-v5-latin-regular.woff2",
        ),
    ),
    "htmx": (HTMX, "dist", ("htmx.min.js",)),
}
"""Folder under static/vendor: package, folder in it, files. Pictures that the style sheet names come besides."""

PICTURES = re.compile(r"url\(\.\./(img/[\w./-]+\.svg)\)")


class WrongPackageError(RuntimeError):
    """node_modules does not hold what package.json pins."""


def copy(modules: Path = ROOT / "node_modules", target: Path = TARGET) -> list[Path]:
    """Copy everything anew and return the copies. Raises `WrongPackageError`."""
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    shutil.rmtree(target, ignore_errors=True)
    copies = []
    for folder, (package, dist, files) in FILES.items():
        _demand(modules / package, pinned[package])
        source = modules / package / dist
        for file in (*files, *_pictures(source, files)):
            copies.append(target / folder / file)
            copies[-1].parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, copies[-1])
    return copies


def _pictures(source: Path, files: tuple[str, ...]) -> list[str]:
    styles = [(source / file).read_text("utf-8") for file in files if file.endswith(".css")]
    return sorted({picture for style in styles for picture in PICTURES.findall(style)})


def _demand(package: Path, version: str) -> None:
    try:
        found = json.loads((package / "package.json").read_text("utf-8"))["version"]
    except FileNotFoundError:
        found = "nothing"
    if found != version:
        raise WrongPackageError(f"{package.name}: {version} is pinned, {found} is installed; run `npm ci`")


if __name__ == "__main__":
    print(f"vendor: {len(copy())} files")  # noqa: T201 - a command's answer
