"""Rows of NPPES's files for tests of the reader."""

from __future__ import annotations

from pathlib import Path

from services.registry.domain.nppes_layout import PROVIDERS, Layout

NPI = "2000000002"
OTHER_NPI = "2000000010"


def provider(npi: str = NPI, entity: str = "1", **columns: str) -> list[str]:
    """A data row; further columns by number from 1, as `c6="Marlbrook"`."""
    row = [""] * len(PROVIDERS.columns)
    row[0], row[1] = npi, entity
    row[5], row[6], row[36] = "Marlbrook", "Rosalind", "05/23/2006"
    row[47], row[50] = "207R00000X", "Y"
    for name, value in columns.items():
        row[int(name[1:]) - 1] = value
    return row


def quoted(row: list[str]) -> str:
    return ",".join(f'"{value}"' for value in row)


def header(layout: Layout) -> str:
    return quoted([column.name for column in layout.columns])


def write(folder: Path, layout: Layout, *lines: str | bytes, end: bytes = b"\n") -> Path:
    """A file of one layout: its header, then the lines as they are."""
    path = folder / f"{layout.prefix}20050523-20260614.csv"
    told = [line.encode() if isinstance(line, str) else line for line in (header(layout), *lines)]
    path.write_bytes(b"".join(line + end for line in told))
    return path
