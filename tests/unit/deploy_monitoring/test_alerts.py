"""Every alert fires where it should and is silent elsewhere: promtool plays the rules that the cluster gets."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.repository import ROOT

MONITORING = ROOT / "deploy" / "components" / "monitoring"
PLAYED = sorted((MONITORING / "tests").glob("*.yaml"))
PROMTOOL = shutil.which("promtool") or str(ROOT / ".state" / "promtool")
"""`sh tools/need.sh promtool` sees to it."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests beside the very rules of the PrometheusRule, in a form that promtool reads."""
    made = tmp_path_factory.mktemp("promtool")
    rule = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    (made / "alerts.yaml").write_text(yaml.safe_dump(rule["spec"]))
    for file in PLAYED:
        shutil.copy(file, made)
    return made


def promtool(*words: str | Path) -> None:
    done = subprocess.run([PROMTOOL, *words], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_rules(folder: Path) -> None:
    promtool("check", "rules", folder / "alerts.yaml")


@pytest.mark.parametrize("file", PLAYED, ids=lambda file: file.stem)
def test_alerts_fire_and_are_silent_as_they_should(folder: Path, file: Path) -> None:
    promtool("test", "rules", folder / file.name)


def looks() -> Iterator[dict[str, Any]]:
    for file in PLAYED:
        for test in yaml.safe_load(file.read_text())["tests"]:
            yield from test["alert_rule_test"]


def test_every_alert_of_every_severity_is_seen_firing_and_every_alert_silent() -> None:
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["spec"]["groups"]
    alerts = [rule for group in rules for rule in group["rules"] if "alert" in rule]
    fired = {(look["alertname"], one["exp_labels"]["severity"]) for look in looks() for one in look["exp_alerts"]}
    silent = {look["alertname"] for look in looks() if not look["exp_alerts"]}
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in alerts} == fired
    assert {rule["alert"] for rule in alerts} == silent
