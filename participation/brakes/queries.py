"""Reading brakes: of one discussion, of all that an official looks after, and what an official did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from participation.accounts.models import Office
from participation.audiences.facts import Role
from participation.audiences.models import Audience
from participation.audiences.queries import audiences_where
from participation.brakes.models import ThreadBrake, ThreadBrakeRelease
from participation.concepts.models import HandlungsfeldVersion
from participation.discussion.facts import Brake
from participation.discussion.models import Thread
from participation.foundation.facts import Fact, Holding
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.windows.facts import WindowTimes, why_shut
from participation.windows.models import Window

Text = dict[str, str]
MOST_BRAKES = 50
"""More than this is not shown at once; the journal has them all."""


@dataclass(frozen=True)
class BrakeLine:
    """A brake as it was pulled, and what became of it."""

    id: int
    thread_id: int
    kind: Brake
    reason: Text
    since: datetime
    pulled_by: UUID
    pulled_at: datetime
    hours: int
    ends_at: datetime
    released_at: datetime | None


@dataclass(frozen=True)
class Discussion:
    """One discussion of the rounds that an official moderates or leads, with its brakes."""

    thread_id: int
    home: str
    round_title: Text | None
    subject_title: Text | None
    office: Text
    premoderated: bool
    """Whether moderation reads everything there first by the round's own rules."""
    why_not: Fact | None
    """Why nobody writes there now anyway."""
    brake: BrakeLine | None
    """The one that holds now."""
    earlier: tuple[BrakeLine, ...]
    """Those that do not, newest first."""


def discussion(session: Session, *, thread_id: int, official: UUID, now: datetime) -> Discussion | None:
    """Return one discussion with its brakes, or None if it is none of theirs. Two statements."""
    found = _placed(Thread.id, Thread.home, Round.title, HandlungsfeldVersion.title, Office.name, Thread.premoderated)
    found = found.add_columns(Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    row = session.execute(found.where(Thread.id == thread_id, _theirs(official, now))).one_or_none()
    if row is None:
        return None
    newest = _BRAKES.where(ThreadBrake.thread_id == thread_id).order_by(ThreadBrake.id.desc()).limit(MOST_BRAKES)
    lines = tuple(BrakeLine(*one) for one in session.execute(newest))
    holding = lines[0] if lines and holds(lines[0], now) else None
    return _discussion(row, why_shut(WindowTimes(*row[6:]), now), holding, lines[1:] if holding else lines)


def discussions_braked(session: Session, *, official: UUID, now: datetime) -> tuple[Discussion, ...]:
    """Return the discussions with a brake that holds now, of the rounds they moderate or lead; two statements."""
    rows = session.execute(
        _placed(Thread.id, Thread.home, Round.title, HandlungsfeldVersion.title, Office.name, Thread.premoderated)
        .where(Thread.brake_until > now, _theirs(official, now))
        .order_by(Thread.brake_until, Thread.id)
        .limit(MOST_BRAKES)
    ).all()
    wanted = ThreadBrake.thread_id.in_([row.id for row in rows])
    held = {
        row.thread_id: BrakeLine(*row)
        for row in session.execute(_BRAKES.where(wanted, ThreadBrake.ends_at > now).order_by(ThreadBrake.id))
    }
    return tuple(_discussion(row, None, held[row.id]) for row in rows)


def _discussion(
    row: Any, why_not: Fact | None, brake: BrakeLine | None, earlier: tuple[BrakeLine, ...] = ()
) -> Discussion:
    thread_id, home, round_title, subject_title, office, premoderated = row[:6]
    return Discussion(
        thread_id, home, round_title, subject_title, office, premoderated, why_not=why_not, brake=brake, earlier=earlier
    )


def holds(line: BrakeLine, now: datetime) -> bool:
    """Say whether the last brake of a thread holds."""
    return line.released_at is None and now < line.ends_at


def last_brake(session: Session, *, thread_id: int, now: datetime) -> BrakeLine | None:
    """Return the brake of a thread that holds now, or None."""
    newest = _BRAKES.where(ThreadBrake.thread_id == thread_id).order_by(ThreadBrake.id.desc()).limit(1)
    row = session.execute(newest).one_or_none()
    return BrakeLine(*row) if row is not None and holds(BrakeLine(*row), now) else None


def thread_of(session: Session, brake_id: int) -> int | None:
    """Return the thread of a brake, or None if there is no such brake."""
    return session.execute(select(ThreadBrake.thread_id).where(ThreadBrake.id == brake_id)).scalar_one_or_none()


def window_of(session: Session, thread_id: int) -> int | None:
    """Return the window of a thread, or None if there is no such thread."""
    return session.execute(select(Thread.window_id).where(Thread.id == thread_id)).scalar_one_or_none()


_BRAKES: Select[*tuple[Any, ...]] = select(
    *(ThreadBrake.id, ThreadBrake.thread_id, ThreadBrake.kind, ThreadBrake.reason, ThreadBrake.since),
    *(ThreadBrake.pulled_by, ThreadBrake.pulled_at, ThreadBrake.hours, ThreadBrake.ends_at),
    ThreadBrakeRelease.released_at,
).outerjoin(ThreadBrakeRelease, ThreadBrakeRelease.brake_id == ThreadBrake.id)


def _placed(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Select threads with the round and the subject they belong to, as far as there are such."""
    return (
        select(*columns)
        .select_from(Thread)
        .join(Window, Window.id == Thread.window_id)
        .join(Audience, Audience.id == Window.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .outerjoin(SubjectPart, SubjectPart.thread_id == Thread.id)
        .outerjoin(Subject, Subject.id == SubjectPart.subject_id)
        .outerjoin(HandlungsfeldVersion, HandlungsfeldVersion.id == Subject.handlungsfeld_version_id)
        .outerjoin(Part, Part.window_id == Window.id)
        .outerjoin(Round, Round.id == Part.round_id)
    )


def _theirs(official: UUID, now: datetime) -> ColumnElement[bool]:
    return or_(
        *(
            Audience.id.in_(audiences_where(person_id=official, role=role, now=now))
            for role in (Role.MODERATOR, Role.STAFF)
        )
    )


# ── What a person left here ───────────────────────────────────────────────────────────────────────────────────────────
def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return the brakes that somebody pulled or released in office."""
    pulled = select(ThreadBrake.id, ThreadBrake.pulled_at).where(ThreadBrake.pulled_by == person_id)
    released = select(ThreadBrakeRelease.brake_id, ThreadBrakeRelease.released_at)
    released = released.where(ThreadBrakeRelease.released_by == person_id)
    return [
        Holding("brakes", kind, facts={"brake": number, "at": at.isoformat()})
        for kind, acts in (("pulled", pulled.order_by(ThreadBrake.id)), ("released", released.order_by("brake_id")))
        for number, at in session.execute(acts)
    ]
