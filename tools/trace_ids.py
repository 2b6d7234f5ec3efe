"""From each rule of docs/rules.tsv to the code that keeps it and the tests that hold it."""

from __future__ import annotations

import argparse
import json
import re
import signal
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tools import repository

ID = re.compile(r"(?<![\w-])(?:(?:IA|PE)-[A-Z]+|NP-APP|NP|TX|X|D|M)-\d{2}(?!\d)")
"""A rule's id; `X-20c` is a part of X-20, and the X-06 of PE-X-06 is no id of its own."""

ELSEWHERE = ("docs/rules.tsv", "tools/", "CHANGELOG.md")
"""Files whose naming a rule proves nothing."""


class Rule(NamedTuple):
    """One row of docs/rules.tsv, and the files that name it."""

    id: str
    section: str
    statement: str
    code: list[str]
    tests: list[str]


def rules() -> list[Rule]:
    """All rules in the list's order, each with the files under git that name it."""
    code, tests = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for path in repository.files():
        if not str(path).startswith(ELSEWHERE) and path.suffix != ".md":
            for id_ in sorted(set(ID.findall(repository.text(path)))):
                (tests if path.parts[0] == "tests" else code)[id_].append(str(path))
    rows = [line.split("\t") for line in repository.text(Path("docs/rules.tsv")).splitlines()[1:]]
    known = {row[0] for row in rows}
    listed = [Rule(id_, section, statement, code[id_], tests[id_]) for id_, section, statement in rows]
    unknown = sorted((set(code) | set(tests)) - known)
    return listed + [Rule(id_, "", "no such id in docs/rules.tsv", code[id_], tests[id_]) for id_ in unknown]


def show(listed: Iterable[Rule], *, missing: bool) -> None:
    """Print id -> files, then what nobody tests."""
    listed = list(listed)
    if not missing:
        for rule in listed:
            if rule.code or rule.tests:
                print(f"{rule.id}  {rule.statement}")
                for kind, paths in (("code", rule.code), ("test", rule.tests)):
                    print("".join(f"    {kind}  {path}\n" for path in paths), end="")
        print()
    untested = [rule for rule in listed if rule.section and not rule.tests]
    known = [rule for rule in listed if rule.section]
    print(f"{len(untested)} of {len(known)} rules are named by no test:")
    section = ""
    for rule in untested:
        if rule.section != section:
            section = rule.section
            print(f"  {section}")
        print(f"    {rule.id:<12}{'' if rule.code else '(no code) '}{rule.statement}")


def main() -> int:
    """Say it in words or in JSON; 1 if a file names an id that is no rule."""
    parser = argparse.ArgumentParser(prog="make trace-ids", description=__doc__)
    parser.add_argument("--missing", action="store_true", help="only the rules that no test names")
    parser.add_argument("--json", action="store_true", help="for programs")
    asked = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    listed = rules()
    if asked.json:
        chosen = [rule._asdict() for rule in listed if not (asked.missing and rule.tests)]
        print(json.dumps(chosen, ensure_ascii=False, indent=1))
    else:
        show(listed, missing=asked.missing)
    strangers = [rule for rule in listed if not rule.section]
    if strangers and not asked.json:
        print("\nNamed somewhere, but no rule:")
        for rule in strangers:
            print(f"    {rule.id:<12}{', '.join(rule.code + rule.tests)}")
    return bool(strangers)


if __name__ == "__main__":
    raise SystemExit(main())
