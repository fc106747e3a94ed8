"""Reading windows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.windows.facts import WindowTimes
from participation.windows.models import Window


def times_of(session: Session, window_id: int) -> WindowTimes:
    """Return the facts of a window."""
    columns = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    return WindowTimes(*session.execute(select(*columns).where(Window.id == window_id)).one())


def audience_of(session: Session, window_id: int) -> int:
    """Return whose window it is."""
    return session.execute(select(Window.audience_id).where(Window.id == window_id)).scalar_one()
