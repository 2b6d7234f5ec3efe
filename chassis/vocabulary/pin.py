"""Secrets that people copy by hand: the PIN of an invitation (D-27, S-06) and codes of six digits (D-25, S-05)."""

from __future__ import annotations

from collections.abc import Callable

from chassis.vocabulary.typed import is_digits, without_separators

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ2345679"
"""31 letters and digits that nobody takes for another: no I and 1, no O and 0, no 8 beside B."""

LENGTH = 8
"""Characters of a PIN: 39 bits."""

CODE_LENGTH = 6

_DIGITS = "0123456789"
_BYTE = 256


class PinError(ValueError):
    """The text cannot be a PIN or a code; the message says what to do and repeats nothing of it."""


def make(random_bytes: Callable[[int], bytes]) -> str:
    """A PIN of 8 characters, each equally likely. `random_bytes(n)` gives n unpredictable bytes."""
    return _drawn(ALPHABET, LENGTH, random_bytes)


def make_code(random_bytes: Callable[[int], bytes]) -> str:
    """A code of 6 digits, each equally likely, zeros in front kept. `random_bytes(n)` gives n unpredictable bytes."""
    return _drawn(_DIGITS, CODE_LENGTH, random_bytes)


def normalize(text: str) -> str:
    """The PIN as it was issued; spaces, dashes and case are forgiven.

    Raises `PinError` for what cannot be a PIN; whether it is the right one is for its hash to say.
    """
    pin = without_separators(text)
    # upper() comes after isascii(): it makes two letters of a German sharp s
    if len(pin) != LENGTH or not pin.isascii() or not set(pin.upper()) <= set(ALPHABET):
        raise PinError("Enter the 8 letters and digits of the PIN in the e-mail")
    return pin.upper()


def normalize_code(text: str) -> str:
    """The six digits of a code; spaces and dashes are forgiven.

    Raises `PinError` for what cannot be a code.
    """
    code = without_separators(text)
    if not is_digits(code, CODE_LENGTH):
        raise PinError("Enter the 6 digits of the code")
    return code


def _drawn(alphabet: str, count: int, random_bytes: Callable[[int], bytes]) -> str:
    """`count` characters of the alphabet, each equally likely.

    Bytes past the last whole round of the alphabet are drawn again: they would make its first characters likelier.
    """
    fair = _BYTE - _BYTE % len(alphabet)
    drawn = ""
    while len(drawn) < count:
        drawn += "".join(alphabet[byte % len(alphabet)] for byte in random_bytes(count - len(drawn)) if byte < fair)
    return drawn
