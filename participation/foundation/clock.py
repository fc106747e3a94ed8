"""The only place that reads the time, and the conversion between UTC and Europe/Berlin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

Clock = Callable[[], datetime]
"""Returns the current moment, aware, in UTC."""


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class StoppedClock:
    """A clock that stands still until it is moved. For tests and for loading what happened earlier."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> datetime:
        """Move the clock and return the new moment."""
        self.at += by
        return self.at


def berlin(moment: datetime) -> datetime:
    """Return the aware moment as wall time in Europe/Berlin."""
    return moment.astimezone(BERLIN)


def from_berlin(wall: datetime) -> datetime:
    """Return the UTC moment of a naive wall time in Europe/Berlin.

    :raises ValueError: for an hour that does not exist (the night the clocks go forward). Of an hour that comes twice
        the first is meant.
    """
    moment = wall.replace(tzinfo=BERLIN, fold=0).astimezone(UTC)
    if moment.astimezone(BERLIN).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise ValueError("no such local time")
    return moment
