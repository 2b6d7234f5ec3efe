"""The tree over a log's leaves (RFC 6962): grown leaf by leaf, and the proofs that are read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from chassis.audit import NotProvenError, node_hash

EMPTY = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
"""The root of a tree without leaves: SHA-256 of nothing."""

Node = Callable[[int, int], bytes]
"""The hash of the whole subtree of height `height` that is the `number`-th of its height: called with both."""


class Range:
    """A tree that forgets: of its leaves it keeps the hashes of the largest whole subtrees, the widest first."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(hashes):
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} whole subtrees, not {len(hashes)}")
        self.size = size
        self._hashes = list(hashes)

    def append(self, leaf: bytes) -> None:
        """Take the next leaf."""
        self._hashes.append(leaf)
        grown = self.size
        while grown & 1:
            right = self._hashes.pop()
            self._hashes[-1] = node_hash(self._hashes[-1], right)
            grown >>= 1
        self.size += 1

    def copy(self) -> Range:
        """The same tree, to be grown apart."""
        return Range(self.size, self._hashes)

    @property
    def root(self) -> bytes:
        """The hash in which all leaves stand."""
        return _joined(self._hashes) if self._hashes else EMPTY


def subtrees(first: int, size: int) -> Iterator[tuple[int, int]]:
    """Height and number of the whole subtrees that the leaves from `first` on, below `size`, are made of.

    `first` is a multiple of the largest power of two that is not above `size - first`.
    """
    while first < size:
        height = (size - first).bit_length() - 1
        yield height, first >> height
        first += 1 << height


def range_of(node: Node, size: int) -> Range:
    """The tree of the first `size` leaves, read from stored nodes."""
    return Range(size, [node(*one) for one in subtrees(0, size)])


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """The path from a leaf to the root of the first `size` leaves (RFC 6962, 2.1.1). Raises `NotProvenError`."""
    if not 0 <= index < size:
        raise NotProvenError(f"there is no leaf {index} in a tree of {size}")
    return list(_path(node, index, 0, size))


def _path(node: Node, index: int, first: int, size: int) -> Iterable[bytes]:
    if size == 1:
        return []
    half = _half(size)
    if index < half:
        return [*_path(node, index, first, half), _root(node, first + half, first + size)]
    return [*_path(node, index - half, first + half, size - half), _root(node, first, first + half)]


def consistency(node: Node, older: int, size: int) -> list[bytes]:
    """The proof that the first `older` of `size` leaves are what they were (RFC 6962, 2.1.2).

    Raises `NotProvenError`.
    """
    if not 0 <= older <= size:
        raise NotProvenError(f"a tree of {size} leaves never had {older}")
    return _grown(node, older, 0, size, known=True) if older else []


def _grown(node: Node, older: int, first: int, size: int, *, known: bool) -> list[bytes]:
    if older == size:
        return [] if known else [_root(node, first, first + size)]
    half = _half(size)
    if older <= half:
        return [*_grown(node, older, first, half, known=known), _root(node, first + half, first + size)]
    return [*_grown(node, older - half, first + half, size - half, known=False), _root(node, first, first + half)]


def see_consistent(older: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `NotProvenError` unless the proof leads from the older root to the newer one."""
    if not 0 <= older <= size:
        raise NotProvenError(f"a tree of {size} leaves never had {older}")
    left = iter(proof)
    try:
        roots = _both(left, older, size, old_root) if older else (EMPTY, root)
    except StopIteration:
        raise NotProvenError("the proof is too short") from None
    if next(left, None) is not None:
        raise NotProvenError("the proof is too long")
    if roots != (old_root, root):
        raise NotProvenError(f"the first {older} leaves are no longer what they were")


def _both(proof: Iterator[bytes], older: int, size: int, known: bytes | None) -> tuple[bytes, bytes]:
    """Both roots of a subtree, as `_grown` has written it down; `known` is the older one where it is given."""
    if older == size:
        root = known if known is not None else next(proof)
        return root, root
    half = _half(size)
    if older <= half:
        old, new = _both(proof, older, half, known)
        return old, node_hash(new, next(proof))
    old, new = _both(proof, older - half, size - half, None)
    left = next(proof)
    return node_hash(left, old), node_hash(left, new)


def _root(node: Node, first: int, end: int) -> bytes:
    return _joined([node(*one) for one in subtrees(first, end)])


def _joined(hashes: Sequence[bytes]) -> bytes:
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _half(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
