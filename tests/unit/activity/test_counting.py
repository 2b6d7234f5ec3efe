"""What the live activity view makes of faust's windows."""

from __future__ import annotations

from services.activity.adapters.counting import WINDOWS, by_minute, failure_rate, metrics

NOW = 1_000_000 * 60.0 + 20
"""Twenty seconds into a minute."""


def window(ago: int) -> tuple[float, float]:
    begin = (1_000_000 - ago) * 60.0
    return begin, begin + 59.9


def test_partitions_of_a_topic_are_added_up_minute_by_minute() -> None:
    counts = {
        ("ConnectionEnded/0", window(0)): 2,
        ("ConnectionEnded/2", window(0)): 3,
        ("ConnectionEnded/1", window(1)): 4,
        ("AccountLocked/0", window(59)): 1,
    }
    found = by_minute(counts, NOW)
    assert list(found) == ["AccountLocked", "ConnectionEnded"]
    assert found["ConnectionEnded"][-2:] == [4, 5]
    assert found["AccountLocked"] == [1, *[0] * 59]
    assert {len(one) for one in found.values()} == {WINDOWS}


def test_what_is_older_than_an_hour_or_of_a_clock_that_runs_ahead_is_not_shown() -> None:
    assert by_minute({("A/0", window(60)): 1, ("A/0", window(-1)): 1}, NOW) == {}


def test_failures_are_a_part_of_the_attempts_of_the_last_five_minutes() -> None:
    minutes = {"SignInFailed": [9, 1, 0, 0, 0, 2], "SignInSucceeded": [9, 0, 0, 0, 0, 1]}
    assert failure_rate(minutes) == 0.75
    assert failure_rate({"SignInSucceeded": [5]}) == 0
    assert failure_rate({}) == 0


def test_a_scrape_tells_the_last_whole_minute_of_every_topic() -> None:
    said = metrics({"A": [7, 5, 3]}, ["A", "B"]).decode()
    assert 'mandate_activity_events{topic="A"} 5.0' in said
    assert 'mandate_activity_events{topic="B"} 0.0' in said
