"""Two employers and a practice that know each other, and everybody who has, or has not, to do with what is theirs.

What belongs to the people of the clinic are the `things`; how somebody stands to them is the name they have here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mandate.access.v1 import service_pb2 as access
from mandate.connections.v1 import service_pb2 as connections

from chassis import nature
from chassis.vocabulary import eastern, tracking
from cli.demo import desk, eventually
from cli.platform import Platform
from tests.e2e.pages.enrolling_neighbours import Practices
from tests.e2e.pages.neighbours import Neighbours
from tests.enrolling import Enrolling
from tests.scenario import AM, NAMED, SEU, Person, Story

OUTSIDE = ("foreigner", "other_official", "former")
"""Nobody to the clinic: without any role, Authorized Official of another employer, Access Manager until today."""
INSIDE = ("asker", "staff", "manager", "official", "practitioner")
"""Who asks for a role at the clinic; who works there; its Authorized Official; for whom it may act."""
DESKS = ("eus", "mac", "auditor")
PERSONS = (*OUTSIDE, *INSIDE, *DESKS)
MANAGE = frozenset({"official", "manager", "eus"})
DECIDE = frozenset({"official", "eus"})
"""About who asks to be Access Manager: no manager makes another (D-09)."""
AT_THE_CLINIC = frozenset({"official", "manager", "staff"})
PREPARE = AT_THE_CLINIC | {"practitioner"}
"""Who may act in PECOS for the practitioner."""
OWNER = frozenset({"asker", "eus"})
"""Whose the documents are, and whose work."""
PUBLIC = frozenset({"employer_id", "provider_id", "surrogate_id", "provider_ids"})
"""Whoever likes finds these in the registry; what is tried instead is one for whom nobody works."""

ACCOUNTS = frozenset({"account_id", "asker_id"})


@dataclass
class Town:
    """Who lives there, and what is theirs."""

    platform: Platform
    story: Story
    people: dict[str, Person] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    """By service: the name of a field of its requests -> the id of a thing of the clinic's people."""
    quiet: dict[str, str] = field(default_factory=dict)
    """By the name of a field, a provider of the registry for whom nobody works."""
    canaries: dict[str, str] = field(default_factory=dict)
    """What none of those outside may ever read -> what it is."""

    def roles(self, name: str) -> tuple[str, ...]:
        """What the token of somebody says besides who they are."""
        return (name.upper(),) if name in DESKS else ()


def settled(platform: Platform) -> Town:
    """Let everybody register, work, ask and be asked, until there is one of everything."""
    eus, mac = desk(platform.password), desk(platform.password, "MAC")
    story = Story(platform.channel, platform.inbox, eventually, eus=eus, mac=mac)
    story.sign_in(eus)
    neighbours = Neighbours(story)
    practice = Practices(neighbours).next()
    clinic, official = practice.at.clinic.provider_id, practice.at.official
    town = Town(platform, story)
    nobodys = next(neighbours._groups).provider_id
    town.quiet = dict.fromkeys(PUBLIC, nobodys) | {"provider_id": next(neighbours._practices).provider_id}
    town.people = {
        "official": official,
        "practitioner": practice.practitioner,
        "staff": practice.staff,
        "manager": neighbours.registered("Bruno", "Takkel"),
        "asker": neighbours.registered("Asta", "Keller"),
        "former": neighbours.registered("Freda", "Ormond"),
        "foreigner": neighbours.registered("Fritz", "Orlandi"),
        "other_official": neighbours.theo(),
        "eus": eus,
        "mac": mac,
        "auditor": neighbours.auditor(),
    }
    neighbours.give_role(official, town.people["manager"], clinic, AM)
    was = neighbours.give_role(official, town.people["former"], clinic, AM)
    end = access.DisassociateRequest(command_id=new_id(), association_id=was)
    story.ask(story.access.Disassociate, end, official, "access")
    clerk = neighbours.registered("Carla", "Lerkson")
    town.things["access"] = _of_access(neighbours, town, clinic, clerk) | {"provider_id": practice.practice}
    town.things["connections"] = _of_connections(town, practice.practice, clinic)
    town.things["enrollment"] = _of_enrollment(town, practice.practice, clinic)
    town.canaries |= {
        text: f"{service}: {name}"
        for service, things in town.things.items()
        for name, text in things.items()
        if name not in PUBLIC | ACCOUNTS
    }
    theirs = [clerk, *(town.people[name] for name in INSIDE if name != "official")]
    town.canaries |= {one.email: f"the address of {one.first_name}" for one in theirs}
    for one in town.people.values():
        story.token(one, "access")  # so that their account is known here
    return town


def _of_access(neighbours: Neighbours, town: Town, clinic: str, clerk: Person) -> dict[str, str]:
    """A member of staff, an invitation, a request with a document and what was said about it."""
    story, official, asker = town.story, town.people["official"], town.people["asker"]
    member = neighbours.give_role(official, clerk, clinic, SEU, "NPPES")
    address = {"contact_email": "asta@keller.example", "confirm_contact_email": "asta@keller.example"}
    ask = access.RequestRoleRequest(command_id=new_id(), employer_id=clinic, role=AM, official=NAMED, **address)
    request = story.ask(story.access.RequestRole, ask, asker, "access").receipt.id
    neighbours._hand_in(asker, request, "CP_575")
    listed = access.ListDocumentsRequest(role_request_id=request)

    def handed_in() -> Any:
        return story.ask(story.access.ListDocuments, listed, asker, "access").documents

    document = story.eventually(handed_in, "the document")[0].document_id
    say = access.AddCommentRequest(command_id=new_id(), document_id=document, text="It is signed on page two.")
    comment = story.ask(story.access.AddComment, say, asker, "access").receipt.id
    story.group = clinic
    sent = story._invite(official, neighbours.someone("Ingrid", "Nvitt"))
    about = access.GetRoleRequestRequest(role_request_id=request)
    seen = story.ask(story.access.GetRoleRequest, about, asker, "access").role_request
    return {
        "employer_id": clinic,
        "account_id": clerk.account_id,
        "association_id": member,
        "role_request_id": request,
        "document_id": document,
        "comment_id": comment,
        "invitation_id": sent.receipt.id,
        "tracking_id": seen.tracking_id,
        "asker_id": asker.account_id,
        "check_code": neighbours.check_code(asker, request),
    }


def _of_connections(town: Town, practice: str, clinic: str) -> dict[str, str]:
    """A connection that waits for the practitioner, beside the one by which the clinic acts for him."""
    story = town.story
    ask = connections.RequestConnectionRequest(
        command_id=new_id(), provider_id=practice, surrogate_id=clinic, function="NPPES", side="SURROGATE"
    )
    receipt = story.ask(story.connections.RequestConnection, ask, town.people["official"], "connections").receipt
    return {"connection_id": receipt.id, "provider_id": practice, "surrogate_id": clinic, "employer_id": clinic}


def _of_enrollment(town: Town, practice: str, clinic: str) -> dict[str, str]:
    """An application that waits for its signatures, with a document, and the record of the clinic."""
    story, people = town.story, town.people
    story.people = {one: people[two] for one, two in (("staff", "staff"), ("provider", "practitioner"))}
    story.practice = practice
    enrolling = Enrolling(story)
    started = enrolling._start(practice)
    id_ = started.receipt.id
    enrolling._fill_in(id_, clinic)
    enrolling._attach(id_)
    enrolling._submit(id_, clinic, people["official"])
    seen = enrolling._application(people["staff"], id_)
    card = story.eventually(lambda: enrolling._cards(people["official"], clinic), "the record")[0]
    return {
        "application_id": id_,
        "signature_id": seen.signatures[0].signature_id,
        "document_id": seen.documents[0].document_id,
        "enrollment_id": card.enrollment_id,
        "provider_id": practice,
        "tracking_id": started.tracking_id,
    }


def new_id() -> str:
    """As a client makes it for a command."""
    return str(nature.new_id())


def others(things: Mapping[str, str], quiet: Mapping[str, str]) -> dict[str, str]:
    """For each thing one of its kind that is not there, or is nobody's."""
    return {name: quiet[name] if name in PUBLIC else _other(name, thing) for name, thing in things.items()}


def _other(name: str, thing: str) -> str:
    if name != "tracking_id":
        return new_id()
    if thing.startswith(tracking.APPLICATION):
        return tracking.make_application(eastern.day_of(nature.now()), nature.random_bytes(8))
    return tracking.make(thing[0], nature.random_bytes(8))
