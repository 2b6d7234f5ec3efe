"""The composition root of identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import files

from chassis import metrics
from chassis.application import Application
from chassis.database import Session
from chassis.followers import Follower
from chassis.hashing import Argon2Hasher, Hasher
from chassis.metrics import Reading
from chassis.server import Api
from chassis.service import Parts as ProcessParts
from chassis.service import Service
from services.identity.adapters.registry import NoProviders, RegistryLookup
from services.identity.adapters.sweeping import Sweeper
from services.identity.api.contact import ContactServicer, contact_api
from services.identity.api.desk import DeskServicer, desk_api
from services.identity.api.people import PeopleServicer, people_api
from services.identity.api.sign_in import IdentityServicer, identity_api
from services.identity.application import IdentityApplication
from services.identity.commands import seeding
from services.identity.commands.parts import Keys, Parts, ProviderLookup
from services.identity.commands.settings import IdentitySettings
from services.identity.publishing import PUBLISHING
from services.identity.timers import DEADLINES

SCRIPTS = files("services.identity") / "migrations"


def parts_of(
    process: ProcessParts,
    *,
    settings: IdentitySettings | None = None,
    hasher: Hasher | None = None,
    providers: ProviderLookup | None = None,
) -> Parts:
    """What commands work with; tests and demonstrations bring their own settings and lookups."""
    settings = settings or IdentitySettings()
    ring = process.keys
    keys = Keys(
        index=ring.secret("identity_index_key.key"),
        tokens=ring.secret("identity_token_key.key"),
        pepper=ring.secret("identity_pepper.key"),
        ssn=ring.secret("ssn_index_key.key"),
        notifier=ring.sealing_public("notifier"),
        person=ring.secret("person_id_key.key"),
    )
    return Parts(
        settings=settings,
        keys=keys,
        vault=process.vault,
        hasher=hasher or Argon2Hasher(settings, keys.pepper),
        providers=providers or _providers(process),
    )


def _providers(process: ProcessParts) -> ProviderLookup:
    try:
        return RegistryLookup(process.channel("registry"))
    except KeyError:  # no address of one is set
        return NoProviders()


def apis(process: ProcessParts) -> Sequence[Api]:
    """The four services that identity answers."""
    parts = parts_of(process)
    signer, app, waiter = process.keys.signer("identity"), process.app, process.waiter
    return [
        identity_api(IdentityServicer(app, parts, signer=signer, waiter=waiter)),
        contact_api(ContactServicer(app, parts, signer=signer)),
        people_api(PeopleServicer(app, parts, signer=signer)),
        desk_api(DeskServicer(app, parts, signer=signer, waiter=waiter)),
    ]


def seed(process: ProcessParts) -> None:
    """The accounts of the configuration (MANDATE_SEEDED_ACCOUNTS)."""
    seeding.seed(process.app, parts_of(process))


def sweeper(app: Application, _process: ProcessParts) -> Sequence[Follower]:
    """Beside the timers, under their lease."""
    return [Sweeper(app)]


def measures(_session: Session, _now: datetime) -> Iterable[Reading]:
    """Which password profile this process was started with."""
    yield metrics.PASSWORD_PROFILE.reads(1, IdentityApplication.name, IdentitySettings().password_profile)


SERVICE = Service(
    application=IdentityApplication,
    vault=True,
    publishing=PUBLISHING,
    deadlines=DEADLINES,
    scripts=[SCRIPTS / "0001_credentials.sql", SCRIPTS / "0002_pins.sql"],
    more_followers={"timers": sweeper},
    apis=apis,
    measures=measures,
    other_actors=("identity/seed", "identity/visitor"),
    seed=seed,
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
