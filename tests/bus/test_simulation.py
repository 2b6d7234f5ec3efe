"""What `mandate events simulate` tells is what a subscriber of the kit answers, on either bus."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from mandate_kit import feeding
from mandate_kit.intake import Intake
from mandate_kit.letters import DeadLetter
from mandate_kit.metrics import Metrics
from mandate_kit.records import Record
from mandate_kit.rights import Rights, RightsListener
from mandate_kit.sync import Sync

from chassis.kafka import server
from cli import simulation
from tests.bus.conftest import Bus, EmbeddedBus, KafkaBus

DEAD = {"poison": 2}


def play(bus: Bus, scenario: str, prefix: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    simulation.play(bus.publisher(), bus.admin, scenario, told.append, prefix=prefix, people=7)
    [outcome] = told
    return outcome


def wrong(can_act: Callable[[uuid.UUID, uuid.UUID, str], bool], outcome: dict[str, Any]) -> list[Any]:
    """What is answered otherwise than expected."""
    return [
        one
        for one in outcome["expected"]
        if can_act(uuid.UUID(one["account_id"]), uuid.UUID(one["provider_id"]), one["function"]) != one["may_act"]
    ]


@pytest.mark.parametrize("scenario", simulation.SCENARIOS)
def test_a_subscriber_on_kafka_answers_what_is_expected(scenario: str, kafka: server.KafkaServer) -> None:
    bus, prefix, dead = KafkaBus(kafka.bootstrap), f"s{uuid.uuid4().hex[:8]}.", list[DeadLetter]()
    try:
        first = play(bus, scenario, prefix)
        with Rights(kafka.bootstrap, prefix=prefix, dead_letters=dead.append) as rights:
            rights.wait_in_sync()
            assert wrong(rights.can_act, first) == []
            second = play(bus, scenario, prefix)  # one that goes on hears another run of it
            rights.wait_in_sync(*((one["origin"], one["edition"], one["position"]) for one in second["receipts"]))
            assert wrong(rights.can_act, second) == wrong(rights.can_act, first) == []
    finally:
        bus.close()
    assert len(dead) == 2 * DEAD.get(scenario, 0)


@pytest.mark.parametrize("scenario", simulation.SCENARIOS)
def test_the_embedded_bus_carries_the_same(scenario: str, embedded_dsn: str) -> None:
    bus, prefix, dead = EmbeddedBus(embedded_dsn), f"s{uuid.uuid4().hex[:8]}.", list[DeadLetter]()
    try:
        outcome = play(bus, scenario, prefix)
        ears = RightsListener()
        intake = Intake(ears, Sync({}), Metrics(), dead.append)
        names = [prefix + topic for topic in feeding.TOPICS]
        places: Any = {}
        while (batch := bus.subscriber().poll(names, places)).records:
            places = batch.places
            for one in batch.records:
                headers = [(name, text.encode()) for name, text in one.headers.items()]
                topic = one.topic.removeprefix(prefix)
                intake.take(Record(topic, one.partition, one.offset, one.key.encode(), one.value, headers, 0))
        assert wrong(ears.index.can_act, outcome) == []
        assert len(dead) == DEAD.get(scenario, 0)
    finally:
        bus.close()


@pytest.mark.parametrize(("scenario", "prefix"), [("mass-panic", "s."), ("poison", "")])
def test_what_is_no_scenario_or_would_be_real_is_refused(scenario: str, prefix: str, embedded_dsn: str) -> None:
    bus = EmbeddedBus(embedded_dsn)
    try:
        with pytest.raises(SystemExit, match=r"choose one of|may not be empty"):
            play(bus, scenario, prefix)
    finally:
        bus.close()
