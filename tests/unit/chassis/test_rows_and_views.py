"""What a fold does to a table, collected; and what a view's text says of its columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.views import Rows, View

ONE, OTHER = uuid4(), uuid4()


def collected(*steps: tuple[Any, ...], width: int = 1) -> Any:
    rows = Rows(width)
    for name, key, *columns in steps:
        getattr(rows, name)(*key, **(columns[0] if columns else {}))
    return rows.collected()


def test_later_changes_absorb_earlier_ones() -> None:
    put, changed, dropped = collected(
        ("put", (ONE,), {"a": 1, "b": 2}),
        ("change", (ONE,), {"b": 3}),
        ("change", (OTHER,), {"a": 4}),
        ("change", (OTHER,), {"a": 5, "b": 6}),
    )
    assert put == {(ONE,): {"a": 1, "b": 3}}
    assert changed == {(OTHER,): {"a": 5, "b": 6}}
    assert dropped == set()


def test_a_row_that_is_dropped_is_gone_until_it_is_put_again() -> None:
    assert collected(("put", (ONE,), {"a": 1}), ("drop", (ONE,)), ("change", (ONE,), {"a": 2})) == ({}, {}, {(ONE,)})
    assert collected(("change", (ONE,), {"a": 1}), ("drop", (ONE,))) == ({}, {}, {(ONE,)})
    again = collected(("drop", (ONE,)), ("put", (ONE,), {"a": 3}))
    assert again == ({(ONE,): {"a": 3}}, {}, set())


def test_a_change_of_nothing_is_nothing() -> None:
    assert collected(("change", (ONE,))) == ({}, {}, set())


def test_a_key_has_as_many_columns_as_the_table() -> None:
    for name in ("put", "change", "drop"):
        with pytest.raises(TypeError, match="2 columns, 1 given"):
            getattr(Rows(2), name)(ONE)


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "change", "drop"]), st.integers(0, 2), st.integers(0, 9), st.integers(0, 9))
)


@given(STEPS, st.lists(st.integers(0, 30)))
def test_the_table_is_the_same_however_the_steps_are_cut_into_batches(steps: list[Any], cuts: list[int]) -> None:
    def table(batches: list[list[Any]]) -> dict[Any, Any]:
        kept: dict[Any, dict[str, Any]] = {}
        for batch in batches:
            rows = Rows(1)
            for name, key, a, b in batch:
                columns = {"put": {"a": a, "b": b}, "change": {"a": a} if b % 2 else {"b": b}, "drop": {}}[name]
                getattr(rows, name)(key, **columns)
            put, changed, dropped = rows.collected()
            kept = {key: row for key, row in kept.items() if key not in dropped} | put
            for key, columns in changed.items():
                if key in kept:
                    kept[key] = kept[key] | columns
        return kept

    edges = [0, *sorted(min(cut, len(steps)) for cut in cuts), len(steps)]
    cut = [steps[begin:end] for begin, end in pairwise(edges)]
    assert table(cut) == table([[step] for step in steps])


def test_a_view_reads_its_columns_from_its_table() -> None:
    view = View(
        name="things_v3",
        table="""
            one uuid NOT NULL, other uuid, sum numeric(10, 2) NOT NULL DEFAULT 0, words jsonb NOT NULL,
            at timestamptz, kind text CHECK (kind IN ('a', 'b')), PRIMARY KEY (one, other),
        """,
    )
    assert view.columns == {
        "one": "uuid",
        "other": "uuid",
        "sum": "numeric(10, 2)",
        "words": "jsonb",
        "at": "timestamptz",
        "kind": "text",
    }
    assert view.key == ("one", "other")
    assert View(name="things_v1", table="id uuid PRIMARY KEY").key == ("id",)
    assert View(name="things_v1", table="a uuid, b int, PRIMARY KEY(a, b)").key == ("a", "b")


@pytest.mark.parametrize("name", ["things", "things_v", "Things_v1", "things_v1; DROP TABLE log", "v1", "things_1"])
def test_a_views_name_ends_in_its_version(name: str) -> None:
    with pytest.raises(ValueError, match="version"):
        View(name=name, table="id uuid PRIMARY KEY")


@pytest.mark.parametrize(
    "table",
    [
        "id uuid PRIMARY KEY, names text[] NOT NULL",  # flattened by unnest
        "id uuid PRIMARY KEY, size double precision",
        "id uuid PRIMARY KEY, UNIQUE (id)",
        "id uuid PRIMARY KEY, lonely",
        "id uuid primary key",
        "id uuid NOT NULL",
        "id uuid, PRIMARY KEY (other)",
    ],
)
def test_a_table_that_would_not_be_understood_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=r"a view's"):
        View(name="things_v1", table=table)


def test_a_view_without_a_fold_says_so() -> None:
    with pytest.raises(TypeError, match="has no fold"):
        View(name="things_v1", table="id uuid PRIMARY KEY").rows([])
