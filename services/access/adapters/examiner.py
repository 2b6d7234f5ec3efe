"""Looks into documents in a process of its own, with little memory, little time and no way out (S-23)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from services.access.commands.parts import AccessSettings
from services.access.domain.document import DocumentKindError, DocumentUnreadableError, DocumentUnsafeError

ROOT = Path(__file__).parents[3]
"""From where our modules are found."""

REFUSALS = {"KIND": DocumentKindError, "UNREADABLE": DocumentUnreadableError, "UNSAFE": DocumentUnsafeError}


class ProcessExaminer:
    """Starts `services.access.adapters.examining` for each document."""

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings

    def media_type(self, content: bytes) -> str:
        """What the content is. Raises `DocumentKindError`, `DocumentUnreadableError`, `DocumentUnsafeError`.

        Whatever breaks the process that looks, its limits too, makes the document unreadable.
        """
        limits = [str(self._settings.examine_megabytes), str(self._settings.examine_seconds)]
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", "services.access.adapters.examining", *limits],
                input=content,
                cwd=ROOT,
                capture_output=True,
                timeout=self._settings.examine_seconds * 2,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DocumentUnreadableError from None
        said = done.stdout.decode("ascii", "replace").strip()
        if done.returncode == 0 and "/" in said:
            return said
        raise REFUSALS.get(said, DocumentUnreadableError)
