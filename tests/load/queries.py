"""L-03: questions by gRPC (rights, staff, connections) and pages of the portal, 300 a second for ten minutes."""

from __future__ import annotations

import sys
import threading
from typing import Any

import grpc
import httpx
from mandate.access.v1 import service_pb2 as access
from mandate.connections.v1 import service_pb2 as connections

from chassis import nature
from tests.load.arrivals import arrive, begin
from tests.load.city import City, city

RATE, P99_MS, PAGES = 300.0, 60.0, 10
"""One question in so many is a page."""


class NotAnsweredError(grpc.RpcError):
    """A page that is none."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE


class Questions:
    """`ask(number)` is one of them, with what must be in its answer."""

    def __init__(self, place: City) -> None:
        self._city, self._url = place, place.part("portal").url
        self._own = threading.local()
        self.wrong = 0

    def ask(self, number: int) -> None:
        employer = self._city.employers[number % len(self._city.employers)]
        if number % PAGES == 0:
            self._page()
            return
        match number % 3:
            case 0:
                about: dict[str, Any] = {
                    "account_id": str(employer.official),
                    "provider_id": str(nature.new_id()),
                    "function": "PECOS",
                }
                said = self._city.ask(
                    self._city.access.CheckAuthority, access.CheckAuthorityRequest(**about), employer.official
                )
                self.wrong += said.allowed
            case 1:
                wanted = access.ListStaffRequest(employer_id=str(employer.id))
                listed = self._city.ask(self._city.access.ListStaff, wanted, employer.official).staff
                self.wrong += len(listed) != len(employer.staff) + 1
            case _:
                asked = connections.ListConnectionsRequest(employer_id=str(employer.id))
                self.wrong += len(
                    self._city.ask(self._city.connections.ListConnections, asked, employer.official).connections
                )

    def _page(self) -> None:
        if not hasattr(self._own, "http"):
            self._own.http = httpx.Client(base_url=self._url, timeout=20)
        try:
            answer = self._own.http.get("/signin")
        except httpx.HTTPError as error:
            raise NotAnsweredError from error
        if answer.status_code != httpx.codes.OK or "user_id" not in answer.text:
            raise NotAnsweredError


def main() -> int:
    asking = begin("queries", __doc__, seconds=600.0)
    bench = asking.bench
    with city() as place:
        questions = Questions(place)
        arrive(RATE / 3, min(5.0, asking.seconds), questions.ask)
        asked = arrive(RATE, asking.seconds, questions.ask)
        bench.add("questions and pages, 300/s: p99", "ms", [asked.ms(0.99)], P99_MS, at_most=True)
        bench.add("  p50", "ms", [asked.ms(0.5)])
        bench.add(
            "  refused or unanswered",
            "questions",
            [asked.errors.total()],
            0,
            at_most=True,
            note=str(dict(asked.errors)),
        )
        bench.add("  answered wrongly", "questions", [questions.wrong], 0, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
