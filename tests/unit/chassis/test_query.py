"""What auditors type: read as it was meant, or refused with what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.query import QueryError, Term, condition, moments, parse
from chassis.vocabulary import tracking

ID = "018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b61"
TRACKING = tracking.make(tracking.CONNECTION, bytes(range(8)))


def test_keys_values_negations_and_words() -> None:
    query = f'actor:access.ingest TYPE:access.* npi:2000000002 -fn:NPPES subject:{ID} "Connection:  Approved" approved'
    assert parse(query) == (
        Term("actor", "access.ingest"),
        Term("type", "access.*"),
        Term("npi", "2000000002"),
        Term("fn", "NPPES", negated=True),
        Term("subject", ID),
        Term("", "Connection:  Approved"),
        Term("", "approved"),
    )
    assert parse("") == parse("   ") == ()
    assert parse(f"tracking:{tracking.grouped(TRACKING).lower()}")[0].key == "tracking"


@pytest.mark.parametrize(
    ("value", "begins", "ends"),
    [
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)),
        ("2026-05-01..2026-05-07", datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 8, tzinfo=UTC)),
        ("2026-05-01T14:00-05:00..", datetime(2026, 5, 1, 19, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
        ("..2026-05-01T14:00", datetime.min.replace(tzinfo=UTC), datetime(2026, 5, 1, 14, 0, 0, 1, tzinfo=UTC)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_day_is_whole_and_a_moment_is_one(value: str, begins: datetime, ends: datetime) -> None:
    assert moments(value) == (begins, ends)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("aktor:x", "is it actor:"),
        ("color:red", "there is no color:; actor, subject"),
        ("subject:x", "subject:x is no id"),
        ("correlation:'; DROP TABLE log; --", "is no id"),
        ("tracking:C123", "is no tracking id"),
        ("created:yesterday", "is no day and no moment"),
        ("created:..", "created:.. is no time"),
        ("created:2026-05-02..2026-05-01", "is no time"),
        ("created:0001-01-01T00:00+23:59", "is no day and no moment"),
        ("pos:x", "is no position"),
        ("pos:..", "is no position"),
        ("pos:access@", "is no position"),
        ("pos:99999999999999999999", "is no position"),
        ('type:"access', "quotation marks"),
        ('a"b', "quotation marks"),
        ("actor:", "cannot be read"),
        ('actor:""', "actor is empty"),
        ('" "', "a word is empty"),
        ("a:b:c", "there is no a:"),
        ("::", "quotation marks"),
        ("word\0", "no invisible ones"),
        ("word\n", "no invisible ones"),
        ("right\u202eleft", "no invisible ones"),
        ("x" * 1_001, "at most 1000 characters"),
        ("x " * 21, "at most 20 parts"),
    ],
)
def test_what_cannot_be_read_is_told(query: str, said: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(query)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def resolve(_term: Term) -> UUID:
    return UUID(int=1)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["actor:", "-", '"', "%", "\\", "_", "pos:", "..", " ", "1"])).map("".join)
)
def test_whatever_is_typed_is_read_or_refused_and_never_becomes_sql(text: str) -> None:
    try:
        terms = parse(text)
    except QueryError:
        return
    statement, values = condition(terms, "access", dict.fromkeys(terms, ()), resolve)
    bare = statement
    for name in values:
        bare = bare.replace(f"%({name})s", "?")
    assert "%(" not in bare
    known = condition(
        [Term(term.key, "1", negated=term.negated) if term.key in ("", "type", "fn") else term for term in terms],
        "access",
        dict.fromkeys(terms, ()),
        resolve,
    )[0]
    assert statement == known  # what was typed is in the values alone
