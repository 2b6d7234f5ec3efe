"""Where documents are kept: database, folder and a real S3-compatible server hold to the same (S-23)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from pydantic import SecretStr

from chassis import nature
from chassis.documents import contents
from chassis.documents.stores import ContentsSettings, Store, StoreAwayError, store_of
from chassis.domain import NotFoundError
from tests.access_office import Office, refused
from tests.integration.access.test_documents import AO, PERSON, ask, pdf


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """An S3-compatible server on a free loopback port."""
    made = import_module("moto.server").ThreadedMotoServer("127.0.0.1", 0)
    made.start()
    yield made
    made.stop()


def objects(server: Any, **more: Any) -> ContentsSettings:
    host, port = server.get_host_and_port()
    values = {"store": "s3://papers/of/access", "endpoint": f"http://{host}:{port}", "key_id": "us"} | more
    return ContentsSettings(key=SecretStr("not secret"), **values)


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "file":
        found = store_of(ContentsSettings(store=(tmp_path / "kept").as_uri()))
    else:
        found = store_of(objects(server := request.getfixturevalue("server")))
        found._client.create_bucket(Bucket="papers")  # type: ignore[union-attr]
        assert server
    assert found is not None
    return found


@dataclass
class Watched:
    """A store, and what is in it now."""

    store: Store
    seen: dict[str, bytes]

    def put(self, digest: str, content: bytes) -> None:
        self.seen[digest] = content
        self.store.put(digest, content)

    def get(self, digest: str) -> bytes | None:
        return self.store.get(digest)

    def drop(self, digest: str) -> None:
        self.seen.pop(digest, None)
        self.store.drop(digest)


def test_a_store_keeps_bytes_by_their_hash(store: Store) -> None:
    content = nature.random_bytes(3_000_000)
    digest = hashlib.sha256(content).hexdigest()
    assert store.get(digest) is None
    for _ in range(2):
        store.put(digest, content)
    assert store.get(digest) == content
    for _ in range(2):
        store.drop(digest)
    assert store.get(digest) is None


def test_a_document_in_a_store_is_read_and_destroyed(office: Office, store: Store) -> None:
    """4.9: nothing of it is in the database but its sealed key; the store never sees what is in it."""
    seen: dict[str, bytes] = {}
    kept = Watched(store, seen)
    here = Office(office.house, replace(office.parts, store=kept), office.clock)
    request = ask(here, AO)
    document = here.upload(PERSON, pdf(), role_request_id=request).receipt.id
    [(digest, sealed)] = seen.items()
    assert hashlib.sha256(sealed).hexdigest() == digest
    assert b"%PDF" not in sealed
    with here.room.app.session() as session:
        assert session.run("SELECT content, content_hash FROM contents") == [(None, digest)]
    assert here.ask("ReadDocument", PERSON, document_id=document).piece.startswith(b"%PDF-")
    elsewhere = partial(office.ask, "ReadDocument", PERSON, document_id=document)
    assert refused(elsewhere) == "UNAVAILABLE", "a process that is not told of the store loses nothing"
    contents.put(here.room.app, here.parts.vault, kept, document_id=UUID(document), owner_id=PERSON, content=b"other")
    assert list(seen) == [digest], "what is kept twice is kept once"
    here.ask("DeleteDocument", PERSON, document_id=document)
    assert store.get(digest) is None
    with pytest.raises(NotFoundError):
        here.ask("ReadDocument", PERSON, document_id=document)


def test_a_document_of_the_database_is_read_where_a_store_is_set_later(office: Office, store: Store) -> None:
    request = ask(office, AO)
    document = office.upload(PERSON, pdf(), role_request_id=request).receipt.id
    later = Office(office.house, replace(office.parts, store=store), office.clock)
    assert later.ask("ReadDocument", PERSON, document_id=document).piece.startswith(b"%PDF-")


def test_a_store_that_is_away_is_said_and_nothing_is_written(office: Office, server: Any, tmp_path: Path) -> None:
    """F: the uploader is told to try again."""
    (tmp_path / "file").write_bytes(b"")
    host = urlsplit(objects(server).endpoint).hostname
    away = [
        store_of(objects(server, endpoint=f"http://{host}:9")),
        store_of(objects(server, store="s3://no-such-bucket")),
        store_of(ContentsSettings(store=(tmp_path / "file").as_uri())),
    ]
    request = ask(office, AO)
    before = office.room.end()
    for store in away:
        here = Office(office.house, replace(office.parts, store=store), office.clock)
        assert refused(partial(here.upload, PERSON, pdf(), role_request_id=request)) == "UNAVAILABLE"
    assert StoreAwayError.transient
    assert office.room.end() == before
    with office.room.app.session() as session:
        assert session.run("SELECT 1 FROM contents") == []


@pytest.mark.parametrize("store", ["/var/lib", "file://host/x", "file:x", "s3:", "s3:///x", "http://bucket"])
def test_an_address_that_names_no_store_stops_the_process(store: str) -> None:
    with pytest.raises(ValueError, match="MANDATE_CONTENTS_STORE"):
        store_of(ContentsSettings(store=store))


def test_without_an_address_the_database_is_the_store() -> None:
    assert store_of(ContentsSettings(store="")) is None
