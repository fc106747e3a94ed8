"""Levels, effects and parts of a round, its state, what is missing before publishing, and reasons."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked

SHORTEST_ROUND = timedelta(days=21)
RELEASE_AFTER = timedelta(days=14)
"""Results are due this long after the close, where the rule sheet names nothing else."""


class Level(StrEnum):
    """How far citizens' say goes."""

    INFORMATION = "information"
    CONSULTATION = "konsultation"
    COOPERATION = "mitwirkung"
    CODECISION = "mitentscheidung"


class Effect(StrEnum):
    """What follows from the result of a part."""

    INFORMS = "informs"
    RECOMMENDS = "recommends"
    DECIDES = "decides"


class PartKind(StrEnum):
    """What people do in a part."""

    TALK = "talk"
    VOTE = "vote"


class SubjectKind(StrEnum):
    """What a round is about."""

    HANDLUNGSFELD = "handlungsfeld"
    TEXT = "text"


class State(StrEnum):
    """Derived from the clock and the facts at each request."""

    DRAFT = "draft"
    COMING = "coming"
    RUNNING = "running"
    BETWEEN = "between"
    """Something is over and something else has not begun."""
    COUNTING = "counting"
    """All is over and the result not yet released."""
    RELEASED = "released"


LEVELS = {
    Level.INFORMATION: marked("Information"),
    Level.CONSULTATION: marked("Konsultation"),
    Level.COOPERATION: marked("Mitwirkung"),
    Level.CODECISION: marked("Mitentscheidung"),
}
EFFECTS = {
    Effect.INFORMS: marked("Das Ergebnis informiert die Entscheidung. Es bindet niemanden."),
    Effect.RECOMMENDS: marked("Das Ergebnis ist eine Empfehlung. Wer davon abweicht, begründet das."),
    Effect.DECIDES: marked("Das Ergebnis entscheidet."),
}


class NoSuchRound(Missing):
    """There is no such round, or it is not public yet."""

    sentence = marked("Diese Beteiligung gibt es nicht, oder sie ist noch nicht öffentlich.")


class RoundFrozen(Fact):
    """A published round stays as people were told."""

    sentence = marked("Die Beteiligung ist veröffentlicht und kann so nicht mehr geändert werden.")


class NotComplete(Unprocessable):
    """Something that every round needs is missing; the task list names it."""

    sentence = marked("Es fehlt noch etwas. Die Liste zeigt, was.")


class SecondOfficialNeeded(Unprocessable):
    """Two different officials with a grant on the round are needed."""

    sentence = marked("Dafür braucht es zwei verschiedene Berechtigte dieser Beteiligung.")


class ReasonMissing(Unprocessable):
    """A public reason is needed."""

    sentence = marked("Bitte geben Sie einen Grund an. Er wird veröffentlicht.")


class AlreadyClosed(Fact):
    """The round is over already."""

    sentence = marked("Die Beteiligung ist schon beendet.")


class NotBegun(Fact):
    """What has not begun cannot be closed early; a round not open yet is taken back to draft instead."""

    sentence = marked("Die Beteiligung hat noch nicht begonnen.")
