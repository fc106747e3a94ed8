"""Time is typed and shown in Bochum and kept in UTC, also in the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from participation.foundation.clock import StoppedClock, berlin, from_berlin, system_clock


def test_winter_and_summer_time() -> None:
    assert from_berlin(datetime(2026, 1, 15, 12)) == datetime(2026, 1, 15, 11, tzinfo=UTC)
    assert from_berlin(datetime(2026, 7, 15, 12)) == datetime(2026, 7, 15, 10, tzinfo=UTC)


def test_the_hour_that_is_skipped_on_29_march_cannot_be_typed() -> None:
    with pytest.raises(ValueError, match="no such local time"):
        from_berlin(datetime(2026, 3, 29, 2, 30))
    assert from_berlin(datetime(2026, 3, 29, 3, 0)) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_of_the_hour_that_comes_twice_on_25_october_the_first_is_meant() -> None:
    assert from_berlin(datetime(2026, 10, 25, 2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_was_typed_is_shown_again() -> None:
    for wall in (
        datetime(2026, 3, 29, 1, 59),
        datetime(2026, 3, 29, 3),
        datetime(2026, 10, 25, 2, 59),
        datetime(2026, 12, 31, 23, 59),
    ):
        assert berlin(from_berlin(wall)).replace(tzinfo=None) == wall


def test_a_stopped_clock_stands_until_moved_and_the_real_one_knows_its_zone() -> None:
    clock = StoppedClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert clock() == clock()
    assert system_clock().tzinfo is UTC
