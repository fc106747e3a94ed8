"""From which moment on something is told, years, small numbers, and times in the middle. No tables, no pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from statistics import median

from participation.foundation.clock import berlin, from_berlin
from participation.foundation.facts import Missing, marked
from participation.moderation.facts import OUTCOMES, UNDO_FOR, Outcome

FEWEST = 5
"""Of fewer than this nothing is told that the log does not show line by line."""


class Look(StrEnum):
    """What became of a second look at a decision."""

    ASKED = "asked"
    UPHELD = "upheld"
    REVERSED = "reversed"
    LAPSED = "lapsed"
    """Another decision came before anybody looked, or its author took the contribution back."""


LOOKS = {
    Look.ASKED: marked("verlangt, noch offen"),
    Look.UPHELD: marked("bestätigt"),
    Look.REVERSED: marked("zurückgenommen"),
    Look.LAPSED: marked("hinfällig: neu entschieden oder zurückgezogen"),
}
TOLD = {outcome: words for outcome, words in OUTCOMES.items() if outcome is not Outcome.POLICE}
"""The outcomes that the log knows. That a threat is secured for the police is told to nobody: it is withheld."""


@dataclass(frozen=True)
class Figures:
    """Counts by kind and their sum; None stands for a number that is not told."""

    counts: dict[str, int | None]
    total: int | None


class NoSuchYear(Missing):
    """There is no report on this year: it has not begun, or nothing was moderated yet."""

    sentence = marked("Für dieses Jahr gibt es keinen Bericht.")


def told_before(now: datetime) -> datetime:
    """Return the moment before which everything is told: only days that are over, so that no time of day shows.

    Nor does what can still be taken back, in the first ten minutes of a day.
    """
    return min(day_begins(berlin(now).date()), now - UNDO_FOR)


def day_begins(on: date) -> datetime:
    """Return the moment at which a day begins in Berlin."""
    return from_berlin(datetime.combine(on, time.min))


def year_of(moment: datetime) -> int:
    """Return the year of a moment in Berlin."""
    return berlin(moment).year


def bounds(year: int) -> tuple[datetime, datetime]:
    """Return when a year begins and ends in Berlin."""
    return day_begins(date(year, 1, 1)), day_begins(date(year + 1, 1, 1))


def covered(counts: Mapping[str, int]) -> Figures:
    """Return counts without those from 1 to 4, and without what these could be worked out from.

    Zero is told. Where a single number is left out, or all of them together are below five, the sum and the others
    would give them away: then the next smallest goes too, and at last the sum.
    """
    present = sorted((number, name) for name, number in counts.items() if number)
    hidden = [name for number, name in present if number < FEWEST]
    rest = [name for number, name in present if number >= FEWEST]
    while hidden and rest and sum(counts[name] for name in hidden) < FEWEST:
        hidden.append(rest.pop(0))
    total = sum(counts.values())
    tells = bool(hidden) and sum(counts[name] for name in hidden) < FEWEST
    return Figures(
        {name: None if name in hidden else number for name, number in counts.items()}, None if tells else total
    )


def middle_and_longest(spans: Sequence[timedelta]) -> tuple[timedelta, timedelta] | None:
    """Return the median and the longest of some spans; None of fewer than five, which would tell of single cases."""
    if len(spans) < FEWEST:
        return None
    return timedelta(seconds=median(span.total_seconds() for span in spans)), max(spans)
