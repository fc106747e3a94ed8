"""Reasons why there is no result to see, and what the figures of a round are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from participation.foundation.facts import Fact, Missing, Unprocessable, marked

FIGURES_VERSION = 2
BEST = 3
"""How many places of best-supported comments are named on each side."""

MOST_NAMED = 10
"""More comments than these are not named one by one; where a tie would lead beyond, its size is told."""


class How(StrEnum):
    """Who settles a tie."""

    LOT = "lot"
    STAFF = "staff"


class TieKind(StrEnum):
    """What a tie is about."""

    ELIMINATION = "elimination"
    WINNER = "winner"
    SEAT = "seat"
    ORDER = "order"


class StillOpen(Fact):
    """Nothing is counted before everything is closed."""

    sentence = marked("Die Beteiligung läuft noch. Gezählt wird erst nach dem Ende.")


class AlreadyCounted(Fact):
    """The count was made and stays."""

    sentence = marked("Das Ergebnis ist schon ausgezählt.")


class NotCounted(Fact):
    """There is no count to release."""

    sentence = marked("Das Ergebnis ist noch nicht ausgezählt.")


class AlreadyReleased(Fact):
    """The result is public already."""

    sentence = marked("Das Ergebnis ist schon veröffentlicht.")


class NotReleased(Missing):
    """The result is sealed."""

    sentence = marked("Das Ergebnis ist noch nicht veröffentlicht.")


class BallotsUnsound(Fact):
    """A ballot holds what nobody can choose. Nothing is counted until it is known why."""

    sentence = marked("Es wurde nichts gezählt: Eine Stimme ist ungültig. Welche, zeigt der Befehl »flask recount«.")


class NoSuchTie(Missing):
    """There is no such tie."""


class TieSettled(Fact):
    """A tie is settled once."""

    sentence = marked("Über diesen Gleichstand ist schon entschieden.")


class OtherwiseSettled(Unprocessable):
    """The rule sheet names another way to settle ties."""

    sentence = marked("Das Regelblatt sieht für einen Gleichstand einen anderen Weg vor.")


class NotAnOrder(Unprocessable):
    """An order has to name each of what tied, once."""

    sentence = marked("Bitte geben Sie jedem einen eigenen Platz.")


class NoSeed(Unprocessable):
    """Lots are drawn from a published text."""

    sentence = marked("Bitte tragen Sie in einer Zeile ein, woraus gelost wird, etwa die Lottozahlen.")


TIES = {
    TieKind.ELIMINATION: marked(
        "In Runde %(round)s haben diese Möglichkeiten gleich wenige Stimmen. Eine scheidet aus."
    ),
    TieKind.WINNER: marked("Am Ende liegen zwei Möglichkeiten gleichauf. Eine gewinnt."),
    TieKind.SEAT: marked("Um den letzten Platz liegen diese Möglichkeiten gleichauf."),
    TieKind.ORDER: marked("Diese Vorhaben haben gleich viele Stimmen, und das Geld reicht nicht für alle."),
}
"""What a tie is, in one sentence."""

ORDER_MEANS = {
    TieKind.ELIMINATION: marked("Die Möglichkeit auf dem letzten Platz scheidet aus."),
    TieKind.WINNER: marked("Die Möglichkeit auf dem ersten Platz gewinnt."),
    TieKind.SEAT: marked("Die Möglichkeit, die weiter vorn steht, bekommt den Platz."),
    TieKind.ORDER: marked("Das Vorhaben, das weiter vorn steht, kommt zuerst an die Reihe."),
}
"""What follows from the order in which a tie is settled."""


def drawn_about(contest: str, question: str, tied: Iterable[str]) -> str:
    """Return what lots are drawn about: contest, question, and what tied in the order of the options."""
    return f"{contest}/{question}/{','.join(tied)}"


def lots_by_hand(about: str, tied: Iterable[str], seed: str = "…") -> list[str]:
    """Return the shell's lines that draw lots, one for each of what ties; the smallest sum comes first."""
    return [f"printf 'participation/lots/v1\\n%s\\n%s\\n%s' '{about}' '{seed}' '{one}' | sha256sum" for one in tied]


@dataclass(frozen=True)
class Supported:
    """A comment with its ratings, and how many on its side have as much agreement."""

    comment: int
    side: str
    agree: int
    disagree: int
    passed: int
    tied: int


def best_supported(comments: Iterable[Supported]) -> dict[str, dict[str, Any]]:
    """Return the comments with most agreement on each side; ties stay ties.

    :param comments: sorted by side, then by agreement, most first; of each side all of the first places
    :returns: of each side the ``comments`` named, and what is ``tied`` on the next place but too many to name
    """
    return {side: _best_of(list(group)) for side, group in groupby(comments, key=lambda one: one.side)}


def _best_of(comments: list[Supported]) -> dict[str, Any]:
    named: list[dict[str, int]] = []
    for agree, group in groupby(comments, key=lambda one: one.agree):
        place = list(group)
        if len(named) >= BEST:
            break
        if len(named) + place[0].tied > MOST_NAMED:
            return {"comments": named, "tied": {"agree": agree, "comments": place[0].tied}}
        named += [
            {"comment": one.comment, "agree": one.agree, "disagree": one.disagree, "pass": one.passed} for one in place
        ]
    return {"comments": named, "tied": None}


def sums_of(subjects: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sums of the talk over all subjects."""
    talks = [subject["talk"] for subject in subjects if subject["talk"] is not None]
    return {
        "comments": sum(talk["comments"] for talk in talks),
        "replies": sum(talk["replies"] for talk in talks),
        "stances": _summed(talk["stances"] for talk in talks),
        "ratings": _summed(talk["ratings"] for talk in talks),
    }


def _summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total


def share(part: int, whole: int) -> float | None:
    """Return a part as a share of one, or None of nothing."""
    return part / whole if whole else None
