"""Tracking IDs (D-29): reference numbers that people read aloud, copy by hand and type again.

Role requests (R), invitations (V) and connections (C) have their letter, 8 random characters of Crockford's base32
and a check character; applications (T) have the day they were made, MMDDYYYY, 6 random digits and a check digit.

Crockford's own check, modulo 37, needs five signs outside base32. The check of R, V and C stays inside: letters are
elements of the field GF(32), made by x^5 + x^2 + 1, and the sum of all ten, each multiplied by its own power of x, is
zero. No two powers are equal and none is zero, so every single wrong character and every exchange of two different
characters, neighbours or not, leaves a sum that is not zero. That of T is Damm's quasigroup of order 10, which finds
every single wrong digit and every exchange of neighbours.
"""

from __future__ import annotations

from datetime import date

from chassis.vocabulary.typed import without_separators

ROLE = "R"
INVITATION = "V"
CONNECTION = "C"
APPLICATION = "T"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: without I, L, O and U."""

RANDOM_BYTES = 8
"""What `make` needs, one for each random character; `make_application` needs no more."""

_PREFIXES = frozenset({ROLE, INVITATION, CONNECTION})
_GROUP = 4
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans("OIL", "011")
_FIELD = 0b100101
"""x^5 + x^2 + 1, whose root x runs through all 31 elements but zero."""

_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


class TrackingIdError(ValueError):
    """The text is no tracking ID; the message says what to do."""


def make(prefix: str, random_bytes: bytes) -> str:
    """A tracking ID of 10 characters: `ROLE`, `INVITATION` or `CONNECTION`, 8 characters, a check character.

    `random_bytes` are 8 unpredictable ones; 32 divides 256, so no character is likelier than another. Raises
    `ValueError` for another prefix or too few bytes.
    """
    if prefix not in _PREFIXES:
        raise ValueError("Give R, V or C; applications have make_application()")
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"Give {RANDOM_BYTES} random bytes")
    body = prefix + "".join(ALPHABET[byte % 32] for byte in random_bytes[:RANDOM_BYTES])
    return body + _check_character(body)


def make_application(day: date, random_bytes: bytes) -> str:
    """The tracking ID of an application, 16 characters: T, the legal day, 6 digits and a check digit.

    Of 8 unpredictable bytes, the remainder by a million: what it lacks to even odds is below 10^-13. Raises
    `ValueError` for too few bytes.
    """
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"Give {RANDOM_BYTES} random bytes")
    number = int.from_bytes(random_bytes[:RANDOM_BYTES]) % 1_000_000
    digits = f"{day.month:02}{day.day:02}{day.year:04}{number:06}"
    return f"{APPLICATION}{digits}{_damm(digits)}"


def parse(text: str) -> str:
    """The tracking ID as it was issued; case, spaces, dashes, O for 0 and I or L for 1 are forgiven.

    Raises `TrackingIdError`.
    """
    typed = without_separators(text)
    # upper() comes after isascii(): it makes two letters of a German sharp s
    id_ = typed.upper().translate(_FORGIVEN) if typed.isascii() else ""
    if id_[:1] == APPLICATION and len(id_) == len("TMMDDYYYY") + 7 and id_[1:].isdigit():
        right = _damm(id_[1:-1]) == id_[-1] and _is_day(id_[1:9])
    elif id_[:1] in _PREFIXES and len(id_) == RANDOM_BYTES + 2 and set(id_) <= set(ALPHABET):
        right = _check_character(id_[:-1]) == id_[-1]
    else:
        raise TrackingIdError("Enter a Tracking ID: R, V or C and 9 more characters, or T and 15 digits")
    if not right:
        raise TrackingIdError("Compare the Tracking ID with your papers and enter it again; a character is wrong")
    return id_


def grouped(id: str) -> str:
    """The tracking ID as it is shown, in groups of four: `C7F3-K2QX-9V`."""
    return "-".join(id[start : start + _GROUP] for start in range(0, len(id), _GROUP))


def _check_character(body: str) -> str:
    """The last character, which makes the weighted sum zero; by Horner, from the first character on."""
    total = 0
    for letter in body:
        total = _times_x(total ^ _VALUES[letter])
    return ALPHABET[total]


def _times_x(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD if doubled & 32 else doubled


def _damm(digits: str) -> str:
    state = "0"
    for digit in digits:
        state = _DAMM[int(state)][int(digit)]
    return state


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[4:]), int(digits[:2]), int(digits[2:4]))
    except ValueError:
        return False
    return True
