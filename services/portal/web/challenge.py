"""The picture and audio challenge (IA-REG-01, IA-REG-04): issued and judged here, no third party sees anybody.

Nothing is kept of an issued challenge: its text is a keyed hash of its nonce. A spent nonce is remembered until it
would have expired anyway; identity takes each nonce once as well, so that copies of the portal need not talk.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from io import BytesIO

from chassis import nature
from services.portal.web import signing

DIGITS = 6
REMEMBERED = 100_000
"""Spent nonces; more in one life of a challenge, and the oldest fall to identity alone."""

_voice = threading.Semaphore(1)


@dataclass(slots=True)
class Challenges:
    """Issues tokens (`nonce.expiry.signature`) and judges answers, each token once."""

    key: bytes
    life: timedelta
    spent: OrderedDict[str, None] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self) -> str:
        """A new token."""
        nonce = secrets.token_urlsafe(16)
        expiry = str(int((nature.now() + self.life).timestamp()))
        return f"{nonce}.{expiry}.{signing.sign(self.key, 'challenge', nonce, expiry)}"

    def text(self, token: str) -> str | None:
        """What the picture shows; None for a token that is not ours or is too old."""
        nonce, _, rest = token.partition(".")
        expiry, _, signature = rest.partition(".")
        if not signing.same(signature, self.key, "challenge", nonce, expiry):
            return None
        if int(expiry) < nature.now().timestamp():
            return None
        number = int.from_bytes(hmac.digest(self.key, b"challenge-text" + nonce.encode(), hashlib.sha256)[:8])
        return f"{number % 10**DIGITS:0{DIGITS}}"

    def solve(self, token: str, answer: str) -> str | None:
        """The nonce when the answer is right. Right or wrong, the token is spent."""
        text = self.text(token)
        if text is None or not self._spend(nonce := token.partition(".")[0]):
            return None
        typed = "".join(answer.split()).encode()
        return nonce if hmac.compare_digest(text.encode(), typed) else None

    def _spend(self, nonce: str) -> bool:
        with self.lock:
            if nonce in self.spent:
                return False
            self.spent[nonce] = None
            if len(self.spent) > REMEMBERED:
                self.spent.popitem(last=False)
            return True


@lru_cache(maxsize=64)
def picture(text: str) -> bytes:
    """A PNG of the text."""
    from captcha.image import ImageCaptcha

    image: BytesIO = ImageCaptcha(width=280, height=90).generate(text)
    return image.getvalue()


@lru_cache(maxsize=32)
def sound(text: str) -> bytes:
    """A WAV in which the text is read; a third of a second of work, so one at a time."""
    from captcha.audio import AudioCaptcha

    with _voice:
        return bytes(AudioCaptcha().generate(text))
