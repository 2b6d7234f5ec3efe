"""The id of a Kafka cluster that we start."""

from __future__ import annotations

from uuid import UUID

from chassis.kafka.server import cluster_id


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    """One of 64 ids would begin with a hyphen, and Kafka would not start."""
    draws = iter([UUID(int=0xF8 << 120), UUID(int=0xFB << 120), UUID(int=1 << 120)])
    assert cluster_id(lambda: next(draws)) == "AQAAAAAAAAAAAAAAAAAAAA"
