"""Deadlines count hours of working days, without weekends and the public holidays of Nordrhein-Westfalen."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participation.foundation.clock import from_berlin
from participation.foundation.workdays import earlier, easter, holidays, later


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (2000, date(2000, 4, 23)),
        (2008, date(2008, 3, 23)),
        (2011, date(2011, 4, 24)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_falls_where_the_calendar_has_it(year: int, sunday: date) -> None:
    assert easter(year) == sunday


def test_a_year_has_the_eleven_holidays_of_the_land() -> None:
    assert sorted(day.strftime("%d.%m.") for day in holidays(2026)) == sorted(
        ["01.01.", "03.04.", "06.04.", "01.05.", "14.05.", "25.05.", "04.06.", "03.10.", "01.11.", "25.12.", "26.12."]
    )


@pytest.mark.parametrize(
    ("since", "hours", "until"),
    [
        ((2026, 6, 1, 12), 24, (2026, 6, 2, 12)),
        ((2026, 6, 5, 15), 24, (2026, 6, 8, 15)),
        ((2026, 6, 6, 15), 24, (2026, 6, 9, 0)),
        ((2026, 6, 3, 15), 24, (2026, 6, 5, 15)),
        ((2026, 12, 23, 10), 48, (2026, 12, 28, 10)),
        ((2026, 3, 27, 12), 24, (2026, 3, 30, 12)),
        ((2026, 6, 1, 12), 240, (2026, 6, 16, 12)),
    ],
    ids=["weekday", "friday", "saturday", "fronleichnam", "christmas", "clocks go forward", "ten days"],
)
def test_hours_are_those_of_working_days(since: tuple[int, ...], hours: int, until: tuple[int, ...]) -> None:
    assert later(from_berlin(datetime(*since)), hours) == from_berlin(datetime(*until))


moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(since=moments, now=moments, hours=st.integers(1, 240))
def test_what_is_older_than_that_is_overdue_and_nothing_else(since: datetime, now: datetime, hours: int) -> None:
    if since < earlier(now, hours):
        assert later(since, hours) <= now
    if since > earlier(now, hours):
        assert later(since, hours) >= now
