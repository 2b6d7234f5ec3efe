"""The jars of a Kafka broker, as Maven publishes them, in a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
"""Names every jar with its version; another content is another folder in the cache."""

INSTALL = "apt-get install -y openjdk-17-jre-headless maven"
"""What to type where Java or Maven is missing (Debian)."""

FETCH_S = 600.0

TAIL = 2000
"""Characters of a log that an error quotes."""


class KafkaStartError(RuntimeError):
    """Kafka's jars could not be fetched, or the broker did not come up; the message holds the end of the log."""


def fetch_jars(folder: Path) -> Path:
    """Return the folder below `folder` that holds Kafka's jars, fetching them with Maven the first time.

    A run that is cut off leaves nothing that looks complete, and of two at once the second waits for the
    first. Raises `KafkaStartError` when Maven is missing or fails.
    """
    text = POM.read_bytes()
    version = re.search(rb"<kafka>([^<]+)</kafka>", text)
    name = f"kafka-{version[1].decode() if version else 'unknown'}-{hashlib.sha256(text).hexdigest()[:8]}"
    jars = folder / name
    if jars.is_dir():  # it gets this name only when complete
        return jars
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go of by the system when its holder dies
        if not jars.is_dir():
            for left in folder.glob(f"{name}.part-*"):
                shutil.rmtree(left)
            part = Path(tempfile.mkdtemp(prefix=f"{name}.part-", dir=folder))
            _maven(part)
            part.chmod(0o755)
            part.rename(jars)
    return jars


def _maven(output: Path) -> None:
    """Copy every jar of the pom into `output`."""
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        raise KafkaStartError(f"Kafka's jars are fetched with Maven and Java; type: {INSTALL}")
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "-DincludeScope=runtime", f"-DoutputDirectory={output}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCH_S,
            env={**os.environ, "MAVEN_OPTS": os.environ.get("MAVEN_OPTS", "-Xmx256m")},
        )
    except subprocess.TimeoutExpired as error:
        raise KafkaStartError(f"Maven did not fetch Kafka's jars within {FETCH_S:.0f} s.") from error
    if done.returncode:
        raise KafkaStartError(f"Maven could not fetch Kafka's jars:\n{(done.stdout + done.stderr)[-TAIL:]}")
