"""Reading what goes into an archive, and how far one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from participation.archives.facts import LEASE
from participation.audiences.facts import Kind
from participation.audiences.models import Participant
from participation.log.models import Checkpoint, LogLeaf
from participation.results.facts import NotCounted
from participation.results.models import ContestArchive, Result
from participation.rounds.models import Part
from participation.voting.archive import Archive, OpenBallot, archive_name
from participation.voting.models import Ballot, Contest, Question, RollEntry

BESIDE_FIGURES = {"question", "title", "terms"}
"""What the published figures of a question about the whole round have besides what was counted."""


@dataclass(frozen=True)
class ArchivePage:
    """The archive of a contest, for everybody."""

    slug: str
    log_key: str | None
    done: int
    made_at: datetime | None
    sha256: str | None
    earlier_sha256: str | None
    """What it was before, where it was made again and differs."""
    size: int | None
    is_there: bool
    """Whether it is made and its file lies whole in the folder."""

    @property
    def is_lost(self) -> bool:
        """Whether it was there before and has to be made again."""
        return self.sha256 is not None and not self.is_there


def archive_page(session: Session, *, contest: str, folder: Path) -> ArchivePage | None:
    """Return how far the archive of a contest is, or None before its release.

    :param folder: where archives lie
    """
    rows = (
        select(
            Contest.slug,
            Contest.log_key,
            ContestArchive.done,
            ContestArchive.made_at,
            ContestArchive.sha256,
            ContestArchive.earlier_sha256,
            ContestArchive.size,
        )
        .join(ContestArchive, ContestArchive.contest_id == Contest.id)
        .where(Contest.slug == contest, Contest.log_key.is_not(None), Contest.released_at.is_not(None))
    )
    found = session.execute(rows).one_or_none()
    if found is None:
        return None
    is_there = found.made_at is not None and _lies_whole(folder / archive_name(found.slug), found.size)
    return ArchivePage(*found, is_there=is_there)


def lost(session: Session, *, folder: Path) -> list[tuple[int, datetime]]:
    """Return the contests whose archive was made, and when, but of which no whole file lies in the folder."""
    made = select(ContestArchive.contest_id, ContestArchive.made_at, ContestArchive.size, Contest.slug)
    rows = session.execute(
        made.join(Contest, Contest.id == ContestArchive.contest_id).where(ContestArchive.made_at.is_not(None))
    )
    gone = [row for row in rows if not _lies_whole(folder / archive_name(row.slug), row.size)]
    return sorted((row.contest_id, row.made_at) for row in gone)


def _lies_whole(file: Path, size: int | None) -> bool:
    try:
        return file.stat().st_size == size
    except OSError:
        return False


def due(session: Session, *, now: datetime) -> list[int]:
    """Return the contests whose archive is wanted and made by nobody."""
    free = or_(ContestArchive.begun_at.is_(None), ContestArchive.begun_at <= now - LEASE)
    wanted = select(ContestArchive.contest_id).where(ContestArchive.made_at.is_(None), free)
    return sorted(session.execute(wanted).scalars())


def archive_of(session: Session, *, contest_id: int) -> Archive:
    """Return what goes into the archive of a counted contest; leaves and ballots come row by row.

    :raises NotCounted: before the count
    """
    contest = session.get_one(Contest, contest_id)
    return Archive(
        slug=contest.slug,
        rules=contest.rules or {},
        results={"contest": contest.slug, "method": contest.method, "questions": _figures(session, contest)},
        roll=_roll(session, contest_id),
        checkpoints=list(
            session.execute(
                select(Checkpoint.note).where(Checkpoint.contest_id == contest_id).order_by(Checkpoint.size)
            ).scalars()
        ),
        leaves=_leaves(session, contest_id),
        ballots=_ballots(session, contest_id),
        paper=_roll(session, contest_id, Participant.kind == Kind.PAPER),
    )


def _figures(session: Session, contest: Contest) -> dict[str, Any]:
    """Return the figures as they were published, of each question by its slug."""
    made = select(Result.figures).join(Part, Part.round_id == Result.round_id)
    figures = session.execute(made.where(Part.window_id == contest.window_id)).scalar_one_or_none()
    if figures is None:
        raise NotCounted()
    votes = {one["slug"]: one["vote"] for one in figures["subjects"] if one["vote"] is not None}
    votes |= {one["question"]: one for one in figures.get("votes", [])}
    return {
        slug: {name: value for name, value in vote.items() if name not in BESIDE_FIGURES}
        for slug, vote in votes.items()
    }


def _roll(session: Session, contest_id: int, *which: Any) -> dict[str, int]:
    entered = select(Question.slug, func.count(RollEntry.participant_id)).outerjoin(
        RollEntry, RollEntry.question_id == Question.id
    )
    if which:
        entered = entered.join(Participant, Participant.id == RollEntry.participant_id).where(*which)
    rows = session.execute(entered.where(Question.contest_id == contest_id).group_by(Question.slug))
    return {row[0]: row[1] for row in rows}


def _leaves(session: Session, contest_id: int) -> Iterator[bytes]:
    lines = select(LogLeaf.leaf).where(LogLeaf.contest_id == contest_id).order_by(LogLeaf.index)
    for leaf in session.execute(lines.execution_options(yield_per=5000)).scalars():
        yield bytes(leaf)


def _ballots(session: Session, contest_id: int) -> Iterator[OpenBallot]:
    rows = (
        select(Question.slug, Ballot.choice, Ballot.nonce, Ballot.commitment, Ballot.kind)
        .join(Question, Question.id == Ballot.question_id)
        .where(Question.contest_id == contest_id)
        .order_by(Ballot.commitment)
        .execution_options(yield_per=5000)
    )
    for row in session.execute(rows):
        yield OpenBallot(row.slug, row.choice, bytes(row.nonce), bytes(row.commitment), row.kind)
