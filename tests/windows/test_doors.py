"""Whoever writes passes the door; whoever closes takes it; nothing counts after the close."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.windows.commands import hold_door, make_window, pass_door, take_doors, write_closed
from participation.windows.facts import WindowClosed, WindowNotOpenYet, WindowNotPublished
from tests.crowds import waiting_at_doors
from tests.world import CLOSES, OPENS, a_window, an_audience, an_office


def test_the_door_of_an_open_window_tells_the_moment_that_counts(session: Session, clock: StoppedClock) -> None:
    window = a_window(session)
    with transaction(session):
        assert pass_door(session, window, clock) == clock()


@pytest.mark.parametrize(
    ("at", "reason"),
    [(OPENS - timedelta(seconds=1), WindowNotOpenYet), (CLOSES, WindowClosed)],
)
def test_a_shut_door_lets_nobody_in(
    session: Session, clock: StoppedClock, at: datetime, reason: type[Exception]
) -> None:
    window = a_window(session)
    clock.at = at
    with pytest.raises(reason), transaction(session):
        pass_door(session, window, clock)


def test_a_draft_is_known_to_nobody(session: Session, clock: StoppedClock) -> None:
    window = a_window(session, published=None)
    with pytest.raises(WindowNotPublished), transaction(session):
        pass_door(session, window, clock)


def test_moderation_and_erasing_hold_the_door_at_any_time(session: Session, clock: StoppedClock) -> None:
    window = a_window(session)
    clock.at = CLOSES + timedelta(days=1)
    with transaction(session):
        assert hold_door(session, window, clock) == clock()


@pytest.mark.postgresql
def test_the_clock_is_asked_after_the_lock(new_session: Callable[[], Session], clock: StoppedClock) -> None:
    """Twelve writers come in time and wait; while they wait the end passes; none of them counts."""
    window = a_window(new_session())
    clock.at = CLOSES - timedelta(seconds=1)
    closer = new_session()

    def come_late(session: Session) -> bool:
        try:
            with transaction(session):
                pass_door(session, window, clock)
        except WindowClosed:
            return False
        return True

    sessions = [new_session() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        with transaction(closer):
            take_doors(closer, [window], clock)
            waiting = [pool.submit(come_late, session) for session in sessions]
            _until_waiting(new_session(), 12)
            clock.at = CLOSES
        assert [come.result(20) for come in waiting] == [False] * 12


def _until_waiting(session: Session, writers: int) -> None:
    """Wait until that many others stand at an advisory lock."""
    for _ in range(400):
        if waiting_at_doors(session) >= writers:
            return
        time.sleep(0.02)
    raise AssertionError("the writers never came to the door")


def test_doors_are_taken_in_the_order_of_their_ids(session: Session, clock: StoppedClock) -> None:
    windows = [a_window(session) for _ in range(3)]
    with transaction(session):
        now, times = take_doors(session, reversed(windows), clock)
    assert list(times) == sorted(windows) and now == clock()


def test_closed_once_is_closed(session: Session, clock: StoppedClock) -> None:
    window = a_window(session)
    with transaction(session):
        write_closed(session, window, clock())
    with transaction(session):
        write_closed(session, window, clock() + timedelta(days=1))
    kept = session.execute(text('SELECT closed_at FROM "window"')).scalar_one()
    assert str(kept).startswith("2026-06-01 10:00:00")


@pytest.mark.parametrize("change", ["closed_at = NULL", "closed_at = '2026-05-20 00:00:00'"])
def test_no_path_reopens_a_window(session: Session, clock: StoppedClock, change: str) -> None:
    window = a_window(session)
    with transaction(session):
        write_closed(session, window, clock())
    with pytest.raises(DatabaseError, match="keep_window_closed_at"), transaction(session):
        session.execute(text(f'UPDATE "window" SET {change}'))
    with pytest.raises(DatabaseError, match="keep_window_delete"), transaction(session):
        session.execute(text('DELETE FROM "window"'))


def test_a_window_opens_before_it_closes(session: Session) -> None:
    audience = an_audience(session, office_id=an_office(session))
    with pytest.raises(IntegrityError, match="opens_before_it_closes"), transaction(session):
        make_window(session, audience_id=audience, opens_at=CLOSES, closes_at=OPENS)


def test_what_was_never_public_cannot_be_closed_nor_closed_after_its_end(session: Session) -> None:
    with pytest.raises(IntegrityError, match="only_published_is_closed"):
        a_window(session, published=None, closed=datetime(2026, 5, 2, tzinfo=UTC))
    session.rollback()
    with pytest.raises(IntegrityError, match="never_closed_late"):
        a_window(session, closed=CLOSES + timedelta(seconds=1))
