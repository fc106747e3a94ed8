"""Entries of the log: what they say, in which order they are appended, and which ballots stand at its end."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from participation.voting.ledger import (
    LeafKind,
    LogUnsound,
    batch_order,
    cast_leaf,
    commitment,
    kept,
    read_leaf,
    receipt,
    void_leaf,
)

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


def test_an_entry_is_a_word_and_a_commitment() -> None:
    assert cast_leaf(A) == b"cast " + b"01" * 32
    assert void_leaf(A) == b"void " + b"01" * 32
    assert read_leaf(void_leaf(A)) == (LeafKind.VOID, A)


@pytest.mark.parametrize(
    "leaf",
    [b"", b"cast", b"cast ", b"cast 01", b"lost " + b"01" * 32, b"cast  " + b"01" * 32, b"cast " + b"AB" * 32,
     cast_leaf(A) + b"\n", b"\xff " + b"01" * 32],
)  # fmt: skip
def test_an_entry_has_one_spelling(leaf: bytes) -> None:
    with pytest.raises(LogUnsound):
        read_leaf(leaf)


def test_no_entry_is_made_of_less_than_a_commitment() -> None:
    with pytest.raises(LogUnsound):
        cast_leaf(b"short")


def test_the_order_of_a_batch_tells_nothing_of_when_its_entries_came() -> None:
    leaves = [cast_leaf(A), void_leaf(B), cast_leaf(C)]
    assert len({tuple(batch_order(order)) for order in itertools.permutations(leaves)}) == 1
    many = [cast_leaf(random.Random(number).randbytes(32)) for number in range(100)]
    assert batch_order(many) not in (many, sorted(many))


def test_a_ballot_stands_until_it_is_void() -> None:
    assert kept([cast_leaf(A), cast_leaf(B), void_leaf(A), cast_leaf(C)]) == {B, C}


@pytest.mark.parametrize(
    "log",
    [
        [cast_leaf(A), cast_leaf(A)],
        [void_leaf(A)],
        [void_leaf(A), cast_leaf(A)],
        [cast_leaf(A), void_leaf(A), void_leaf(A)],
        [cast_leaf(A), void_leaf(A), cast_leaf(A)],
    ],
)
def test_a_log_that_cannot_be_is_named(log: list[bytes]) -> None:
    with pytest.raises(LogUnsound):
        kept(log)


def test_a_receipt_holds_what_its_commitment_is_made_of() -> None:
    slip = json.loads(receipt(contest="runde-1", question="netze", nonce=b"n" * 16, choice='["a","b"]'))
    made = commitment(contest="runde-1", question="netze", nonce=bytes.fromhex(slip["nonce"]), choice='["a","b"]')
    assert slip["choice"] == ["a", "b"]
    assert slip["commitment"] == made.hex()
