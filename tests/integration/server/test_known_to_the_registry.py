"""Roles and connections are asked for where the registry knows the other side, by raw gRPC (IA-EMP-01, IA-CONN-05)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import grpc
import pytest

from chassis import nature
from chassis.server import details_of
from tests.integration.server.town import GROUP, OTHER_GROUP, PRACTICE, Town


def refusal(call: Any) -> tuple[grpc.StatusCode, list[tuple[str, str]]]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), [(detail.code, detail.field) for detail in details_of(caught.value)]


def test_a_role_is_asked_for_at_an_employer_that_the_registry_knows(town: Town) -> None:
    """And what was refused was not answered: the same command is taken where it names somebody."""
    before, same = town.ends(), str(nature.new_id())
    refused = refusal(lambda: town.ask_for_role(uuid4(), command_id=same))
    assert refused == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_EMPLOYER", "employer_id")])
    assert town.ends() == before
    assert town.ask_for_role(OTHER_GROUP, command_id=same).receipt.position == before[0] + 3


def test_a_connection_is_asked_for_where_the_registry_knows_the_other_side(town: Town) -> None:
    before, nobody = town.ends(), uuid4()
    provider = refusal(lambda: town.ask_for_connection("SURROGATE", provider_id=nobody, surrogate_id=GROUP))
    assert provider == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_PROVIDER", "provider_id")])
    surrogate = refusal(lambda: town.ask_for_connection("PROVIDER", provider_id=GROUP, surrogate_id=nobody))
    assert surrogate == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_SURROGATE", "surrogate_id")])
    side = refusal(lambda: town.ask_for_connection("BOTH", provider_id=GROUP, surrogate_id=nobody))
    assert side == (grpc.StatusCode.INVALID_ARGUMENT, [("UNKNOWN_SIDE", "side")])
    assert town.ends() == before
    assert town.ask_for_connection("SURROGATE", provider_id=PRACTICE, surrogate_id=GROUP).receipt.position
    assert town.ask_for_connection("PROVIDER", provider_id=GROUP, surrogate_id=OTHER_GROUP).receipt.position


def test_while_the_registry_is_away_asking_is_to_be_tried_again(town: Town) -> None:
    """Nothing is changed; and what was answered before is answered again, for the registry has no part in it."""
    same = str(nature.new_id())
    taken = town.ask_for_role(OTHER_GROUP, command_id=same)
    town.servers["registry"].stop(0).wait()
    before = town.ends()
    silent = (grpc.StatusCode.UNAVAILABLE, [("REGISTRY_SILENT", "")])
    assert refusal(lambda: town.ask_for_role(PRACTICE)) == silent
    sides = {"provider_id": PRACTICE, "surrogate_id": GROUP}
    assert refusal(lambda: town.ask_for_connection("SURROGATE", **sides)) == silent
    assert town.ends() == before
    assert town.ask_for_role(OTHER_GROUP, command_id=same) == taken
