"""Follows a state topic of Mandate, or reads its golden messages.

python follow.py golden ../../golden/messages.jsonl
python follow.py live 127.0.0.1:9092 ConnectionState [--follow]
"""

import base64
import json
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from mandate_kit.letters import DeadLetter
from mandate_kit.records import Contract, Record, Told
from mandate_kit.subscriber import Subscriber


def line(told: Told) -> str:
    """Message, key, edition/sequence/form, and what is said, as JSON."""
    message = json.dumps(MessageToDict(told.message), ensure_ascii=False, separators=(",", ":"))
    return f"{told.topic} {told.key} {'/'.join(map(str, told.age))} {message}"


class States:
    """The newest state of each key: the kit has dropped repeats and what is old."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.caught_up = False

    def take(self, told: Told) -> None:
        """A state that is newer than all before."""
        self.lines[told.key] = line(told)
        if self.caught_up:
            print(self.lines[told.key], flush=True)

    def forget(self, topic: str, key: str) -> None:
        """A tombstone, or a record that cannot be read: not known."""
        if self.lines.pop(key, None):
            print(f"nothing is known of {topic} {key} any more", file=sys.stderr)


def dead(letter: DeadLetter) -> None:
    """Keep apart what cannot be read."""
    record = letter.record
    print(f"dead letter {record.topic}/{record.partition}@{record.offset}: {letter.cause}", file=sys.stderr)


def golden(path: Path) -> None:
    """A line for each golden message."""
    contract = Contract()
    with path.open(encoding="utf-8") as file:
        for vector in map(json.loads, file):
            headers = [(name, text.encode()) for name, text in vector["headers"].items()]
            value = base64.b64decode(vector["value"])
            print(line(contract.read(Record(vector["topic"], 0, 0, vector["key"].encode(), value, headers, 0))))


def live(bootstrap: str, topic: str, *, follow: bool) -> None:
    """From the beginning of a topic to its end, and on."""
    prefix, _, name = topic.rpartition(".")
    states = States()
    with Subscriber(bootstrap, states, topics=[name], prefix=prefix and prefix + ".", dead=dead) as subscriber:
        while not subscriber.caught_up:
            subscriber.step()
        for _, text in sorted(states.lines.items()):
            print(text, flush=True)
        states.caught_up = True
        while follow:
            subscriber.step()


if __name__ == "__main__":
    if sys.argv[1] == "golden":
        golden(Path(sys.argv[2]))
    else:
        live(sys.argv[2], sys.argv[3], follow="--follow" in sys.argv)
