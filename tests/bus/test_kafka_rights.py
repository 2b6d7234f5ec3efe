"""By TLS and with the rights that deploy/ gives it, each worker does its work on a real broker, and no more (A-12)."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis import nature
from chassis.bus import BusUnavailableError, Message, Topic
from chassis.kafka import server
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.tls import Tls
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import PROGRESS
from chassis.ports import free_port
from tools.deploy import facts, kafka

pytestmark = pytest.mark.xdist_group("guarded")  # one broker for all

PROPERTIES = """
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller,SSL://127.0.0.1:{tls}
advertised.listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller,SSL://127.0.0.1:{tls}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker/both.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/broker/ca.crt
"""


ANY: Any = None  # the library takes it, its types do not say so
EVERY_RIGHT = AclBindingFilter(
    ResourceType.ANY, ANY, ResourcePatternType.ANY, ANY, ANY, AclOperation.ANY, AclPermissionType.ANY
)


class Authority:
    """Signs certificates, and lays them where their owners look for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed("authority", self._key, authority=True)

    def issue(self, name: str) -> Path:
        """A folder as a pod finds it mounted."""
        made, key = self.folder / name, ec.generate_private_key(ec.SECP256R1())
        made.mkdir()
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        certificate = self._signed(name, key).public_bytes(pem)
        (made / "ca.crt").write_bytes(self._certificate.public_bytes(pem))
        (made / "tls.crt").write_bytes(certificate)
        (made / "tls.key").write_bytes(private)
        (made / "both.pem").write_bytes(private + certificate)
        return made

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool = False) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(nature.now() - timedelta(hours=1))
            .not_valid_after(nature.now() + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())


class Guarded:
    """A broker that asks everybody for a certificate, with the topics and rights that deploy/ declares."""

    def __init__(self, address: str, authority: Authority) -> None:
        self.address = address
        self._authority = authority

    def mounted(self, user: str) -> Path:
        """The certificate that Strimzi gives this user."""
        folder = self._authority.folder / user
        return folder if folder.exists() else self._authority.issue(user)

    def tls(self, service: str) -> Tls:
        """The certificate of this service's worker."""
        return Tls(self.mounted(f"{service}-worker"))

    def publish(self, service: str, topic: str) -> None:
        publisher = KafkaPublisher(self.address, tls=self.tls(service), deadline_s=10)
        try:
            publisher.publish([Message(topic=topic, key="k", value=b"", headers={})])
        finally:
            publisher.close()

    def read(self, service: str, *topics: str) -> int:
        subscriber = KafkaSubscriber(self.address, tls=self.tls(service), deadline_s=10)
        try:
            return len(subscriber.poll(topics, {}).records)
        finally:
            subscriber.close()


@pytest.fixture(scope="module")
def guarded(jars: Path, tmp_path_factory: pytest.TempPathFactory, eventually: Callable[..., Any]) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    authority, port = Authority(folder), free_port()
    authority.issue("broker")
    running = server.start(folder / "kafka", jars=jars, more=PROPERTIES.format(tls=port, folder=folder))
    try:
        KafkaTopicAdmin(running.bootstrap).ensure(tuple(facts.kept_topics().values()))
        admin = AdminClient({"bootstrap.servers": running.bootstrap})
        wanted = list(declared_rights())
        for future in admin.create_acls(wanted).values():
            future.result(10)
        eventually(lambda: len(admin.describe_acls(EVERY_RIGHT).result(10)) == len(wanted))
        yield Guarded(f"127.0.0.1:{port}", authority)
    finally:
        running.stop()


def declared_rights() -> Iterator[AclBinding]:
    """The rights of the KafkaUsers, as Strimzi's operator makes them."""
    for user in kafka.files()["users.yaml"]:
        for acl in user["spec"]["authorization"]["acls"]:
            for operation in acl["operations"]:
                yield AclBinding(
                    ResourceType[acl["resource"]["type"].upper()],
                    acl["resource"]["name"],
                    ResourcePatternType.LITERAL,
                    f"User:CN={user['metadata']['name']}",
                    "*",
                    AclOperation[operation.upper()],
                    AclPermissionType.ALLOW,
                )


def test_a_worker_tells_its_own_and_hears_what_it_declares(guarded: Guarded) -> None:
    for topic in ("AssociationState", "RoleRequested", PROGRESS):
        guarded.publish("access", topic)
    assert guarded.read("connections", "AssociationState", PROGRESS) >= 2


def test_a_worker_cannot_tell_in_another_s_name(guarded: Guarded) -> None:
    with pytest.raises(BusUnavailableError):
        guarded.publish("access", "ConnectionApproved")


def test_a_worker_cannot_write_what_it_only_hears(guarded: Guarded) -> None:
    with pytest.raises(BusUnavailableError):
        guarded.publish("connections", "AssociationState")


def test_a_worker_cannot_read_what_it_does_not_declare(guarded: Guarded) -> None:
    with pytest.raises(BusUnavailableError):
        guarded.read("connections", "MfaCodeIssued")


def test_a_worker_cannot_make_topics(guarded: Guarded) -> None:
    topic = Topic(name=f"T{uuid.uuid4().hex[:8]}", partitions=1, compacted=False, retention_days=1, origin="access")
    with pytest.raises((BusUnavailableError, ValueError)):
        KafkaTopicAdmin(guarded.address, tls=guarded.tls("access")).ensure([topic])


def test_activity_counts_with_the_rights_it_is_given(
    guarded: Guarded, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    """It reads every event topic as a group, and keeps its counts in a topic of its own."""
    port = free_port()
    settings = {
        "MANDATE_BUS_URL": guarded.address,
        "MANDATE_BUS_TLS": str(guarded.mounted("activity")),
        "MANDATE_FOLDER": str(tmp_path / "faust"),
        "MANDATE_PORT": str(port),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.activity"], env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            eventually(lambda: answers(port, "readyz"), seconds=60)
            guarded.publish("access", "RoleRequested")
            eventually(lambda: b"RoleRequested" in answers(port, "activity"), seconds=30)
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int, page: str) -> bytes:
    """What a page of activity says; nothing while it says nothing or is not ready."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/{page}", timeout=3) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def test_without_a_certificate_nobody_is_heard(guarded: Guarded) -> None:
    with pytest.raises(BusUnavailableError):
        KafkaPublisher(guarded.address, deadline_s=2).publish(
            [Message(topic="RoleRequested", key="k", value=b"", headers={})]
        )


def test_a_certificate_that_is_not_mounted_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ca\.crt is missing: mount the certificates for Kafka"):
        Tls(tmp_path)
