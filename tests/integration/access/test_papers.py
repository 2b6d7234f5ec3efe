"""Check codes of papers (IA-CONF-07, portal.md 3.16): made for a request and a day, told from every other code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from mandate.access.v1 import service_pb2 as pb

from chassis import nature
from chassis.domain import NotFoundError
from chassis.server import Caller
from chassis.tokens import Claims
from chassis.vocabulary import tracking
from services.access.commands.papers import FIRST_DAY, LENGTH
from tests.access_office import Office, refused
from tests.integration.access.test_documents import AM, AO, HELP, PERSON, SEU, STRANGER, ask

QUESTION = pb.VerifyPaperRequest(tracking_id="R00000000", check_code="0" * LENGTH)


def tracked(office: Office, request: str) -> str:
    office.house.settle()
    return str(office.ask("GetRoleRequest", PERSON, role_request_id=request).role_request.tracking_id)


def test_a_paper_is_known_by_its_code_however_it_is_typed(office: Office) -> None:
    request = ask(office, AM)
    made = office.ask("CertifyPaper", PERSON, role_request_id=request)
    id_, code = tracked(office, request), made.check_code
    assert len(code) == LENGTH
    for typed_id, typed in ((id_, code), (id_.lower(), tracking.grouped(code).lower()), (f" {id_} ", f"{code} ")):
        known = office.ask("VerifyPaper", tracking_id=typed_id, check_code=typed)
        assert (known.tracking_id, known.made_on) == (id_, made.made_on)
    assert [one.name for one in known.DESCRIPTOR.fields] == ["tracking_id", "made_on"], "nothing of whom or for what"
    office.clock.forward(days=1)
    later = office.ask("CertifyPaper", HELP, roles=["EUS"], role_request_id=request)
    assert later.made_on > made.made_on
    assert later.check_code != code
    assert office.ask("VerifyPaper", tracking_id=id_, check_code=code).made_on == made.made_on, "papers do not expire"


def test_no_other_code_is_taken(office: Office) -> None:
    """A code with any one character changed, of another request, of another house; whatever is wrong is said alike."""
    request = ask(office, AO)
    code, id_ = office.ask("CertifyPaper", PERSON, role_request_id=request).check_code, tracked(office, request)
    other = tracking.make("R", nature.random_bytes(8))
    open_ = replace(office.parts, settings=office.parts.settings.model_copy(update={"paper_checks_an_hour": 10_000}))
    many = Office(office.house, open_, office.clock)
    wrong = [
        f"{code[:at]}{sign}{code[at + 1 :]}" for at in range(LENGTH) for sign in tracking.ALPHABET if sign != code[at]
    ]
    wrong += ["", "0" * LENGTH, code[1:], f"{code}0", "U" * LENGTH, "🏥" * LENGTH, "\0" * LENGTH, "Z" * 10_000]
    verify = partial(many.ask, "VerifyPaper")
    messages = set()
    for pair in [(id_, one) for one in wrong] + [(other, code), ("", code), ("x" * 1000, code)]:
        with pytest.raises(NotFoundError) as caught:
            verify(tracking_id=pair[0], check_code=pair[1])
        messages.add(str(caught.value))
    assert len(messages) == 1
    house = replace(open_, keys=replace(open_.keys, tokens=b"o" * 32))
    with pytest.raises(NotFoundError):
        Office(office.house, house, office.clock).ask("VerifyPaper", tracking_id=id_, check_code=code)
    assert verify(tracking_id=id_, check_code=code).tracking_id == id_
    assert FIRST_DAY.year == 2020, "codes of papers stand on papers: this day is for ever"


def test_codes_are_tried_twenty_times_an_hour_from_an_address(office: Office) -> None:
    """S-03: a hundred at once are counted one after the other; another address is not held up."""

    def check(address: str) -> str:
        caller = Caller(claims=Claims(service="portal"), client_address=address)
        return refused(lambda: office.servicer.VerifyPaper(QUESTION, caller))

    with ThreadPoolExecutor(8) as several:
        said = list(several.map(check, ["192.0.2.1"] * 100))
    assert said.count("TOO_MANY_TRIES") == 80
    assert check("192.0.2.2") == "PAPER_UNKNOWN"
    with office.room.app.session() as session:
        assert "192.0.2" not in str(session.run("SELECT * FROM paper_checks"))
    office.clock.forward(hours=1)
    assert check("192.0.2.1") == "PAPER_UNKNOWN"


def test_a_code_is_for_who_may_print_the_paper(office: Office) -> None:
    """A-09; IA-CONF-07: for requests that wait for papers."""
    request, staff = ask(office, AM), ask(office, SEU, HELP)
    certify = partial(office.ask, "CertifyPaper", role_request_id=request)
    with pytest.raises(NotFoundError):
        certify(STRANGER)
    assert refused(partial(office.ask, "CertifyPaper", HELP, role_request_id=staff)) == "NO_DOCUMENTS_NEEDED"
    office.ask("CancelRoleRequest", PERSON, role_request_id=request)
    assert refused(partial(certify, PERSON)) == "ALREADY_DECIDED"
    other = Caller(claims=Claims(service="notifier"))
    assert refused(lambda: office.servicer.VerifyPaper(QUESTION, other)) == "NOT_ALLOWED"
