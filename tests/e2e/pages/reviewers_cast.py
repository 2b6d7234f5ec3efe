"""Who plays in the reviewer's walk: five people and the desk, each with a browser of their own, in one language."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page, expect

from cli.platform import Platform
from services.portal.web import words
from tests.e2e.pages import walk
from tests.e2e.pages.keyboard import Keyboard
from tests.e2e.pages.ledgers import History, Mailbag
from tests.e2e.pages.looking import Looker, visit
from tests.e2e.pages.neighbours import Neighbours, Place
from tests.e2e.pages.walk import Text
from tests.scenario import Person, Story

SUBJECTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "M-01": "You've been invited to register with the Centers for Medicare and Medicaid Identity & Access System",
        "M-02": "Your I&A account has been created",
        "M-09": "Your employer request was received",
        "M-10": "A role request awaits your decision",
        "M-11": "Your documents were received",
        "M-12": "Your role request was approved",
        "M-14": "Your access to {employer} changed",
        "M-15": "{employer} has no Authorized Official",
        "M-20": "Your invitation was accepted",
    },
    "es": {
        "M-01": "Se le invita a registrarse en el Sistema de Identidad y Acceso de los Centros de Medicare y Medicaid",
        "M-02": "Su cuenta de I&A fue creada",
        "M-09": "Se recibió su solicitud de empleador",
        "M-10": "Una solicitud de función espera su decisión",
        "M-11": "Se recibieron sus documentos",
        "M-12": "Su solicitud de función fue aprobada",
        "M-14": "Su acceso a {employer} cambió",
        "M-15": "{employer} no tiene funcionario autorizado",
        "M-20": "Su invitación fue aceptada",
    },
}
ROLES: Mapping[str, Mapping[str, str]] = {
    "en": {"AM": "Access Manager", "SEU": "Staff End User", "AO": "Authorized Official"},
    "es": {"AM": "administrador de acceso", "SEU": "usuario final del personal", "AO": "funcionario autorizado"},
}


class Player:
    """One person at one browser, with a keyboard."""

    def __init__(self, who: Person, page: Page, base: str, language: str) -> None:
        self.who, self.page, self.base = who, page, base
        self.keys = Keyboard(page)
        self._words = words.load(language)

    def say(self, key: str, **values: str) -> str:
        """What the pages say."""
        return html.unescape(str(self._words(key, **values)))

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def come_in(self) -> None:
        """To Home, with a session that began elsewhere."""
        walk.enter(self.page, self.base, self.who)

    def tab(self, key: str) -> None:
        """One of the tabs in the head of each page."""
        self.keys.follow(self.page.locator("header nav").get_by_role("link", name=self.say(key)))

    def link(self, key: str, within: Locator | None = None) -> None:
        self.keys.follow((within or self.main).get_by_role("link", name=self.say(key)).first)

    def press(self, key: str, within: Locator | None = None) -> None:
        self.keys.follow((within or self.main).get_by_role("button", name=self.say(key)).first)

    def row(self, text: str) -> Locator:
        """The line of a list that has these words."""
        return self.main.locator("tbody tr", has_text=text).first

    def fill(self, boxes: Mapping[str, str]) -> None:
        for box, text in boxes.items():
            self.keys.type(self.page.locator(f"#{box}"), text)


@dataclass
class Cast:
    """Everybody, and what is looked at after each step."""

    chromium: Browser
    base: str
    platform: Platform
    neighbours: Neighbours
    text: Text
    look: Looker
    language: str
    players: list[Player] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place: Place = self.neighbours.place(self.language)
        self.employer = self.place.clinic.name
        self.at_work = f"kim.work.{self.language}@pages.example"
        """Where Kim is invited, and reached about the employer from then on (D-28)."""
        self.pins: list[str] = []
        self._seen: set[str] = set()
        self.ana = self._player(self.place.official)
        self.mara, self.milo, self.kim = (
            self._player(self.neighbours.registered(*name, self.language))
            for name in (("Mara", "Veldt"), ("Milo", "Anders"), ("Kim", "Sato"))
        )
        self.uma = self._player(self.neighbours.someone("Uma", "Prior", self.language))
        self.ewa = self._player(self.story.eus)
        for one in (self.mara, self.milo, self.kim):  # nothing of theirs comes late
            self.story.mail(one.who.email, self.subject("M-02"))
        self.mails = Mailbag(self.platform, self.story.eventually)
        self.history = History(self.platform, self.story.eventually, self._names)

    @property
    def story(self) -> Story:
        return self.neighbours.story

    def see(self, page: Page, name: str) -> None:
        """Look at a page in one of its states, at the first who comes to it."""
        if name not in self._seen:
            self._seen.add(name)
            self.look(page, name)

    def _player(self, who: Person) -> Player:
        player = Player(who, visit(self.chromium, self.look, language=self.language), self.base, self.language)
        self.players.append(player)
        return player

    def _names(self) -> Mapping[str, str]:
        return {player.who.account_id: player.who.first_name for player in self.players}

    def subject(self, mail: str, language: str = "") -> str:
        return SUBJECTS[language or self.language][mail].format(employer=self.employer)

    def role(self, role: str, language: str = "") -> str:
        return ROLES[language or self.language][role]

    def has(self, who: Player, role: str, *functions: str) -> None:
        """The own list says: approved, in this role, with these functions in the order of the columns."""
        who.tab("IA-NAV-01.profile")
        row = who.row(self.employer)
        for said in (self.role(role), who.say("IA-PROF-06.APPROVED")):
            expect(row).to_contain_text(said, ignore_case=True)
        shown = [one.split()[-1] for one in row.locator(".m-yes, .m-no").all_inner_texts()]
        assert shown == [who.say(f"IA-PROF-05.{one.lower()}") for one in functions]

    def is_listed(self, who: Player, role: str) -> None:
        """The official's list of Active Staff has the person."""
        self.ana.come_in()
        self.ana.tab("IA-NAV-01.staff")
        name = f"{who.who.last_name}, {who.who.first_name}"
        expect(self.ana.row(name)).to_contain_text(self.role(role), ignore_case=True)
