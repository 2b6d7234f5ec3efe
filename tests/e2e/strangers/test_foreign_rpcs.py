"""Every RPC, everybody, things of others: a refusal looks like not found, and nothing is written (A-09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from uuid import UUID

import pytest

from chassis.main import apis_of
from cli.platform import ALL
from tests.e2e.strangers.calls import ASKERS, SAMPLES, SERVICES, Sample
from tests.e2e.strangers.town import OUTSIDE, Town, others
from tests.e2e.strangers.watching import Watched
from tests.integration.server.fortress import Answer, Fortress, Gate

pytestmark = [pytest.mark.xdist_group("strangers"), pytest.mark.timeout(1200)]
ENDS = {"AccessService/Disassociate", "AccessService/CloseEmployer"}
"""After these there is nothing left to ask about."""
REFUSED = {"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND"}


@pytest.fixture(scope="module")
def fortress(town: Town) -> Iterator[Fortress]:
    """The servers of the platform, asked with bytes."""
    made = Fortress(town.platform.keys, processes=town.platform.processes)
    with ExitStack() as closing:
        for service in ALL:
            made.open(
                service, town.platform.addresses[service.name], apis_of(service, made.processes[service.name].parts)
            )
            closing.callback(made.channels[service.name].close)
        yield made


def key(gate: Gate) -> str:
    return f"{gate.method.containing_service.name}/{gate.method.name}"


def token(town: Town, fortress: Fortress, gate: Gate, asker: str) -> dict[str, str]:
    """What somebody brings: nothing, a service's token, or a person's who has given a second factor just now."""
    if asker == "nobody":
        return {}
    if asker in SERVICES:
        return {"authorization": f"Bearer {fortress.keys.signer(asker).service_token(gate.service)}"}
    account_id, roles = UUID(town.people[asker].account_id), town.roles(asker)
    return fortress.token(gate, roles, who=account_id)


def test_every_rpc_has_a_sample(fortress: Fortress) -> None:
    """S-11: whoever adds one says for whom it is meant."""
    assert {key(gate) for gate in fortress.gates} - set(SAMPLES) == set(), "tests/e2e/strangers/calls.py lacks these"
    assert set(SAMPLES) - {key(gate) for gate in fortress.gates} == set(), "there is no such RPC any more"


def heard(answer: Answer, things: Mapping[str, str]) -> str:
    """An answer, with what was asked for under the name of its kind."""
    text = str(answer)
    for name, thing in things.items():
        text = text.replace(thing, f"<{name}>") if thing else text
    return text


def ask(town: Town, fortress: Fortress, gate: Gate, sample: Sample, asker: str, things: Mapping[str, str]) -> Answer:
    sent = sample.request(gate.method.input_type, things)
    return fortress.ask(gate, sent if gate.method.client_streaming else sent[0], token(town, fortress, gate, asker))


def tried(town: Town, gate: Gate, sample: Sample) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Things of others, all of them or but one; and as many that are nowhere."""
    mine = town.things.get(gate.service, {})
    theirs = others(mine, town.quiet)
    yield mine, theirs
    named = sample.asks_about(gate.method.input_type, mine)
    for name in named if len(named) > 1 else ():
        yield mine | {name: theirs[name]}, theirs


def test_what_is_not_meant_for_somebody_is_not_there_for_them(town: Town, fortress: Fortress) -> None:
    """A-09, A-10: asked about a thing of others and about one that is nowhere, both answers are the same."""
    wrong, watched = [], Watched(town.platform)
    for gate in fortress.gates:
        sample = SAMPLES[key(gate)]
        for asker in (one for one in ASKERS if not sample.sees(one)):
            for mine, theirs in tried(town, gate, sample):
                real, other = (ask(town, fortress, gate, sample, asker, one) for one in (mine, theirs))
                said, nothing = heard(real, mine), heard(other, theirs)
                if said != nothing:
                    wrong.append(f"{key(gate)} tells {asker} that it is there: {said} instead of {nothing}")
                if real.status == "OK" and real.said.ByteSize():
                    wrong.append(f"{key(gate)} answers {asker}: {said}")
        wrong += watched.written(key(gate))
    assert wrong == [], "\n".join(wrong)


def test_who_may_see_a_thing_but_not_do_this_is_refused(town: Town, fortress: Fortress) -> None:
    """A-10: no manager makes a manager, nobody decides about their own."""
    wrong, watched = [], Watched(town.platform)
    for gate in fortress.gates:
        sample = SAMPLES[key(gate)]
        for asker in sample.knows - sample.may:
            answer = ask(town, fortress, gate, sample, asker, town.things[gate.service])
            if answer.status == "OK":
                wrong.append(f"{key(gate)} is done for {asker}")
        wrong += watched.written(key(gate))
    assert wrong == [], "\n".join(wrong)


def test_nobody_outside_reads_of_a_thing_in_a_list_of_their_own(town: Town, fortress: Fortress) -> None:
    """Of the RPCs that are meant for everybody, and take no id."""
    for gate in fortress.gates:
        sample = SAMPLES[key(gate)]
        if any(one.name == "command_id" for one in gate.method.input_type.fields):
            continue
        for asker in sample.may & set(OUTSIDE):
            said = str(ask(town, fortress, gate, sample, asker, {}))
            assert [what for text, what in town.canaries.items() if text in said] == [], (key(gate), asker)


def test_those_for_whom_it_is_meant_are_answered(town: Town, fortress: Fortress) -> None:
    """So the samples ask for something: last, for what is done here is done. One log answers for all of auditors."""
    refused: dict[str, list[bool]] = {}
    for gate in sorted(fortress.gates, key=lambda one: key(one) in ENDS):
        if gate.service == "identity":
            continue
        sample, things = SAMPLES[key(gate)], town.things.get(gate.service, {})
        is_command = any(one.name in {"command_id", "about"} for one in gate.method.input_type.fields)
        meant = [one for one in ASKERS if one in sample.may]
        for asker in meant[:1] if is_command else meant:
            answer = ask(town, fortress, gate, sample, asker, things)
            refused.setdefault(f"{key(gate)} of {asker}", []).append(answer.status in REFUSED)
    assert [asked for asked, answers in refused.items() if all(answers)] == []
