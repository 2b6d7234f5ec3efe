"""Dead letters are kept whole, each once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mandate_kit.letters import DeadLetter, JsonLines, letters, to_log
from mandate_kit.records import Record

STRANGE = Record("ConnectionState", 3, 7, b"\xff\x00key", b"\x01\x02", [("ce_id", b"\xfe"), ("form", None)], 5)
EMPTY = Record("ConnectionState", 3, 8, None, None, [], 6)


def test_a_letter_is_read_as_it_was_written_and_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "dead.jsonl"
    kept = [DeadLetter(STRANGE, "no ünicode"), DeadLetter(EMPTY, "it has no value")]
    for _ in range(2):  # also by a process that starts anew
        sink = JsonLines(path)
        for letter in kept * 2:
            sink(letter)
    assert list(letters(path)) == kept


def test_without_a_sink_a_letter_is_a_warning_with_its_place_and_cause(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mandate_kit"):
        to_log(DeadLetter(STRANGE, "broken"))
    assert "ConnectionState/3@7" in caplog.text
    assert "broken" in caplog.text
