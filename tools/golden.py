"""Makes kit/golden/messages.jsonl: every published message with its bytes, headers and meaning, for other languages.

`python -m tools.golden` after a new file in tests/contract/golden/messages, from which alone this is made.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from chassis.messages import Catalogue
from google.protobuf.json_format import MessageToDict

from tools.repository import ROOT

SOURCE = ROOT / "tests" / "contract" / "golden" / "messages"
GOLDEN = ROOT / "kit" / "golden" / "messages.jsonl"


def lines() -> str:
    """A line of JSON for each message of each form, by name: topic, key, headers, value (base64), message (as JSON)."""
    catalogue = Catalogue()
    return "".join(_json(_vector(catalogue, file)) + "\n" for file in sorted(SOURCE.glob("*.json")))


def _vector(catalogue: Catalogue, file: Path) -> dict[str, Any]:
    kept = json.loads(file.read_text())
    value = bytes.fromhex(kept["value"])
    return {
        "name": file.stem,
        "topic": kept["topic"],
        "key": kept["key"],
        "headers": kept["headers"],
        "value": base64.b64encode(value).decode(),
        "message": MessageToDict(catalogue.decode(kept["topic"], value)),
    }


def as_printed(vector: dict[str, Any]) -> str:
    """The line that every example prints of a record: topic, key, edition/sequence/form, message."""
    headers = vector["headers"]
    age = "/".join(headers[name] for name in ("edition", "ce_sequence", "form"))
    return f"{vector['topic']} {vector['key']} {age} {_json(vector['message'])}"


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(lines(), encoding="utf-8")
