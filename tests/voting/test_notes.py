"""Signed notes, checkpoints and proofs: the published examples verify, and nothing that was changed does."""

from __future__ import annotations

import base64
import random
from secrets import token_bytes

import pytest

from participation.voting.ledger import cast_leaf
from participation.voting.merkle import Tree
from participation.voting.notes import (
    Checkpoint,
    LogForked,
    NoteUnsound,
    Proof,
    Signer,
    Verifier,
    grow_checkpoint,
    open_checkpoint,
    prove,
    sign_checkpoint,
)

# The example of the format's first implementation, with two signers.
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_SIGNED = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
NOTE = f"{TEXT}\n{PETER_SIGNED}"
# The examples of the specifications of checkpoints and proofs; their keys are not published.
SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
FANCY = "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJ1roloI=\n"
FANCY_PROOF = (
    "c2sp.org/tlog-proof@v1\nindex 73894\n"
    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
    f"EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n\n{FANCY}"
)

ORIGIN = "beteiligung.example/abstimmungen/runde-1"


@pytest.fixture
def signer() -> Signer:
    return Signer(ORIGIN, bytes(range(32)))


def _tree(size: int) -> Tree:
    return Tree(cast_leaf(bytes([number]) * 32) for number in range(size))


# ── Notes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_published_note_verifies_with_either_key() -> None:
    assert Verifier.of(PETER).open(NOTE) == TEXT
    assert Verifier.of(ENOCH).open(NOTE + ENOCH_SIGNED) == TEXT
    assert Verifier.of(PETER).open(NOTE + ENOCH_SIGNED) == TEXT


def test_signing_with_the_published_secret_gives_the_published_note() -> None:
    signer = Signer("PeterNeumann", base64.b64decode(PETER_SECRET)[1:])
    assert signer.verifier_key == PETER
    assert signer.sign(TEXT) == NOTE


def test_a_note_that_somebody_else_signed_says_nothing() -> None:
    with pytest.raises(NoteUnsound, match="has not signed"):
        Verifier.of(ENOCH).open(NOTE)


@pytest.mark.parametrize("seed", range(200))
def test_no_byte_of_a_note_can_be_changed(seed: int, signer: Signer) -> None:
    chance = random.Random(seed)
    note = sign_checkpoint(signer, size=7, root=bytes(32)).encode()
    place = chance.randrange(len(note))
    changed = note[:place] + bytes([note[place] ^ 1 << chance.randrange(8)]) + note[place + 1 :]
    with pytest.raises((NoteUnsound, UnicodeDecodeError)):
        signer.verifier.open(changed.decode())


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "text\n",
        TEXT + PETER_SIGNED,
        NOTE.removesuffix("\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— PeterNeumann ", "— "),
        NOTE.replace("x08go/", "x08go"),
        NOTE.replace("then", "then\r"),
        NOTE + "\n",
        NOTE + "— PeterNeumann\n",
        NOTE + "— PeterNeumann x08g\n",
        NOTE + ENOCH_SIGNED * 100,
        NOTE + PETER_SIGNED.replace("x08go/ZJ", "x08go/AA"),
        "x" * 1_000_001,
        "\ud800" + NOTE,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteUnsound):
        Verifier.of(PETER).open(note)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("Peter", "Petra"),
        PETER.replace("+AR", "+BR"),
        PETER.replace("TW", "T"),
        "+c74f20a3+" + PETER.split("+")[2],
        "Peter Neumann+c74f20a3+" + PETER.split("+")[2],
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(NoteUnsound):
        Verifier.of(key)


@pytest.mark.parametrize("text", ["", "no line end", "bell\a\n", "\ud800\n"])
def test_what_no_note_can_hold_is_not_signed(signer: Signer, text: str) -> None:
    with pytest.raises(NoteUnsound):
        signer.sign(text)


def test_one_secret_under_two_names_makes_two_keys(signer: Signer) -> None:
    other = Signer(ORIGIN + "-b", bytes(range(32)))
    note = sign_checkpoint(other, size=0, root=Tree().root())
    with pytest.raises(NoteUnsound):
        open_checkpoint(note, signer.verifier)


def test_a_checkpoint_speaks_of_the_log_that_has_its_key(signer: Signer) -> None:
    note = signer.sign(Checkpoint("other.example/log", 0, Tree().root()).text)
    with pytest.raises(NoteUnsound, match="of the log other"):
        open_checkpoint(note, signer.verifier)


# ── Checkpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_published_checkpoint_is_read_and_written() -> None:
    found = Checkpoint.of(SOFA)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.text == SOFA
    assert Checkpoint.of(SOFA + "an extension\n") == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        SOFA.replace("20852163", "020852163"),
        SOFA.replace("20852163", "-1"),
        SOFA.replace("20852163", "²"),
        SOFA.replace("20852163", "9" * 40),
        SOFA.replace("CsUY", "CsU"),
        SOFA.replace("q2I=", "q2J="),
        SOFA.replace("CsUYapGG", ""),
        "\n" + SOFA,
        SOFA + "\nmore\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteUnsound):
        Checkpoint.of(text)


def test_a_checkpoint_grows_from_the_last_one(signer: Signer) -> None:
    first = grow_checkpoint(signer, last=None, tree=_tree(5))
    second = grow_checkpoint(signer, last=first, tree=_tree(12))
    found = open_checkpoint(second, signer.verifier)
    assert (found.origin, found.size, found.root) == (ORIGIN, 12, _tree(12).root())


def test_a_checkpoint_grows_without_the_leaves_before(signer: Signer) -> None:
    first = grow_checkpoint(signer, last=None, tree=_tree(5))
    tree = Tree.resumed(5, _tree(5).peaks())
    tree.extend([cast_leaf(bytes([number]) * 32) for number in range(5, 12)])
    assert grow_checkpoint(signer, last=first, tree=tree) == grow_checkpoint(signer, last=first, tree=_tree(12))


@pytest.mark.parametrize("damage", ["changed", "shorter", "other signer", "no note", "wrong peaks"])
def test_nothing_is_signed_that_does_not_continue_the_last_checkpoint(signer: Signer, damage: str) -> None:
    last = grow_checkpoint(signer, last=None, tree=_tree(5))
    tree = _tree(12)
    if damage == "changed":
        tree = Tree([cast_leaf(bytes(32)), *(cast_leaf(bytes([number]) * 32) for number in range(10, 20))])
    elif damage == "shorter":
        tree = _tree(4)
    elif damage == "other signer":
        last = grow_checkpoint(Signer(ORIGIN, token_bytes(32)), last=None, tree=_tree(5))
    elif damage == "no note":
        last = "5"
    else:
        tree = Tree.resumed(5, _tree(6).peaks())
    with pytest.raises(LogForked):
        grow_checkpoint(signer, last=last, tree=tree)


# ── Proofs ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_published_proof_is_read_and_written() -> None:
    proof = Proof.of(FANCY_PROOF)
    assert (proof.index, len(proof.hashes), proof.extra) == (73894, 3, None)
    assert proof.checkpoint == FANCY
    assert proof.text == FANCY_PROOF


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 50])
def test_a_proof_leads_from_each_entry_to_the_checkpoint(signer: Signer, size: int) -> None:
    tree = _tree(50)
    note = sign_checkpoint(signer, size=size, root=tree.root(size))
    for index in range(size):
        proof = Proof.of(prove(tree, index=index, checkpoint=note, extra=b"{}").text)
        assert proof.extra == b"{}"
        assert proof.check(cast_leaf(bytes([index]) * 32), signer.verifier).size == size


def test_a_proof_says_nothing_of_another_entry(signer: Signer) -> None:
    tree = _tree(9)
    proof = prove(tree, index=3, checkpoint=sign_checkpoint(signer, size=9, root=tree.root()))
    with pytest.raises(NoteUnsound, match="does not lead"):
        proof.check(cast_leaf(bytes([4]) * 32), signer.verifier)


def test_a_proof_under_another_key_says_nothing(signer: Signer) -> None:
    tree = _tree(9)
    proof = prove(tree, index=3, checkpoint=sign_checkpoint(signer, size=9, root=tree.root()))
    with pytest.raises(NoteUnsound):
        proof.check(cast_leaf(bytes([3]) * 32), Signer(ORIGIN, token_bytes(32)).verifier)


def test_there_is_no_proof_under_a_checkpoint_of_another_tree(signer: Signer) -> None:
    with pytest.raises(ValueError, match="not of this tree"):
        prove(_tree(9), index=3, checkpoint=sign_checkpoint(signer, size=9, root=_tree(8).root()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        FANCY_PROOF.replace("@v1", "@v2"),
        FANCY_PROOF.replace("index", "place"),
        FANCY_PROOF.replace("73894", "073894"),
        FANCY_PROOF.replace("gSKy", "gSK"),
        FANCY_PROOF.replace("index", "extra !\nindex"),
        FANCY_PROOF.replace("index 73894\n", "index 73894\n" + "A" * 43 + "=\n" * 70),
        "c2sp.org/tlog-proof@v1\nextra AAAA",
        "x" * 1_000_001,
    ],
)
def test_a_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteUnsound):
        Proof.of(text)
