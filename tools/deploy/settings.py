"""The variables that processes read: every setting of every part, and its form with `_FILE`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache

import chassis.main
import services.portal.__main__
from pydantic_settings import BaseSettings

from tools.deploy.facts import SERVICES


def _classes(of: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for one in of.__subclasses__():
        if one.__module__.partition(".")[0] in {"chassis", "services"}:
            yield one
        yield from _classes(one)


@cache
def variables() -> frozenset[str]:
    """Names of all settings, as the environment gives them."""
    for module in (chassis.main.__name__, services.portal.__main__.__name__):
        importlib.import_module(module)
    assert SERVICES  # their composition roots have been imported, and all settings with them
    return frozenset(
        f"{one.model_config.get('env_prefix', '')}{field}".upper()
        for one in _classes(BaseSettings)
        for field in one.model_fields
    )


def known(variable: str) -> bool:
    """Whether some process reads this variable: itself, a part of it (`X__Y`), or the file that it names."""
    plain = variable.partition("__")[0]
    return plain in variables() or plain.removesuffix("_FILE") in variables()
