"""The composition root of the notifier."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from chassis.application import Application
from chassis.followers import Follower
from chassis.service import Parts, Service
from services.notifier.adapters.access import AccessAddresses
from services.notifier.adapters.addressing import Addressing
from services.notifier.adapters.enrollment import EnrollmentSigners, NoSigners
from services.notifier.adapters.identity import IdentityContacts
from services.notifier.adapters.ports import Parties, Signers
from services.notifier.adapters.queue import remember_ends, waiting
from services.notifier.adapters.registry import NoParties, RegistryParties
from services.notifier.adapters.secrets import SealedSecrets
from services.notifier.adapters.sender import Sender
from services.notifier.adapters.settings import NotifierSettings
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.application import NotifierApplication
from services.notifier.publishing import PUBLISHING

SCRIPTS = files("services.notifier.migrations")


def _sender(app: Application, parts: Parts) -> Sequence[Follower]:
    settings = NotifierSettings()
    secrets = SealedSecrets(parts.keys.sealing_private("notifier"))
    access, identity = AccessAddresses(parts.channel("access")), IdentityContacts(parts.channel("identity"))
    addressing = Addressing(
        settings,
        contacts=identity,
        newcomers=identity,
        invitees=access,
        at_employers=access,
        signers=_signers(parts),
        parties=_parties(parts),
        secrets=secrets,
    )
    return [Sender(app, settings, addressing, SmtpPost(settings))]


def _signers(parts: Parts) -> Signers:
    try:
        return EnrollmentSigners(parts.channel("enrollment"))
    except KeyError:  # no address of one is set
        return NoSigners()


def _parties(parts: Parts) -> Parties:
    try:
        return RegistryParties(parts.channel("registry"))
    except KeyError:  # no address of one is set
        return NoParties()


SERVICE = Service(
    application=NotifierApplication,
    publishing=PUBLISHING,
    scripts=[SCRIPTS / "0001_deliveries.sql", SCRIPTS / "0002_held.sql"],
    more_followers={"sender": _sender},
    measures=waiting,
    other_actors=(Sender.name,),
    taken_back=remember_ends,
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
