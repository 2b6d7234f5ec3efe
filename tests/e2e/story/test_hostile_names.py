"""Mails about an employer whose name in NPPES's file could turn into a header (S-25): they arrive, without the name."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from mandate.access.v1 import service_pb2 as access

from chassis import nature
from chassis.database import options
from cli.demo import desk, eventually
from cli.platform import Platform
from services.registry.adapters.generated_month import CAST, write_month
from services.registry.adapters.nppes import readers
from services.registry.commands.load_month import load_month
from tests.e2e.pages.neighbours import HARBOR, Neighbours
from tests.scenario import Story

pytestmark = [pytest.mark.xdist_group("hostile_names"), pytest.mark.timeout(1200)]

HOSTILE = "=?utf-8?q?hi=0ABcc:_evil@x.test?= \u202eClinic"
SHOWN = "=?utf-8?q?hi=0ABcc:_evil@x[.]test?= \N{REPLACEMENT CHARACTER}Clinic"


@pytest.fixture
def neighbours(embedded_platform: Platform, tmp_path: Path) -> Neighbours:
    """Of a platform whose next month brings that name."""
    key = embedded_platform.keys.secret("ssn_index_key.key")
    files = write_month(tmp_path, seed=1, ssn_key=key, others=10)
    written = files.data.read_text("utf-8")
    assert CAST.clinic.name in written
    files.data.write_text(written.replace(CAST.clinic.name, HOSTILE), "utf-8")
    with psycopg.connect(embedded_platform.dsn, autocommit=True, options=options("registry")) as owner:
        load_month(
            owner,
            read=readers,
            data=files.data,
            other_names=files.other_names,
            locations=files.locations,
            supplement=files.supplement,
        )
    eus = desk(embedded_platform.password)
    story = Story(embedded_platform.channel, embedded_platform.inbox, eventually, eus=eus)
    story.sign_in(eus)
    return Neighbours(story)


def test_the_last_official_of_a_hostile_employer_leaves_and_all_are_told(neighbours: Neighbours) -> None:
    """M-14, M-15, D-08."""
    story = neighbours.story
    official = neighbours.registered("Alma", "Oddsen")
    manager = neighbours.registered("Bruno", "Takkel", language="es")
    association_id = neighbours.appoint(official, HARBOR)
    neighbours.give_role(official, manager, HARBOR, "ACCESS_MANAGER")
    leave = access.DisassociateRequest(
        command_id=str(nature.new_id()), association_id=association_id, leaves_without_official=True
    )
    story.ask(story.access.Disassociate, leave, official, "access")
    mails = (
        story.mail(official.email, "Your access to an employer changed"),
        story.mail(manager.email, "Un empleador no tiene funcionario autorizado"),
        story.mail(story.eus.email, "An employer has no Authorized Official"),
    )
    for mail in mails:
        assert SHOWN in " ".join(mail.text.split())
    assert story.inbox.messages(to="evil@x.test") == []
