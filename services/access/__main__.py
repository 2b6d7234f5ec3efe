"""The composition root of access."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from chassis.documents.examiner import ProcessExaminer
from chassis.documents.stores import ContentsSettings, store_of
from chassis.followers import Follower
from chassis.hashing import Argon2Hasher
from chassis.migrate import CHASSIS_SQL
from chassis.registry import RegistryLookup
from chassis.server import Api
from chassis.service import Parts as ProcessParts
from chassis.service import Service
from services.access.api.authority import authority_of
from services.access.api.servicer import apis as answers
from services.access.application import AccessApplication
from services.access.commands.parts import KINDS, AccessSettings, Keys, Parts
from services.access.publishing import PUBLISHING
from services.access.timers import DEADLINES

SCRIPTS = files("services.access.migrations")


def parts_of(process: ProcessParts, *, settings: AccessSettings | None = None) -> Parts:
    """What commands work with; tests bring their own settings."""
    settings = settings or AccessSettings()
    ring = process.keys
    keys = Keys(
        index=ring.secret("access_index_key.key"),
        tokens=ring.secret("access_token_key.key"),
        notifier=ring.sealing_public("notifier"),
    )
    hasher = Argon2Hasher(settings, ring.secret("access_pepper.key"))
    examiner, registry = ProcessExaminer(settings, KINDS), RegistryLookup(process.channel("registry"))
    return Parts(settings, keys, process.vault, hasher, examiner, registry, store_of(ContentsSettings()))


def _in_memory(process: ProcessParts) -> Sequence[Follower]:
    return [authority_of(process)]


def _apis(process: ProcessParts) -> Sequence[Api]:
    return answers(process.app, process.waiter, parts_of(process), authority_of(process))


SERVICE = Service(
    application=AccessApplication,
    vault=True,
    publishing=PUBLISHING,
    deadlines=DEADLINES,
    scripts=[
        SCRIPTS / "0001_pins.sql",
        CHASSIS_SQL / "0002_contents.sql",
        CHASSIS_SQL / "0003_contents_elsewhere.sql",
        SCRIPTS / "0002_paper_checks.sql",
        SCRIPTS / "0003_invited.sql",
    ],
    apis=_apis,
    api_followers=_in_memory,
    other_actors=("access/visitor", "registry"),
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
