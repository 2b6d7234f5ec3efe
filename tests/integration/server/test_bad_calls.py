"""Bytes, messages and metadata that nobody of ours would send, to every RPC of every service (B-02)."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import strategies as st

from chassis import logs, nature
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.server import MESSAGE_BYTES, Rule
from chassis.settings import SERVICES
from tests.chance import TURNS, chance, play
from tests.integration.server.fortress import Answer, Fortress, Gate, fortified
from tests.strange import broken, many, message, nested
from tools.repository import ROOT

pytestmark = pytest.mark.timeout(3600)
DECLARED = {"INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"}
WELL_FORMED = DECLARED | {"OK", "NOT_FOUND", "FAILED_PRECONDITION"}
"""What a message that can be read is answered with, if it is only strange enough to be none of ours."""
EARLIER = {"VIEW_STALE", "VIEW_BEHIND"}
"""Answers with UNAVAILABLE that are none of a server in trouble: here nobody follows, so nothing is ever heard."""
GROWTH_MB = 24.0
QUIET = {"MANDATE_HASH_MEMORY_KIB": "64", "MANDATE_HASH_PASSES": "1"}


@pytest.fixture(scope="module")
def fortress(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortress]:
    was = structlog.get_config()
    logs.configure(level=logging.WARNING)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in QUIET.items():
            patched.setenv(name, value)
        with fortified(postgres, tmp_path_factory.mktemp("fortress")) as made:
            yield made
    structlog.configure(**was)


def refused(gate: Gate, answer: Answer) -> None:
    """Not with OK, and not as what is broken itself is."""
    assert answer.status in DECLARED, (gate.name, answer)


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize("turn", TURNS)
def test_bytes_that_are_no_message_are_refused_and_nothing_is_written(fortress: Fortress, turn: int) -> None:
    by, before = chance(turn), fortress.ends()
    for gate in fortress.gates:
        fields = gate.method.input_type.fields
        for sent in (b"\xff" * by.randint(1, 40), b"\x0f" + by.randbytes(200), nested(50)[:-1], nested(10_000)):
            refused(gate, fortress.ask(gate, sent))
        if any(field.type == field.TYPE_STRING for field in fields):
            number = next(field.number for field in fields if field.type == field.TYPE_STRING)
            refused(gate, fortress.ask(gate, bytes([number << 3 | 2, 2, 0xC3, 0x28])))  # no UTF-8
    assert fortress.ends() == before


@pytest.mark.parametrize("turn", TURNS)
def test_a_strange_message_is_answered_by_rule_and_only_what_is_taken_is_written(fortress: Fortress, turn: int) -> None:
    def asked(gate: Gate, data: Any, by: Any) -> None:
        whole = data.draw(message(gate.method.input_type)).SerializeToString()
        before = fortress.ends(gate.service)
        answer = fortress.ask(gate, broken(whole, by) if by.randrange(4) == 0 else whole)
        said = (gate.name, answer)
        assert answer.status in WELL_FORMED or set(answer.codes) & EARLIER, said
        if answer.status == "INVALID_ARGUMENT":
            assert answer.codes, said
            assert fortress.ends(gate.service) == before, said

    drawn = (st.sampled_from(fortress.gates), st.data(), st.randoms(use_true_random=False))
    play(turn, 700, asked, *drawn)


def test_without_a_right_token_every_rpc_is_closed_whatever_else_is_said(fortress: Fortress) -> None:
    by, before = chance(0), fortress.ends()
    whole = fortress.token(fortress.gates[0])["authorization"]
    for gate in fortress.gates:
        likes = [one for one in fortress.gates if isinstance(one.rule, Rule) is isinstance(gate.rule, Rule)]
        elsewhere = next(one for one in likes if one.service != gate.service)
        metadata: list[dict[str, Any]] = [
            {},
            {"authorization": ""},
            {"authorization": whole},
            {"authorization": broken(whole.encode(), by).decode("ascii", "replace").replace("\ufffd", "?").strip()},
            {"authorization": "Bearer " + "." * by.randint(0, 4_000)},
            {"authorization-bin": by.randbytes(300)},
            {**fortress.token(elsewhere), "mandate-language": "x" * 2_000, "mandate-client-address": "\t; --"},
        ]
        for given in metadata:
            if gate.service == fortress.gates[0].service and given.get("authorization") == whole:
                continue
            shown = {name: _sendable(text) if isinstance(text, str) else text for name, text in given.items()}
            assert fortress.ask(gate, b"", shown).status == "UNAUTHENTICATED", (gate.name, shown)
    assert fortress.ends() == before


def _sendable(text: str) -> str:
    """As much of a text as HTTP/2 lets a client send."""
    return "".join(one if " " <= one <= "~" else "?" for one in text)


def test_beside_a_right_token_metadata_may_be_anything(fortress: Fortress) -> None:
    by = chance(0)
    for gate in fortress.gates:
        more = {
            "mandate-language": "\\0" * by.randint(1, 99),
            "mandate-client-address": "999.1.1.1%" + "x" * by.randint(1, 3_000),
            "mandate-correlation-id": "-" * by.randint(1, 99),
            "mandate-correlation-id-bin": by.randbytes(9),
        }
        answer = fortress.ask(gate, b"", fortress.token(gate) | more)
        assert answer.status in WELL_FORMED or set(answer.codes) & EARLIER, (gate.name, answer)


def test_a_flood_of_large_messages_is_refused_and_leaves_no_memory_behind(fortress: Fortress) -> None:
    """Ten thousand of each repeated field, and one byte more than a message may have."""

    def flood() -> None:
        for gate in fortress.gates:
            answer = fortress.ask(gate, many(gate.method.input_type, 10_000))
            assert answer.status in WELL_FORMED or set(answer.codes) & EARLIER, (gate.name, answer)
        for gate in {gate.service: gate for gate in fortress.gates}.values():
            answer = fortress.ask(gate, bytes(MESSAGE_BYTES + 1))
            assert answer.status == "RESOURCE_EXHAUSTED", (gate.name, answer)

    flood()
    before = rss_mb()
    for _ in TURNS:
        flood()
    assert rss_mb() - before < GROWTH_MB


ASKS = tomllib.loads((ROOT / "deploy" / "who_talks_to_whom.toml").read_text("utf-8"))["calls"]


def named(fortress: Fortress) -> list[tuple[Gate, frozenset[str]]]:
    return [(gate, gate.rule) for gate in fortress.gates if isinstance(gate.rule, frozenset)]


def test_every_other_service_and_every_person_is_refused(fortress: Fortress) -> None:
    """Each pair: a service that is named gets as far as the question, an empty one."""
    assert len(named(fortress)) > 20
    for gate, callers in named(fortress):
        for service in SERVICES:
            token = fortress.keys.signer(service).service_token(gate.service)
            said = fortress.ask(gate, b"", {"authorization": f"Bearer {token}"})
            assert (said.status == "PERMISSION_DENIED") is (service not in callers), (gate.name, service, said)
        assert fortress.ask(gate, b"", fortress.token(gate, who=nature.new_id())).status == "PERMISSION_DENIED"


def test_who_is_named_has_a_way_there(fortress: Fortress) -> None:
    """What no network lets through needs no permission, either."""
    for gate, callers in named(fortress):
        ways = {role.partition(".")[0] for role, asked in ASKS.items() if gate.service in asked}
        assert callers, gate.name
        assert callers <= ways, gate.name
