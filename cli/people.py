"""The people of `make run`: they register at its first start through the public interfaces, as in the story.

A group and a clinic with their officials, a manager and staff of the clinic, a provider on his own, and one connection
that waits for a decision: enough to try every desk of the portal with one password.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cli.demo import desk, eventually
from cli.platform import Platform
from services.registry.adapters.generated_month import CAST, Group
from tests.enrolling import Enrolling
from tests.scenario import AO, Person, Story

GROUP, CLINIC = CAST.groups
DOCTOR = CAST.individuals[-1]
DONE = "demo-people"
"""The file that says they are all here."""
BEGUN = "demo-people.begun"
"""The file that says, until then, which steps are done: a line each."""


@dataclass(frozen=True)
class Role:
    """Somebody to sign in as."""

    user_id: str
    first_name: str
    last_name: str
    role: str
    """What they are, for the table."""
    ssn: str = ""
    born_on: date = date(1979, 5, 4)

    def person(self, password: str) -> Person:
        """The same, as they know themselves."""
        mail = f"{self.user_id}@demo.example"
        return Person(self.first_name, self.last_name, self.user_id, mail, self.ssn, self.born_on, password)


OFFICIAL = Role("aorivera", "Ana", "Rivera", "Authorized Official", "875206317")
CHIEF = Role("srlopez", "Sol", "Lopez", "Surrogate's official", "875206328")
MANAGER = Role("amchen", "Min", "Chen", "Access Manager", "875206339")
STAFF = Role("stokafor", "Tobe", "Okafor", "Staff", "875206340")
PROVIDER = Role(
    f"dr{DOCTOR.last_name.lower()}", DOCTOR.first_name, DOCTOR.last_name, "Provider", DOCTOR.ssn, DOCTOR.born_on
)
PEOPLE = (OFFICIAL, CHIEF, MANAGER, STAFF, PROVIDER)


def are_here(started: Platform) -> bool:
    """Whether all of them have been made in this installation."""
    return (started.state / DONE).exists()


def make(started: Platform, *, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Let them register, and bring them to where a reader takes over. Some 10 seconds; return whether all are here.

    Between two steps it stops where it is told to, and the next call goes on there.
    """
    password, mac = started.password, desk(started.password, "MAC")
    story = Story(started.channel, started.inbox, eventually, eus=desk(password), mac=mac)
    official, chief, manager, staff, provider = (one.person(password) for one in PEOPLE)
    # story.group is the clinic once its chief is there: steps 4 and 5 are played by its people
    story.practice = story.search(npi=GROUP.npis[0])[0].provider_id
    story.company, story.people = CLINIC, {"official": chief, "manager": manager, "staff": staff}
    steps: tuple[tuple[Person, Callable[[], object]], ...] = (
        (official, lambda: _on_record(story, mac, GROUP, official, 1)),
        (chief, lambda: _on_record(story, mac, CLINIC, chief, 2)),
        (manager, story.step_4_the_official_approves_a_manager),
        (staff, story.step_5_a_staff_member_is_invited_and_registers),
        (provider, lambda: story.register(provider)),
    )
    done = _done(started)
    for who, step in steps:
        story.group = story.search(npi=(GROUP if who is official else CLINIC).npis[0])[0].provider_id
        if who.user_id in done:
            story.sign_in(who)
            continue
        if stopping():
            return False
        step()
        _note(started, who.user_id)
    if not _waits(story, official):
        story._connect(manager, "PECOS")  # noqa: SLF001 - one telling
    eventually(lambda: _waits(story, official), "the connection that waits")  # IA-HOME-03
    (started.state / DONE).touch()
    return True


def _waits(story: Story, official: Person) -> bool:
    return bool(story._pending(official))  # noqa: SLF001 - one telling


def _done(started: Platform) -> list[str]:
    file = started.state / BEGUN
    return file.read_text().split() if file.exists() else []


def _note(started: Platform, step: str) -> None:
    with (started.state / BEGUN).open("a") as file:
        file.write(f"{step}\n")


def _on_record(story: Story, mac: Person, company: Group, head: Person, number: int) -> None:
    """X-11: whom the contractor's record lists is Authorized Official at once."""
    story.sign_in(mac)
    Enrolling(story)._import(story.group, company.npis[0], head, number=number)  # noqa: SLF001 - one telling
    story.register(head)
    story._request_role(head, AO)  # noqa: SLF001 - one telling

    def holds() -> bool:
        mine = story._employers(head)  # noqa: SLF001 - one telling
        return [(one.employer_id, one.status) for one in mine] == [(story.group, "APPROVED")]

    eventually(holds, f"the role of {head.user_id}")
