"""The invitations of the reviewer's walk: of somebody who has an account, and of somebody who has none yet."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.pages.invite_walk import pin_for
from tests.e2e.pages.ledgers import Letter
from tests.e2e.pages.reviewers_cast import Cast, Player
from tests.e2e.pages.walk import Post
from tests.scenario import SEU


def existing_user(cast: Cast) -> None:
    """Kim has an account, is invited at another address (D-28), enters the PIN, signs in and accepts."""
    kim = cast.kim
    tracking = _invite(cast, kim, cast.at_work)
    page = kim.page
    _enter_pin(cast, kim, cast.at_work)
    kim.link("IA-SIGN-01.title")
    post = Post(cast.story, kim.who.email)
    kim.fill({"user-id": kim.who.user_id, "password": kim.who.password})
    kim.press("IA-SIGN-01.title")
    kim.fill({"code": post.code()})
    kim.press("form.continue")
    cast.see(page, "reviewer-invited-home")
    kim.press("IA-PIN-01.accept")
    expect(kim.main.locator("[role=status]").first).to_contain_text(kim.say("done.invitation_accepted"))
    cast.see(page, "reviewer-accepted")
    _has_accepted(cast, kim, tracking, "Kim")


def _invite(cast: Cast, who: Player, email: str) -> str:
    """Ana adds the person as Staff End User with PECOS; the invitation's tracking id."""
    ana = cast.ana
    ana.come_in()
    ana.tab("IA-NAV-01.staff")
    ana.link("IA-HOME-04.add_staff")
    ana.press("IA-EMP-08.submit")
    cast.see(ana.page, "reviewer-invite-errors")
    names = {"first-name": who.who.first_name, "last-name": who.who.last_name}
    ana.fill(names | {"email": email, "confirm-email": email})
    row = ana.row(cast.employer)
    ana.keys.tick(row.locator("input[name=employer]"))
    ana.keys.select(row.locator("select"), f"{cast.place.clinic.provider_id}:{SEU}")
    ana.keys.tick(row.locator("input[name=pecos]"))
    ana.press("IA-EMP-08.submit")
    expect(ana.main.locator("[role=status]").first).to_contain_text(ana.say("done.staff_invited"))
    cast.see(ana.page, "reviewer-invitation")
    tracking = ana.main.locator(".m-track").first.inner_text()
    told = ("Ana Rivera", cast.employer, email, tracking, "72", "PECOS", "NPPES")
    cast.mails.holds(Letter(email, cast.language, cast.subject("M-01"), told))
    cast.history.tells(("Invitation.StaffInvited", "Ana"), ("Invitation.PinIssued", "Ana"))
    ana.link("IA-INV-01.done")
    expect(ana.row(email)).to_contain_text(cast.employer)
    return tracking


def _enter_pin(cast: Cast, who: Player, email: str) -> None:
    who.page.goto(f"{cast.base}/signin")
    who.link("IA-SIGN-01.pin")
    cast.see(who.page, "reviewer-pin")
    pin = pin_for(cast.story, email, cast.subject("M-01"))
    cast.pins.append(pin)
    who.fill({"email": email, "pin": f"{pin[:4].lower()} {pin[4:]}"})
    who.press("IA-EMP-08.submit")
    cast.see(who.page, "reviewer-pin-entered")


def _has_accepted(cast: Cast, who: Player, tracking: str, by: str, *also: Letter) -> None:
    told = (f"{who.who.first_name} {who.who.last_name}", cast.employer, tracking)
    cast.mails.holds(Letter(cast.ana.who.email, cast.language, cast.subject("M-20"), told), *also)
    then = ("Invitation.Accepted", "Association.Invited", "Association.Joined", "Association.ContactChosen")
    cast.history.tells(("Invitation.PinRedeemed", "access/visitor"), *((one, by) for one in then))
    cast.has(who, "SEU", "YES", "NO")
    cast.is_listed(who, "SEU")
    expect(cast.ana.main).not_to_contain_text(tracking)


def new_user(cast: Cast) -> None:
    """Uma has no account yet: the PIN leads to one, and it has what was offered."""
    uma = cast.uma
    tracking = _invite(cast, uma, uma.who.email)
    _enter_pin(cast, uma, uma.who.email)
    uma.press("IA-SIGN-06.create")
    _register(cast, uma)
    cast.see(uma.page, "reviewer-registered")
    created = Letter(uma.who.email, cast.language, cast.subject("M-02"), (uma.who.user_id,))
    uma.link("IA-DONE-01.home")
    _has_accepted(cast, uma, tracking, "access/accept_invitation", created)


def _register(cast: Cast, uma: Player) -> None:
    who, page, post = uma.who, uma.page, Post(cast.story, uma.who.email)
    uma.fill({"answer": cast.text(page.input_value("input[name=challenge]")) or ""})
    uma.press("form.continue")
    uma.fill({"code": post.code()})
    uma.press("form.continue")
    uma.fill({"user-id": who.user_id, "password": who.password, "confirm-password": who.password})
    for n in range(1, 6):
        question = page.locator(f"#question-{n}")
        uma.keys.select(question, question.locator("option").nth(n).get_attribute("value") or "")
        uma.fill({f"answer-{n}": f"Answer {n}"})
    uma.press("form.continue")
    born = who.born_on
    uma.fill({
        "first-name": who.first_name, "last-name": who.last_name, "dob-month": str(born.month),
        "dob-day": str(born.day), "dob-year": str(born.year), "ssn": who.ssn, "business-phone": "(585) 555-0142",
        "personal-phone": "585.555.0177", "line1": "12 Harbor Road", "city": "Rochester", "state": "ny",
        "postal-code": "14604",
    })  # fmt: skip
    uma.press("form.continue")
    uma.keys.choose(page.locator("input[name=method][value=email]"))
    uma.press("form.continue")
    uma.fill({"code": post.code()})
    uma.press("form.continue")
    uma.press("IA-REV-01.confirm")
