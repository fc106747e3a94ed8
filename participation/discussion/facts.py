"""Stances, ratings and the reasons why somebody may not rate, edit or answer."""

from __future__ import annotations

from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked


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


class RepliesEndHere(Fact):
    """Replies go one level deep."""

    sentence = marked(
        "Auf Antworten kann nicht noch einmal geantwortet werden. Antworten Sie auf den Kommentar darüber."
    )
