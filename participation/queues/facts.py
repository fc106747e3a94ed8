"""The lists of the queue, ways to take several contributions together, and reasons why that is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from participation.contributions.facts import ChangedMeanwhile
from participation.foundation.facts import Fact, Unprocessable, marked
from participation.moderation.facts import (
    AlreadySo,
    DecidedMeanwhile,
    LookAwaited,
    NothingToDecide,
    Outcome,
    UndoneMeanwhile,
    WithdrawnMeanwhile,
)

MOST_AT_ONCE = 200
"""How many contributions one decision takes at most, so that it can be read before, and locks do not last."""
MOST_LIKENED = 2000
"""Among how many that wait look-alikes are searched, the oldest first."""
MOST_BESIDE = 500
"""Among how many of these the page of one contribution searches, so that it stays quick under a wave of spam."""
FOR_MANY = (Outcome.PUBLISHED, Outcome.WITHHELD)
"""What is decided on many at once; whatever else needs a look at each."""


class Listed(StrEnum):
    """The lists of the queue."""

    HELD = "held"
    REPORTED = "reported"
    REVIEWS = "reviews"
    PAUSES = "pauses"
    """Second looks at pauses from writing."""
    ESCALATED = "escalated"
    TASKS = "tasks"
    DECIDED = "decided"


class How(StrEnum):
    """How several contributions were found that are decided on together."""

    PAGE = "page"
    AUTHOR = "author"
    LIKENESS = "likeness"


HOWS = {
    How.PAGE: marked("einzeln aus der Liste ausgewählt"),
    How.AUTHOR: marked("alle, die von derselben Person warten"),
    How.LIKENESS: marked("alle wartenden, die fast dasselbe sagen"),
}


@dataclass(frozen=True)
class Chosen:
    """One contribution of several, as it was on the page on which it was chosen."""

    contribution_id: int
    version: int
    last_seen: int | None


class NothingChosen(Unprocessable):
    """No contribution was chosen, or none of those that were waits any more."""

    sentence = marked("Bitte wählen Sie mindestens einen Beitrag aus, der noch wartet.")


class TooManyChosen(Unprocessable):
    """More than one decision takes."""

    sentence = marked("Auf einmal lässt sich über höchstens %(most)s Beiträge entscheiden.")


class NotForMany(Unprocessable):
    """This needs a look at each contribution."""

    sentence = marked("Gemeinsam lässt sich veröffentlichen oder zurückhalten. Alles andere entscheiden Sie einzeln.")


REFUSED: dict[str, type[Fact]] = {
    fact.__name__: fact
    for fact in (
        *(AlreadySo, ChangedMeanwhile, DecidedMeanwhile, LookAwaited, NothingToDecide),
        *(UndoneMeanwhile, WithdrawnMeanwhile),
    )
}
"""Why single contributions of several are left as they are."""
