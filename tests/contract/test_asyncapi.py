"""docs/asyncapi.yaml: of today, and what AsyncAPI's own parser takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from chassis.kafka import topics
from chassis.messages import Catalogue
from tests import toolbox
from tools import asyncapi

PARSER = Path(__file__).with_name("asyncapi")


def test_the_file_says_what_proto_says() -> None:
    """Different? `python -m tools.asyncapi` writes it anew."""
    assert asyncapi.OUT.read_text(encoding="utf-8") == asyncapi.text()


def test_every_topic_is_there_as_it_is_made() -> None:
    channels = yaml.safe_load(asyncapi.OUT.read_text(encoding="utf-8"))["channels"]
    assert channels.keys() == Catalogue().topics.keys()
    state = channels["ConnectionState"]["bindings"]["kafka"]
    assert (state["partitions"], state["topicConfiguration"]["cleanup.policy"]) == (12, ["compact"])
    event = channels["ConnectionEnded"]["bindings"]["kafka"]
    assert (event["partitions"], event["topicConfiguration"]["retention.ms"]) == (3, 30 * topics.DAY_MS)


@pytest.mark.timeout(500)
def test_the_official_parser_takes_it(tmp_path: Path) -> None:
    toolbox.need("node", "npm")
    fetch = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    parser = toolbox.built(PARSER, fetch)
    said = toolbox.run(["node", "check.js", asyncapi.OUT], parser)
    assert said.stdout == f"{len(Catalogue().topics)} channels\n", said.stdout + said.stderr
    broken = tmp_path / "broken.yaml"
    broken.write_text(asyncapi.text().replace("address: ConnectionEnded", "adress: ConnectionEnded"))
    assert toolbox.run(["node", "check.js", broken], parser).returncode == 1
