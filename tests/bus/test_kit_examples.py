"""The examples in four languages: the same lines from the same golden bytes and the same live topic."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from chassis.kafka import server
from cli import simulation
from tests import toolbox
from tests.bus.conftest import KafkaBus
from tools import golden
from tools.repository import ROOT, files

EXAMPLES = ROOT / "kit" / "examples"
LANGUAGES = ("python", "java", "go", "typescript")
LINES = 80
pytestmark = pytest.mark.timeout(900)


def example(language: str) -> tuple[Sequence[str | Path], Path]:
    """The command of an example that is built, and the folder it is run in."""
    source = EXAMPLES / language
    if language == "java":
        toolbox.need("java", "javac", "mvn")
        jars = ("mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime")
        folder = toolbox.built(source, jars, ("mvn", "-q", "-B", "package"))
        return ("java", "-cp", "target/classes:target/dependency/*", "Follow"), folder
    if language == "go":
        toolbox.need("go")
        folder = toolbox.built(source, ("go", "mod", "download"), ("go", "build", "-o", "follow", "."))
        return ("./follow",), folder
    if language == "typescript":
        toolbox.need("node", "npm")
        fetch = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        folder = toolbox.built(source, fetch, ("node_modules/.bin/tsc",))
        return ("node", "dist/follow.js"), folder
    return (sys.executable, "follow.py"), source


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples know messages by."""
    out = tmp_path_factory.mktemp("contract") / "mandate.binpb"
    said = toolbox.run([Path(sys.executable).with_name("buf"), "build", "proto", "-o", out], ROOT)
    assert said.returncode == 0, said.stderr
    return out


def says(language: str, contract: Path, *words: str | Path) -> tuple[list[str], list[str]]:
    """What an example prints, and what it tells as dead letters."""
    command, folder = example(language)
    done = toolbox.run([*command, *words], folder, env={"MANDATE_BINPB": str(contract)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines(), [line for line in done.stderr.splitlines() if line.startswith("dead letter")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_reads_the_same_from_the_golden_bytes(language: str, contract: Path) -> None:
    vectors = golden.GOLDEN.read_text(encoding="utf-8").splitlines()
    printed, _ = says(language, contract, "golden", golden.GOLDEN)
    assert printed == [golden.as_printed(json.loads(line)) for line in vectors]


@pytest.fixture(scope="module")
def topic(kafka: server.KafkaServer) -> str:
    """States of connections after every scenario."""
    bus, prefix = KafkaBus(kafka.bootstrap), f"x{uuid.uuid4().hex[:8]}."
    for scenario in simulation.SCENARIOS:
        simulation.play(bus.publisher(), bus.admin, scenario, lambda _: None, prefix=prefix, people=5)
    bus.close()
    return f"{prefix}ConnectionState"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_keeps_the_same_states_of_a_live_topic(
    language: str, contract: Path, kafka: server.KafkaServer, topic: str
) -> None:
    printed, dead = says(language, contract, "live", kafka.bootstrap, topic)
    statuses = [json.loads(line.split(" ", 3)[3])["status"] for line in printed]
    assert printed == sorted(printed)
    # 1 approved, 5 revoked, 1 told thrice, 1 out of order, 1 gone, 2 unreadable and 1 beside them
    assert (statuses.count("APPROVED"), statuses.count("DISCONNECTED"), len(statuses)) == (3, 6, 9)
    assert len(dead) == 2
    reference, _ = says("python", contract, "live", kafka.bootstrap, topic)
    assert printed == reference


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_example_is_long(language: str) -> None:
    sources = [path for path in files(f"kit/examples/{language}") if path.suffix in {".py", ".go", ".java", ".ts"}]
    assert sources
    assert all(len((ROOT / path).read_text().splitlines()) < LINES for path in sources)
