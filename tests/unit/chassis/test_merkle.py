"""The tree of RFC 6962, against a tree that is made as the RFC says it, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.audit import NotProvenError, root_of
from chassis.merkle import EMPTY, Node, Range, consistency, inclusion, range_of, see_consistent

MOST = 130
# the inputs and roots with which Certificate Transparency tests its own trees
INPUTS = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf_of(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def naive(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word by word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:half]) + naive(leaves[half:])).digest()


LEAVES = [leaf_of(number.to_bytes(2)) for number in range(MOST)]
NAIVE = [naive(LEAVES[:size]) for size in range(MOST + 1)]


def node(height: int, number: int) -> bytes:
    width = 1 << height
    return naive(LEAVES[number * width : (number + 1) * width])


def cached(of: Node) -> Node:
    known: dict[tuple[int, int], bytes] = {}

    def ask(height: int, number: int) -> bytes:
        if (height, number) not in known:
            known[height, number] = of(height, number)
        return known[height, number]

    return ask


NODE = cached(node)


@pytest.mark.parametrize("size", range(9))
def test_the_roots_of_the_rfc(size: int) -> None:
    tree = Range()
    for one in INPUTS[:size]:
        tree.append(leaf_of(one))
    assert (tree.root.hex(), tree.size) == (ROOTS[size], size)


def test_the_tree_is_the_naive_one_at_every_size_and_goes_on_from_stored_nodes() -> None:
    tree = Range()
    for size in range(MOST + 1):
        assert tree.root == NAIVE[size]
        assert range_of(NODE, size).root == NAIVE[size]
        if size < MOST:
            left = tree.copy()
            tree.append(LEAVES[size])
            assert left.root == NAIVE[size]
    with pytest.raises(ValueError, match="3 leaves has 2 whole subtrees"):
        Range(3, [EMPTY])


def test_every_consistency_proof_leads_from_root_to_root_and_to_no_other() -> None:
    for size in range(MOST + 1):
        for older in range(size + 1):
            proof = consistency(NODE, older, size)
            see_consistent(older, NAIVE[older], size, NAIVE[size], proof)
            if 0 < older < size:
                for wrong in (
                    (older, bytes(32), size, NAIVE[size], proof),
                    (older, NAIVE[older], size, bytes(32), proof),
                    (older, NAIVE[older], size, NAIVE[size], [*proof, bytes(32)]),
                    (older, NAIVE[older], size, NAIVE[size], proof[:-1]),
                    (older, NAIVE[older], size, NAIVE[size], [bytes(32), *proof[1:]]),
                ):
                    with pytest.raises(NotProvenError):
                        see_consistent(*wrong)
    for nonsense in ((-1, 5), (6, 5)):
        with pytest.raises(NotProvenError, match="never had"):
            consistency(NODE, *nonsense)


def test_every_leaf_is_shown_to_be_where_it_is_and_nowhere_else() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            path = inclusion(NODE, index, size)
            assert root_of(LEAVES[index], index, size, path) == NAIVE[size]
            if index + 1 < size and len(inclusion(NODE, index + 1, size)) == len(path):
                assert root_of(LEAVES[index], index + 1, size, path) != NAIVE[size]
            for wrong in (path[:-1], [*path, bytes(32)]):
                if len(wrong) != len(path):
                    with pytest.raises(NotProvenError, match="hashes"):
                        root_of(LEAVES[index], index, size, wrong)
    for index in (-1, 5):
        with pytest.raises(NotProvenError, match="there is no leaf"):
            inclusion(NODE, index, 5)


@given(st.integers(0, MOST), st.data())
def test_an_older_tree_with_another_leaf_is_never_consistent(size: int, data: st.DataObject) -> None:
    older = data.draw(st.integers(0, size))
    changed = data.draw(st.integers(0, older))
    if changed < older < size:
        other = [*LEAVES[:changed], leaf_of(b"another"), *LEAVES[changed + 1 : older]]
        with pytest.raises(NotProvenError):
            see_consistent(older, naive(other), size, NAIVE[size], consistency(NODE, older, size))
