"""Who may call an RPC at all is written down for each one (S-11)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _is_written_out(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys)


@pytest.mark.parametrize("service", ["access", "connections", "enrollment", "identity", "registry"])
def test_no_rule_is_made_of_the_list_of_rpcs_itself(service: str) -> None:
    """An RPC without a rule fails at start only where the rules are not taken from the same list as the RPCs."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "services" / service / "api").glob("*.py")]
    rules = {
        target.id: node.value
        for tree in trees
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.endswith("RULES")
    }
    assert "RULES" in rules
    assert [name for name, value in rules.items() if not _is_written_out(value)] == []
