"""B-06: hostile uploads are taken by their structure alone, never beyond the limits, and the service stays up (S-23).

A few dozen mutations; `tests.chance` says how to play others, and more: fifty times as many are two thousand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial

import pytest

from chassis.documents.uploads import DocumentSettings
from tests import chance
from tests.access_office import Office, refused
from tests.integration.access.test_documents import AO, PERSON, ask
from tests.uploads import Judged, corpus, pdf
from tools.repository import ROOT

COUNT = 40 * chance.TIMES
KINDS = ("PDF", "GIF", "JPEG", "TIFF")
TAKEN = {"application/pdf", "image/gif", "image/jpeg", "image/tiff"}
REFUSED = {"KIND", "UNREADABLE", "UNSAFE"}
SETTINGS = DocumentSettings()


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """The corpus and its mutations, each looked into by a process of its own."""
    words = [sys.executable, "-m", "tests.uploads", str(COUNT), str(chance.SEED), ",".join(KINDS)]
    path = os.pathsep.join((str(ROOT), str(ROOT / "contracts")))
    done = subprocess.run(words, capture_output=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": path})
    return [Judged(**json.loads(line)) for line in done.stdout.splitlines()]


def test_every_file_of_the_corpus_is_taken_or_refused_as_it_should(judged: list[Judged]) -> None:
    words = {one.name: one.word for one in judged[: len(corpus())]}
    assert list(words) == list(corpus())
    taken = {name for name in words if name.startswith(("good", "polyglot"))}
    assert {name: word for name, word in words.items() if word not in (TAKEN if name in taken else REFUSED)} == {}
    scripts = {name: word for name, word in words.items() if name.startswith("bad-script")}
    assert set(scripts.values()) == {"UNSAFE"}, scripts


def test_whatever_is_done_to_a_file_it_is_taken_whole_or_refused(judged: list[Judged]) -> None:
    """What is taken is taken again for the same, and nothing that was hidden in it is kept."""
    assert len(judged) == len(corpus()) + COUNT
    assert [one for one in judged if one.word not in TAKEN | REFUSED or not one.is_whole] == []


def test_no_file_takes_more_than_it_may(judged: list[Judged]) -> None:
    """By the kernel's account of each process; a copy is looked into again, and both together are within it."""
    over = [
        one
        for one in judged
        if one.cpu_s > SETTINGS.examine_seconds or one.memory_kib > SETTINGS.examine_megabytes * 1024
    ]
    assert over == []


def test_after_the_worst_of_them_a_document_is_taken_as_before(office: Office) -> None:
    request, files = ask(office, AO), corpus()
    for name in ("bomb.gif", "bomb-flate.pdf", "bad-deep", "circular.pdf"):
        assert refused(partial(office.upload, PERSON, files[name], role_request_id=request)) == "DOCUMENT_UNREADABLE"
    assert office.upload(PERSON, pdf(), role_request_id=request).documents_uploaded == 1
