"""The tree over the log: the published figures of RFC 6962, and another implementation on random logs."""

from __future__ import annotations

import random

import pymerkle
import pytest

from participation.voting.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

# The entries and roots with which Certificate Transparency tests its logs.
LEAVES = [bytes.fromhex(leaf) for leaf in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
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
INCLUSION = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}  # fmt: skip
CONSISTENCY = {
    (1, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 5): ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip


def _log(seed: int) -> tuple[random.Random, list[bytes]]:
    chance = random.Random(seed)
    return chance, [chance.randbytes(chance.randrange(80)) for _ in range(chance.randrange(1, 140))]


def _hex(hashes: list[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def test_the_published_roots_come_out() -> None:
    tree = Tree(LEAVES)
    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert Tree().root() == EMPTY_ROOT


def test_the_published_proofs_come_out_and_hold() -> None:
    tree = Tree(LEAVES)
    for (index, size), proof in INCLUSION.items():
        assert _hex(tree.inclusion(index, size)) == proof
    for (old, size), proof in CONSISTENCY.items():
        assert _hex(tree.consistency(old, size)) == proof


@pytest.mark.parametrize("seed", range(200))
def test_roots_are_those_of_another_implementation(seed: int) -> None:
    _, leaves = _log(seed)
    tree, other = Tree(leaves), pymerkle.InmemoryTree.init_from_entries(leaves)
    assert all(tree.root(size) == other.get_root(size) for size in range(1, len(leaves) + 1))


@pytest.mark.parametrize("seed", range(200))
def test_every_proof_holds_and_no_other_root_leaf_or_place_does(seed: int) -> None:
    chance, leaves = _log(seed)
    tree, size = Tree(leaves), len(leaves)
    index = chance.randrange(size)
    proof, root = tree.inclusion(index), tree.root()
    assert verify_inclusion(leaves[index], index=index, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaves[index] + b"x", index=index, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaves[index], index=index, size=size, proof=[*proof, root], root=root)
    assert not verify_inclusion(leaves[index], index=index, size=size, proof=proof, root=leaf_hash(root))
    assert not verify_inclusion(leaves[index], index=size, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaves[index], index=index, size=4 * size, proof=proof, root=root)
    if proof:
        assert not verify_inclusion(leaves[index], index=index, size=size, proof=proof[:-1], root=root)
        assert not verify_inclusion(leaves[index], index=index ^ 1, size=size, proof=proof, root=root)


@pytest.mark.parametrize("seed", range(200))
def test_a_log_that_grew_is_proved_and_one_that_was_changed_is_not(seed: int) -> None:
    chance, leaves = _log(seed)
    size = len(leaves)
    old = chance.randrange(1, size + 1)
    tree = Tree(leaves)
    proof = tree.consistency(old)
    before, after = tree.root(old), tree.root()
    assert verify_consistency(old=old, old_root=before, size=size, root=after, proof=proof)
    changed = Tree([*leaves[: old - 1], leaves[old - 1] + b"x", *leaves[old:]])
    assert not verify_consistency(
        old=old, old_root=before, size=size, root=changed.root(), proof=changed.consistency(old)
    )
    assert not verify_consistency(old=old, old_root=before, size=size, root=after, proof=[*proof, after])
    assert not verify_consistency(old=old, old_root=changed.root(old), size=size, root=after, proof=proof)


@pytest.mark.parametrize("seed", range(200))
def test_a_resumed_tree_grows_like_the_whole_one(seed: int) -> None:
    chance, leaves = _log(seed)
    old = chance.randrange(len(leaves) + 1)
    whole = Tree(leaves)
    resumed = Tree.resumed(old, whole.peaks(old))
    resumed.extend(leaves[old:])
    assert (resumed.size, resumed.root(), resumed.peaks()) == (whole.size, whole.root(), whole.peaks())
    assert resumed.root(old) == whole.root(old)
    assert resumed.consistency(old) == whole.consistency(old)
    assert all(resumed.inclusion(index) == whole.inclusion(index) for index in range(old, len(leaves)))


def test_a_resumed_tree_says_what_it_forgot() -> None:
    resumed = Tree.resumed(4, Tree(LEAVES).peaks(4))
    with pytest.raises(LookupError):
        resumed.inclusion(2)
    resumed.extend(LEAVES[4:])
    for forgotten in (lambda: resumed.root(3), lambda: resumed.inclusion(2), lambda: resumed.consistency(2)):
        with pytest.raises(LookupError):
            forgotten()


def test_a_size_that_is_not_there_is_refused() -> None:
    tree = Tree(LEAVES)
    for wrong in (
        lambda: tree.root(9),
        lambda: tree.inclusion(8),
        lambda: tree.consistency(5, 3),
        lambda: tree.root(-1),
    ):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(ValueError):
        Tree.resumed(5, tree.peaks(4))


def test_an_entry_is_never_taken_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_the_empty_log_is_where_every_log_begins() -> None:
    tree = Tree(LEAVES)
    assert tree.consistency(0) == []
    assert verify_consistency(old=0, old_root=EMPTY_ROOT, size=8, root=tree.root(), proof=[])
    assert not verify_consistency(old=0, old_root=tree.root(), size=8, root=tree.root(), proof=[])
    assert not verify_consistency(old=9, old_root=tree.root(), size=8, root=tree.root(), proof=[])
    assert not verify_consistency(old=3, old_root=tree.root(3), size=8, root=tree.root(), proof=[])
