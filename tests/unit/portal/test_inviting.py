"""Add Staff (IA-ADDS-01 to -05), the invitations on My Staff, taking one back (4.4), Invite again (IA-STAFF-04)."""

from __future__ import annotations

import re

import grpc
import httpx
import pytest
from mandate.access.v1.service_pb2 import Offer

from tests.unit.portal.answers import (
    AM,
    AO,
    CLINIC,
    DELIA,
    OTHER,
    OWN,
    PETRA,
    SEU,
    World,
    association,
    id_of,
    invitation,
    late,
    refusal,
)
from tests.unit.portal.reading import errors, hidden, text

INVITE = "/staff/invite"
CLEO = {
    "first_name": "Cleo",
    "middle_name": "",
    "last_name": "Vargas",
    "email": "cleo@harbor.example",
    "confirm_email": "Cleo@harbor.example",
}
AT_CLINIC = {"employer": [CLINIC], "role": [f"{CLINIC}:{SEU}", ""], "pecos": [CLINIC]}


def offer(employer: str, role: str = SEU, *functions: str) -> Offer:
    return Offer(employer_id=employer, role=role, functions=functions)


def send(browser: httpx.Client, **changed: object) -> httpx.Response:
    return browser.post(INVITE, data=hidden(browser.get(INVITE).text, INVITE) | CLEO | AT_CLINIC | changed)


def box(page: str, name: str, employer: str) -> str:
    found = re.search(rf'<input [^>]*name="{name}" value="{employer}"[^>]*>', page)
    assert found
    return found[0]


@pytest.mark.parametrize(
    "path", [INVITE, f"/staff/invitations/{id_of(70)}", f"/staff/invitations/{id_of(70)}/withdraw"]
)
def test_who_manages_nobody_invites_nobody(ana: httpx.Client, world: World, path: str) -> None:
    """IA-NAV-02."""
    world.invitations = [invitation(70, offer(CLINIC))]
    assert ana.get(path).status_code == 200
    for mine in ([], [association(1, CLINIC, SEU)], [association(1, CLINIC, AO, "PENDING")]):
        world.mine = mine
        assert ana.get(path).status_code == 404


def test_what_was_typed_and_ticked_is_sent(ana: httpx.Client, world: World) -> None:
    """IA-ADDS-01 to IA-ADDS-03; what stands at an employer that is not ticked is not sent."""
    answer = send(
        ana,
        middle_name="Maria",
        employer=[CLINIC, OWN],
        role=[f"{CLINIC}:{SEU}", f"{OWN}:{AM}"],
        pecos=[CLINIC, OWN],
        nppes=[CLINIC],
    )
    assert answer.headers["location"] == f"/staff/invitations/{id_of(70)}?done=staff_invited"
    (sent,) = world.access.requests("InviteStaff")
    assert (sent.first_name, sent.middle_name, sent.last_name) == ("Cleo", "Maria", "Vargas")
    assert (sent.email, sent.confirm_email) == ("cleo@harbor.example", "Cleo@harbor.example")
    assert list(sent.offers) == [offer(CLINIC, SEU, "NPPES", "PECOS"), offer(OWN, AM)]
    assert send(ana, pecos=[CLINIC, OWN]).status_code == 303
    assert list(world.access.requests("InviteStaff")[-1].offers) == [offer(CLINIC, SEU, "PECOS")]


def test_the_page_offers_what_the_inviter_may_give(ana: httpx.Client, world: World) -> None:
    """IA-ADDS-03, IA-ADDS-05, D-09, IA-EHR-01: no Authorized Official, no EHR; a manager only Staff End User."""
    page = ana.get(INVITE).text
    assert "Please be aware the PIN generated for this invitation will expire in 72 hours." in text(page)
    assert "Harbor Point Medical Group EIN **-***4576" in text(page)
    assert "Rivera, Ana NPI 2000000036" in text(page)
    assert f"{CLINIC}:{AM}" in page
    assert AO not in page
    assert "EHR" not in page
    assert "checked" not in page
    world.mine = [association(1, CLINIC, AM)]
    page = ana.get(INVITE).text
    assert f"{CLINIC}:{SEU}" in page
    assert AM not in page
    assert "checked" in box(page, "employer", CLINIC), "the only one is ticked from the start"
    assert "data-all" not in page


def test_many_employers_are_searched_by_name_first(ana: httpx.Client, world: World) -> None:
    """A form brings at most 200 fields: forty employers with everything ticked go into one."""
    many = [f"0c1f4f43-9a55-4f43-9a55-1000000000{n:02}" for n in range(45)]
    world.mine += [association(10 + n, id_, AO) for n, id_ in enumerate(many)]
    page = ana.get(INVITE).text
    assert page.count('name="employer"') == 40
    assert "40 of 47 are below" in text(page)
    found = ana.get(f"{INVITE}?name=harbor").text
    assert re.findall(r'name="employer" value="([^"]+)"', found) == [CLINIC]
    whole = {"employer": many[:40], "role": [f"{id_}:{AM}" for id_ in many[:40]]}
    assert send(ana, **whole, pecos=many[:40], nppes=many[:40]).status_code == 303
    assert len(world.access.requests("InviteStaff")[0].offers) == 40
    refused = send(ana, employer=[many[44]], role=[])
    assert f'value="{many[44]}" checked' in refused.text, "what was chosen is shown again"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"first_name": " "}, "Enter First Name"),
        ({"last_name": "x" * 36}, "35"),
        ({"email": "nobody"}, "Enter an e-mail address like name@example.com"),
        ({"confirm_email": "other@harbor.example"}, "Enter the same e-mail address in both boxes"),
        ({"employer": [], "role": []}, "Choose at least one employer, each with a role"),
        ({"role": []}, "Choose the role at Harbor Point Medical Group"),
        ({"role": [f"{CLINIC}:{AO}"]}, "Choose the role at Harbor Point Medical Group"),
        ({"role": [f"{CLINIC}:{SEU}", f"{OWN}:{SEU}"]}, "Tick Rivera, Ana too, or choose no role there"),
        ({"employer": [OTHER], "role": [f"{OTHER}:{SEU}"]}, "Choose at least one employer, each with a role"),
    ],
)
def test_what_is_wrong_is_said_twice_and_nothing_is_lost(
    ana: httpx.Client, world: World, changed: dict[str, object], said: str
) -> None:
    """The summary and the place itself, in the same words; what was typed and ticked stays."""
    answer = send(ana, **changed)
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert any(said in line for line in summary)
    assert summary == beside
    assert 'value="Vargas"' in answer.text or "last_name" in changed
    assert "checked" in box(answer.text, "pecos", CLINIC)
    assert all(f'id="{target}"' in answer.text for target in re.findall(r'<li><a href="#([^"]+)"', answer.text))
    assert world.access.requests("InviteStaff") == []


@pytest.mark.parametrize(
    ("refused", "status", "said"),
    [
        (refusal(grpc.StatusCode.INVALID_ARGUMENT, "NAME_MALFORMED", "last_name"), 422, "with letters only"),
        (refusal(grpc.StatusCode.INVALID_ARGUMENT, "EMAIL_MALFORMED", "email"), 422, "name@example.com"),
        (refusal(grpc.StatusCode.INVALID_ARGUMENT, "NOT_OFFERED", "offers"), 422, "Choose Staff End User or"),
        (refusal(grpc.StatusCode.PERMISSION_DENIED, "MAY_NOT_MANAGE"), 422, "You do not manage people in this role"),
        (late(), 503, "it counts once"),
    ],
)
def test_what_access_refuses_is_said(
    ana: httpx.Client, world: World, refused: Exception, status: int, said: str
) -> None:
    world.access.answers["InviteStaff"] = refused
    answer = send(ana)
    assert answer.status_code == status
    assert said in text(answer.text)
    sent = world.access.requests("InviteStaff")[-1].command_id
    assert (hidden(answer.text, INVITE)["command_id"] == sent) is (status == 503)


def test_the_confirmation_says_whom_where_and_until_when(ana: httpx.Client, world: World) -> None:
    """IA-INV-01: the tracking id in groups of four; the page says it right after sending."""
    world.invitations = [invitation(70, offer(CLINIC, SEU, "PECOS"), offer(OWN, AM))]
    page = text(ana.get(f"/staff/invitations/{id_of(70)}?done=staff_invited").text)
    for said in (
        "The invitation is sent.",
        "V7F3-K2QX-9V",
        "Cleo Maria Vargas",
        "cleo@harbor.example",
        "Harbor Point Medical Group EIN **-***4576 Staff End User: PECOS",
        "Rivera, Ana NPI 2000000036 Access Manager: PECOS, NPPES",
        "PIN sent",
    ):
        assert said in page
    assert re.search(r"The PIN expires \d\d/\d\d/\d{4} \d+:\d\d[AP]M E[SD]T", page)
    assert ana.get(f"/staff/invitations/{id_of(71)}").status_code == 404


def test_my_staff_lists_what_nobody_accepted(ana: httpx.Client, world: World) -> None:
    """4.4: the live ones can be withdrawn, the dead ones sent again; at 72 hours it is dead, said or not (D-27)."""
    assert "Invitations" not in text(ana.get("/staff").text)
    both = invitation(70, offer(CLINIC), offer(OWN))
    world.invitations = [
        both,
        invitation(71, offer(CLINIC), left_s=-1, email="late@harbor.example"),
        invitation(72, offer(OWN), status="BLOCKED", email="blocked@harbor.example"),
        invitation(73, offer(OWN), status="REDEEMED", email="in@harbor.example"),
    ]
    page = ana.get("/staff").text
    assert page.count(f'"/staff/invitations/{id_of(70)}"') == 1
    for number, live in ((70, True), (71, False), (72, False), (73, True)):
        assert (f"/staff/invitations/{id_of(number)}/withdraw" in page) is live
        assert f"/staff/invitations/{id_of(number)}/again" in page
    said = text(page)
    assert [word in said for word in ("PIN sent", "Expired", "Blocked", "PIN entered")] == [True] * 4
    assert "Invitations" not in text(ana.get("/staff/inactive").text)


def test_what_was_sent_again_is_listed_once(ana: httpx.Client, world: World) -> None:
    again = invitation(71, offer(CLINIC))
    again.invited_at.seconds += 60
    world.invitations = [invitation(70, offer(CLINIC), status="EXPIRED", email="CLEO@harbor.example"), again]
    page = ana.get("/staff").text
    assert id_of(71) in page
    assert id_of(70) not in page


def test_send_again_is_add_staff_filled_in(ana: httpx.Client, world: World) -> None:
    world.invitations = [invitation(70, offer(CLINIC, SEU, "NPPES"), status="EXPIRED")]
    page = ana.get(f"{INVITE}?again={id_of(70)}").text
    for value in ("Cleo", "Maria", "Vargas", "cleo@harbor.example"):
        assert f'value="{value}"' in page
    assert f'value="{CLINIC}:{SEU}" selected' in page
    assert "checked" in box(page, "employer", CLINIC)
    assert "checked" in box(page, "nppes", CLINIC)
    assert "checked" not in box(page, "pecos", CLINIC) + box(page, "employer", OWN)
    ana.post(INVITE, data=hidden(page, INVITE) | CLEO | {"employer": CLINIC, "role": f"{CLINIC}:{SEU}"})
    assert world.access.requests("InviteStaff")[0].replaces == id_of(70), "the old PIN is to be dead"
    assert ana.get(f"{INVITE}?again={id_of(71)}").status_code == 404
    assert ana.get(f"{INVITE}?again=x").status_code == 404


def test_invite_again_knows_the_name_of_who_left(ana: httpx.Client, world: World) -> None:
    """IA-STAFF-04; of people who never worked here nothing is told."""
    world.staff = [
        association(13, CLINIC, SEU, "DISASSOCIATED", account=DELIA),
        association(14, CLINIC, SEU, "APPROVED", account=PETRA),
    ]
    assert f'href="{INVITE}?person={DELIA}"' in ana.get("/staff/inactive").text
    page = ana.get(f"{INVITE}?person={DELIA}").text
    assert 'value="Delia"' in page
    assert 'value="Marsh"' in page
    assert "checked" in box(page, "employer", CLINIC)
    assert f'value="{CLINIC}:{SEU}" selected' in page
    assert ana.get(f"{INVITE}?person={PETRA}").status_code == 404
    assert ana.get(f"{INVITE}?person=x").status_code == 404


def test_withdrawing_says_what_will_happen_first(ana: httpx.Client, world: World) -> None:
    """4.4."""
    world.invitations = [invitation(70, offer(CLINIC)), invitation(71, offer(CLINIC), status="BLOCKED")]
    path = f"/staff/invitations/{id_of(70)}/withdraw"
    page = ana.get(path).text
    assert "The PIN will be good for nothing at once" in text(page)
    answer = ana.post(path, data=hidden(page, path))
    assert answer.headers["location"] == "/staff?done=invitation_withdrawn"
    assert [one.invitation_id for one in world.access.requests("WithdrawInvitation")] == [id_of(70)]
    world.access.answers["WithdrawInvitation"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "INVITATION_OVER")
    answer = ana.post(path, data=hidden(page, path))
    assert answer.status_code == 422
    assert "This invitation is accepted or over already" in text(answer.text)
    over = f"/staff/invitations/{id_of(71)}"
    assert ana.get(f"{over}/withdraw").headers["location"] == over


def test_sending_again_is_asked_first_and_leads_to_the_new_invitation(ana: httpx.Client, world: World) -> None:
    """4.4: a new PIN to the same address, the old one dead; what is over otherwise is not sent again."""
    world.invitations = [
        invitation(70, offer(CLINIC), status="EXPIRED"),
        invitation(71, offer(CLINIC)),
        invitation(72, offer(CLINIC), status="ACCEPTED"),
        invitation(73, offer(CLINIC), status="REPLACED"),
    ]
    path = f"/staff/invitations/{id_of(70)}/again"
    page = ana.get(path).text
    assert "A new PIN goes to cleo@harbor.example" in text(page)
    assert f"/staff/invite?again={id_of(70)}" in page, "with another address it is a new invitation"
    form = hidden(page, path)
    assert ana.post(path, data=form).headers["location"] == f"/staff/invitations/{id_of(71)}?done=staff_invited"
    [sent] = world.access.requests("ResendInvitation")
    assert (sent.invitation_id, sent.command_id) == (id_of(70), form["command_id"])
    assert ana.get(f"/staff/invitations/{id_of(71)}/again").status_code == 200, "a live one, too"
    for over in (72, 73):
        shown = f"/staff/invitations/{id_of(over)}"
        assert ana.get(f"{shown}/again").headers["location"] == shown
    assert "Sent again" in text(ana.get(f"/staff/invitations/{id_of(73)}").text)


def test_what_cannot_be_sent_again_any_more_is_told(ana: httpx.Client, world: World) -> None:
    world.invitations = [invitation(70, offer(CLINIC), status="BLOCKED")]
    path = f"/staff/invitations/{id_of(70)}/again"
    form = hidden(ana.get(path).text, path)
    for status, code, said in (
        (grpc.StatusCode.FAILED_PRECONDITION, "INVITATION_OVER", "accepted"),
        (grpc.StatusCode.PERMISSION_DENIED, "MAY_NOT_MANAGE", "Choose again"),
    ):
        world.access.answers["ResendInvitation"] = refusal(status, code)
        answer = ana.post(path, data=form)
        assert answer.status_code == 422
        assert said in errors(answer.text)[0][0]


def test_who_asks_for_a_new_pin_is_seen_on_my_staff(ana: httpx.Client, world: World) -> None:
    """Row 43 of the portal."""
    asking = invitation(70, offer(CLINIC), status="EXPIRED")
    asking.new_pin_asked = True
    world.invitations = [asking]
    for path in ("/staff", f"/staff/invitations/{id_of(70)}"):
        assert "A new PIN is asked for." in text(ana.get(path).text)
