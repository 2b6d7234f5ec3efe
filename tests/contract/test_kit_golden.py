"""The golden vectors for subscribers are those of this folder, and the kit reads each as it is told."""

from __future__ import annotations

import base64
import json

import pytest
from google.protobuf.json_format import MessageToDict
from mandate_kit.records import Contract, Record

from tools import golden

VECTORS = [json.loads(line) for line in golden.GOLDEN.read_text(encoding="utf-8").splitlines()]


def test_the_vectors_are_in_step_with_the_messages() -> None:
    """Different? `python -m tools.golden` writes them anew."""
    assert golden.GOLDEN.read_text(encoding="utf-8") == golden.lines()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_kit_reads_what_is_told(vector: dict[str, dict[str, str]]) -> None:
    headers = [(name, text.encode()) for name, text in vector["headers"].items()]
    value = base64.b64decode(str(vector["value"]))
    told = Contract().read(Record(str(vector["topic"]), 0, 0, str(vector["key"]).encode(), value, headers, 0))
    assert MessageToDict(told.message) == vector["message"]
    assert "/".join(map(str, told.age)) in golden.as_printed(vector)
    assert told.id == vector["headers"]["ce_id"]
