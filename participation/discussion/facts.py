"""Stances, ratings, brakes, and the reasons why somebody may not rate, edit or answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, TooMany, Unprocessable, marked

SLOW = timedelta(minutes=10)
"""In slow mode everybody writes once in so long."""


class Stance(StrEnum):
    """What a comment says about its subject."""

    IN_FAVOUR = "in_favour"
    AGAINST = "against"
    QUESTION = "question"
    NEUTRAL = "neutral"


class Value(StrEnum):
    """What somebody says about a comment of somebody else."""

    AGREE = "agree"
    DISAGREE = "disagree"
    PASS = "pass"  # noqa: S105 - a rating, no password


class Brake(StrEnum):
    """What an emergency brake does to one thread, for a time."""

    HELD = "held"
    """Moderation reads what is new or changed before it is public."""
    SLOW = "slow"
    """Everybody writes once in ten minutes."""


@dataclass(frozen=True)
class Braked:
    """A brake that holds now, as everybody reads it."""

    kind: Brake
    since: datetime
    until: datetime
    reason: dict[str, str]


class Order(StrEnum):
    """How comments are sorted, as addresses name it. By support only where sums are shown."""

    NEWEST = "neueste"
    OLDEST = "aelteste"
    SUPPORT = "zustimmung"


STANCES = {
    Stance.IN_FAVOUR: marked("dafür"),
    Stance.AGAINST: marked("dagegen"),
    Stance.QUESTION: marked("Frage"),
    Stance.NEUTRAL: marked("neutral"),
}
VALUES = {
    Value.AGREE: marked("stimme zu"),
    Value.DISAGREE: marked("stimme nicht zu"),
    Value.PASS: marked("unsicher"),
}


class NothingSaid(Missing):
    """There is no such thread, or no such comment that this person may see."""

    sentence = marked("Diesen Kommentar gibt es hier nicht oder nicht mehr.")


class NoSuchRating(Unprocessable):
    """What was sent is none of the three ratings."""

    sentence = marked("Bitte wählen Sie eine der drei Bewertungen.")


class OwnComment(Fact):
    """Nobody rates what they wrote themselves."""

    sentence = marked("Den eigenen Kommentar können Sie nicht bewerten.")


class AlreadyAnswered(Fact):
    """Others reacted to the text, so it stays as they read it."""

    sentence = marked(
        "Auf diesen Kommentar wurde schon geantwortet oder er wurde bewertet. Ändern geht nicht mehr,"
        " zurückziehen schon."
    )


class MovedMeanwhile(Fact):
    """Moderation moved the comment to another subject at this very moment."""

    sentence = marked(
        "Dieser Kommentar wurde gerade zu einem anderen Thema verschoben. Bitte versuchen Sie es noch einmal."
    )


class SlowedDown(TooMany):
    """The thread is in slow mode, and they wrote there just now. The next contribution is taken in a few minutes."""

    sentence = marked(
        "In dieser Diskussion kann zurzeit jede Person alle zehn Minuten einmal schreiben. Ihren nächsten Beitrag"
        " können Sie ab %(again_at)s abschicken. Ihr Text steht noch hier."
    )


class RepliesEndHere(Fact):
    """Replies go one level deep."""

    sentence = marked(
        "Auf Antworten kann nicht noch einmal geantwortet werden. Antworten Sie auf den Kommentar darüber."
    )


def brake_at(
    kind: str | None, since: datetime | None, until: datetime | None, reason: dict[str, str] | None, now: datetime
) -> Braked | None:
    """Return the brake that holds at a moment, or None. At the very moment of its end it is over, by itself."""
    if kind is None or since is None or until is None or now >= until:
        return None
    return Braked(Brake(kind), since, until, reason or {})


def why_too_soon(last: datetime | None, now: datetime) -> SlowedDown | None:
    """Return why somebody does not write again yet in slow mode, with the full minute from which they can, or None."""
    if last is None or now >= last + SLOW:
        return None
    again_at = last + SLOW
    return SlowedDown(again_at=again_at + timedelta(seconds=-again_at.timestamp() % 60))
