"""Names, places and numbers that belong to nobody (D-49)."""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words("""
    Ada Alder Anselm Beatrix Bram Callum Cassia Corin Delphine Dorian Edda Elio Esme Fenna Florian Gideon Greta Hollis
    Ilse Ines Ione Jasper Juno Kerensa Lazlo Leonie Linus Lorcan Maeve Marek Mirabel Nadia Nils Odette Orla Osric
    Pascal Petra Quentin Rafe Romilly Rosalind Saskia Severin Sorrel Tamsin Thea Tobias Una Viggo Wilhelmina Xenia
    Yara Zeno
""")
_SURNAME = _words("""
    Amber Ash Birch Bracken Bramble Cinder Copper Drift Elder Fallow Fern Flint Frost Gorse Hazel Heather Hollow Larch
    Marl Moss Nettle Quill Reed Rowan Russet Sedge Slate Sorrel Thistle Willow
""")
_SURNAME_END = _words("""
    acre beck bourne brook combe croft dale fell field garth gate holt hurst lea mere moor ridge shaw stead thorpe
    wick wold worth
""")
_PLACE_END = _words("bay bridge bury falls ford haven hithe minster mouth port ton vale view water well")
_ORGANIZATION = _words("""
    Lantern Harrow Tallow Gannet Plover Osprey Heron Curlew Anchor Compass Sextant Keel Rudder Halyard
""")
_PLACE = _words("""
    Point Cove Landing Reach Sound Shoals Hollow Summit Meadow Prairie Mesa Canyon Orchard Terrace
""")
_TRADE = (
    ("Family Medicine", "207Q00000X"),
    ("Dental Studio", "122300000X"),
    ("Physical Therapy", "225100000X"),
    ("Home Health", "251E00000X"),
    ("Pharmacy", "333600000X"),
    ("Eye Care", "152W00000X"),
    ("Imaging Center", "261QR0200X"),
    ("Medical Group", "261QM1300X"),
)
PERSON_TAXONOMIES = ("207R00000X", "207Q00000X", "208000000X", "363LF0000X", "122300000X", "225100000X", "103TC0700X")
CREDENTIALS = ("M.D.", "D.O.", "NP", "D.D.S.", "P.T.", "PH.D.", "")
_STREET = (
    *("Wharf Street", "Lighthouse Road", "Orchard Lane", "Mill Race", "Foundry Row", "Chapel Hill", "Tannery Court"),
)
STATES = {
    "ME": "039", "NY": "120", "PA": "168", "MD": "217", "VA": "229", "GA": "303", "FL": "321", "OH": "430",
    "MI": "489", "IL": "612", "MN": "554", "TX": "761", "CO": "805", "AZ": "852", "CA": "939", "WA": "985",
}  # fmt: skip
"""State and the first three digits of its ZIP codes here."""


def surname(chance: Random) -> str:
    """A family name out of two parts."""
    return chance.choice(_SURNAME) + chance.choice(_SURNAME_END)


def organization(chance: Random) -> tuple[str, str]:
    """An organization's name and its taxonomy code."""
    trade, taxonomy = chance.choice(_TRADE)
    owner = chance.choice(_SURNAME) + chance.choice(_PLACE_END)
    return f"{owner} {chance.choice(_ORGANIZATION)} {chance.choice(_PLACE)} {trade}", taxonomy


def address(chance: Random) -> tuple[str, ...]:
    """Two lines, city, state, ZIP+4 without hyphen, country, telephone (555-01xx belongs to nobody)."""
    state = chance.choice(_STATE_NAMES)
    number = chance.getrandbits(30)
    return (
        f"{number % 9900 + 100} {_STREET[number % 7]}",
        f"Suite {number % 90 + 10}" if number % 3 == 0 else "",
        chance.choice(_SURNAME) + _PLACE_END[number % 15],
        state,
        f"{STATES[state]}{number % 1_000_000:06}",
        "US",
        f"{number % 700 + 200}55501{number % 100:02}",
    )


def ssn(number: int) -> str:
    """A structurally valid SSN (TX-01): no area 000, 666 or 9xx, no group 00, no serial 0000."""
    area, rest = 773 + number // (99 * 9999) % 107, number % (99 * 9999)
    return f"{area:03}{rest // 9999 + 1:02}{rest % 9999 + 1:04}"


def ein(number: int) -> str:
    """An EIN below a prefix in use (TX-02)."""
    return f"{(82, 83, 84, 85, 86, 87, 88, 93)[number % 8]}{number // 8 % 10_000_000:07}"


_STATE_NAMES = tuple(STATES)
