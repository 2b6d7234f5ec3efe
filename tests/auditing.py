"""Step 10 of the story: an auditor reads all that happened to the provider, and who could act before and after step 9.

Everything goes through public interfaces, as in `tests/scenario.py`: each service tells of its own log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from mandate.access.v1 import service_pb2 as access
from mandate.audit.v1 import service_pb2 as pb
from mandate.audit.v1.service_pb2_grpc import AuditServiceStub

from chassis.history import Event, merge
from services.portal.web.audit_asking import AUDIENCES, told
from tests.scenario import Person, Story

PAGE = 200
TICK = timedelta(microseconds=1)
ENDED = "connections.Connection.Ended"


class Auditing:
    """The steps of somebody who looks at everything and changes nothing."""

    def __init__(self, story: Story) -> None:
        assert story.auditor is not None
        self.story, self.auditor = story, story.auditor
        self.history: list[Event] = []
        self._services: Mapping[str, Any] = {
            name: AuditServiceStub(story.channel(name))  # type: ignore[no-untyped-call]
            for name in AUDIENCES
        }

    # -- the steps

    def step_10_every_event_of_the_provider_in_order_of_causation(self) -> None:
        """Over all services, each with who did it, for whom, and because of what."""
        story = self.story
        story.sign_in(self.auditor)
        assert self._refused(story.people["official"]) == ["NOT_ALLOWED"] * len(AUDIENCES)
        told_of = story.eventually(self._told_of_the_end, "the message that tells of the end")
        self.history = self._history(f"subject:{story.practice}")
        place = {one.where: number for number, one in enumerate(self.history)}
        assert told_of.where in place, "what others did because of it belongs to it"
        assert all(place.get(one.because_of, -1) < number for number, one in enumerate(self.history))
        assert all(one.actor.int for one in self.history)
        own = [one for one in self.history if one.service == "connections" and not one.is_heard]
        assert len(own) == 5, "PECOS asked for, approved and ended; NPPES asked for and rejected"
        pecos = [one for one in own if one.stream == self._ended.stream]
        assert [one.topic.rpartition(".")[2] for one in pecos] == ["Requested", "Approved", "Ended"]
        official, provider = (story.people[role].account_id for role in ("official", "provider"))
        assert [str(one.actor) for one in pecos] == [official, provider, provider]
        services = {one.service for one in self.history}
        assert services >= {"identity", "access", "connections", "notifier"}
        story.say("10", f"{len(self.history)} events of {len(services)} services are about the provider, causes first")

    def step_10_who_could_act_before_and_after(self) -> None:
        """As true then, and as believed then: access heard of the end a moment after it was so."""
        story, ended = self.story, self._ended
        [heard] = [one for one in self.history if (one.service, one.heard_leaf) == ("access", ended.leaf_hash)]
        before, unheard, after = ended.at - TICK, heard.at - TICK, heard.at + TICK
        assert ended.at <= unheard, "what is told comes after what it tells of"
        own = {story.people["provider"].account_id}
        everybody = own | {story.people[role].account_id for role in ("official", "manager", "staff")}
        could = self._could_act(true_at=before)
        # of an earlier telling somebody may work for this group, too; in the first there is nobody else
        assert could == everybody or (story.telling and could > everybody), (could, everybody)
        for moment, people in ((before, could), (after, own)):
            assert self._could_act(true_at=moment) == people, (moment, people)
            assert self._could_act(true_at=moment, believed_at=moment) == people, (moment, people)
        assert self._could_act(true_at=unheard) == own, "as it was true"
        assert self._could_act(true_at=unheard, believed_at=unheard) == could, "as it was believed"
        story.say("10", f"{len(could)} people could act before the provider disconnected, {len(own)} after it")

    # -- what is asked

    @property
    def _ended(self) -> Event:
        [ended] = [one for one in self.history if one.topic == ENDED]
        return ended

    def _told_of_the_end(self) -> Event | None:
        """What the notifier was asked to send because a connection of the provider has ended."""
        [ended] = self._history(f"subject:{self.story.practice} type:{ENDED}", "connections")
        heard = self._history("type:heard.ConnectionEnded", "notifier")
        because = {one.where for one in heard if one.heard_leaf == ended.leaf_hash}
        sent = self._history("type:notifier.Notification.Requested", "notifier")
        return next((one for one in sent if one.because_of in because), None)

    def _history(self, query: str, *services: str) -> list[Event]:
        """All that a query finds, merged; both rounds, as the portal asks."""
        asked = services or AUDIENCES
        about = {name: self._ask(name, "FindStreams", pb.FindStreamsRequest(query=query)).about for name in asked}
        logs = [self._log(name, query, about) for name in asked]
        return list(merge(logs))

    def _log(self, service: str, query: str, about: Mapping[str, Sequence[pb.About]]) -> list[Event]:
        others = [one for name, found in about.items() if name != service for one in found]
        request = pb.FindEventsRequest(query=query, own=about[service], others=others, limit=PAGE)
        found: list[Event] = []
        while page := self._ask(service, "FindEvents", request).events:
            found = [told(service, one).event for one in page] + found
            request.before = page[0].position
        return found

    def _ask(self, service: str, method: str, request: Any) -> Any:
        return self.story.ask(getattr(self._services[service], method), request, self.auditor, service)

    def _refused(self, who: Person) -> list[str]:
        """The codes with which each service refuses somebody who is no auditor."""
        asked = pb.FindEventsRequest()
        return [
            code
            for name, stub in self._services.items()
            for code in self.story.refused(stub.FindEvents, asked, who, name)
        ]

    def _could_act(self, *, true_at: datetime, believed_at: datetime | None = None) -> set[str]:
        request = access.WhoCouldActRequest(
            provider_id=self.story.practice,
            function="PECOS",
            valid_at=_stamp(true_at),
            known_at=_stamp(believed_at) if believed_at else None,
        )
        answer = self.story.ask(self.story.access.WhoCouldAct, request, self.auditor, "access")
        assert list(answer.not_known) == []
        return {one.account_id for one in answer.people}


def _stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
