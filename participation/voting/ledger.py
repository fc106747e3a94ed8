"""What a ballot shows of itself: its choice in canonical JSON, the commitment to it, and the entries of the log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from participation.voting.merkle import leaf_hash

LARGEST_NUMBER = 2**53 - 1
"""Beyond it, readers in other languages lose digits (RFC 8785, section 3.2.2.3)."""

NONCE_BYTES = 16


class LeafKind(StrEnum):
    """What an entry of the log says of a ballot."""

    CAST = "cast"
    VOID = "void"
    """Changed or withdrawn, after its cast was logged."""


class LogUnsound(ValueError):
    """The log says something that no order of casting, changing and withdrawing can bring about."""


def canonical(value: Any) -> str:
    """Return the one way to write a value as JSON (RFC 8785): sorted names, no spaces, only needed escapes.

    :param value: objects, lists, texts, whole numbers, true, false and null
    :raises ValueError: for anything else, and for text that is no Unicode
    """
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()
    return text


def sha256_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def commitment(*, contest: str, question: str, nonce: bytes, choice: str) -> bytes:
    """Return the commitment to a choice, from which nobody can guess it without the nonce.

    SHA-256 over lines: ``participation/ballot/v1``, slug of the contest, slug of the question, the nonce in
    hexadecimal, and the choice in canonical JSON (without a line end behind it).
    """
    lines = ("participation/ballot/v1", contest, question, nonce.hex(), choice)
    return hashlib.sha256("\n".join(lines).encode()).digest()


def cast_leaf(promise: bytes) -> bytes:
    """Return the entry that says that a ballot was cast: ``cast`` and its commitment in hexadecimal."""
    return _leaf(LeafKind.CAST, promise)


def void_leaf(promise: bytes) -> bytes:
    """Return the entry that says that a ballot was changed or withdrawn: ``void`` and its commitment."""
    return _leaf(LeafKind.VOID, promise)


def read_leaf(leaf: bytes) -> tuple[LeafKind, bytes]:
    """Return what an entry of the log says, and of which commitment.

    :raises LogUnsound: if it says nothing
    """
    kind, _, promise = leaf.partition(b" ")
    try:
        found = LeafKind(kind.decode()), bytes.fromhex(promise.decode())
    except ValueError as error:
        raise LogUnsound("an entry of the log cannot be read") from error
    if _leaf(*found) != leaf:
        raise LogUnsound("an entry of the log is written otherwise than agreed")
    return found


def batch_order(leaves: Iterable[bytes]) -> list[bytes]:
    """Return entries that waited together by their hashes, an order that tells nothing of when each came."""
    return sorted(leaves, key=leaf_hash)


def kept(leaves: Iterable[bytes]) -> set[bytes]:
    """Return the commitments of the ballots that stand at the end of a log: cast and not void.

    :raises LogUnsound: if one is cast twice, or void without being cast before
    """
    seen: set[bytes] = set()
    standing: set[bytes] = set()
    for kind, promise in map(read_leaf, leaves):
        if kind is LeafKind.CAST:
            if promise in seen:
                raise LogUnsound(f"the log holds the ballot {promise.hex()} twice")
            seen.add(promise)
            standing.add(promise)
        elif promise in standing:
            standing.remove(promise)
        else:
            raise LogUnsound(f"the log voids the ballot {promise.hex()}, which does not stand")
    return standing


def receipt(*, contest: str, question: str, nonce: bytes, choice: str) -> str:
    """Return what a voter keeps, in canonical JSON: with it they find their ballot and check that it is unchanged.

    :param choice: canonical JSON, as on the ballot
    """
    promise = commitment(contest=contest, question=question, nonce=nonce, choice=choice)
    slip = {"contest": contest, "question": question, "commitment": promise.hex(), "nonce": nonce.hex()}
    return canonical({**slip, "choice": json.loads(choice)})


def _leaf(kind: LeafKind, promise: bytes) -> bytes:
    if len(promise) != hashlib.sha256().digest_size:
        raise LogUnsound("a commitment has 32 bytes")
    return f"{kind} {promise.hex()}".encode()


def _ordered(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= LARGEST_NUMBER:
            return value
        case list() | tuple():
            return [_ordered(one) for one in value]
        case dict() if all(isinstance(name, str) for name in value):
            # RFC 8785 sorts by UTF-16 units, which differs from code points beyond the basic plane.
            return {name: _ordered(value[name]) for name in sorted(value, key=_utf16)}
    raise ValueError(f"no canonical JSON for {type(value).__name__}")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
