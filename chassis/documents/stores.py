"""Where sealed contents of documents are kept, by the SHA-256 of what is kept: a folder, or S3-compatible objects.

Without a store they stand in the service's own database, which a small installation backs up anyway.
"""

from __future__ import annotations

import os
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from chassis import nature
from chassis.domain import DomainError
from chassis.settings import FromEnvironment

NOT_THERE = frozenset({"NoSuchKey", "404"})


class StoreAwayError(DomainError):
    """Documents cannot be reached now. Try again in a moment."""

    code = "UNAVAILABLE"
    transient = True


class ContentsSettings(FromEnvironment):
    """Where an installation keeps documents, prefix MANDATE_CONTENTS_."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_CONTENTS_", frozen=True)

    store: str = ""
    """Empty: the service's database. Else a folder (`file:///var/lib/mandate`) or a bucket (`s3://bucket/prefix`)."""
    endpoint: str = ""
    """Address of an S3-compatible server; empty: Amazon's own."""
    region: str = "us-east-1"
    key_id: str = ""
    """With `key`: who we are to the bucket, as files (`…_FILE`); empty: as the pod's own role says."""
    key: SecretStr = SecretStr("")


class Store(Protocol):
    """Bytes by their hash. Each call may be repeated. Raises `StoreAwayError`."""

    def put(self, digest: str, content: bytes) -> None:
        """Keep them; they are there once this returns."""
        ...

    def get(self, digest: str) -> bytes | None:
        """What was kept; None where there is nothing."""
        ...

    def drop(self, digest: str) -> None:
        """Let them go; without them nothing happens."""
        ...


class FolderStore:
    """Files of one folder: for one machine, or a volume that all copies of a service share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, digest: str, content: bytes) -> None:
        """Written beside, and put in its place whole; its name is on the disk, too, once this returns."""
        place = self._place(digest)
        beside = place.with_suffix(f".{nature.new_id()}")  # threads of one process may bring the same
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
            for folder in (place.parent, self._folder):
                _flush(folder)
        except OSError as error:
            raise StoreAwayError from error

    def get(self, digest: str) -> bytes | None:
        """The whole file."""
        try:
            return self._place(digest).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreAwayError from error

    def drop(self, digest: str) -> None:
        """Remove the file."""
        try:
            self._place(digest).unlink(missing_ok=True)
        except OSError as error:
            raise StoreAwayError from error

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _flush(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class ObjectStore:
    """Objects of one bucket of an S3-compatible server."""

    def __init__(self, settings: ContentsSettings) -> None:
        where = urlsplit(settings.store)
        self._settings, self._bucket, self._prefix = settings, where.netloc, where.path.strip("/")

    def put(self, digest: str, content: bytes) -> None:
        """The server compares the checksum that goes with them."""
        self._call("put_object", digest, Body=content, ChecksumAlgorithm="SHA256")

    def get(self, digest: str) -> bytes | None:
        """The whole object."""
        found = self._call("get_object", digest)
        return None if found is None else found["Body"].read()

    def drop(self, digest: str) -> None:
        """Delete the object."""
        self._call("delete_object", digest)

    def _call(self, method: str, digest: str, **arguments: Any) -> Any:
        key = f"{self._prefix}/{digest}".lstrip("/")
        errors = import_module("botocore.exceptions")
        try:
            return getattr(self._client, method)(Bucket=self._bucket, Key=key, **arguments)
        except errors.ClientError as error:
            if method == "get_object" and error.response["Error"]["Code"] in NOT_THERE:
                return None
            raise StoreAwayError from error
        except errors.BotoCoreError as error:
            raise StoreAwayError from error

    @cached_property
    def _client(self) -> Any:
        """Imported and made where it is used: no other installation pays for it. It may be used by many threads."""
        boto3, config = import_module("boto3"), import_module("botocore.config")
        settings = self._settings
        return boto3.session.Session().client(
            "s3",
            endpoint_url=settings.endpoint or None,
            region_name=settings.region,
            aws_access_key_id=settings.key_id or None,
            aws_secret_access_key=settings.key.get_secret_value() or None,
            config=config.Config(
                connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
            ),
        )


def store_of(settings: ContentsSettings) -> Store | None:
    """The store of an installation; None: the database. Raises `ValueError` for an address that names neither."""
    where = urlsplit(settings.store)
    if not settings.store:
        return None
    if where.scheme == "file" and not where.netloc and where.path.startswith("/"):
        return FolderStore(Path(where.path))
    if where.scheme == "s3" and where.netloc:
        return ObjectStore(settings)
    raise ValueError("MANDATE_CONTENTS_STORE is file:///FOLDER or s3://BUCKET/PREFIX, or empty for the database")
