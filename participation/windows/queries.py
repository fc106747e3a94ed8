"""Reading windows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.windows.facts import WindowTimes
from participation.windows.models import Window


def times_of(session: Session, window_id: int) -> WindowTimes:
    """Return the facts of a window."""
    return session.execute(select(Window).where(Window.id == window_id)).scalar_one().times


def audience_of(session: Session, window_id: int) -> int:
    """Return whose window it is."""
    return session.execute(select(Window.audience_id).where(Window.id == window_id)).scalar_one()
