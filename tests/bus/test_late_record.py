"""A relay that was frozen tells an old state last, on real Kafka: a newcomer reads the newest, after compaction too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]

from chassis.bus import Message, Place, Record
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.kafka.server import KafkaServer
from chassis.runtime import Wakeup, wait_until
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import staff
from services.access.domain.association import Association
from tests.bus.test_house_on_a_bus import DOCTOR, HELP, PRACTICE, on_kafka, with_role
from tests.house import House, build, living

TOPIC = "AssociationState"
AT_ONCE = {
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "1000",
}
"""Settings of a topic whose compaction follows the next record, instead of a day later."""
COMPACTED_S = 90
"""The cleaner wakes every 15 seconds."""


@pytest.fixture
def house(postgres: EmbeddedPostgres) -> Iterator[House]:
    with living(postgres, build(postgres, (ACCESS,)), (ACCESS,)) as made:
        yield made


def read(house: House) -> list[Record]:
    """All that a newcomer reads."""
    found: list[Record] = []
    places: dict[tuple[str, int], Place] = {}
    while (batch := house.subscriber.poll([TOPIC], places)).records:
        found += batch.records
        places = dict(batch.places)
    return found


def of(records: list[Record], key: UUID) -> list[int]:
    return [int(one.headers["ce_sequence"]) for one in records if one.key == str(key)]


def last(house: House, key: UUID) -> bytes | None:
    """The value of the last record of a key."""
    return [one.value for one in read(house) if one.key == str(key)][-1]


def hurry_compaction(kafka: KafkaServer) -> None:
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in AT_ONCE.items()]
    admin: Any = AdminClient({"bootstrap.servers": kafka.bootstrap})
    resource = ConfigResource(ConfigResource.Type.TOPIC, TOPIC, incremental_configs=entries)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(10)


def test_a_newcomer_reads_the_newest_state_though_a_late_record_stood_last(house: House, kafka: KafkaServer) -> None:
    with on_kafka(house, kafka) as moved:
        with_role(moved, DOCTOR, PRACTICE)
        moved.settle()
        key = Association.id_for(DOCTOR, PRACTICE)
        late = [one for one in read(moved) if one.key == str(key)][-1]
        moved.access.execute(staff.disassociate, HELP, roles=("EUS",), association_id=key, leaves_without_official=True)
        moved.settle()
        newest, ended = of(read(moved), key)[-1], last(moved, key)
        moved.publisher.publish([Message(late.topic, late.key, late.value, late.headers)])  # it thaws
        assert of(read(moved), key)[-1] < newest
        mender = moved.access.follower("access.mender")
        mender._looked_at = None  # ten minutes later
        moved.settle()
        mended = of(read(moved), key)[-1]
        assert mended >= newest, "the aggregate may have gone on without any change to its state"
        assert last(moved, key) == ended != late.value
        hurry_compaction(kafka)

        def compacted() -> bool:
            """Somebody else's records close the segments before them: the open one is left alone."""
            moved.publisher.publish([Message(TOPIC, str(uuid4()), late.value, late.headers) for _ in range(30)])
            return of(read(moved), key) == [mended]

        assert wait_until(compacted, Wakeup(), timeout_s=COMPACTED_S)
