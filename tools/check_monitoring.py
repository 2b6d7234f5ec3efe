"""Alerts and dashboards name metrics that there are, and all of ours; every alert has its reason and its page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from chassis import metrics

from tools import dashboards, repository
from tools.dashboards import MONITORING

RUNBOOKS = "docs/runbooks"
SEVERITIES = {"critical", "warning", "info"}
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}

_ASIDE = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)')
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")
_WORDS = {"and", "or", "unless", "bool", "offset"} | {"by", "without", "on", "ignoring", "group_left", "group_right"}
_DURATION = re.compile(r"\boffset\s+\w+")


def own() -> dict[str, str]:
    """Names of samples that processes and files of ours show -> the metric as it was declared."""
    gauges = (*metrics.OF_PROCESSES, *metrics.OF_FILES)
    found = {gauge.name: gauge.name for gauge in gauges}
    for family in metrics.COUNTED.collect():
        if family.name.startswith("mandate_"):
            found |= {family.name + ending: family.name for ending in ENDINGS[family.type]}
    return found


def named_in(query: str) -> set[str]:
    """The metrics that a query of PromQL asks for."""
    plain = _ASIDE.sub(" ", _DURATION.sub(" ", query))
    return {name for name in _NAME.findall(plain) if name not in _WORDS}


def of_names(queries: Mapping[str, set[str]], recorded: set[str], foreign: set[str], readme: str) -> Iterator[str]:
    """Metrics that are named and are not there; and those that are there and nobody looks at."""
    ours, used = own(), set[str]().union(*queries.values())
    for where, names in queries.items():
        for name in sorted(names - set(ours) - recorded - foreign):
            yield f"{where}: nobody tells the metric {name}: declare it in chassis/metrics.py or name whose it is"
    for name in sorted(foreign - used):
        yield f"foreign_metrics.toml: {name} stands in no alert and no dashboard"
    for name in sorted(recorded - used):
        yield f"alerts.yaml: {name} is recorded and used nowhere"
    for name in sorted(set(ours.values()) - {ours[one] for one in used & set(ours)}):
        if name not in readme:
            yield f"chassis/metrics.py: {name} stands in no alert, no dashboard and not in the README"


def of_alerts(rules: list[dict[str, Any]], text: str, pages: set[str]) -> Iterator[str]:
    """What an alert lacks: who is woken, its words, its page; a reason for its numbers in a comment above."""
    alerts = [rule for rule in rules if "alert" in rule]
    for rule in alerts:
        name, told = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in SEVERITIES:
            yield f"alerts.yaml: {name} has none of the severities {', '.join(sorted(SEVERITIES))}"
        if "for" not in rule or not told.get("summary"):
            yield f"alerts.yaml: {name} says not for how long (`for`) or not what it means (`summary`)"
        if told.get("runbook_url") != f"{RUNBOOKS}/{name}.md":
            yield f"alerts.yaml: the runbook_url of {name} is not {RUNBOOKS}/{name}.md"
    for number, line in enumerate(lines := text.splitlines()):
        if "- alert:" in line and not lines[number - 1].lstrip().startswith("#"):
            yield f"alerts.yaml:{number + 1}: no comment above says why just then"
    names = {rule["alert"] for rule in alerts}
    yield from (f"{RUNBOOKS}/{name}.md is missing: what is to be done?" for name in sorted(names - pages))
    yield from (f"{RUNBOOKS}/{name}.md: there is no such alert" for name in sorted(pages - names))


def of_files() -> Iterator[str]:
    """Files of dashboards that are not what their description makes of it."""
    made = dict(dashboards.files())
    for path, text in made.items():
        if repository.text(path) != text:
            yield f"{path} is not what dashboards.toml says: python -m tools.dashboards"
    for path in repository.files(f"{MONITORING}/dashboards/*.json"):
        if path not in made:
            yield f"{path} is described nowhere"


def findings() -> list[str]:
    """All of it."""
    text = repository.text(MONITORING / "alerts.yaml")
    rules = [rule for group in yaml.safe_load(text)["spec"]["groups"] for rule in group["rules"]]
    queries: dict[str, set[str]] = {}
    for where, query in [*(("alerts.yaml", rule["expr"]) for rule in rules), *dashboards.queries()]:
        queries.setdefault(where, set()).update(named_in(query))
    recorded = {rule["record"] for rule in rules if "record" in rule}
    foreign = set(tomllib.loads(repository.text(MONITORING / "foreign_metrics.toml")))
    pages = {path.stem for path in repository.files(f"{RUNBOOKS}/*.md") if path.stem != "README"}
    return [
        *of_names(queries, recorded, foreign, repository.text(MONITORING / "README.md")),
        *of_alerts(rules, text, pages),
        *of_files(),
    ]


if __name__ == "__main__":
    wrong = findings()
    print("\n".join(wrong) or f"monitoring: {len(set(own().values()))} metrics of ours, every name in use is one")
    raise SystemExit(bool(wrong))
