"""The composition root of enrollment."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.documents.examiner import ProcessExaminer
from chassis.documents.stores import ContentsSettings, store_of
from chassis.followers import Follower
from chassis.migrate import CHASSIS_SQL
from chassis.server import Api
from chassis.service import Parts as ProcessParts
from chassis.service import Service
from services.enrollment.adapters.access import AccessAuthority
from services.enrollment.adapters.registry import RegistryNpis
from services.enrollment.api.servicer import apis as answers
from services.enrollment.application import EnrollmentApplication
from services.enrollment.commands.parts import KINDS, EnrollmentSettings, Parts
from services.enrollment.commands.rights import Rights
from services.enrollment.projections.authority import AuthorityFollower
from services.enrollment.publishing import PUBLISHING
from services.enrollment.timers import DEADLINES


def _heard(process: ProcessParts) -> AuthorityFollower:
    """The one index of this process."""
    found: AuthorityFollower = process.in_memory.setdefault("authority", AuthorityFollower(process.app))
    return found


def parts_of(process: ProcessParts) -> Parts:
    """What commands work with."""
    settings = EnrollmentSettings()
    return Parts(
        settings=settings,
        person_key=process.keys.secret("person_id_key.key"),
        vault=process.vault,
        examiner=ProcessExaminer(settings, KINDS),
        registry=RegistryNpis(process.channel("registry")),
        rights=Rights(process.app, _heard(process), AccessAuthority(process.channel("access"))),
        store=store_of(ContentsSettings()),
    )


def _in_memory(process: ProcessParts) -> Sequence[Follower]:
    return [_heard(process)]


def _apis(process: ProcessParts) -> Sequence[Api]:
    return answers(process.app, process.waiter, parts_of(process))


SERVICE = Service(
    application=EnrollmentApplication,
    vault=True,
    publishing=PUBLISHING,
    deadlines=DEADLINES,
    scripts=[CHASSIS_SQL / "0002_contents.sql", CHASSIS_SQL / "0003_contents_elsewhere.sql"],
    apis=_apis,
    api_followers=_in_memory,
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
