"""For whom each page of the portal is that shows or changes a thing of somebody, and what its form is sent with (A-09).

A page whose address holds something, or that has a form, and which is not here, fails the test by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from services.portal.web.pages import Access
from services.portal.web.pages import Page as Built
from tests.e2e.strangers.town import AT_THE_CLINIC, DECIDE, MANAGE, OWNER, PREPARE, Town

PARAMETER = re.compile(r"{(\w+)(?::uuid)?}")
THINGS = {
    "association": "association_id", "connection": "connection_id", "document": "document_id",
    "employer": "employer_id", "enrollment": "enrollment_id", "invitation": "invitation_id", "party": "employer_id",
    "person": "account_id", "request": "role_request_id", "signature": "signature_id", "tracking": "tracking_id",
    "stream": "connection_id", "account": "account_id",
}  # fmt: skip
"""Names in addresses -> things of the town."""
WORDS = {
    "direction": "providers",
    "topic": "REASSIGNMENT",
    "decision": "deny",
    "service": "connections",
    "position": "1",
}
DESKS = {Access.EUS: "eus", Access.MAC: "mac", Access.AUDITOR: "auditor"}
OPEN = frozenset({Access.EVERYBODY, Access.REGISTERING})


@dataclass(frozen=True)
class Page:
    """One page."""

    may: frozenset[str]
    knows: frozenset[str] = frozenset()
    """Who sees the thing elsewhere, so that the refusal may say why."""
    own: frozenset[str] = frozenset()
    """Who has such a page about what is theirs: it opens, but does nothing to a thing of others."""
    query: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields beside those of the page as one sees it for whom it is; `{name}` is a thing."""

    def sees(self, asker: str) -> bool:
        """Whether somebody may know that the thing is there."""
        return asker in self.may | self.knows


def things_of(town: Town, path: str) -> dict[str, str]:
    """The things that an address, and the form behind it, may mean."""
    in_pecos = path.startswith(("/applications", "/enrollments", "/mac"))
    order = ("access", "connections", "enrollment") if in_pecos else ("enrollment", "connections", "access")
    return {name: thing for service in order for name, thing in town.things[service].items()}


def address(path: str, things: Mapping[str, str], query: str = "") -> str:
    """Where a page about these things is."""
    if query:
        return f"{address(path, things)}?{query.format(**things)}"
    return PARAMETER.sub(lambda found: things.get(THINGS.get(found[1], ""), WORDS.get(found[1], "")), path)


def needs_sample(page: Built) -> bool:
    """Whether there is something to try: whoever is not signed in, or not at that desk, is turned away by all."""
    return page.access not in OPEN and (PARAMETER.search(page.path) is not None or page.post is not None)


class Forms(HTMLParser):
    """The fields of the form of a page that is sent to an address, filled in with anything."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._action, self._inside, self._choosing = action, False, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = has.get("method") == "post" and has.get("action", "").split("?")[0] == self._action
        elif self._inside and tag in {"input", "textarea", "button"} and has.get("type") != "file":
            self._put(has.get("name", ""), has.get("value", ""), "" if has.get("type") == "hidden" else "x")
        elif self._inside and tag == "select":
            self._choosing = has.get("name", "")
        elif self._inside and tag == "option" and self._choosing:
            self._put(self._choosing, has.get("value", ""), "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choosing = ""
        self._inside = self._inside and tag != "form"

    def _put(self, name: str, value: str, otherwise: str) -> None:
        if name and not self.fields.get(name):
            self.fields[name] = value or otherwise


REASON = {"reason": "Because."}
PERSONS = MANAGE | OWNER | PREPARE | {"foreigner", "other_official", "former", "mac", "auditor"}
EUS, MAC, AUDITOR = (frozenset({one}) for one in ("eus", "mac", "auditor"))
ASKER, PROVIDER = frozenset({"asker"}), frozenset({"practitioner"})
ELSEWHERE = frozenset({"other_official", "practitioner"})
"""Who manages another employer, or his own practice."""
STAFFED = frozenset({"official", "manager"})
OFFICIAL = frozenset({"official"})
ON_RECORD = AT_THE_CLINIC
SIGNING = Page(frozenset({"practitioner", "official"}), knows=PREPARE | MAC, form={"agreed": "yes"})
DRAFT = Page(frozenset(), knows=PREPARE | MAC)
"""Only while it is one; the town's waits for its signatures."""
OF_MAC = Page(MAC, form=REASON)
OWN = Page(PERSONS)
"""Whoever is signed in, about themselves."""

PAGES: dict[str, Page] = {
    "/signout": OWN,
    "/signin/again": OWN,
    "/signin/again/send": OWN,
    "/session/extend": OWN,
    "/home": Page(
        PROVIDER, own=PERSONS, form={"connection": "{connection_id}", "inbox": "surrogates", "do": "approve"}
    ),
    "/home/reject": Page(
        PROVIDER,
        query="inbox=surrogates&connection={connection_id}",
        form={"connection": "{connection_id}", "inbox": "surrogates"} | REASON,
    ),
    "/profile/employers/{association:uuid}/leave": Page(frozenset()),
    "/employers/{employer:uuid}/request": OWN,
    "/employers/{employer:uuid}/request/official": OWN,
    "/employers/{employer:uuid}/request/attest": OWN,
    "/employers/new": OWN,
    "/requests/{request:uuid}": Page(DECIDE | OWNER),
    "/requests/{request:uuid}/cancel": Page(ASKER, knows=DECIDE),
    "/requests/{request:uuid}/documents": Page(ASKER, knows=DECIDE, form={"document_type": "CP_575"}),
    "/requests/{request:uuid}/documents/{document:uuid}": Page(OWNER),
    "/requests/{request:uuid}/documents/{document:uuid}/delete": Page(ASKER, knows=OWNER),
    "/requests/{request:uuid}/documents/{document:uuid}/comments": Page(OWNER, form={"text": "I was here."}),
    "/requests/{request:uuid}/documents/{document:uuid}/comments/delete": Page(OWNER, form={"comment": "{comment_id}"}),
    "/requests/{request:uuid}/documents/{document:uuid}/refuse": Page(EUS, form=REASON),
    "/requests/{request:uuid}/paper": Page(OWNER, knows=DECIDE),
    "/staff/requests": Page(OFFICIAL, own=ELSEWHERE | {"manager"}, form={"request": "{role_request_id}"}),
    "/staff/requests/{request:uuid}/reject": Page(OFFICIAL, knows=OWNER, form=REASON),
    "/staff/{person:uuid}": Page(STAFFED),
    "/staff/{person:uuid}/end/{association:uuid}": Page(STAFFED),
    "/staff/{person:uuid}/providers/{association:uuid}": Page(STAFFED),
    "/staff/invite": Page(STAFFED, own=ELSEWHERE),
    "/staff/invitations/{invitation:uuid}": Page(STAFFED),
    "/staff/invitations/{invitation:uuid}/withdraw": Page(STAFFED),
    "/staff/invitations/{invitation:uuid}/again": Page(STAFFED),
    "/pin/accept": OWN,
    "/connections/{party:uuid}/{connection:uuid}/end": Page(STAFFED, knows=PROVIDER),
    "/connections/{party:uuid}/{direction}/new": Page(STAFFED),
    "/connections/{party:uuid}/{direction}/review": Page(
        STAFFED, query="other={provider_id}&function=PECOS", form={"other": "{provider_id}", "function": "PECOS"}
    ),
    "/eus": Page(EUS, form={"request": "{role_request_id}"}),
    "/eus/{request:uuid}/reject": Page(EUS, form=REASON),
    "/eus/people": Page(EUS),
    "/eus/people/{invitation:uuid}/withdraw": Page(frozenset()),
    "/eus/employers/{employer:uuid}": Page(EUS),
    "/eus/employers/{employer:uuid}/close": Page(EUS, form=REASON),
    "/eus/accounts": Page(EUS),
    "/eus/accounts/{account:uuid}": Page(EUS),
    "/eus/accounts/{account:uuid}/close": Page(EUS, form=REASON),
    "/eus/accounts/{account:uuid}/take": Page(frozenset()),
    "/enrollments/{enrollment:uuid}": Page(ON_RECORD | MAC),
    "/enrollments/{enrollment:uuid}/medicare-ids": Page(ON_RECORD | MAC),
    "/enrollments/{enrollment:uuid}/reassignments": Page(ON_RECORD | MAC),
    "/enrollments/{enrollment:uuid}/reassignments.csv": Page(ON_RECORD | MAC),
    "/enrollments/{enrollment:uuid}/reassignments/pending": Page(ON_RECORD | MAC),
    "/enrollments/{enrollment:uuid}/reassignments/manage": Page(ON_RECORD | MAC),
    "/applications/new": Page(PREPARE, own=PERSONS, form={"what": "{provider_id}"}),
    "/applications/{tracking}": Page(PREPARE | MAC),
    "/applications/{tracking}/withdraw": Page(PREPARE, knows=MAC),
    "/applications/{tracking}/reopen": Page(PREPARE, knows=MAC),
    "/applications/{tracking}/documents": Page(PREPARE, knows=MAC, form={"document_type": "SUPPORTING"}),
    "/applications/{tracking}/documents/{document:uuid}": Page(PREPARE | MAC),
    "/applications/{tracking}/documents/{document:uuid}/delete": Page(PREPARE, knows=MAC),
    "/applications/{tracking}/review": DRAFT,
    "/applications/{tracking}/signatures": Page(PREPARE, knows=MAC),
    "/applications/{tracking}/signatures/{signature:uuid}/again": Page(
        PREPARE, knows=MAC, form={"email": "else@pages.example"}
    ),
    "/applications/{tracking}/signatures/{signature:uuid}/statement": Page(
        PREPARE, knows=MAC, form={"document": "{document_id}"}
    ),
    "/applications/{tracking}/sign": SIGNING,
    "/applications/{tracking}/sign/decline": Page(SIGNING.may, knows=SIGNING.knows, form=REASON),
    "/applications/{tracking}/{topic}": DRAFT,
    "/mac/import": Page(MAC),
    "/mac/{tracking}": OF_MAC,
    "/mac/{tracking}/approve": Page(MAC),
    "/mac/{tracking}/{decision}": OF_MAC,
    "/audit/streams/{service}/{stream}": Page(AUDITOR),
    "/audit/events/{service}/{position}": Page(AUDITOR),
}
"""By path."""
