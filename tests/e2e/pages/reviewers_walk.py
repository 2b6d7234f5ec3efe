"""The reviewer's walk: both options of an Access Manager's request, invitations, a change of role, the last official.

After each step the mails, `mandate audit log` and everybody's lists must say the same.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.pages.ledgers import Letter, letters
from tests.e2e.pages.reviewers_cast import Cast, Player
from tests.e2e.pages.reviewers_invitations import existing_user, new_user
from tests.scenario import AM, CP_575

OTTO = "otto@named.example"


def option_b(cast: Cast) -> None:
    """Mara asks to be Access Manager and names Ana, who approves."""
    mara, ana = cast.mara, cast.ana
    tracking = _ask(cast, mara, ana.who.email)
    cast.mails.holds(
        Letter(mara.who.email, cast.language, cast.subject("M-09"), (cast.employer, cast.role("AM"), tracking)),
        Letter(ana.who.email, cast.language, cast.subject("M-10"), ("Mara Veldt", cast.employer, tracking)),
    )
    _history_of_a_request(cast, "Mara")
    ana.come_in()
    assert ana.page.locator("header nav .m-count").inner_text().startswith("1")
    ana.tab("IA-NAV-01.staff")
    ana.link("IA-STAFF-01.requests")
    cast.see(ana.page, "reviewer-requests")
    expect(ana.row("Veldt, Mara")).to_contain_text(tracking)
    ana.press("IA-RREQ-01.approve", ana.row("Veldt, Mara"))
    expect(ana.main.locator("[role=status]").first).to_contain_text(ana.say("done.role_approved"))
    cast.see(ana.page, "reviewer-approved")
    _is_manager_now(cast, mara, tracking)


def _ask(cast: Cast, who: Player, official: str) -> str:
    """From Home to the confirmation; the tracking id that stands there."""
    who.come_in()
    who.tab("IA-NAV-01.profile")
    who.link("IA-PROF-03.add")
    who.fill({"organization-name": cast.employer})
    who.press("IA-EMP-01.search")
    cast.see(who.page, "reviewer-found")
    who.link("IA-EMP-04.select", who.row(cast.employer))
    who.keys.choose(who.page.locator(f"input[name=role][value={AM}]"))
    cast.see(who.page, "reviewer-role")
    who.press("form.continue")
    who.press("IA-EMP-08.submit")
    cast.see(who.page, "reviewer-official-errors")
    boxes = {"name": "Otto Named", "title": "Chief Executive", "phone": "207-555-0186", "email": official}
    who.fill({f"official-{box}": text for box, text in boxes.items()} | {"confirm-official-email": official})
    who.press("IA-EMP-08.submit")
    cast.see(who.page, "reviewer-confirmation")
    tracking = who.main.locator(".m-track").first.inner_text()
    for option in ("IA-CONF-02.must", "IA-CONF-02.a", "IA-CONF-02.b"):
        expect(who.main).to_contain_text(who.say(option))
    who.link("IA-CONF-01.done")
    for words in (cast.role("AM"), who.say("IA-PROF-06.PENDING"), tracking, who.say("IA-PROF-05.no")):
        expect(who.row(cast.employer)).to_contain_text(words, ignore_case=True)
    return tracking


def _history_of_a_request(cast: Cast, name: str) -> None:
    what = ("RoleRequest.Requested", "RoleRequest.OfficialNamed", "Association.Requested")
    cast.history.tells(*((one, name) for one in what))


def _is_manager_now(cast: Cast, who: Player, tracking: str, by: str = "Ana", *, documents: int = 0) -> None:
    """After the approval: the mail, the log, the own list and the official's."""
    told = (cast.employer, cast.role("AM"), tracking)
    cast.mails.holds(Letter(who.who.email, cast.language, cast.subject("M-12"), told))
    accepted = [("Document.Accepted", by)] * documents
    cast.history.tells(("RoleRequest.Approved", by), ("Association.Approved", by), *accepted)
    cast.has(who, "AM", "YES", "YES")
    cast.is_listed(who, "AM")


def option_a(cast: Cast) -> None:
    """Milo asks, and hands in both documents; Ewa of External User Services approves."""
    milo, ewa, ana = cast.milo, cast.ewa, cast.ana
    tracking = _ask(cast, milo, OTTO)
    request = (cast.employer, cast.role("AM"), tracking)
    cast.mails.holds(
        Letter(milo.who.email, cast.language, cast.subject("M-09"), request),
        Letter(ana.who.email, cast.language, cast.subject("M-10"), ("Milo Anders", tracking)),
        Letter(OTTO, cast.language, cast.subject("M-10"), ("Milo Anders", tracking)),
    )
    _history_of_a_request(cast, "Milo")
    milo.keys.follow(milo.row(cast.employer).locator("a.m-open"))
    milo.link("IA-PROF-05.open_request")
    with tempfile.TemporaryDirectory() as folder:
        (paper := Path(folder) / "cp575.pdf").write_bytes(CP_575)
        for n, document_type in enumerate(("CERTIFICATION", "CP_575"), 1):
            expect(milo.main).to_contain_text(milo.say("IA-CONF-04.count", n=str(n - 1), m="2"))
            milo.link("IA-CONF-03.add")
            milo.keys.choose(milo.page.locator(f"input[name=document_type][value={document_type}]"))
            milo.keys.attach(milo.page.locator("#file"), paper)
            milo.press("IA-CONF-03.upload")
    expect(milo.main).to_contain_text(milo.say("IA-CONF-04.count", n="2", m="2"))
    cast.see(milo.page, "reviewer-papers")
    cast.mails.holds(
        Letter(milo.who.email, cast.language, cast.subject("M-11"), request),
        Letter(ewa.who.email, "en", cast.subject("M-11", "en"), (cast.employer, cast.role("AM", "en"), tracking)),
    )
    handed_in = [("Document.Uploaded", "Milo"), ("RoleRequest.DocumentAttached", "Milo")]
    cast.history.tells(*handed_in, *handed_in, ("RoleRequest.DocumentsCompleted", "Milo"))
    ewa.come_in()
    ewa.tab("IA-NAV-01.eus")
    cast.see(ewa.page, "reviewer-queue")
    ewa.keys.follow(ewa.row("Anders, Milo").get_by_role("link", name=ewa.say("eus.count", n="2", m="2")))
    cast.see(ewa.page, "reviewer-desk-request")
    ewa.press("IA-RREQ-01.approve")
    expect(ewa.main).not_to_contain_text("Anders, Milo")
    cast.see(ewa.page, "reviewer-desk-approved")
    _is_manager_now(cast, milo, tracking, by="Ewa", documents=2)
    _people_of_the_desk(cast)


def _people_of_the_desk(cast: Cast) -> None:
    """Who works at the desk, and inviting somebody to it, with nothing in the boxes."""
    ewa = cast.ewa
    ewa.link("eus.people")
    cast.see(ewa.page, "reviewer-desk-people")
    ewa.press("IA-EMP-08.submit")
    cast.see(ewa.page, "reviewer-desk-people-errors")
    ewa.link("IA-NAV-01.back")
    expect(ewa.main.locator("h1")).to_have_text(ewa.say("eus.title"))


def change_of_role(cast: Cast) -> None:
    """Ana makes Kim, who is Staff End User, an Access Manager."""
    ana, kim = cast.ana, cast.kim
    ana.link("IA-STAFF-03.modify", ana.row("Sato, Kim"))
    cast.see(ana.page, "reviewer-modify")
    row = ana.row(cast.employer)
    ana.keys.select(row.locator("select"), f"{cast.place.clinic.provider_id}:{AM}")
    ana.press("IA-MOD-03.save")
    expect(ana.main.locator("[role=status]").first).to_contain_text(ana.say("done.staff_modified"))
    cast.see(ana.page, "reviewer-modified")
    told = (cast.employer, cast.role("SEU"), cast.role("AM"))
    cast.mails.holds(Letter(cast.at_work, cast.language, cast.subject("M-14"), told))
    cast.history.tells(("Association.RoleChanged", "Ana"))
    cast.has(kim, "AM", "YES", "YES")
    cast.is_listed(kim, "AM")
    kim.tab("IA-NAV-01.staff")
    expect(kim.row("Prior, Uma")).to_contain_text(cast.role("SEU"), ignore_case=True)


def last_official_leaves(cast: Cast) -> None:
    """Ana leaves, after saying that she knows what she does (D-08)."""
    ana, employer = cast.ana, cast.employer
    ana.tab("IA-NAV-01.profile")
    ana.keys.follow(ana.row(employer).locator("a.m-open"))
    ana.link("IA-PROF-05.leave")
    cast.see(ana.page, "reviewer-leave")
    ana.press("IA-PROF-06.leave_do")
    cast.see(ana.page, "reviewer-leave-errors")
    ana.keys.tick(ana.page.locator("#last"))
    ana.press("IA-PROF-06.leave_do")
    expect(ana.main.locator("[role=status]").first).to_contain_text(ana.say("done.disassociated"))
    cast.see(ana.page, "reviewer-left")
    managers = (cast.mara.who.email, cast.milo.who.email, cast.at_work)
    cast.mails.holds(
        Letter(ana.who.email, cast.language, cast.subject("M-14"), (employer, cast.role("AO"))),
        *letters(managers, cast.language, cast.subject("M-15"), employer),
        Letter(cast.ewa.who.email, "en", cast.subject("M-15", "en"), (employer,)),
    )
    without = ("Association.EmployerLeftWithoutOfficial", "access/notice_missing_official")
    cast.history.tells(("Association.Ended", "Ana"), without)
    expect(ana.row(employer)).to_contain_text(ana.say("IA-PROF-06.DISASSOCIATED"))
    mara = cast.mara
    mara.tab("IA-NAV-01.staff")
    expect(mara.main).not_to_contain_text("Rivera, Ana")
    expect(mara.row("Prior, Uma")).to_contain_text(re.compile(re.escape(mara.say("IA-STAFF-03.modify"))))
    cast.see(mara.page, "reviewer-manager-left")


STEPS = (option_b, option_a, existing_user, new_user, change_of_role, last_official_leaves)
