"""Every link in a mail leads to a page of the portal."""

from __future__ import annotations

import re
from pathlib import Path

from services.notifier import adapters
from services.portal.web.app import AREAS

TEMPLATES = Path(adapters.__file__).parent / "templates"
LINK = re.compile(r"base_url(?: ~ \"| *\}\})(/[a-z/-]+)")


def test_no_link_of_a_mail_leads_nowhere() -> None:
    paths = {page.path.partition("{")[0] for pages in AREAS for page in pages}  # "/requests/", and then an id
    named = {path for file in TEMPLATES.rglob("*.j2") for path in LINK.findall(file.read_text("utf-8"))}
    assert len(named) > 5
    assert not named - paths
