"""Signed notes, checkpoints and proofs of a log, as text (c2sp.org/signed-note, tlog-checkpoint, tlog-proof)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from participation.voting.merkle import Tree, verify_consistency, verify_inclusion

ED25519 = b"\x01"
LONGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100
MOST_HASHES = 64
"""A proof in a tree of more leaves than anybody can count needs no more."""

PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_DASH = "— "


class NoteUnsound(ValueError):
    """A note, checkpoint or proof is not what it should be, or nobody we trust has signed it."""


class LogForked(ValueError):
    """The log does not continue what was signed last, so nothing is signed."""


class Signer:
    """Signs notes under a name. For a contest's log the name is its origin, so one secret serves all contests."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take a name and the 32 secret bytes.

        :raises NoteUnsound: if the name is empty or holds spaces or a plus
        """
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())
        self.name = name

    @property
    def verifier_key(self) -> str:
        """The public half as text: ``name+hash+base64``."""
        return self.verifier.text

    def sign(self, text: str) -> str:
        """Return the note: the text, an empty line, and the signature. The same text always gives the same note.

        :param text: ends in a line end
        :raises NoteUnsound: if no note can hold the text
        """
        if not text.endswith("\n") or not _is_plain(text):
            raise NoteUnsound("a note's text ends in a line end and holds no control characters")
        signature = self._key.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {_base64(self.verifier.key_id + signature)}\n"


@dataclass(frozen=True)
class Verifier:
    """A name with its public key."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(sign.isspace() for sign in self.name):
            raise NoteUnsound("a key's name is not empty and holds neither spaces nor a plus")
        if len(self.public_key) != 32:
            raise NoteUnsound("a public key has 32 bytes")

    @classmethod
    def of(cls, text: str) -> Verifier:
        """Return the key that a text ``name+hash+base64`` names.

        :raises NoteUnsound: if it names none, one of another type, or its hash does not fit
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, material = rest.partition("+")
        key = _bytes(material)
        if key[:1] != ED25519:
            raise NoteUnsound("a key of another type than Ed25519")
        found = cls(name, key[1:])
        if found.key_id.hex() != key_id:
            raise NoteUnsound("the key's hash does not fit its name and bytes")
        return found

    @property
    def key_id(self) -> bytes:
        """Four bytes that name the key on a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """The key as ``name+hash+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.public_key)}"

    def open(self, note: str) -> str:
        """Return the text of a note that this key has signed. Signatures of other keys are passed over.

        :raises NoteUnsound: if the note is malformed, not signed by this key, or changed since
        """
        text, signatures = _taken_apart(note)
        mine = [signature[4:] for name, signature in signatures if (name, signature[:4]) == (self.name, self.key_id)]
        if not mine:
            raise NoteUnsound(f"{self.name} has not signed this note")
        for signature in mine:
            try:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
            except InvalidSignature as error:
                raise NoteUnsound(f"the signature of {self.name} does not fit the note") from error
        return text


@dataclass(frozen=True)
class Checkpoint:
    """How large a log was at a moment, and the root of its tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def of(cls, text: str) -> Checkpoint:
        """Return what the text of a note says of a log. Lines of extension are passed over.

        :raises NoteUnsound: if it is no checkpoint
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteUnsound("a checkpoint has three lines")
        root = _bytes(lines[2])
        if len(root) != 32:
            raise NoteUnsound("a root has 32 bytes")
        return cls(lines[0], _number(lines[1]), root)


def sign_checkpoint(signer: Signer, *, size: int, root: bytes) -> str:
    """Return a signed checkpoint, its origin being the signer's name. What was signed before is not looked at."""
    return signer.sign(Checkpoint(signer.name, size, root).text)


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Return a checkpoint that a key has signed, of the log that has the key's name.

    :raises NoteUnsound: if it is none
    """
    found = Checkpoint.of(verifier.open(note))
    if found.origin != verifier.name:
        raise NoteUnsound(f"the checkpoint is of the log {found.origin}, not of {verifier.name}")
    return found


def grow_checkpoint(signer: Signer, *, last: str | None, tree: Tree) -> str:
    """Return the signed checkpoint of a tree, once it is proved that the tree continues the last one.

    :param last: the last checkpoint signed, or None for the first
    :param tree: whole, or resumed at the size of the last checkpoint or before
    :raises LogForked: if the last checkpoint is not this signer's, is larger, or has another root
    """
    root = tree.root()
    if last is not None:
        try:
            before = open_checkpoint(last, signer.verifier)
            proof = tree.consistency(before.size)
        except ValueError as error:
            raise LogForked(str(error)) from error
        if not verify_consistency(old=before.size, old_root=before.root, size=tree.size, root=root, proof=proof):
            raise LogForked(f"the log does not continue its checkpoint of {before.size} entries")
    return sign_checkpoint(signer, size=tree.size, root=root)


@dataclass(frozen=True)
class Proof:
    """That an entry stands in a log, as one text that is checked without a network."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None
    """Whatever else the holder needs; nobody has signed it."""

    @property
    def text(self) -> str:
        """The proof as a file holds it."""
        extra = [f"extra {_base64(self.extra)}"] if self.extra is not None else []
        lines = [PROOF_HEAD, *extra, f"index {self.index}", *map(_base64, self.hashes), "", self.checkpoint]
        return "\n".join(lines)

    @classmethod
    def of(cls, text: str) -> Proof:
        """Return the proof that a text holds.

        :raises NoteUnsound: if it holds none
        """
        if len(text) > LONGEST_NOTE:
            raise NoteUnsound("the proof is too long")
        head, _, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if lines.pop(0) != PROOF_HEAD:
            raise NoteUnsound(f"a proof begins with {PROOF_HEAD}")
        extra = _bytes(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise NoteUnsound("a proof names an index")
        index = _number(lines.pop(0).removeprefix("index "))
        hashes = tuple(_bytes(line) for line in lines)
        if len(hashes) > MOST_HASHES or any(len(one) != 32 for one in hashes):
            raise NoteUnsound("a proof is made of hashes of 32 bytes")
        return cls(index, hashes, checkpoint, extra)

    def check(self, leaf: bytes, verifier: Verifier) -> Checkpoint:
        """Return the checkpoint under which an entry stands.

        :raises NoteUnsound: if the checkpoint is not signed by the key, or the proof does not lead from entry to root
        """
        found = open_checkpoint(self.checkpoint, verifier)
        if not verify_inclusion(leaf, index=self.index, size=found.size, proof=self.hashes, root=found.root):
            raise NoteUnsound("the proof does not lead from the entry to the root")
        return found


def prove(tree: Tree, *, index: int, checkpoint: str, extra: bytes | None = None) -> Proof:
    """Return the proof that the entry at ``index`` stands under a checkpoint of the tree.

    :raises ValueError: if the checkpoint is no checkpoint, of another tree, or smaller than the index
    """
    text, _ = _taken_apart(checkpoint)
    found = Checkpoint.of(text)
    if tree.root(found.size) != found.root:
        raise ValueError("the checkpoint is not of this tree")
    return Proof(index, tuple(tree.inclusion(index, found.size)), checkpoint, extra)


# ── Parts of a note ───────────────────────────────────────────────────────────────────────────────────────────────────
def _taken_apart(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text and the signatures, of each the name and the bytes with the key's id before them."""
    if len(note) > LONGEST_NOTE or not _is_plain(note):
        raise NoteUnsound("a note is shorter, in Unicode, and holds no control characters")
    text, found, signatures = note.rpartition("\n\n")
    if not found or not text or not signatures.endswith("\n"):
        raise NoteUnsound("a note has a text, an empty line, and signatures")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteUnsound("too many signatures")
    return text + "\n", list(_signatures(lines))


def _signatures(lines: list[str]) -> Iterator[tuple[str, bytes]]:
    for line in lines:
        name, between, material = line.removeprefix(_DASH).partition(" ")
        signature = _bytes(material)
        if not line.startswith(_DASH) or not name or not between or len(signature) < 5:
            raise NoteUnsound("a line of signature is malformed")
        yield name, signature


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return all(sign >= " " or sign == "\n" for sign in text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18 or (text != "0" and text.startswith("0")):
        raise NoteUnsound("a number is written in decimal digits without zeros before it")
    return int(text)


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteUnsound("this is no base64") from error
    if _base64(found) != text:
        raise NoteUnsound("this is not the one way to write it in base64")
    return found


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
