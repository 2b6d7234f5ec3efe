"""No file names a package registry's host or a place on somebody's machine."""

from __future__ import annotations

import re

from tools import repository

# in pieces, so that this file passes its own check
HOSTS = (
    ("pypi", "org"),
    ("files", "pythonhosted"),
    ("registry", "npmjs"),
    ("repo1", "maven"),
    ("repo", "maven", "apache"),
    ("deb", "debian", "org"),
)
PLACES = (r"work/", r"root/", r"home/[\w.-]+/")
"""`/home/` alone is a page of the portal; a person's folder has a name."""

FORBIDDEN = re.compile(
    "|".join(re.escape(".".join(host)) for host in HOSTS) + r"|(?<![\w}.:/-])/(?:" + "|".join(PLACES) + r")",
)


def findings() -> list[str]:
    """`path:line: what` for every hit."""
    return [
        f"{path}:{number}: {hit[0]}"
        for path in repository.files()
        for number, line in enumerate(repository.text(path).splitlines(), start=1)
        for hit in FORBIDDEN.finditer(line)
    ]


if __name__ == "__main__":
    found = findings()
    print("\n".join(found) or "addresses: no registry's host, no machine's path")
    raise SystemExit(bool(found))
