"""Making the archive of a contest: written beside, checked by its own verifier, then put in its place."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from participation.archives import queries
from participation.archives.facts import LEASE, ArchiveUnsound
from participation.audiences.queries import office_of
from participation.foundation.clock import Clock
from participation.foundation.db import affected, transaction
from participation.journal.commands import note
from participation.log.commands import signer_of
from participation.results.models import ContestArchive
from participation.voting import verify
from participation.voting.archive import Archive, archive_name, write_archive
from participation.voting.archive import ArchiveUnsound as NotTogether
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest
from participation.voting.notes import Signer
from participation.windows.queries import audience_of

PUBLIC = 0o644
"""Everybody may read an archive, also a server of its own for files."""

_log = logging.getLogger(__name__)


def make_due(
    session: Session, *, folder: Path, keys: KeyFolder, clock: Clock
) -> tuple[list[int], list[tuple[int, Exception]]]:
    """Make the archives that are wanted, and again those whose file is gone.

    :param folder: where archives lie
    :returns: the contests whose archive was made, and those of which that failed, and why; they stop none of the others
    """
    made: list[int] = []
    troubles: list[tuple[int, Exception]] = []
    want_lost(session, folder=folder)
    for contest_id in queries.due(session, now=clock()):
        try:
            if make_archive(session, contest_id=contest_id, folder=folder, keys=keys, clock=clock):
                made.append(contest_id)
        except Exception as trouble:
            session.rollback()
            troubles.append((contest_id, trouble))
    return made, troubles


def want_lost(session: Session, *, folder: Path) -> None:
    """Want the archives again whose file is gone or not whole; their checksum stays to be compared."""
    for contest_id, made_at in queries.lost(session, folder=folder):
        with transaction(session):
            mine = update(ContestArchive).where(
                ContestArchive.contest_id == contest_id, ContestArchive.made_at == made_at
            )
            session.execute(mine.values(made_at=None, begun_at=None, done=0))


def make_archive(session: Session, *, contest_id: int, folder: Path, keys: KeyFolder, clock: Clock) -> bool:
    """Make the archive of a released contest, if it is wanted and nobody else makes it; say whether it was made.

    :param folder: where archives lie
    :raises ArchiveUnsound: if it does not pass its verifier; then the file stays away and the row says why
    :raises SigningKeyLost: if it cannot be signed
    """
    if not _begin(session, contest_id, clock()):
        return False
    slug = session.get_one(Contest, contest_id).slug
    target = folder / archive_name(slug)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _beside(target) as unfinished:
            sha256 = _write(session, contest_id, unfinished, keys)
            unfinished.chmod(PUBLIC)
            unfinished.replace(target)
    except Exception as trouble:
        _note_trouble(session, contest_id, trouble)
        raise
    _write_down(session, contest_id, sha256, target.stat().st_size, clock())
    return True


def write_whole(session: Session, *, contest_id: int, target: Path, keys: KeyFolder) -> str:
    """Write the archive with all ballots open, for the audit office alone, and return its SHA-256.

    It appears checked and whole, to be read by its owner alone, or not at all.

    :raises NotCounted: before the count
    :raises ArchiveUnsound: if it does not pass its verifier
    :raises SigningKeyLost: if it cannot be signed
    """
    with _beside(target) as unfinished:
        archive = queries.archive_of(session, contest_id=contest_id)
        contest = session.get_one(Contest, contest_id)
        sha256 = _write_checked(unfinished, archive, signer_of(contest, keys), whole=True)
        unfinished.replace(target)
    return sha256


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a file of its own beside the target, which the block puts in its place, and clear it up otherwise."""
    descriptor, name = mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _begin(session: Session, contest_id: int, now: datetime) -> bool:
    with transaction(session):
        free = or_(ContestArchive.begun_at.is_(None), ContestArchive.begun_at <= now - LEASE)
        mine = update(ContestArchive).where(ContestArchive.contest_id == contest_id, ContestArchive.made_at.is_(None))
        return bool(affected(session, mine.where(free).values(begun_at=now, done=0, trouble=None)))


def _write(session: Session, contest_id: int, file: Path, keys: KeyFolder) -> str:
    contest = session.get_one(Contest, contest_id)
    archive = queries.archive_of(session, contest_id=contest_id)
    total = sum(archive.roll.values())
    with Session(session.get_bind()) as beside:
        tell = _teller(beside, contest_id, total)
        sha256 = _write_checked(file, archive, signer_of(contest, keys), progress=tell)
    session.rollback()
    return sha256


def _write_checked(file: Path, archive: Archive, signer: Signer, **how: Any) -> str:
    """Write an archive, let its own verifier read it, and return its SHA-256."""
    try:
        sha256 = write_archive(file, archive, signer=signer, **how)
    except NotTogether as trouble:
        raise ArchiveUnsound(str(trouble)) from trouble
    report = verify.examine(file, key=signer.verifier_key)
    if report.failures:
        raise ArchiveUnsound("; ".join(report.failures))
    return sha256


def _write_down(session: Session, contest_id: int, sha256: str, size: int, now: datetime) -> None:
    """Write down that an archive is there. Where it was there before and is another now, that is said openly."""
    with transaction(session):
        row = session.get_one(ContestArchive, contest_id, populate_existing=True)
        if row.sha256 not in (None, sha256):
            _log.error(
                "the archive of contest %s was made again and differs: %s, not %s", contest_id, sha256, row.sha256
            )
            row.earlier_sha256 = row.sha256
            office_id = office_of(session, audience_of(session, session.get_one(Contest, contest_id).window_id))
            details = {"before": row.sha256, "now": sha256}
            about = f"contest:{contest_id}"
            act = "archives:made_otherwise"
            note(session, act=act, actor=None, office_id=office_id, about=about, now=now, details=details)
        row.sha256, row.size, row.made_at, row.done, row.trouble = sha256, size, now, 100, None


def _teller(beside: Session, contest_id: int, total: int) -> Callable[[int], None]:
    """Return what writes down, in transactions of its own, how much is written."""

    def tell(written: int) -> None:
        with transaction(beside):
            done = 90 * written // max(total, 1)
            beside.execute(update(ContestArchive).where(ContestArchive.contest_id == contest_id).values(done=done))

    return tell


def _note_trouble(session: Session, contest_id: int, trouble: Exception) -> None:
    words = f"{type(trouble).__name__}: {trouble}"[:500]
    with transaction(session):
        session.execute(update(ContestArchive).where(ContestArchive.contest_id == contest_id).values(trouble=words))
