"""The files of this project as git sees them: what is committed and what would be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def files(*patterns: str) -> Iterator[Path]:
    """Paths from the root, of files that git knows or does not ignore; `patterns` are git's own."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in sorted({name for name in listed.split("\0") if name}):
        if (ROOT / name).is_file():
            yield Path(name)


def text(path: Path) -> str:
    """The text of a file; nothing for one that is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
