"""The state of a window is worked out from the clock and from facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from participation.foundation.clock import from_berlin
from participation.windows.facts import State, WindowClosed, WindowNotOpenYet, WindowNotPublished, WindowTimes, why_shut

OPENS = datetime(2026, 5, 1, 6, tzinfo=UTC)
CLOSES = datetime(2026, 6, 1, 22, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def window(*, published: datetime | None = OPENS - timedelta(days=9), closed: datetime | None = None) -> WindowTimes:
    return WindowTimes(published, OPENS, CLOSES, closed)


@pytest.mark.parametrize(
    ("times", "now", "state"),
    [
        (window(published=None), OPENS, State.DRAFT),
        (window(), OPENS - timedelta(days=9) - INSTANT, State.DRAFT),
        (window(), OPENS - timedelta(days=9), State.COMING),
        (window(), OPENS - INSTANT, State.COMING),
        (window(), OPENS, State.OPEN),
        (window(), CLOSES - INSTANT, State.OPEN),
        (window(), CLOSES, State.CLOSED),
        (window(closed=OPENS + timedelta(days=3)), OPENS + timedelta(days=3), State.CLOSED),
        (window(closed=CLOSES), CLOSES - timedelta(days=1), State.CLOSED),
    ],
)
def test_states_at_the_edges(times: WindowTimes, now: datetime, state: State) -> None:
    assert times.state(now) is state


def test_each_shut_door_names_its_reason() -> None:
    assert isinstance(why_shut(window(published=None), OPENS), WindowNotPublished)
    early, late = why_shut(window(), OPENS - INSTANT), why_shut(window(), CLOSES)
    assert isinstance(early, WindowNotOpenYet) and early.values == {"opens_at": OPENS}
    assert isinstance(late, WindowClosed) and late.values == {"ended_at": CLOSES}
    assert why_shut(window(), OPENS) is None


def test_an_early_close_is_told_with_its_own_moment() -> None:
    closed = OPENS + timedelta(days=3)
    reason = why_shut(window(closed=closed), CLOSES)
    assert reason is not None and reason.values == {"ended_at": closed}


@pytest.mark.parametrize(
    "evening", [datetime(2026, 3, 28, 23, 59, 59, 999999), datetime(2026, 10, 24, 23, 59, 59, 999999)]
)
def test_midnight_closes_at_midnight_in_the_weekends_when_the_clocks_change(evening: datetime) -> None:
    midnight = from_berlin(evening + INSTANT)
    times = WindowTimes(OPENS - timedelta(days=90), midnight - timedelta(days=30), midnight, None)
    assert times.state(from_berlin(evening)) is State.OPEN
    assert times.state(midnight) is State.CLOSED
