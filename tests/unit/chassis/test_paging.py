"""A page of places: forwards and back, both ways round, whoever has left the list meanwhile."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from chassis.paging import EVERYBODY, Place, Wanted, cut

PLACES: list[Place] = [(rank, name, "", name) for rank in (0, 1) for name in "aceg"]
ANY = UUID(int=1)


def page(anchor: Place | None, **wanted: bool | int) -> tuple[list[Place], int]:
    found = cut(PLACES, anchor, Wanted(limit=3, after=ANY, **wanted))  # type: ignore[arg-type]
    places = PLACES[found.begin : found.end]
    return places[::-1] if wanted.get("descending") else places, found.skipped


def test_without_a_limit_it_is_everybody() -> None:
    found = cut(PLACES, None, EVERYBODY)
    assert (found.begin, found.end, found.skipped) == (0, 8, 0)


@pytest.mark.parametrize("descending", [False, True])
def test_all_pages_together_are_the_list_once(descending: bool) -> None:
    order = PLACES[::-1] if descending else PLACES
    seen: list[Place] = []
    places, skipped = page(None, descending=descending)
    while places:
        assert skipped == len(seen)
        seen += places
        places, skipped = page(seen[-1], descending=descending)
    assert seen == order
    back, before = page(order[5], descending=descending, before=True)
    assert (back, before) == (order[2:5], 2)


def test_a_page_begins_where_somebody_stood_who_has_left() -> None:
    gone: Place = (0, "d", "", "d")
    assert page(gone) == ([PLACES[2], PLACES[3], PLACES[4]], 2)
    assert page(gone, before=True) == ([PLACES[0], PLACES[1]], 0)


def test_who_comes_and_goes_between_two_pages_moves_nobody_else() -> None:
    """A cursor is a place and no number: nobody is shown twice or left out for what others did."""
    chance = random.Random(7)
    for _ in range(50):
        stay = {(0, f"{number:03}", "", "x") for number in chance.sample(range(500), 40)}
        seen: list[Place] = []
        anchor: Place | None = None
        while True:
            others = {(0, f"{number:03}", "", "y") for number in chance.sample(range(500), 20)}
            now: list[Place] = sorted(stay | others)
            found = cut(now, anchor, Wanted(limit=7, after=ANY))
            if found.begin == found.end:
                break
            seen += now[found.begin : found.end]
            anchor = seen[-1]
        assert [one for one in seen if one in stay] == sorted(stay)
