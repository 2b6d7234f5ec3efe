"""Looks into documents in a process of its own, with little memory, little time and no way out (S-23)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chassis.documents.uploads import (
    DocumentKindError,
    DocumentSettings,
    DocumentUnreadableError,
    DocumentUnsafeError,
)

ROOT = Path(__file__).parents[2]
"""From where our modules are found."""

TOLD = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
"""All that the process gets of our environment: what else is in it, such as a password, could come out in the copy."""

REFUSALS = {"UNREADABLE": DocumentUnreadableError, "UNSAFE": DocumentUnsafeError}


@dataclass(frozen=True, slots=True)
class Examined:
    """A document that was looked into."""

    media_type: str
    """What it is, such as application/pdf."""
    content: bytes
    """Made anew from what was understood of it: the same each time (S-23)."""


class Examiner(Protocol):
    """Looks into documents, in a process of its own."""

    def examine(self, content: bytes) -> Examined:
        """What the content is, and its clean copy.

        Raises where it is something else, damaged, encrypted, or could do something.
        """
        ...


class ProcessExaminer:
    """Starts `chassis.documents.examining` for each document; takes the kinds PDF, GIF, JPEG, TIFF that it is given."""

    def __init__(self, settings: DocumentSettings, kinds: Sequence[str]) -> None:
        self._settings, self._kinds = settings, tuple(kinds)

    def examine(self, content: bytes) -> Examined:
        """What the content is. Raises `DocumentKindError`, `DocumentUnreadableError`, `DocumentUnsafeError`.

        Whatever breaks the process that looks, its limits too, makes the document unreadable.
        """
        limits = [str(self._settings.examine_megabytes), str(self._settings.examine_seconds)]
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", "chassis.documents.examining", *limits, ",".join(self._kinds)],
                input=content,
                cwd=ROOT,
                env={name: os.environ[name] for name in TOLD if name in os.environ},
                capture_output=True,
                timeout=self._settings.examine_seconds * 2,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DocumentUnreadableError from None
        line, _, copy = done.stdout.partition(b"\n")
        said = line.decode("ascii", "replace").strip()
        if done.returncode == 0 and "/" in said and copy:
            return Examined(said, copy)
        if said == "KIND":
            *most, last = self._kinds
            raise DocumentKindError(f"The file is no {', '.join(most)} or {last}, whatever its name says (D-42).")
        raise REFUSALS.get(said, DocumentUnreadableError)
