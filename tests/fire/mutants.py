"""`make mutants-fire`: takes one defence away in every process of ours; the fault that it guards against must show.

A process cannot be patched from outside: it finds a `sitecustomize` on its path, which Python imports before all else.
What only order and positions defend, `make mutants` takes away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FIRE = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """A defence, the code that takes it away, and the test that must fail then."""

    name: str
    code: str
    node: str


MUTANTS = (
    Mutant(
        "an end of transactions that do nothing (F-04)",
        "from chassis import database as d\n"
        "kept = d.options\n"
        "d.options = lambda *of: kept(*of).replace('idle_in_transaction_session_timeout=10s', 'jit=off')",
        "test_under_fire.py::test_who_freezes_with_the_log_in_hand_holds_nobody_up_for_long",
    ),
    Mutant(
        "a lost connection is a wait, and no mistake (F-07)",
        "from chassis import database as d, runtime as r\nd._GONE, r.TRANSIENT = (), ()",
        "test_under_fire.py::test_a_database_that_goes_and_comes_is_found_again_by_everybody[3]",
    ),
    Mutant(
        "a silent leader loses its lease (F-08)",
        "from chassis import runtime as r\nr.LEASE_IDLE_MS = 0",
        "test_bad_network.py::test_a_leader_that_cannot_reach_the_database_is_replaced_and_does_nothing_late"
        "[('to', 'from')]",
    ),
    Mutant(
        "tokens are believed for seconds (F-12)",
        "from datetime import timedelta\nfrom chassis import tokens as t\nt.LEEWAY = timedelta(hours=1)",
        "test_wrong_clocks.py::test_an_api_whose_clock_is_off_lets_nobody_in_until_it_is_right[+10m]",
    ),
    Mutant(
        "a mistake in a thread ends the process (F-20)",
        "from chassis import runtime as r\nr.Worker.error = property(lambda self: None, lambda self, error: None)",
        "test_under_fire.py::test_a_mistake_in_a_thread_ends_the_process",
    ),
    Mutant(
        "who is asked to stop finishes what it has begun (F-21)",
        "from chassis import runtime as r\nr.Stop.on_signals = lambda self: self",
        "test_under_fire.py::test_who_is_asked_to_stop_finishes_what_it_has_begun[access.worker]",
    ),
)
ONLY_SERVICES = """
import sys
if any(word.startswith("services.") for word in sys.orig_argv):
"""


def is_red(mutant: Mutant) -> bool:
    """Whether the test fails, and not for want of a part, while the services lack the defence."""
    with tempfile.TemporaryDirectory() as folder:
        code = ONLY_SERVICES + "".join(f"    {line}\n" for line in mutant.code.splitlines())
        (Path(folder) / "sitecustomize.py").write_text(code)
        told = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", f"{FIRE}/{mutant.node}"],
            env=os.environ | {"PYTHONPATH": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    red = f"FAILED tests/fire/{mutant.node}" in told.stdout
    if not red:
        print(told.stdout[-2_000:])
    return red


def main() -> int:
    alive = []
    for mutant in MUTANTS:
        print(f"without {mutant.name} …", flush=True)
        red = is_red(mutant)
        print("  red" if red else "  STILL GREEN", flush=True)
        if not red:
            alive.append(mutant.name)
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
