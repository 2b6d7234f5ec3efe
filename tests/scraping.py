"""What `/metrics` answer, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

from chassis import metrics


class Scraped:
    """What was answered: `scraped("name", label="value")`."""

    def __init__(self, text: bytes) -> None:
        families = text_string_to_metric_families(text.decode())
        self.samples = [one for family in families for one in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The sample that has these labels among its own; 0 for one that has not been counted yet."""
        found = [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]
        assert len(found) <= 1, f"{name} is told of more than one thing"
        return found[0] if found else 0.0

    def values(self, name: str, label: str) -> dict[str, float]:
        """The samples of a name, by one label."""
        return {one.labels[label]: one.value for one in self.samples if one.name == name}


def counted(name: str, **labels: str) -> Callable[[], float]:
    """How much more a counter of this process says than now."""
    before = Scraped(metrics.exposition())(name, **labels)
    return lambda: Scraped(metrics.exposition())(name, **labels) - before
