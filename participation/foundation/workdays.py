"""Working days in Bochum: Monday to Friday without the public holidays of Nordrhein-Westfalen."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from participation.foundation.clock import berlin, from_berlin

DAY = timedelta(days=1)
FIXED = ((1, 1), (5, 1), (10, 3), (11, 1), (12, 25), (12, 26))
"""Neujahr, Tag der Arbeit, Tag der Deutschen Einheit, Allerheiligen, Weihnachten: month and day."""
AFTER_EASTER = (-2, 1, 39, 50, 60)
"""Karfreitag, Ostermontag, Christi Himmelfahrt, Pfingstmontag, Fronleichnam: days after Easter Sunday."""


def easter(year: int) -> date:
    """Return Easter Sunday by the algorithm of Meeus, Jones and Butcher (Astronomical Algorithms, 1991, p. 67)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    weekday = (32 + 2 * e + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Return the public holidays of a year, after § 2 of the Feiertagsgesetz NW."""
    sunday = easter(year)
    return frozenset({date(year, *one) for one in FIXED} | {sunday + timedelta(days=days) for days in AFTER_EASTER})


def is_workday(day: date) -> bool:
    """Say whether offices work on a day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def later(moment: datetime, hours: int) -> datetime:
    """Return the moment that lies so many hours of working days after another; a working day has all its hours."""
    left = timedelta(hours=hours)
    while True:
        day = berlin(moment).date()
        midnight = _midnight(day + DAY)
        if is_workday(day):
            if left <= midnight - moment:
                return moment + left
            left -= midnight - moment
        moment = midnight


def earlier(moment: datetime, hours: int) -> datetime:
    """Return the moment that lies so many hours of working days before another."""
    left = timedelta(hours=hours)
    while True:
        day = berlin(moment - timedelta(microseconds=1)).date()
        midnight = _midnight(day)
        if is_workday(day):
            if left <= moment - midnight:
                return moment - left
            left -= moment - midnight
        moment = midnight


def _midnight(day: date) -> datetime:
    return from_berlin(datetime.combine(day, time()))
