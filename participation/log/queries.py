"""Reading logs: what is due, checkpoints, proofs, and which keys do not fit their contests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from participation.log.models import Checkpoint
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest, PendingLeaf, Question
from participation.windows.models import Window


@dataclass(frozen=True)
class ToMail:
    """A checkpoint that goes to the witnesses."""

    contest_id: int
    slug: str
    log_key: str
    size: int
    note: str
    is_last: bool


def with_waiting(session: Session) -> list[int]:
    """Return the contests on which something waits for the log."""
    waiting = select(Question.contest_id).join(PendingLeaf, PendingLeaf.question_id == Question.id).distinct()
    return sorted(session.execute(waiting).scalars())


def to_make_anonymous(session: Session, *, objection: timedelta, now: datetime, keys: KeyFolder) -> list[int]:
    """Return the contests whose objection period is over and whose tags or key are still there."""
    over = (
        select(Contest.id, Contest.slug, Contest.anonymous_at)
        .join(Window, Window.id == Contest.window_id)
        .where(Window.closed_at <= now - objection, Contest.rules_sha256.is_not(None))
        .order_by(Contest.id)
    )
    there = keys.contests()
    return [row.id for row in session.execute(over) if row.anonymous_at is None or row.slug in there]


def last_checkpoints(session: Session) -> list[tuple[str, int, str]]:
    """Return slug, size and note of the last checkpoint of each log."""
    size = _of_contest(func.max)
    newest = (
        select(Contest.slug, Checkpoint.size, Checkpoint.note)
        .join(Checkpoint, Checkpoint.contest_id == Contest.id)
        .where(Checkpoint.size == size)
    )
    return [(row.slug, row.size, row.note) for row in session.execute(newest.order_by(Contest.id))]


def _of_contest(which: Any) -> ScalarSelect[int]:
    signed = aliased(Checkpoint)
    return select(which(signed.size)).where(signed.contest_id == Contest.id).correlate(Contest).scalar_subquery()


def size_of(checkpoint: str) -> int:
    """Return how large the log is that a checkpoint of ours signs."""
    return int(checkpoint.split("\n")[1])


def checkpoints_to_mail(session: Session, *, since: datetime) -> list[ToMail]:
    """Return the first checkpoint of each log, and the last one of those that are closed, signed since a moment."""
    first, last = _of_contest(func.min), _of_contest(func.max)
    rows = session.execute(
        select(
            Contest.id,
            Contest.slug,
            Contest.log_key,
            Checkpoint.size,
            Checkpoint.note,
            (Checkpoint.size == first).label("is_first"),
            ((Checkpoint.size == last) & Window.closed_at.is_not(None)).label("is_last"),
        )
        .join(Checkpoint, Checkpoint.contest_id == Contest.id)
        .join(Window, Window.id == Contest.window_id)
        .where(Checkpoint.signed_at >= since)
        .order_by(Contest.id, Checkpoint.size)
    )
    return [
        ToMail(row.id, row.slug, row.log_key or "", row.size, row.note, bool(row.is_last))
        for row in rows
        if row.is_first or row.is_last
    ]


def key_gaps(session: Session, *, keys: KeyFolder) -> list[str]:
    """Return what does not fit between the contests and the folder of keys, one sentence each."""
    return [*_lost_keys(session, keys), *_keys_of_nothing(session, keys)]


def _lost_keys(session: Session, keys: KeyFolder) -> Iterator[str]:
    there, signing = keys.contests(), keys.signed_contests()
    frozen = select(Contest.slug, Contest.log_key, Contest.anonymous_at).where(Contest.rules_sha256.is_not(None))
    for slug, log_key, anonymous_at in session.execute(frozen.order_by(Contest.id)):
        if anonymous_at is None and slug not in there:
            yield f"contest {slug} lacks its key: its ballots can be neither changed nor withdrawn"
        if anonymous_at is not None and slug in there:
            yield f"contest {slug} is called anonymous, but its key is still there"
        if log_key is not None and slug not in signing:
            yield f"contest {slug} lacks its signing key: its log cannot be continued or closed"


def _keys_of_nothing(session: Session, keys: KeyFolder) -> Iterator[str]:
    known = set(session.execute(select(Contest.slug)).scalars())
    for slug in sorted((keys.contests() | keys.signed_contests()) - known):
        yield f"key {slug} belongs to no contest here: taken back, or the key of another database"
