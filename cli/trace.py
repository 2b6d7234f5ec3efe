"""`mandate trace`: one command, everything that it brought about, and the milliseconds in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from cli.installation import STATE, State, find, uuid_of
from cli.showing import Json, console, milliseconds, moment, plain, say_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from cli.tracing import Node, Trace

STYLES = {"command": "bold", "event": "bold", "message": "magenta", "heard": "cyan", "mail": "green"}


def trace(
    command_id: Annotated[str, typer.Argument(help="A command's id; `mandate audit log --json` shows them.")],
    *,
    as_json: Json = False,
    state: State = STATE,
) -> None:
    """A command's decision, its events, messages, reactions elsewhere, mails and views, with times."""
    from cli.actors import system_actors
    from cli.tracing import trace as follow

    found = follow(find(state), uuid_of(command_id, "command id"))
    names = system_actors()
    if as_json:
        say_json(as_dict(found, names))
    else:
        console().print(_as_tree(found, names), soft_wrap=True)


def as_dict(found: Trace, names: Mapping[UUID, str]) -> dict[str, Any]:
    """All of a trace, for programs and for the page below `/dev`."""
    return {
        "command_id": found.command_id,
        "correlation_id": found.correlation_id,
        "tree": _node(found.root, found.root.at, found.root.at, names),
        "views": [
            {
                "service": one.service,
                "view": one.view,
                "position": one.position,
                "needed": one.needed,
                "shows_it": one.shows_it,
            }
            for one in found.views
        ],
    }


def _node(node: Node, before: datetime, began: datetime, names: Mapping[UUID, str]) -> dict[str, Any]:
    """A node with the milliseconds since what brought it about, and since the beginning."""
    details = node.details | ({"actor_name": names.get(node.details["actor"])} if "actor" in node.details else {})
    return {
        "kind": node.kind,
        "what": node.what,
        "where": node.where,
        "at": node.at,
        "after_ms": milliseconds(node.at, before),
        "since_command_ms": milliseconds(node.at, began),
        **details,
        "children": [_node(one, node.at, began, names) for one in node.children],
    }


def _as_tree(found: Trace, names: Mapping[UUID, str]) -> Tree:
    root = found.root
    actor = root.details["actor"]
    decided = milliseconds(root.details["decided_at"], root.at)
    tree = Tree(
        Text.assemble(
            ("command ", "dim"),
            (root.what, "bold"),
            f"  decided at {root.where} for {names.get(actor) or actor}, {decided} ms after it was made",
            (f"  {moment(root.at)}", "dim"),
        )
    )
    for one in root.children:
        _branch(tree, one, root, root.at, names)
    if not root.children:
        tree.add("it changed nothing")
    if found.views:
        views = tree.add(Text("views", "dim"))
        for view in found.views:
            behind = view.needed - view.position
            how = ("shows it", "green") if view.shows_it else (f"{behind} events behind", "red")
            views.add(Text.assemble(f"{view.service} {view.view}@{view.position} ", how))
    return tree


def _branch(tree: Tree, node: Node, parent: Node, began: datetime, names: Mapping[UUID, str]) -> None:
    actor = node.details.get("actor")
    about = node.details.get("ce_id") or node.details.get("mail") or names.get(actor, "")  # type: ignore[arg-type]
    branch = tree.add(
        Text.assemble(
            (f"{node.kind} ", "dim"),
            (plain(node.what), STYLES[node.kind]),
            f"  {plain(node.where)}",
            (f"  {plain(about)}" if about else "", "dim"),
            (f"  +{milliseconds(node.at, parent.at)} ms", "yellow"),
            (f" ({milliseconds(node.at, began)})", "dim"),
        )
    )
    for one in node.children:
        _branch(branch, one, node, began, names)
