"""Makes the files of the Grafana dashboards of their description, deploy/components/monitoring/dashboards.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import repository

MONITORING = Path("deploy/components/monitoring")
WIDTH, HEIGHT, ACROSS = 8, 7, 3
"""Of a panel, in Grafana's 24 columns; three stand beside each other."""
SOURCE = {"type": "prometheus", "uid": "${source}"}


def described() -> list[dict[str, Any]]:
    """The dashboards as they are described."""
    found: list[dict[str, Any]] = tomllib.loads(repository.text(MONITORING / "dashboards.toml"))["dashboard"]
    return found


def files() -> Iterator[tuple[Path, str]]:
    """Every file, from the root, and what it should hold."""
    for one in described():
        text = json.dumps(_of_grafana(one), indent=1, ensure_ascii=False)
        yield MONITORING / "dashboards" / f"{one['file']}.json", f"{text}\n"


def queries() -> Iterator[tuple[str, str]]:
    """Every query, with the dashboard that it stands in."""
    for dashboard in described():
        for panel in dashboard["panel"]:
            for line in panel["lines"]:
                yield dashboard["file"], line["query"]


def _of_grafana(dashboard: dict[str, Any]) -> dict[str, Any]:
    return {
        "uid": f"mandate-{dashboard['file'].replace('_', '-')}",
        "title": dashboard["title"],
        "tags": ["mandate"],
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard["panel"])],
    }


def _panel(number: int, panel: dict[str, Any]) -> dict[str, Any]:
    kind, red = panel.get("kind", "timeseries"), panel.get("red")
    steps = [{"color": "green", "value": None}, *([{"color": "red", "value": red}] if red is not None else [])]
    custom = {"thresholdsStyle": {"mode": "off" if red is None else "line"}} if kind == "timeseries" else {}
    thresholds = {"mode": "absolute", "steps": steps}
    return {
        "id": number + 1,
        "type": kind,
        "title": panel["title"],
        "datasource": SOURCE,
        "gridPos": {"x": number % ACROSS * WIDTH, "y": number // ACROSS * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {
            "defaults": {"unit": panel["unit"], "min": 0, "thresholds": thresholds, "custom": custom},
            "overrides": [],
        },
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": SOURCE,
                "expr": line["query"],
                "legendFormat": line["called"],
            }
            for place, line in enumerate(panel["lines"])
        ],
    }


if __name__ == "__main__":
    for path, text in files():
        (repository.ROOT / path).write_text(text)
