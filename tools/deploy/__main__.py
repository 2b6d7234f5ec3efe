"""Makes what is generated of deploy/, checks all of it, shows an overlay, makes an installation's keys.

python -m tools.deploy generate | check | render OVERLAY | keys FOLDER NAME-OF-INSTALLATION
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.deploy import generate, keys, rendering, rules, rules_of_flows, schemas
from tools.deploy.facts import DEPLOY

RULES = (*rules.RULES, *rules_of_flows.RULES)
RENDERED = DEPLOY / "rendered"
WRITE = "make k8s writes it anew"


def wanted() -> dict[Path, str]:
    """Every file below deploy/ that is made: from the table, then by kustomize from all that."""
    return {DEPLOY / path: text for path, text in generate.made().items()}


def write() -> None:
    """Make the generated files, remove what is no longer made, and render the overlays."""
    for path, text in wanted().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in _left_over():
        path.unlink()
    RENDERED.mkdir(exist_ok=True)
    for name in rendering.OVERLAYS:
        (RENDERED / f"{name}.yaml").write_text(rendering.overlay(name))
    print(f"deploy: {len(wanted())} files made, {' and '.join(rendering.OVERLAYS)} rendered into {RENDERED.name}/")


def _left_over() -> list[Path]:
    made = wanted()
    return [one for one in DEPLOY.rglob("*.yaml") if one not in made and one.read_text().startswith(generate.HEAD)]


def _stale() -> Iterator[str]:
    for path, text in wanted().items():
        if not path.exists() or path.read_text() != text:
            yield f"{path.relative_to(DEPLOY)}: not what is made today; {WRITE}"
    yield from (f"{one.relative_to(DEPLOY)}: nobody makes it any more; {WRITE}" for one in _left_over())


def check() -> list[str]:
    """All findings: stale files, what a schema refuses, which rule a rendering breaks."""
    found = list(_stale())
    if found:
        return found  # what is rendered would only repeat it
    for name in rendering.OVERLAYS:
        kept = RENDERED / f"{name}.yaml"
        if not kept.exists() or kept.read_text() != rendering.overlay(name):
            found.append(f"{kept.relative_to(DEPLOY)}: not what kustomize makes today; {WRITE}")
    texts = {name: (RENDERED / f"{name}.yaml").read_text() for name in rendering.OVERLAYS if not found}
    chosen = list(rendering.sets())
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(rendering.combination, chosen)
        texts |= {"+".join(("base", *names)): text for names, text in zip(chosen, made, strict=True)}
    seen: dict[str, rendering.Object] = {}
    for name, text in texts.items():
        documents = text.split("\n---\n")
        for document in documents:
            if document not in seen:
                seen[document] = rendering.objects(document)[0]
                found += [f"{name}: {one}" for one in schemas.findings(seen[document])]
        objects = [seen[document] for document in documents]
        found += [f"{name}: {one}" for one in rules_of_flows.all_findings(objects, RULES, single=name == "local")]
    if not found:
        print(f"deploy: {len(texts)} renderings, {len(seen)} different objects, {len(RULES)} rules: all hold")
    return found


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["generate"]:
            write()
        case ["render", str(name)]:
            sys.stdout.write(rendering.overlay(name))
        case ["keys", str(folder), str(installation)]:
            keys.make(Path(folder), installation=installation)
        case ["check"]:
            findings = check()
            print("\n".join(findings[:50]))
            raise SystemExit(bool(findings))
        case _:
            raise SystemExit(__doc__)
