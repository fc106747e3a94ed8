"""Making the archive of a contest: written beside, checked by its own verifier, then put in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from participation.archives import queries
from participation.archives.facts import LEASE, ArchiveUnsound
from participation.foundation.clock import Clock
from participation.foundation.db import affected, transaction
from participation.log.commands import signer_of
from participation.results.models import ContestArchive
from participation.voting import verify
from participation.voting.archive import archive_name, write_archive
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest


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
    unfinished = folder / f".{target.name}.part"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = _write(session, contest_id, unfinished, keys)
        unfinished.replace(target)
    except Exception as trouble:
        _note_trouble(session, contest_id, trouble)
        raise
    finally:
        unfinished.unlink(missing_ok=True)
    with transaction(session):
        values = {"made_at": clock(), "sha256": sha256, "size": target.stat().st_size, "done": 100, "trouble": None}
        session.execute(update(ContestArchive).where(ContestArchive.contest_id == contest_id).values(**values))
    return True


def write_whole(session: Session, *, contest_id: int, target: Path, keys: KeyFolder) -> str:
    """Write the archive with all ballots open, for the audit office alone, and return its SHA-256."""
    archive = queries.archive_of(session, contest_id=contest_id)
    signer = signer_of(session.get_one(Contest, contest_id), keys)
    return write_archive(target, archive, signer=signer, whole=True)


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
        sha256 = write_archive(file, archive, signer=signer_of(contest, keys), progress=tell)
    session.rollback()
    report = verify.examine(file, key=contest.log_key)
    if report.failures:
        raise ArchiveUnsound("; ".join(report.failures))
    return sha256


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
