"""The variables that processes read: every setting of every part, and its form with `_FILE`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import chassis.main
import services.activity.adapters.settings
import services.portal.__main__
from pydantic_settings import BaseSettings

from tools.deploy import facts

PROCESSES = (chassis.main, services.portal.__main__, services.activity.adapters.settings, *facts.SERVICES)
"""Imported, and their settings with them: a class of settings is known when its module is."""


def _classes(of: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for one in of.__subclasses__():
        if one.__module__.partition(".")[0] in {"chassis", "services"}:
            yield one
        yield from _classes(one)


@cache
def variables() -> frozenset[str]:
    """Names of all settings, as the environment gives them."""
    assert PROCESSES
    return frozenset(
        f"{one.model_config.get('env_prefix', '')}{field}".upper()
        for one in _classes(BaseSettings)
        for field in one.model_fields
    )


def known(variable: str) -> bool:
    """Whether some process reads this variable: itself, a part of it (`X__Y`), or the file that it names."""
    plain = variable.partition("__")[0]
    return plain in variables() or plain.removesuffix("_FILE") in variables()
