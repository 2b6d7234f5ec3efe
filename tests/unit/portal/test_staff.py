"""My Staff (IA-STAFF-01, -03, -04), Pending Role Requests (IA-RREQ-01 to -03), Modify (IA-MOD-01), IA-NAV-02."""

from __future__ import annotations

import re
from typing import Any

import grpc
import httpx
import pytest
from mandate.access.v1 import service_pb2 as a

from services.portal.web import roster
from tests.unit.portal.answers import (
    AM,
    AO,
    CLINIC,
    DELIA,
    JO,
    ME,
    OTHER,
    OWN,
    PETRA,
    SEU,
    World,
    association,
    id_of,
    refusal,
    role_request,
)
from tests.unit.portal.identity_answers import CAST, Who
from tests.unit.portal.reading import errors, hidden, text

MODIFY = f"/staff/{PETRA}"
END = f"{MODIFY}/end/{id_of(11)}"
REQUESTS = "/staff/requests"


@pytest.fixture
def team(world: World) -> World:
    world.staff = [
        association(10, CLINIC, AM, "APPROVED", "PECOS", "NPPES", account=JO),
        association(11, CLINIC, SEU, "APPROVED", "PECOS", account=PETRA),
        association(12, OWN, SEU, "APPROVED", "NPPES", account=PETRA),
        association(13, CLINIC, SEU, "DISASSOCIATED", account=DELIA),
    ]
    return world


@pytest.mark.parametrize("path", ["/staff", "/staff/inactive", REQUESTS, MODIFY, END, f"{REQUESTS}/{id_of(60)}/reject"])
@pytest.mark.parametrize("mine", [[], [association(1, CLINIC, SEU)], [association(1, CLINIC, AO, "PENDING")]])
def test_who_manages_nobody_has_no_staff(ana: httpx.Client, team: World, path: str, mine: list[object]) -> None:
    """IA-NAV-02."""
    team.mine = mine  # type: ignore[assignment]
    assert ana.get(path).status_code == 404
    assert "My Staff" not in text(ana.get("/home").text)


def test_the_tab_counts_what_waits_for_the_person(ana: httpx.Client, team: World) -> None:
    """IA-NAV-02, IA-RREQ-02: neither own requests nor those that others decide."""
    team.requests = [
        role_request(60, SEU), role_request(61, AM), role_request(62, AO), role_request(63, SEU, ME, OWN)
    ]  # fmt: skip
    assert "My Staff 2 waiting for you" in text(ana.get("/home").text)
    team.mine = [association(1, CLINIC, AM)]
    assert "My Staff 1 waiting for you" in text(ana.get("/home").text)


def test_people_are_listed_once_with_all_their_employers(ana: httpx.Client, team: World) -> None:
    """IA-STAFF-03."""
    page = text(ana.get("/staff").text)
    assert "Nakamura, Jo jnakamura Access Manager Modify Nakamura, Jo YES YES" in page
    assert "Novak, Petra pnovak31 · 2 employers" in page
    assert "1 of 2 employers" in page
    assert "Marsh" not in page
    opened = text(ana.get(f"/staff?open={PETRA}").text)
    assert "Harbor Point Medical Group EIN **-***4576 Staff End User YES NO 05/07/2026" in opened


def test_names_are_asked_as_the_portal_and_searched_by_their_beginning(ana: httpx.Client, team: World) -> None:
    """IA-STAFF-01: SelectPeople carries no user token."""
    page = text(ana.get("/staff?last=nov&first=p").text)
    assert "Novak" in page
    assert "Nakamura" not in page
    _, asked, metadata = next(one for one in reversed(team.identity.asked) if one[0] == "SelectPeople")
    assert (asked.last_name_prefix, asked.first_name_prefix) == ("nov", "p")
    assert "authorization" not in metadata
    assert "Nakamura" not in text(ana.get("/staff?employer=rivera").text)
    assert "Nobody matches" in text(ana.get("/staff?last=zz").text)


def test_inactive_staff_are_those_who_left(ana: httpx.Client, team: World) -> None:
    """IA-STAFF-04."""
    page = text(ana.get("/staff/inactive").text)
    assert "Marsh, Delia" in page
    assert "Novak" not in page
    assert "Modify" not in page


def test_a_manager_modifies_staff_and_no_manager(ana: httpx.Client, team: World) -> None:
    """D-09."""
    team.mine = [association(1, CLINIC, AM)]
    assert "Nakamura" not in text(ana.get("/staff").text)
    assert ana.get(f"/staff/{JO}").status_code == 404
    assert ana.get(MODIFY).status_code == 200


def matrix(page: str, **chosen: str) -> dict[str, Any]:
    """The form of Modify as a browser sends it: what stands in it, and what was chosen."""
    form: dict[str, Any] = {
        "shown": re.findall(r'name="shown" value="([^"]+)"', page),
        "role": re.findall(r'<option value="([^":]+:[^"]+)" selected', page),
        "pecos": re.findall(r'name="pecos" value="([^"]+)" checked', page),
        "nppes": re.findall(r'name="nppes" value="([^"]+)" checked', page),
    }
    return hidden(page, MODIFY) | form | chosen


def test_modify_shows_every_employer_of_the_manager(ana: httpx.Client, team: World) -> None:
    """IA-MOD-01: what is held, and empty boxes where nothing is; IA-MOD-03: a line above; D-39: no official is made."""
    team.mine.append(association(3, OTHER))
    page = ana.get(MODIFY).text
    form = matrix(page)
    assert set(form["shown"]) == {CLINIC, OWN, OTHER}
    assert set(form["role"]) == {f"{CLINIC}:{SEU}", f"{OWN}:{SEU}"}
    assert (form["pecos"], form["nppes"]) == ([CLINIC], [OWN])
    assert "Now: Staff End User, PECOS" in text(page)
    assert "Brightwater Billing Services EIN **-***4576 No role here now" in text(page)
    assert "AUTHORIZED_OFFICIAL" not in page
    assert "EHR" not in text(page.split("<main", 1)[1])  # IA-EHR-01


def test_saving_sends_all_of_it_at_once(ana: httpx.Client, team: World) -> None:
    """IA-MOD-01: one command; where no role is chosen and none is held, nothing is asked for."""
    team.mine.append(association(3, OTHER))
    form = matrix(ana.get(MODIFY).text)
    form |= {"role": [f"{CLINIC}:{AM}", f"{OWN}:{SEU}"], "pecos": [CLINIC, OWN], "nppes": []}
    assert ana.post(MODIFY, data=form).headers["location"] == "/staff?done=staff_modified"
    [sent] = team.access.requests("ModifyStaff")
    assert (sent.account_id, sent.command_id) == (PETRA, form["command_id"])
    assert [(one.employer_id, one.role, list(one.functions)) for one in sent.offers] == [
        (CLINIC, AM, []), (OWN, SEU, ["PECOS"])
    ]  # fmt: skip


def test_the_line_above_sets_all_lines_and_saves_nothing_yet(ana: httpx.Client, team: World) -> None:
    """IA-MOD-03, IA-MOD-02: choosing Access Manager ticks every function; without scripts, too."""
    form = matrix(ana.get(MODIFY).text) | {"do": "all", "all_role": AM}
    page = ana.post(MODIFY, data=form).text
    shown = matrix(page)
    assert set(shown["role"]) == {f"{CLINIC}:{AM}", f"{OWN}:{AM}"}
    assert set(shown["pecos"]) == set(shown["nppes"]) == {CLINIC, OWN}
    assert "Not saved yet Harbor Point Medical Group: Access Manager" in text(page)
    page = ana.post(MODIFY, data=form | {"all_role": "", "all_pecos": "yes"}).text
    assert (set(matrix(page)["pecos"]), matrix(page)["nppes"]) == ({CLINIC, OWN}, [])
    assert team.access.requests("ModifyStaff") == []


def test_ehr_of_staff_has_a_column_only_where_there_is_history_to_show(ana: httpx.Client, team: World) -> None:
    """D-18, IA-STAFF-03, IA-EHR-03: in the deck's order, on the list and in a row that is open."""
    assert "EHR" not in text(ana.get(f"/staff?open={PETRA}").text)
    team.staff[1].functions.append("EHR")
    page = ana.get(f"/staff?open={PETRA}").text
    assert re.findall(r'columnheader" scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page)[:5] == [
        "Name ", "Role ", "PECOS ", "EHR Incentive Program", "NPPES ",
    ]  # fmt: skip
    assert page.count('data-inline="EHR"') == 2 + 2, "two people, and two employers of the one whose row is open"


def test_a_manager_sets_staff_and_nothing_else(ana: httpx.Client, team: World) -> None:
    """D-09, D-11, IA-EHR-01: no other role, no other employer and no retired function can be slipped in."""
    team.mine = [association(1, CLINIC, AM)]
    form = matrix(ana.get(MODIFY).text) | {"do": "all", "all_role": AM}
    page = ana.post(MODIFY, data=form).text
    assert matrix(page)["role"] == [f"{CLINIC}:{SEU}"]
    slipped = {"do": "", "shown": [CLINIC, OTHER], "role": [f"{CLINIC}:{SEU}", f"{OTHER}:{SEU}"]}
    assert ana.post(MODIFY, data=matrix(page) | slipped).status_code == 303
    [sent] = team.access.requests("ModifyStaff")
    assert [one.employer_id for one in sent.offers] == [CLINIC]
    assert ana.post(MODIFY, data=matrix(page) | {"ehr": CLINIC}).status_code == 422


def test_a_role_is_not_taken_away_by_leaving_it_out(ana: httpx.Client, team: World) -> None:
    """4.3: that is Deactivate, which says first what will be lost."""
    form = matrix(ana.get(MODIFY).text)
    answer = ana.post(MODIFY, data=form | {"role": [f"{OWN}:{SEU}"]})
    assert answer.status_code == 422
    assert "Choose the role at Harbor Point Medical Group" in errors(answer.text)[1][0]
    team.mine.append(association(3, OTHER))
    answer = ana.post(MODIFY, data=matrix(ana.get(MODIFY).text) | {"pecos": [CLINIC, OTHER]})
    assert "Choose the role at Brightwater Billing Services" in errors(answer.text)[1][0]
    assert team.access.requests("ModifyStaff") == []


def test_what_is_not_shown_stays_as_it_is(ana: httpx.Client, team: World) -> None:
    """A form has room for some employers; the others are sent as they are held."""
    page = ana.get(f"{MODIFY}?name=rivera").text
    assert matrix(page)["shown"] == [OWN]
    ana.post(MODIFY, data=matrix(page) | {"pecos": [OWN]})
    [sent] = team.access.requests("ModifyStaff")
    assert {one.employer_id: sorted(one.functions) for one in sent.offers} == {
        CLINIC: ["PECOS"],
        OWN: ["NPPES", "PECOS"],
    }


def test_a_role_that_was_lost_in_the_meantime_is_told(ana: httpx.Client, team: World) -> None:
    form = matrix(ana.get(MODIFY).text)
    team.access.answers["ModifyStaff"] = refusal(grpc.StatusCode.PERMISSION_DENIED, "MAY_NOT_MANAGE")
    answer = ana.post(MODIFY, data=form)
    assert answer.status_code == 422
    assert "Choose again" in errors(answer.text)[0][0]


def test_letting_somebody_go_is_asked_first(ana: httpx.Client, team: World) -> None:
    page = ana.get(END).text
    assert "Novak, Petra will lose the role and every function" in text(page)
    assert ana.post(END, data=hidden(page, END)).headers["location"] == "/staff?done=staff_ended"
    assert team.access.requests("Disassociate")[0].association_id == id_of(11)
    for other in (f"/staff/{JO}/end/{id_of(11)}", f"{MODIFY}/end/{id_of(1)}"):
        assert ana.get(other).status_code == 404


def test_requests_show_current_and_requested_role(ana: httpx.Client, team: World) -> None:
    """IA-RREQ-01 to IA-RREQ-03: no request for Authorized Official; who may not decide has no button."""
    team.requests = [role_request(60, AM, current_role=SEU), role_request(61, AO, JO), role_request(62, SEU, ME)]
    page = text(ana.get(REQUESTS).text)
    assert "Marsh, Delia dmarsh22 Harbor Point Medical Group EIN **-***4576 Staff End User Access Manager" in page
    assert "Nakamura" not in page
    assert "Your own request: somebody else decides" in page
    team.mine = [association(1, CLINIC, AM)]
    assert "Access Manager" not in text(ana.get(REQUESTS).text), "an Access Manager sees what they may decide (D-09)"


def test_nobody_waiting_says_so(ana: httpx.Client, team: World) -> None:
    assert "Nobody is waiting for you" in text(ana.get(REQUESTS).text)


def test_approving(ana: httpx.Client, team: World) -> None:
    team.requests = [role_request(60, SEU)]
    form = hidden(ana.get(REQUESTS).text, REQUESTS)
    assert ana.post(REQUESTS, data=form).headers["location"] == "/staff/requests?done=role_approved"
    (asked,) = team.access.requests("ApproveRoleRequest")
    assert (asked.role_request_id, asked.command_id) == (id_of(60), form["command_id"])


def test_what_somebody_else_has_decided_is_told(ana: httpx.Client, team: World) -> None:
    team.requests = [role_request(60, SEU)]
    form = hidden(ana.get(REQUESTS).text, REQUESTS)
    team.access.answers["ApproveRoleRequest"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_DECIDED")
    answer = ana.post(REQUESTS, data=form)
    assert answer.status_code == 422
    assert "decided in the meantime" in errors(answer.text)[0][0]


def test_what_access_does_not_allow_is_no_page(ana: httpx.Client, team: World) -> None:
    team.requests = [role_request(60, SEU)]
    form = hidden(ana.get(REQUESTS).text, REQUESTS)
    team.access.answers["ApproveRoleRequest"] = refusal(grpc.StatusCode.PERMISSION_DENIED, "MAY_NOT_DECIDE")
    assert ana.post(REQUESTS, data=form).status_code == 404
    assert ana.post(REQUESTS, data=form | {"request": "x"}).status_code == 404


def test_rejecting_asks_for_a_reason(ana: httpx.Client, team: World) -> None:
    team.requests = [role_request(60, SEU)]
    path = f"{REQUESTS}/{id_of(60)}/reject"
    form = hidden(ana.get(path).text, path)
    answer = ana.post(path, data=form)
    assert answer.status_code == 422
    assert errors(answer.text)[0] == errors(answer.text)[1] == ["Enter the reason; the person reads it"]
    assert ana.post(path, data=form | {"reason": "x" * 501}).status_code == 422
    assert (
        ana.post(path, data=form | {"reason": " Not ours "}).headers["location"] == "/staff/requests?done=role_rejected"
    )
    assert team.access.requests("RejectRoleRequest")[0].reason == "Not ours"


def test_lists_are_turned_over_by_cursors_that_name_nobody(
    ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IA-STAFF-01: forwards, back, sorted, and an address that means nothing is the first page."""
    monkeypatch.setattr(roster.page, "__defaults__", (1,))
    seen, path = [], "/staff"
    for _ in range(2):
        page = ana.get(path).text
        seen.append(re.findall(r"<span>(\w+, \w+)<small>", page))
        path = "/staff?" + re.findall(r'href="/staff\?(at=after[^"]+)"', page)[0] if len(seen) == 1 else path
    assert seen == [["Nakamura, Jo"], ["Novak, Petra"]]
    assert not {"nakamura", "novak"} & set(re.split(r"\W+", path.lower()))
    assert "People 2 - 2 of 2" in text(page)
    back = re.findall(r'href="/staff\?(at=before[^"]+)"', page)[0]
    assert "Nakamura, Jo" in text(ana.get(f"/staff?{back}").text)
    assert "Novak, Petra" in text(ana.get("/staff?sort=-name").text)
    for wrong in ("after.x.y", f"after.1e9.{PETRA}", "before", f"after.{'9' * 30}.{PETRA}"):
        assert "People 1 - 1 of 2" in text(ana.get(f"/staff?at={wrong}").text)


def test_a_long_list_is_put_in_order_in_parts(ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More people than identity orders at once: still in order, each once, with right numbers.

    By an access of the release before, during an upgrade: it tells no digests.
    """
    select = team.access.answers["SelectStaff"]

    def before(asked: a.SelectStaffRequest) -> a.SelectStaffResponse:
        asked.digest_only = False
        answer: a.SelectStaffResponse = select(asked)
        return answer

    team.access.answers["SelectStaff"] = before
    monkeypatch.setattr(roster, "IDS", 1)
    page = text(ana.get("/staff").text)
    assert page.index("Nakamura, Jo") < page.index("Novak, Petra")
    assert "People 1 - 2 of 2" in page
    monkeypatch.setattr(roster.page, "__defaults__", (1,))
    second = re.findall(r'href="/staff\?(at=after[^"]+)"', ana.get("/staff").text)[0]
    page = ana.get(f"/staff?{second}").text
    assert "People 2 - 2 of 2" in text(page)
    back = re.findall(r'href="/staff\?(at=before[^"]+)"', page)[0]
    page = text(ana.get(f"/staff?{back}").text)
    assert "Nakamura, Jo" in page
    assert "People 1 - 1 of 2" in page


FILES = {
    "/staff.csv?last=nov": "Name,User ID,Employer,EIN or NPI,Role,PECOS,EHR Incentive Program,NPPES,Since\n"
    '"Novak, Petra",pnovak31,Harbor Point Medical Group,EIN **-***4576,Staff End User,YES,NO,NO,05/07/2026\n'
    '"Novak, Petra",pnovak31,"Rivera, Ana",NPI 2000000036,Staff End User,NO,NO,YES,05/07/2026\n',
    "/staff/inactive.csv": "Name,User ID,Employer,EIN or NPI,Last role,Ended,Ended by\n"
    '"Marsh, Delia",dmarsh22,Harbor Point Medical Group,EIN **-***4576,Staff End User,05/07/2026,"Rivera, Ana"\n',
    "/staff/requests.csv": "Name,User ID,Employer,EIN or NPI,Current Role,Request Role,Request Tracking ID,Requested\n"
    '"Marsh, Delia",dmarsh22,Harbor Point Medical Group,EIN **-***4576,,Staff End User,R8WKT4C1GX,05/07/2026\n',
}


@pytest.mark.parametrize("path", FILES)
def test_each_list_is_a_file_too(ana: httpx.Client, team: World, path: str) -> None:
    """IA-STAFF-01, IA-STAFF-04, IA-RREQ-01, S-24: whole, with a byte order mark, so chosen as the page is."""
    team.requests = [role_request(60, SEU)]
    team.staff[-1].ended_by = ME
    answer = ana.get(path)
    assert answer.content.decode("utf-8-sig").replace("\r\n", "\n") == FILES[path]
    assert re.search(r'attachment; filename="[a-z-]+-\d{8}-\d{6}-E[DS]T.csv"', answer.headers["content-disposition"])
    page = ana.get(path.replace(".csv", "")).text
    assert f'href="{path.replace("&", "&amp;")}"' in page
    team.mine = [association(1, CLINIC, SEU)]
    assert ana.get(path).status_code == 404


def test_the_file_of_active_staff_says_who_had_the_retired_function(ana: httpx.Client, team: World) -> None:
    """D-18, IA-STAFF-03, IA-EHR-03: where the page shows it."""
    held = next(one for one in team.staff if one.account_id == PETRA and one.employer_id == CLINIC)
    held.functions.append("EHR")
    lines = ana.get("/staff.csv?last=nov").text.splitlines()
    assert [line.split(",")[-4:-1] for line in lines] == [
        ["PECOS", "EHR Incentive Program", "NPPES"], ["YES", "YES", "NO"], ["NO", "NO", "YES"],
    ]  # fmt: skip


def test_a_name_that_a_spreadsheet_would_compute_stays_a_name(
    ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-24, A-13."""
    monkeypatch.setitem(CAST, "pnovak31", Who("pnovak31", "+Petra", "=HYPERLINK(1)"))
    assert '"\'=HYPERLINK(1), +Petra"' in ana.get("/staff.csv").text


def test_who_left_is_listed_with_where_when_and_by_whom(ana: httpx.Client, team: World) -> None:
    """IA-STAFF-04."""
    team.staff[-1].ended_by = ME
    page = text(ana.get("/staff/inactive").text)
    assert (
        "Marsh, Delia dmarsh22 Harbor Point Medical Group EIN **-***4576 Staff End User 05/07/2026 Rivera, Ana" in page
    )
