"""Windows and their doors: every gated write passes one, whoever closes takes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from participation.foundation.clock import Clock
from participation.foundation.db import lock_door, run
from participation.windows.facts import WindowTimes, why_shut
from participation.windows.models import Window


def make_window(session: Session, *, audience_id: int, opens_at: datetime, closes_at: datetime) -> Window:
    """Add a window that nobody knows of yet; the caller's transaction commits it.

    :raises sqlalchemy.exc.IntegrityError: unless it opens before it closes
    """
    window = Window(audience_id=audience_id, opens_at=opens_at, closes_at=closes_at)
    session.add(window)
    session.flush()
    return window


def pass_door(session: Session, window_id: int, clock: Clock) -> datetime:
    """Pass the door of an open window and return the moment that counts; the door stays held until the commit.

    The window is read and the clock asked after the lock: with the time taken before it, twenty of twenty late votes
    were counted. To be called first in a transaction; several doors are passed in the order of their ids.

    :raises WindowNotPublished: while nobody may know of it
    :raises WindowNotOpenYet: before it opens
    :raises WindowClosed: once it is over
    """
    lock_door(session, window_id, exclusive=False)
    times = _read(session, window_id)
    now = clock()
    reason = why_shut(times, now)
    if reason is not None:
        raise reason
    return now


def hold_door(session: Session, window_id: int, clock: Clock) -> datetime:
    """Hold the door of a window whatever its state, for acts that are possible at any time; return the moment.

    Moderation, notices and erasing change rows that a closer counts; holding the door keeps the two apart.
    """
    lock_door(session, window_id, exclusive=False)
    return clock()


def take_doors(session: Session, window_ids: Iterable[int], clock: Clock) -> tuple[datetime, dict[int, WindowTimes]]:
    """Take the doors of windows alone, in the order of their ids, waiting for all who are inside.

    :returns: the moment after the locks, and the facts of each window as they are then
    """
    wanted = sorted(window_ids)
    for window_id in wanted:
        lock_door(session, window_id, exclusive=True)
    times = {key: WindowTimes(*facts) for key, *facts in run(session, _facts_of_all(), windows=wanted)}
    return clock(), times


def write_closed(session: Session, window_id: int, at: datetime) -> None:
    """Write down that a window is over; to be called with its door taken. What is written stays."""
    session.execute(update(Window).where(Window.id == window_id, Window.closed_at.is_(None)).values(closed_at=at))


def publish(session: Session, window_id: int, at: datetime) -> None:
    """Make a window known."""
    session.execute(update(Window).where(Window.id == window_id, Window.published_at.is_(None)).values(published_at=at))


def plan(session: Session, window_id: int, *, opens_at: datetime, closes_at: datetime) -> None:
    """Give a window that nobody knows of yet other times; the times of a published one stay."""
    still_unknown = (Window.id == window_id, Window.published_at.is_(None))
    session.execute(update(Window).where(*still_unknown).values(opens_at=opens_at, closes_at=closes_at))


def take_back(session: Session, window_id: int) -> None:
    """Make a window unknown again; to be called with its door taken and before it opens."""
    session.execute(update(Window).where(Window.id == window_id, Window.closed_at.is_(None)).values(published_at=None))


def _read(session: Session, window_id: int) -> WindowTimes:
    """Read the window as it is now: columns, and no row that the session may know from before."""
    return WindowTimes(*run(session, _facts(), window=window_id).one())


@lru_cache(maxsize=1)
def _facts() -> Select[*tuple[Any, ...]]:
    columns = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    return select(*columns).where(Window.id == bindparam("window"))


@lru_cache(maxsize=1)
def _facts_of_all() -> Select[*tuple[Any, ...]]:
    columns = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    return select(Window.id, *columns).where(Window.id.in_(bindparam("windows", expanding=True)))
