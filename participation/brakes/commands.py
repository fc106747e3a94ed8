"""Pulling the emergency brake of one discussion, and releasing it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, why_not_act
from participation.brakes import queries
from participation.brakes.facts import BrakedMeanwhile, NoSuchDiscussion, NothingToRelease, ReasonNeeded
from participation.brakes.models import ThreadBrake, ThreadBrakeRelease
from participation.brakes.queries import BrakeLine
from participation.discussion.commands import hold_thread, set_brake
from participation.discussion.facts import Brake, Braked
from participation.discussion.models import Thread
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from participation.journal.commands import note
from participation.windows.commands import hold_door, pass_door
from participation.windows.queries import audience_of


def pull(
    session: Session,
    *,
    thread_id: int,
    kind: Brake,
    hours: int,
    reason: dict[str, str],
    seen: int | None,
    by: UUID,
    clock: Clock,
) -> int:
    """Pull the brake of one discussion, or prolong or replace the one that holds; return its number.

    It ends by itself. Whoever writes at the same moment does so either before it or under it, since both hold the
    thread. The same sent again returns the brake that is there.

    :param hours: 1 to 72
    :param reason: what everybody reads at the discussion, in its variants
    :param seen: the brake that held when the page was opened, None if there was none
    :raises NoSuchDiscussion: if it is not theirs to moderate or lead
    :raises WindowClosed: or WindowNotOpenYet: nobody writes there anyway
    :raises ReasonNeeded: without a reason
    :raises BrakedMeanwhile: if another brake holds by now, or none
    """
    if not reason.get("de", "").strip():
        raise ReasonNeeded()
    with transaction(session):
        window_id = _window(session, thread_id)
        now = pass_door(session, window_id, clock)
        office_id = _check(session, window_id, by=by, now=now)
        thread = hold_thread(session, thread_id)
        before = queries.last_brake(session, thread_id=thread_id, now=now)
        if before is not None and before.id != seen and _same(before, kind=kind, hours=hours, reason=reason, by=by):
            return before.id
        if (before.id if before else None) != seen:
            raise BrakedMeanwhile()
        since = before.since if before is not None and before.kind == kind else now
        until = now + timedelta(hours=hours)
        brake = ThreadBrake(thread_id=thread_id, kind=kind, reason=reason, since=since, hours=hours, ends_at=until)
        brake.pulled_by, brake.pulled_at = by, now
        session.add(brake)
        session.flush()
        set_brake(thread, Braked(kind, since, until, reason))
        details = {"brake": brake.id, "kind": kind, "hours": hours, "public": thread.comments + thread.replies}
        _note(session, "brakes:pulled", thread, by=by, office_id=office_id, details=details, now=now)
        return brake.id


def release(session: Session, *, brake_id: int, by: UUID, clock: Clock) -> None:
    """Release a brake before its end. What moderation has to read by then goes on waiting for it.

    :raises NoSuchDiscussion: if it is not theirs to moderate or lead
    :raises NothingToRelease: if this brake does not hold any more
    """
    with transaction(session):
        thread_id = queries.thread_of(session, brake_id)
        if thread_id is None:
            raise NoSuchDiscussion()
        window_id = _window(session, thread_id)
        now = hold_door(session, window_id, clock)
        office_id = _check(session, window_id, by=by, now=now)
        thread = hold_thread(session, thread_id)
        holding = queries.last_brake(session, thread_id=thread_id, now=now)
        if holding is None or holding.id != brake_id:
            raise NothingToRelease()
        session.add(ThreadBrakeRelease(brake_id=brake_id, released_by=by, released_at=now))
        set_brake(thread, None)
        _note(session, "brakes:released", thread, by=by, office_id=office_id, details={"brake": brake_id}, now=now)


def _window(session: Session, thread_id: int) -> int:
    window_id = queries.window_of(session, thread_id)
    if window_id is None:
        raise NoSuchDiscussion()
    return window_id


def _check(session: Session, window_id: int, *, by: UUID, now: datetime) -> int:
    """Check that somebody moderates or leads the round of a window; return its office."""
    audience_id = audience_of(session, window_id)
    roles = (Role.MODERATOR, Role.STAFF)
    if all(why_not_act(session, person_id=by, role=role, audience_id=audience_id, now=now) for role in roles):
        raise NoSuchDiscussion()
    return office_of(session, audience_id)


def _same(before: BrakeLine, *, kind: Brake, hours: int, reason: dict[str, str], by: UUID) -> bool:
    """Say whether this is a second press of the same button."""
    told = {tag: text for tag, text in reason.items() if text}
    return (before.kind, before.hours, before.reason, before.pulled_by) == (kind, hours, told, by)


def _note(
    session: Session, act: str, thread: Thread, *, by: UUID, office_id: int, details: dict[str, Any], now: datetime
) -> None:
    note(session, act=act, actor=by, office_id=office_id, about=f"thread:{thread.id}", details=details, now=now)
