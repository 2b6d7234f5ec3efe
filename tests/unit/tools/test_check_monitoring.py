"""What alerts and dashboards name must be there, and what is there must be looked at: each fault is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from tools.check_monitoring import named_in, of_alerts, of_names, own

QUIET = ", ".join(own().values())
"""A README that speaks of all metrics."""
GOOD: dict[str, Any] = {
    "alert": "MandateParked",
    "expr": "mandate_parked_messages > 0",
    "for": "5m",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "parked", "runbook_url": "docs/runbooks/MandateParked.md"},
}
COMMENTED = "# because\n- alert: MandateParked"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum by (event) (rate(a_total{event=~"b.(C|D)"}[5m]))', {"a_total"}),
        ("x:late:bool > bool 10 and on (service) y offset 1d", {"x:late:bool", "y"}),
        ("histogram_quantile(0.95, sum by (page, le) (rate(c_bucket[5m]))) > 1e3", {"c_bucket"}),
        (
            'a / on () group_left () sum(b) - time() < 9 or label_replace(c, "d", "$1", "e", "(.+)")',
            set("abc"),
        ),
    ],
)
def test_the_metrics_of_a_query_are_found_and_nothing_else(query: str, names: set[str]) -> None:
    assert named_in(query) == names


def test_a_counter_and_a_histogram_are_named_as_they_are_shown() -> None:
    assert own()["mandate_rpc_duration_seconds_bucket"] == "mandate_rpc_duration_seconds"
    assert own()["mandate_events_appended_total"] == "mandate_events_appended"
    assert "mandate_events_appended" not in own()


@pytest.mark.parametrize(
    ("named", "recorded", "foreign", "readme", "said"),
    [
        ({"mandate_parked"}, set(), set(), QUIET, "nobody tells the metric mandate_parked"),
        ({"up"}, set(), set(), QUIET, "nobody tells the metric up"),
        (set(), set(), {"up"}, QUIET, "up stands in no alert and no dashboard"),
        (set(), {"a:b"}, set(), QUIET, "a:b is recorded and used nowhere"),
        (set(), set(), set(), QUIET.replace("mandate_sealer_alarm", ""), "mandate_sealer_alarm stands in no alert"),
    ],
)
def test_a_name_that_is_none_or_that_nobody_uses_is_noticed(
    named: set[str], recorded: set[str], foreign: set[str], readme: str, said: str
) -> None:
    [found] = of_names({"mail": named}, recorded, foreign, readme)
    assert said in found


def test_names_that_are_there_are_no_findings() -> None:
    queries = {"mail": {"mandate_mails_waiting", "up", "a:b"}}
    assert list(of_names(queries, {"a:b"}, {"up"}, QUIET)) == []


@pytest.mark.parametrize(
    ("change", "text", "pages", "said"),
    [
        ({}, COMMENTED, set(), "MandateParked.md is missing"),
        ({}, COMMENTED, {"MandateParked", "MandateGone"}, "MandateGone.md: there is no such alert"),
        ({}, "expr: 1\n- alert: MandateParked", {"MandateParked"}, "no comment above says why"),
        ({"labels": {"severity": "loud"}}, COMMENTED, {"MandateParked"}, "none of the severities"),
        ({"annotations": {"summary": "x", "runbook_url": "y"}}, COMMENTED, {"MandateParked"}, "runbook_url of"),
        ({"annotations": GOOD["annotations"] | {"summary": ""}}, COMMENTED, {"MandateParked"}, "not what it means"),
    ],
)
def test_what_an_alert_lacks_is_noticed(change: dict[str, Any], text: str, pages: set[str], said: str) -> None:
    [found] = of_alerts([GOOD | change], text, pages)
    assert said in found


def test_a_whole_alert_is_no_finding() -> None:
    assert list(of_alerts([GOOD], COMMENTED, {"MandateParked"})) == []
