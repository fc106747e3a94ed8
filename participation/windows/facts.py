"""The states of a window and the reasons why its door is shut."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, marked


class State(StrEnum):
    """Derived from the clock and the facts at each request; nothing switches it."""

    DRAFT = "draft"
    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class WindowTimes:
    """The facts of a window: half-open ``[opens_at, closes_at)``, in UTC."""

    published_at: datetime | None
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When it ended or will end: the early close where there was one."""
        return min(self.closes_at, self.closed_at) if self.closed_at else self.closes_at

    def state(self, now: datetime) -> State:
        """Return the state at a moment."""
        if self.published_at is None or now < self.published_at:
            return State.DRAFT
        if self.closed_at is not None or now >= self.closes_at:
            return State.CLOSED
        return State.OPEN if now >= self.opens_at else State.COMING


class WindowNotPublished(Missing):
    """Nobody but its officials may know of it yet."""


class WindowNotOpenYet(Fact):
    """It is announced and has not begun."""

    sentence = marked("Das hat noch nicht begonnen. Es geht los am %(opens_at)s.")
    status = 409


class WindowClosed(Fact):
    """It is over; nothing counts any more."""

    sentence = marked("Die Frist ist seit %(ended_at)s vorbei. Es wird nichts mehr gespeichert.")
    status = 409


def why_shut(times: WindowTimes, now: datetime) -> Fact | None:
    """Return why nothing can be written now, or None while the window is open."""
    match times.state(now):
        case State.DRAFT:
            return WindowNotPublished()
        case State.COMING:
            return WindowNotOpenYet(opens_at=times.opens_at)
        case State.CLOSED:
            return WindowClosed(ended_at=times.ends_at)
    return None
