"""What a second look leads to, and reasons why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from participation.contributions.facts import ChangedMeanwhile
from participation.foundation.facts import Fact, Missing, Refused, marked
from participation.moderation.facts import (
    CONTESTABLE,
    NOT_THERE_ANY_MORE,
    UNDO_FOR,
    AlreadySo,
    OwnContribution,
    Standing,
    Taken,
    WithdrawnMeanwhile,
)

CONTEST_FOR = timedelta(days=183)
"""Six months, in which authors may ask for a second look."""


class ReviewOutcome(StrEnum):
    """What a second look leads to."""

    UPHELD = "upheld"
    REVERSED = "reversed"


REVIEW_OUTCOMES = {
    ReviewOutcome.UPHELD: marked("bestätigt"),
    ReviewOutcome.REVERSED: marked("zurückgenommen"),
}


@dataclass(frozen=True)
class Contestable:
    """A decision as its author finds it to ask for a second look."""

    id: int
    contribution_id: int
    window_id: int
    outcome: str
    decided_by: UUID | None
    decided_at: datetime
    review_id: int | None


@dataclass(frozen=True)
class ToReview:
    """A second look that was asked for."""

    id: int
    decided_at: datetime | None
    token: str | None
    version: int
    """Of the text, as it is now."""
    decision: Taken


class NoSuchDecision(Missing):
    """No decision has this address."""

    sentence = marked("Zu dieser Adresse gibt es keine Entscheidung. Bitte prüfen Sie, ob der Link vollständig ist.")


class ReviewTooLate(Fact):
    """Six months are over."""

    sentence = marked("Eine Überprüfung ist sechs Monate lang möglich. Diese Zeit ist vorbei.")


class AlreadyContested(Fact):
    """Each decision is looked at a second time once."""

    sentence = marked("Um eine Überprüfung dieser Entscheidung wurde schon gebeten.")


class NothingToContest(Fact):
    """The decision does not hold any more, or took nothing away."""

    sentence = marked("Diese Entscheidung gilt nicht mehr. Es gibt nichts zu überprüfen.")


class SamePerson(Refused):
    """The second look is somebody else's."""

    sentence = marked("Über Ihre eigene Entscheidung urteilt eine andere Person.")


class ReviewedMeanwhile(Fact):
    """Somebody else gave the second look."""

    sentence = marked("Diese Überprüfung gibt es inzwischen schon. Ihre Antwort ist nicht gespeichert.")


def why_not_contest(asked: Contestable, standing: Standing, now: datetime, *, gives_back: bool) -> Fact | None:
    """Return why nobody looks at a decision a second time, or None.

    :param gives_back: whether reversing it would give something back
    """
    if now < asked.decided_at + UNDO_FOR:
        # Nobody was told of it yet, and it may still be taken back.
        return NoSuchDecision()
    if asked.review_id is not None:
        return AlreadyContested()
    if now >= asked.decided_at + CONTEST_FOR:
        return ReviewTooLate()
    holds = gives_back and standing.state != NOT_THERE_ANY_MORE
    is_contestable = asked.outcome in CONTESTABLE and asked.decided_by is not None
    return None if holds and is_contestable else NothingToContest()


def why_not_review(found: ToReview, standing: Standing, *, by: UUID, read: int, gives_back: bool) -> Fact | None:
    """Return why somebody does not answer a second look, or None.

    :param read: the version of the text that they read
    :param gives_back: whether reversing the decision would give something back
    """
    if found.decided_at is not None:
        return AlreadySo()
    if found.decision.decided_by == by:
        return SamePerson()
    if standing.author == by:
        return OwnContribution()
    if standing.state == NOT_THERE_ANY_MORE:
        return WithdrawnMeanwhile()
    if not gives_back:
        return NothingToContest()
    return None if found.version == read else ChangedMeanwhile()
