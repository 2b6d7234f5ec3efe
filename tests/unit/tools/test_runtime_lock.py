"""The image is given what runs, to the byte of the lock, and no developer's tools."""

from __future__ import annotations

from tools.repository import ROOT
from tools.runtime_lock import blocks, roots, runtime

LOCK = """\
# made by uv
app-core==1.0 \\
    --hash=sha256:aa
    # via
    #   app (pyproject.toml)
    #   linter
deep[fast]==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via app-core
linter==3.0 \\
    --hash=sha256:cc
    # via app (pyproject.toml)
parser==4.0 \\
    --hash=sha256:dd
    # via linter
"""


def test_what_a_dependency_wants_is_kept_and_a_tool_with_what_only_it_wants_is_not() -> None:
    assert list(runtime(LOCK, {"app-core"})) == ["app-core", "deep"]


def test_lines_are_those_of_the_lock() -> None:
    assert "--hash=sha256:bb" in runtime(LOCK, {"app-core"})["deep"]
    assert "sys_platform" in runtime(LOCK, {"app-core"})["deep"]


def test_the_real_lock_gives_every_dependency_and_no_tool() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    kept = set(runtime(lock, roots()))
    assert roots() <= kept
    assert {"psycopg-binary", "pydantic-core"} <= kept
    assert not kept & {"pytest", "mypy", "ruff", "playwright", "uv", "hypothesis", "kubernetes-validate"}
    assert kept < set(blocks(lock))
