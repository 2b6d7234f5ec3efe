"""A service put back to a backup, on real Kafka, which keeps what the backup has not (F-18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chassis.database import Session
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.kafka.server import KafkaServer
from chassis.restoring import look
from services.access.domain.association import Association
from tests.bus.test_house_on_a_bus import SERVICES, on_kafka, with_role
from tests.house import CATALOGUE, House, build, living
from tests.putting_back import back_up, down, dsn_of, restore, start


@pytest.fixture
def embedded(postgres: EmbeddedPostgres) -> Iterator[House]:
    with living(postgres, build(postgres, SERVICES), SERVICES) as made:
        yield made


def test_put_back_it_refuses_to_start_and_restored_it_goes_on(
    embedded: House, kafka: KafkaServer, tmp_path: Path
) -> None:
    """A worker asks the bus; an api, which has none, is told by the worker through the database."""
    employer, early, late, fresh = (uuid4() for _ in range(4))
    with on_kafka(embedded, kafka) as house:
        with_role(house, early, employer)
        house.settle()
        backup = back_up(dsn_of(house), "access")
        with_role(house, late, employer)
        house.settle()
        listened = house.connections.end()
        with down(house, "access"):
            backup.put_back()
            for role in ("worker", "api"):
                with pytest.raises(SystemExit, match="run `mandate restore access` first"):
                    start(house, "access", role, tmp_path, BUS="kafka", BUS_URL=kafka.bootstrap)
            with psycopg.connect(dsn_of(house), autocommit=True, options="-c search_path=access") as owner:
                plan = look(Session(owner), house.subscriber, house.access.service, CATALOGUE)
            assert ("AssociationState", str(Association.id_for(late, employer))) in plan.unknown
            assert restore(house, "access") == 2
        house.settle()
        assert house.connections.end() > listened
        with_role(house, fresh, employer)
        house.settle()
        with house.connections.app.session() as session:
            found = {
                key for (key,) in session.run("SELECT key FROM heard WHERE topic = 'AssociationState' AND edition = 2")
            }
    assert found == {str(Association.id_for(one, employer)) for one in (early, fresh)}
