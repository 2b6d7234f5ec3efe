"""Checkpoints as signed notes (C2SP): what is signed opens, and nothing else."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.audit import Checkpoint, NotProvenError, PublicKey, checkpoint_in, open_checkpoint
from chassis.sealer import SealingKey, origin_of

KEY = SealingKey("mandate.example", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = SealingKey("mandate.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHECKPOINT = Checkpoint(origin_of("mandate.example", "access", 1), 20852163, bytes(range(32)))
NOTE = KEY.sign(CHECKPOINT)
# a line that another implementation prints (golang.org/x/mod/sumdb/note), with its signature of the text below
STRANGER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SAID = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_a_note_says_origin_size_and_root_and_is_signed() -> None:
    assert NOTE.startswith("mandate.example/access/1\n20852163\nAAECAwQ")
    assert open_checkpoint(NOTE, [KEY.public]) == CHECKPOINT
    assert open_checkpoint(NOTE, [OTHER.public, KEY.public]) == CHECKPOINT


def test_keys_and_signatures_are_those_of_other_implementations() -> None:
    key = PublicKey.parse(STRANGER)
    assert str(key) == STRANGER
    signature = base64.b64decode(SIGNED)
    assert signature[:4] == key.id
    assert key.signed(signature[4:], SAID)
    assert not key.signed(signature[4:], SAID + " ")


def test_signatures_of_others_are_no_matter() -> None:
    """So a key is replaced: both sign for a while; and a witness adds its line."""
    both = NOTE + OTHER.sign(CHECKPOINT).rpartition("\n\n")[2]
    for keys in ([KEY.public], [OTHER.public], [KEY.public, OTHER.public]):
        assert open_checkpoint(both, keys) == CHECKPOINT
    assert len(checkpoint_in(both)[1]) == 2


def test_a_line_of_a_key_is_read_as_it_was_printed() -> None:
    assert PublicKey.parse(f" {KEY.public}\n") == KEY.public
    for wrong in ("", "x", "a+b+c", str(KEY.public)[:-4], str(KEY.public).replace("mandate", "mandato"), "\0+\0+\0"):
        with pytest.raises(NotProvenError):
            PublicKey.parse(wrong)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (OTHER.sign(CHECKPOINT), "not by a key that you trust"),
        (NOTE.replace("20852163", "20852164"), "signature .* is wrong"),
        (NOTE.replace("access", "acces5"), "signature .* is wrong"),
        (NOTE.replace("20852163", "020852163"), "no checkpoint"),
        (NOTE.replace("20852163", "²"), "no checkpoint"),
        (NOTE.replace("\n\n", "\n"), "no checkpoint"),
        (NOTE.replace("AAECAwQ", "!AECAwQ"), "base64"),
        (NOTE.replace("AAECAwQF", ""), "bytes"),
        (NOTE.rstrip("\n"), "no signature"),
        (NOTE.rpartition("—")[0], "no signature"),
        (NOTE.replace("— ", "- "), "a signature line"),
        ("", "no checkpoint"),
    ],
)
def test_what_is_not_what_was_signed_does_not_open(note: str, said: str) -> None:
    with pytest.raises(NotProvenError, match=said):
        open_checkpoint(note, [KEY.public])
