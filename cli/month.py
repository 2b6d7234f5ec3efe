"""A generated month of NPPES's files, loaded into the registry of the running platform."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg

from chassis.database import options
from chassis.keys import Keyring
from cli.platform import Platform
from services.registry.adapters.generated_month import write_month
from services.registry.adapters.nppes import readers
from services.registry.commands.load_month import LoadReport, load_month


def load_generated(platform: Platform, *, others: int = 10_000) -> LoadReport:
    """Load a month with the cast and `others` more into a running platform."""
    return load_month_into(platform.dsn, platform.keys, others=others)


def load_month_into(dsn: str, keys: Keyring, *, others: int = 10_000, seed: int = 1) -> LoadReport:
    """Write a generated month and load it; the same month again changes nothing."""
    folder = Path(tempfile.mkdtemp(prefix="mandate-month-"))
    try:
        files = write_month(folder, seed=seed, ssn_key=keys.secret("ssn_index_key.key"), others=others)
        # as the owner of the tables: a load builds their indexes anew
        with psycopg.connect(dsn, autocommit=True, options=options("registry")) as owner:
            return load_month(
                owner,
                read=readers,
                data=files.data,
                other_names=files.other_names,
                locations=files.locations,
                supplement=files.supplement,
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
