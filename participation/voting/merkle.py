"""The hash tree over a contest's log (RFC 6962, section 2.1, SHA-256): roots, and proofs that anybody can check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one entry of the log."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two neighbouring hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows at its right end only.

    ``_levels[n]`` holds the hashes of whole subtrees of 2**n leaves, from left to right. A resumed tree has forgotten
    the first of them, ``_forgotten[n]`` in number, and grows on from the few that its root is made of.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = [[]]
        self._forgotten: list[int] = [0]
        self.extend(leaves)

    @classmethod
    def resumed(cls, size: int, peaks: Sequence[bytes]) -> Tree:
        """Return a tree that grows on from what ``peaks`` gave for that size, without the leaves before.

        :raises ValueError: if that many hashes do not make a tree of that size
        """
        if size < 0 or len(peaks) != size.bit_count() or any(len(peak) != 32 for peak in peaks):
            raise ValueError(f"{len(peaks)} hashes do not make a tree of {size} leaves")
        tree, left = cls(), list(peaks)
        tree.size = size
        height = max(size.bit_length(), 1)
        tree._forgotten = [(size >> level) - (size >> level & 1) for level in range(height)]
        tree._levels = [[left.pop()] if size >> level & 1 else [] for level in range(height)]
        return tree

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append entries, in their order."""
        for leaf in leaves:
            self._append(leaf_hash(leaf))

    def _append(self, right: bytes) -> None:
        place = self.size
        self._levels[0].append(right)
        level = 0
        while place & 1:
            right = node_hash(self._levels[level][-2], right)
            place >>= 1
            level += 1
            if level == len(self._levels):
                self._levels.append([])
                self._forgotten.append(0)
            self._levels[level].append(right)
        self.size += 1

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first ``size`` leaves, or over all.

        :raises ValueError: if the tree is not that large
        :raises LookupError: if a resumed tree has forgotten what it would need
        """
        return self._range(0, self._checked(size))

    def peaks(self, size: int | None = None) -> list[bytes]:
        """Return the hashes of the whole subtrees that the root is made of, the largest first: the compact tree.

        There is one for each binary one in the size, 17 at most below 131,072 leaves.
        """
        size = self._checked(size)
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        return [self._whole(level, (size >> level) - 1) for level in levels]

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the leaf at ``index`` (from 0) is in the tree of ``size``, from the leaf to the root.

        :raises ValueError: if the tree is not that large
        :raises LookupError: if a resumed tree has forgotten the leaf
        """
        size = self._checked(size)
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} among {size}")
        proof, start, end = [], 0, size
        while end - start > 1:
            middle = start + _left(end - start)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the tree of ``size`` begins with the tree of ``old`` leaves (section 2.1.2).

        It is empty where one of the two is empty or both are the same. A resumed tree proves it from where it was
        resumed on.

        :raises ValueError: if ``old`` is larger than ``size``, or the tree not that large
        :raises LookupError: if a resumed tree has forgotten what it would need
        """
        size = self._checked(size)
        if not 0 <= old <= size:
            raise ValueError(f"a tree of {size} leaves does not begin with {old}")
        if old == 0:
            return []
        proof, start, end = [], 0, size
        while end != old:
            middle = start + _left(end - start)
            if old <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        # Whoever checks has the root of the old tree already, if it is a whole subtree on the left.
        return ([self._range(start, end)] if start else []) + proof[::-1]

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Return the hash over the leaves from ``start`` to before ``end``, a subtree of the tree of any size."""
        width = end - start
        if width == 0:
            return EMPTY_ROOT
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self._whole(level, start >> level)
        middle = start + _left(width)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _whole(self, level: int, place: int) -> bytes:
        held = place - self._forgotten[level]
        if held < 0:
            raise LookupError("this tree was resumed and does not hold what lies before")
        return self._levels[level][held]


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that an entry lies at ``index`` under a root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(*, old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that one tree begins with the other (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not proof and old_root == (root if old else EMPTY_ROOT)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not path:
        return False
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _left(width: int) -> int:
    """Return the largest power of two below a width: that many leaves lie on the left."""
    return 1 << (width - 1).bit_length() - 1
