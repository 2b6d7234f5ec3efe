"""The kit as somebody outside gets it: a wheel in an environment that knows nothing of this project."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chassis.messages import Catalogue
from tools.repository import ROOT

MESSAGES = ROOT / "tests" / "contract" / "golden" / "messages"
FROM_OUTSIDE = """
import json, sys
from pathlib import Path
from uuid import UUID
from mandate_kit.rights import NotKnownError, Rights
from mandate_kit.authority import Account, AuthorityIndex
from mandate_kit.records import Contract, Record

contract, read = Contract(), set()
for file in Path(sys.argv[1]).glob("*.json"):
    kept = json.loads(file.read_text())
    headers = [(name, text.encode()) for name, text in kept["headers"].items()]
    told = contract.read(Record(kept["topic"], 0, 0, kept["key"].encode(), bytes.fromhex(kept["value"]), headers, 0))
    assert told.message.SerializeToString(deterministic=True).hex() == kept["value"], file
    read.add(told.topic)
index, me = AuthorityIndex(), UUID(int=1)
index.put_account(Account(me, True, frozenset({me})))
assert index.can_act(me, me, "PECOS")
print(json.dumps(sorted(read)))
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by way of the source distribution, as a registry would have it, with the tools of this environment."""
    out = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    run(uv, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", out, "kit/python")
    [made] = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty environment with the wheel and what it asks for, at the versions of our lock."""
    uv, there = Path(sys.executable).with_name("uv"), tmp_path_factory.mktemp("elsewhere") / "venv"
    run(uv, "venv", "--quiet", "--python", sys.executable, there)
    python = there / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "requirements.lock", wheel)
    run(uv, "pip", "check", "--python", python)
    return python


def test_an_empty_environment_reads_every_message_and_answers(elsewhere: Path, tmp_path: Path) -> None:
    read = json.loads(run(elsewhere, "-c", FROM_OUTSIDE, MESSAGES, cwd=tmp_path))
    assert read == sorted(name for name, topic in Catalogue().topics.items() if topic.origin)


def test_the_messages_in_the_wheel_are_those_of_this_tree(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if name.startswith("mandate/")]
        for name in names:
            assert packed.read(name) == (ROOT / "contracts" / name).read_bytes(), name
    public = [
        path for path in ROOT.glob("contracts/mandate/*/v1/*_pb2.py*") if path.stem in {"events_pb2", "state_pb2"}
    ]
    assert {str(path.relative_to(ROOT / "contracts")) for path in public} <= set(names)
    assert not [name for name in names if "service" in name or name.endswith("__init__.py")]


def test_kit_and_platform_share_the_messages_in_one_environment(elsewhere: Path, tmp_path: Path) -> None:
    """`mandate` is a namespace: each brings its part, a module is loaded once, whoever comes first."""
    both = (
        "import sys; sys.path.{how}({contracts!r})\n"
        "from mandate.connections.v1 import service_pb2, state_pb2\n"
        "from mandate_kit.records import Contract\n"
        "import mandate_kit.feeding as feeding\n"
        "assert feeding.ConnectionState is state_pb2.ConnectionState is Contract().topics['ConnectionState'].message\n"
        "print(len(list(sys.modules['mandate'].__path__)))"
    )
    for how in ("append", "insert"):
        place = "" if how == "append" else "0, "
        script = both.replace("{how}(", f"{how}({place}").format(contracts=str(ROOT / "contracts"))
        assert run(elsewhere, "-c", script, cwd=tmp_path).strip() == "2"
