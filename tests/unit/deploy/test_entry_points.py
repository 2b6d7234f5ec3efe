"""The manifests start just the processes that `make up` starts, by the same words, with settings that these know."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.application import Application
from chassis.main import main
from chassis.service import Service
from cli import up
from tools.deploy import facts, rendering, settings
from tools.deploy.facts import DEPLOY
from tools.repository import ROOT

Object = dict[str, Any]


@pytest.fixture(scope="session", params=rendering.OVERLAYS)
def rendered(request: pytest.FixtureRequest) -> list[Object]:
    return rendering.objects((DEPLOY / "rendered" / f"{request.param}.yaml").read_text())


def containers(objects: list[Object]) -> list[Object]:
    made = [one for one in objects if one["kind"] in {"Deployment", "Job"}]
    return [container for one in made for container in one["spec"]["template"]["spec"]["containers"]]


def test_the_same_words_start_the_same_processes(rendered: list[Object]) -> None:
    """`make up` seals in its workers; else they are the same."""
    manifests = {tuple(container["command"][2:]) for container in containers(rendered)}
    locally: set[tuple[str, ...]] = {
        (f"services.{name}", role) for name in up.NAMES for role in ("api", "worker", "migrate")
    }
    locally |= {("services.portal",), ("services.activity",)}
    sealers = {(f"services.{name}", "sealer") for name in facts.SERVICES}
    assert manifests == locally | sealers
    assert {container["command"][0] for container in containers(rendered)} == {"python"}


def test_the_words_are_those_of_the_entry_point() -> None:
    """A word that is none ends with the list of those that are."""

    class Nameless(Application):
        name = "nameless"

    with pytest.raises(SystemExit) as refused:
        main(Service(application=Nameless), ["serve"])
    words = str(refused.value).rpartition(" ")[2].split("|")
    assert set(words) == {"api", "worker", "sealer", "migrate"}


def test_every_setting_of_make_up_is_one_that_manifests_know() -> None:
    """Both say the same names, or say nothing: what only `up` sets has a default that is right."""
    source = inspect.getsource(up) + (ROOT / "cli" / "platform.py").read_text()
    named = set(re.findall(r"MANDATE_[A-Z_]+[A-Z]", source)) - {"MANDATE_CACHE"}
    assert {name for name in named if not settings.known(name)} == set()


def test_addresses_name_each_service_and_its_port(rendered: list[Object]) -> None:
    services = {one["metadata"]["name"]: one["spec"] for one in rendered if one["kind"] == "Service"}
    maps = [one["data"] for one in rendered if one["kind"] == "ConfigMap" and "MANDATE_ADDRESSES" in one["data"]]
    assert len(maps) == 2
    for data in maps:
        addresses = yaml.safe_load(data["MANDATE_ADDRESSES"])
        assert set(addresses) == set(facts.SERVICES)
        for name, address in addresses.items():
            assert address == f"{name}:{services[name]['ports'][0]['port']}"


def test_ports_of_settings_and_probes_are_those_of_the_table(rendered: list[Object]) -> None:
    ports = {port["containerPort"] for container in containers(rendered) for port in container.get("ports", [])}
    table = facts.table().ports
    assert ports == {table["grpc"], table["management"], table["web"]}
    maps = [one["data"] for one in rendered if one["kind"] == "ConfigMap" and "MANDATE_PORT" in one["data"]]
    assert {data["MANDATE_PORT"] for data in maps} == {str(table[port]) for port in ("grpc", "web", "management")}
    assert {data.get("MANDATE_MANAGEMENT_PORT", "") for data in maps} == {"", str(table["management"])}


def test_a_setting_that_no_process_reads_is_unknown() -> None:
    assert settings.known("MANDATE_DATABASE_URL")
    assert settings.known("MANDATE_DATABASE_URL_FILE")
    assert settings.known("MANDATE_PORTAL_CONTACT__PHONE")
    for name in ("MANDATE_DATABSE_URL", "MANDATE_FILE", "MANDATE_PORTAL", "MANDATE_URL_FILE"):
        assert not settings.known(name), name


def test_every_folder_of_deploy_is_rendered_by_something() -> None:
    """A component that no combination takes, or an overlay that nobody renders, would be checked by nobody."""
    assert set(rendering.OVERLAYS) == {
        one.parent.name for one in Path(DEPLOY / "overlays").glob("*/kustomization.yaml")
    }
    taken = {name for chosen in rendering.sets() for name in chosen}
    assert taken == {one.name for one in (DEPLOY / "components").iterdir() if one.is_dir()}
