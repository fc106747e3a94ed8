"""The archive of a contest: one zip file with all that anybody needs to check and recount it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from participation.voting import verify
from participation.voting.facts import Asked
from participation.voting.ledger import canonical
from participation.voting.notes import Signer, open_checkpoint

FEW = 20
"""Below so many ballots on a question only its result is published."""

LEAST = 5
"""No group of people smaller than this is told apart."""

DAY_ONE = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the zip: the earliest it can say, so that an archive made again is the same."""

PROGRESS_EVERY = 1000


@dataclass(frozen=True)
class OpenBallot:
    """A ballot with all that it says."""

    question: str
    choice: str
    """Canonical JSON."""
    nonce: bytes
    commitment: bytes
    kind: str = "account"
    """``account`` or ``paper``."""


@dataclass(frozen=True)
class Archive:
    """What goes into the archive of a contest that is counted."""

    slug: str
    rules: Mapping[str, Any]
    results: Mapping[str, Any]
    """``{"contest": …, "method": …, "questions": {slug: figures}}``."""
    roll: Mapping[str, int]
    """Entries in the roll of each question, by its slug."""
    checkpoints: Sequence[str]
    """Signed notes, oldest first."""
    leaves: Iterable[bytes]
    ballots: Iterable[OpenBallot]
    """In the order of their commitments."""
    paper: Mapping[str, int] = field(default_factory=dict)
    """How many of the roll of a question came on paper."""


class ArchiveUnsound(ValueError):
    """What is to be archived does not fit together."""


def archive_name(slug: str, *, whole: bool = False) -> str:
    """Return the name of a contest's archive; the whole one is for the audit office."""
    return f"contest-{slug}-pruefung.zip" if whole else f"contest-{slug}.zip"


def write_archive(
    target: BinaryIO | Path,
    archive: Archive,
    *,
    signer: Signer,
    whole: bool = False,
    progress: Callable[[int], None] | None = None,
) -> str:
    """Write an archive and return its SHA-256. The same content always gives the same bytes.

    Nothing is compressed: what a compression makes differs from one version of its library to the next, and a reader
    need not fear a file that swells.

    :param target: a new file, or one that can be read, written and sought
    :param whole: with all ballots open, for the audit office. Else those of questions with fewer than twenty ballots,
        or whose rules keep ballots from the public, show their commitment only.
    :param progress: is told now and then how many ballots are written
    :raises ArchiveUnsound: if ballots are not in the order of their commitments, or not as many as the roll has
        entries, or a checkpoint is not signed by the signer
    """
    if isinstance(target, Path):
        with target.open("w+b") as file:
            return write_archive(file, archive, signer=signer, whole=whole, progress=progress)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        sums = {name: _add(packed, name, lines) for name, lines in sorted(_files(archive, signer, whole, progress))}
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        _add(packed, "SHA256SUMS", [listed.encode()])
        _add(packed, "SHA256SUMS.note", [signer.sign(listed).encode()])
    return _digest(target)


def _digest(target: BinaryIO) -> str:
    target.seek(0)
    digest = hashlib.sha256()
    while piece := target.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def _add(packed: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> str:
    """Write a file and return its SHA-256."""
    about = zipfile.ZipInfo(name, DAY_ONE)
    # Else the zip would tell on which system it was made.
    about.create_system, about.external_attr = 3, 0o100644 << 16
    digest = hashlib.sha256()
    with packed.open(about, "w") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _files(
    archive: Archive, signer: Signer, whole: bool, progress: Callable[[int], None] | None
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield each file's name with what it holds, piece by piece."""
    for note in archive.checkpoints:
        size = _size(note, signer)
        yield f"checkpoints/{size:09d}.txt", [note.encode()]
    yield "log.txt", (leaf + b"\n" for leaf in archive.leaves)
    yield "ballots.jsonl", _in_pieces(_ballots(archive, whole, progress))
    yield "public_key.txt", [f"{signer.verifier_key}\n".encode()]
    yield "results.json", [canonical(archive.results).encode()]
    yield "roll_count.json", [canonical(_roll(archive)).encode()]
    yield "rules.json", [canonical(archive.rules).encode()]
    yield "verify.py", [Path(verify.__file__).read_bytes()]


def _size(note: str, signer: Signer) -> int:
    try:
        return open_checkpoint(note, signer.verifier).size
    except ValueError as error:
        raise ArchiveUnsound(f"a checkpoint is not sound: {error}") from error


def _roll(archive: Archive) -> dict[str, dict[str, int]]:
    """Return the entries in each roll; those on paper apart, where neither group is too small to be told apart."""
    told: dict[str, dict[str, int]] = {}
    for question, roll in archive.roll.items():
        paper = archive.paper.get(question, 0)
        apart = all(number == 0 or number >= LEAST for number in (paper, roll - paper))
        told[question] = {"roll": roll, "paper": paper} if apart else {"roll": roll}
    return told


def _ballots(archive: Archive, whole: bool, progress: Callable[[int], None] | None) -> Iterator[bytes]:
    """Yield the lines of ballots, and prove on the way that they are in order and as many as the roll says."""
    closed = {question for question in archive.roll if not whole and _is_closed(archive, question)}
    written: Counter[str] = Counter()
    before = b""
    for number, ballot in enumerate(archive.ballots, 1):
        if ballot.commitment <= before:
            raise ArchiveUnsound("the ballots are not in the order of their commitments, or one comes twice")
        before = ballot.commitment
        written[ballot.question] += 1
        yield _line(ballot, is_closed=ballot.question in closed, whole=whole)
        if progress is not None and number % PROGRESS_EVERY == 0:
            progress(number)
    for question in sorted(set(written) | set(archive.roll)):
        if written[question] != archive.roll.get(question, 0):
            raise ArchiveUnsound(
                f"question {question}: {written[question]} ballots, {archive.roll.get(question, 0)} entries in the roll"
            )
    if progress is not None:
        progress(sum(written.values()))


def _is_closed(archive: Archive, question: str) -> bool:
    return archive.roll[question] < FEW or not Asked.of(archive.rules, question).ballots_public


def _line(ballot: OpenBallot, *, is_closed: bool, whole: bool) -> bytes:
    """Return one line. How a ballot came is for the audit office: beside a choice it would tell of small groups."""
    shown: dict[str, Any] = {"commitment": ballot.commitment.hex(), "question": ballot.question}
    if not is_closed:
        shown |= {"choice": json.loads(ballot.choice), "nonce": ballot.nonce.hex()}
    if whole:
        shown["kind"] = ballot.kind
    return canonical(shown).encode() + b"\n"


def _in_pieces(lines: Iterable[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """Join lines to pieces that are worth a write."""
    piece = io.BytesIO()
    for line in lines:
        piece.write(line)
        if piece.tell() >= size:
            yield piece.getvalue()
            piece = io.BytesIO()
    yield piece.getvalue()
