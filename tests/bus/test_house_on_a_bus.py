"""Whole services over each driver: what they hear, wait for and answer is the same; and they can be moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka import TopicPartition
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState

from chassis import nature
from chassis.bus import Message, Subscriber, partition_of
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.server import KafkaServer
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import Origin, wrap
from chassis.parking import unknown_keys
from cli.doctoring import Limits, Patient
from cli.doctoring_bus import CHECKS
from cli.installation import Installation
from cli.lag import ends_of
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.connections.commands import connections
from tests.attested import ATTESTATION
from tests.house import CATALOGUE, House, Room, build, living, on_another_bus
from tests.papers import hand_in
from tests.sim.witness import SERVICE as WITNESS
from tests.sim.witness import Tally

SERVICES = (ACCESS, CONNECTIONS, WITNESS)
HELP, DOCTOR, OFFICIAL, PERSON = (uuid4() for _ in range(4))
PRACTICE, GROUP = uuid4(), uuid4()
EUS = ("EUS",)


@pytest.fixture(scope="module")
def template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, SERVICES)


@pytest.fixture
def house(postgres: EmbeddedPostgres, template: str) -> Iterator[House]:
    with living(postgres, template, SERVICES) as made:
        yield made


@contextmanager
def on_kafka(house: House, kafka: KafkaServer) -> Iterator[House]:
    """The house moved to a broker whose topics are new and empty."""
    admin = KafkaTopicAdmin(kafka.bootstrap)
    admin.delete(list(CATALOGUE.topics))
    admin.ensure(tuple(CATALOGUE.topics.values()))
    publisher, subscriber = KafkaPublisher(kafka.bootstrap), KafkaSubscriber(kafka.bootstrap)
    try:
        yield on_another_bus(house, publisher, subscriber)
    finally:
        publisher.close()
        subscriber.close()
        admin.delete(list(CATALOGUE.topics))
        admin.close()


def with_role(house: House, who: UUID, employer: UUID, role: str = "AUTHORIZED_OFFICIAL") -> None:
    asked = house.access.execute(
        role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
    )
    hand_in(house.access.app, asked.id)
    house.access.execute(role_requests.approve, HELP, roles=EUS, role_request_id=asked.id)


def connect(house: House, function: str) -> UUID:
    which: dict[str, Any] = {"provider_id": PRACTICE, "surrogate_id": GROUP, "function": function, "side": "SURROGATE"}
    return house.connections.execute(connections.request, OFFICIAL, **which).id


def story(house: House) -> None:
    with_role(house, DOCTOR, PRACTICE)
    with_role(house, OFFICIAL, GROUP)
    house.settle()
    id_ = connect(house, "PECOS")
    house.connections.execute(connections.approve, DOCTOR, connection_id=id_, side="PROVIDER")
    house.settle()


def logs(house: House) -> dict[str, list[Any]]:
    found = {}
    for name, room in house.rooms.items():
        with room.app.session() as session:
            found[name] = session.run("SELECT position, stream, version, topic, leaf_hash FROM log ORDER BY position")
    return found


def reactions(house: House) -> Counter[str]:
    """How often the witness, which guards itself against nothing, has reacted to each heard topic."""
    positions = [event.position for event in house.witness.events(Tally.Counted)]
    with house.witness.app.session() as session:
        topics = dict(session.run("SELECT position, topic FROM log"))
    assert len(positions) == len(set(positions))
    return Counter(topics[position] for position in positions)


def test_moving_to_kafka_answers_nothing_twice(house: House, kafka: KafkaServer) -> None:
    """Drained, switched, offsets forgotten: nothing is heard again, and nothing is lost from there on."""
    story(house)
    before, reacted = logs(house), reactions(house)
    with on_kafka(house, kafka) as moved:
        moved.settle()
        assert logs(moved) == before

        nppes = connect(moved, "NPPES")  # rests on what was heard before the move, proven fresh since
        moved.settle()
        assert reactions(moved) - reacted == Counter({"heard.ConnectionRequested": 1})
        moved.access.execute(
            staff.disassociate,
            DOCTOR,
            association_id=Association.id_for(DOCTOR, PRACTICE),
            leaves_without_official=True,
        )
        moved.settle()
        with pytest.raises(connections.NotYourSideError):
            moved.connections.execute(connections.approve, DOCTOR, connection_id=nppes, side="PROVIDER")


def test_everything_told_once_more_on_the_new_bus_answers_nothing_twice(house: House, kafka: KafkaServer) -> None:
    """The same messages with the same ids: the logs know them, on whatever bus they come."""
    story(house)
    before = logs(house)
    with on_kafka(house, kafka) as moved:
        for room in moved.rooms.values():
            with room.app.session() as session:
                session.run("DELETE FROM told")
                session.run("UPDATE positions SET position = 0 WHERE follower LIKE '%%.relay'")
        moved.settle()
        assert logs(moved) == before
        topics = ["AssociationState", "ConnectionState", "RoleRequested", "ConnectionApproved"]
        ends = moved.subscriber.ends(topics)
        assert {topic for (topic, _), place in ends.items() if place.offset} == set(topics)


def bus_findings(room: Room, subscriber: Subscriber) -> set[tuple[str, str]]:
    """What the doctor finds between a service's log and the bus: what, and of which topic."""
    ends, _ = ends_of(subscriber, sorted((*room.app.hears, "AssociationState")))
    with room.app.session() as session:
        here = Installation("up", Path(), 0, "")
        patient = Patient(here, room.service, room.app, session, subscriber, ends or {}, Limits())
        found = [one for check in CHECKS for one in check(patient)]
    return {(one.check, topic) for one in found for topic in room.app.hears if topic in one.sentence}


def test_the_doctor_names_what_happened_to_topics_of_kafka(
    house: House, kafka: KafkaServer, eventually: Callable[..., Any]
) -> None:
    """A topic deleted and made anew, and one whose records retention has taken, on a real broker."""
    topics = [CATALOGUE.topics[name] for name in (*house.access.app.hears, "AssociationState", "Progress")]
    admin = KafkaTopicAdmin(kafka.bootstrap)
    admin.ensure(topics)
    publisher, subscriber = KafkaPublisher(kafka.bootstrap), KafkaSubscriber(kafka.bootstrap)
    try:
        [ingest] = on_another_bus(house, publisher, subscriber).access.followers["ingest"]
        written = publisher.publish([Message("AccountActivated", str(PRACTICE), b"\xff", {}) for _ in range(3)])
        assert eventually(ingest.step)
        assert bus_findings(house.access, subscriber) == set()
        admin.delete(["AccountState"])
        admin.ensure([CATALOGUE.topics["AccountState"]])
        with house.access.app.session() as session:  # as if it had been away since the first of them
            session.run(
                "UPDATE offsets SET next = %s WHERE topic = 'AccountActivated' AND next > 0", (written[0].offset,)
            )
        below = TopicPartition("AccountActivated", written[-1].partition, written[-1].offset)
        for future in admin._admin.delete_records([below]).values():
            future.result(10)
        found = eventually(lambda: len(found := bus_findings(house.access, subscriber)) > 1 and found)
        assert found == {("made-anew", "AccountState"), ("below-retention", "AccountActivated")}
    finally:
        publisher.close()
        subscriber.close()
        admin.delete([topic.name for topic in topics])
        admin.close()


def origin(key: UUID, version: int) -> Origin:
    return Origin("access", 1, version, key, version, nature.now(), uuid4(), "", bytes(32))


def a_request(key: UUID, version: int) -> Message:
    who: dict[str, Any] = {"account_id": str(uuid4()), "employer_id": str(uuid4())}
    message = RoleRequested(role_request_id=str(key), tracking_id=f"R{version}", **who)
    return wrap(message, origin(key, version))


@pytest.fixture(params=["embedded", "kafka"])
def anywhere(request: pytest.FixtureRequest, house: House) -> Iterator[House]:
    """A house on each bus."""
    if request.param == "embedded":
        yield house
    else:
        with on_kafka(house, request.getfixturevalue("kafka")) as moved:
            yield moved


def test_a_parked_key_makes_its_rights_unknown_and_holds_nobody_else_back(anywhere: House) -> None:
    """F-15."""
    with_role(anywhere, DOCTOR, PRACTICE)
    with_role(anywhere, OFFICIAL, GROUP)
    anywhere.settle()
    key = str(Association.id_for(DOCTOR, PRACTICE))
    anywhere.publisher.publish([Message("AssociationState", key, b"\xff\xff", {"ce_type": "mandate.access.v1.Broken"})])
    with_role(anywhere, PERSON, GROUP)
    anywhere.settle()
    with anywhere.connections.app.session() as session:
        assert unknown_keys(session, ["AssociationState"]) == {key}
        [(value,)] = session.run("SELECT value FROM parked_messages")
    assert value == b"\xff\xff"
    which: dict[str, Any] = {"provider_id": PRACTICE, "surrogate_id": GROUP, "function": "PECOS"}
    with pytest.raises(connections.NotYourSideError):
        anywhere.connections.execute(connections.request, DOCTOR, side="PROVIDER", **which)
    for who, function in ((OFFICIAL, "PECOS"), (PERSON, "NPPES")):
        anywhere.connections.execute(connections.request, who, side="SURROGATE", **which | {"function": function})


def test_a_redrive_hears_what_waited_in_its_order(anywhere: House) -> None:
    """F-15."""
    one, other = uuid4(), uuid4()
    broken = Message("RoleRequested", str(one), b"\xff", dict(a_request(one, 1).headers))
    anywhere.publisher.publish([broken, *(a_request(one, version) for version in (2, 3)), a_request(other, 1)])
    anywhere.settle()
    assert reactions(anywhere) == Counter({"heard.RoleRequested": 1})
    ingest = anywhere.witness.follower("witness.ingest")
    assert ingest.redrive() == 0
    with anywhere.witness.app.session() as session:  # the newer release, which can read it
        session.run("UPDATE parked_messages SET value = %s WHERE value = %s", (a_request(one, 1).value, b"\xff"))
    assert ingest.redrive() == 3
    anywhere.settle()
    assert reactions(anywhere) == Counter({"heard.RoleRequested": 4})
    with anywhere.witness.app.session() as session:
        versions = session.run("SELECT version FROM log WHERE topic = 'heard.RoleRequested' ORDER BY position")
    assert [version for (version,) in versions] == [1, 1, 2, 3]


def test_a_key_has_the_same_partition_on_both_buses(house: House, kafka: KafkaServer) -> None:
    keys = [uuid4() for _ in range(100)]
    messages = [
        wrap(AssociationState(association_id=str(key)), origin(key, 1), form=1) if number % 2 else a_request(key, 1)
        for number, key in enumerate(keys)
    ]
    here = [(one.topic, one.partition) for one in house.publisher.publish(messages)]
    with on_kafka(house, kafka) as moved:
        there = [(one.topic, one.partition) for one in moved.publisher.publish(messages)]
    assert here == there
    assert here == [(one.topic, partition_of(one.key, CATALOGUE.topics[one.topic].partitions)) for one in messages]
