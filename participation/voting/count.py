"""Counting ballots: pure, and for the room that releases results alone (an import contract keeps it so).

How each way to vote is counted stands in docs/ways-to-vote.md, with the figures that come out. Ties stay ties: where
one matters, the count needs a decision that was taken elsewhere, and without it stops there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import Any

from participation.voting.facts import Asked, Method
from participation.voting.logic import why_invalid

Figures = dict[str, Any]
"""JSON in whole numbers and texts: what is published of one question."""

PLACES = 4
"""Decimals of shares and means."""


@dataclass(frozen=True)
class Votes:
    """How often a choice was made on a question; a single ballot is ``number=1``."""

    question: str
    choice: str
    """Canonical JSON, as on the ballot."""
    number: int = 1


@dataclass(frozen=True)
class Decision:
    """How a tie was settled: all that tied, best placed first, and by what."""

    order: tuple[str, ...]
    how: str
    """``lot`` or ``staff``."""
    seed: str | None = None
    reason: str | None = None


Decisions = Mapping[tuple[str, ...], Decision]
"""Decisions on one question, by what tied, in the order of its options."""


class InvalidChoice(Exception):
    """A ballot holds a choice that does not hold under the rules; nothing is counted until somebody knows why."""

    def __init__(self, question: str, choice: str) -> None:
        super().__init__(f"question {question}: choice {choice} does not hold")


def count(asked: Mapping[str, Asked], votes: Iterable[Votes], decided: Mapping[str, Decisions]) -> dict[str, Figures]:
    """Count a contest and return the figures of each of its questions.

    :param asked: how each question is answered, by its slug
    :param decided: decisions on ties so far, by question
    :returns: a question with a tie that nobody decided has it as the last of its ``ties``, with ``order`` None
    :raises InvalidChoice: at the first ballot that does not hold under the rules of its question
    """
    cast: dict[str, Counter[str]] = {question: Counter() for question in asked}
    for one in votes:
        if not holds(one.choice, asked.get(one.question)):
            raise InvalidChoice(one.question, one.choice)
        cast[one.question][one.choice] += one.number
    return {
        question: count_question(asked[question], _read(choices), decided.get(question, {}))
        for question, choices in cast.items()
    }


def holds(choice: str, asked: Asked | None) -> bool:
    """Return whether a choice, canonical JSON, can be counted."""
    try:
        return asked is not None and why_invalid(json.loads(choice), asked) is None
    except ValueError:
        return False


def undecided(figures: Figures) -> Figures | None:
    """Return the tie at which a count stopped, or None if it came to its end."""
    return next((tie for tie in figures.get("ties", ()) if tie["order"] is None), None)


Ballots = Sequence[tuple[Any, int]]
"""Choices as JSON values, and how often each was made."""


def _read(choices: Mapping[str, int]) -> Ballots:
    return [(json.loads(choice), number) for choice, number in sorted(choices.items())]


def count_question(asked: Asked, ballots: Ballots, decided: Decisions) -> Figures:
    """Count valid choices on one question."""
    figures = COUNTED[asked.method](asked, ballots, _Ties(asked.options, decided))
    return {**figures, "ballots": sum(number for _, number in ballots)}


# ── Ties and fractions ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class _Ties:
    """The ties that a count meets, with what was decided on each."""

    options: tuple[str, ...]
    decided: Decisions
    met: list[Figures] = field(default_factory=list)

    def settle(self, kind: str, between: Iterable[str], **place: int) -> tuple[str, ...] | None:
        """Return the decided order of what ties, best placed first, or None where nobody decided."""
        tied = tuple(sorted(between, key=self.options.index))
        decision = self.decided.get(tied)
        if decision is not None and sorted(decision.order) != sorted(tied):
            raise ValueError(f"a decision on {tied} names others: {decision.order}")
        self.met.append(
            {
                "kind": kind,
                **place,
                "between": list(tied),
                "order": list(decision.order) if decision else None,
                "how": decision.how if decision else None,
                "seed": decision.seed if decision else None,
                "reason": decision.reason if decision else None,
            }
        )
        return decision.order if decision else None


def decimal(part: int, whole: int) -> str | None:
    """Return a fraction with four decimals, rounded half up from its exact value; None of nothing."""
    if not whole:
        return None
    scaled = Fraction(part, whole) * 10**PLACES
    rounded = int(scaled + Fraction(1, 2))
    return f"{rounded // 10**PLACES}.{rounded % 10**PLACES:0{PLACES}d}"


def _chosen(asked: Asked, ballots: Ballots) -> dict[str, int]:
    tally = dict.fromkeys(asked.options, 0)
    for choice, number in ballots:
        for option in choice:
            tally[option] += number
    return tally


def _by_votes(tally: Mapping[str, int]) -> list[list[str]]:
    """Group options that have any votes by their number, most first."""
    ordered = sorted((option for option in tally if tally[option]), key=lambda option: -tally[option])
    return [list(group) for _, group in groupby(ordered, key=lambda option: tally[option])]


def _seats(asked: Asked, tally: Mapping[str, int], ties: _Ties) -> Figures:
    """Give the seats, if the rules name any: the options with most, as far as they have anything at all."""
    left = asked.terms.get("seats")
    if left is None:
        return {}
    elected: list[str] = []
    for group in _by_votes(tally):
        if len(group) > left:
            elected += (ties.settle("seat", group) or ())[:left] if left else ()
            break
        elected += group
        left -= len(group)
    return {"elected": [option for option in asked.options if option in elected]}


# ── Zustimmung, Auswahl, Punkte, Wichtigkeit ──────────────────────────────────────────────────────────────────────────
def _approval(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    tally = dict.fromkeys(asked.options, 0)
    for option, number in ballots:
        tally[option] += number
    return {"options": [{"slug": option, "votes": votes} for option, votes in tally.items()]}


def _selection(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    tally, whole = _chosen(asked, ballots), sum(number for _, number in ballots)
    return {
        "options": [
            {"slug": option, "votes": votes, "share": decimal(votes, whole)} for option, votes in tally.items()
        ],
        "none": sum(number for choice, number in ballots if not choice),
        **_seats(asked, tally, ties),
        "ties": ties.met,
    }


def _points(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    points, voters = dict.fromkeys(asked.options, 0), dict.fromkeys(asked.options, 0)
    for choice, number in ballots:
        for option, given in choice.items():
            points[option] += given * number
            voters[option] += number
    whole = sum(points.values())
    return {
        "options": [
            {"slug": option, "points": given, "voters": voters[option], "share": decimal(given, whole)}
            for option, given in points.items()
        ],
        "points": whole,
        **_seats(asked, points, ties),
        "ties": ties.met,
    }


def _importance(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    given = {option: dict.fromkeys(asked.values, 0) for option in asked.options}
    for choice, number in ballots:
        for option, value in choice.items():
            given[option][value] += number
    return {"options": [_rated(option, values) for option, values in given.items()], "ties": ties.met}


def _rated(option: str, values: Mapping[int, int]) -> Figures:
    rated = sum(values.values())
    total = sum(value * number for value, number in values.items())
    return {
        "slug": option,
        "values": {str(value): number for value, number in values.items()},
        "shares": {str(value): decimal(number, rated) for value, number in values.items()},
        "rated": rated,
        "sum": total,
        "mean": decimal(total, rated),
    }


# ── Budget ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _budget(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    tally, whole = _chosen(asked, ballots), sum(number for _, number in ballots)
    funded = _funded(asked, tally, ties)
    return {
        "options": [
            {
                "slug": option,
                "votes": votes,
                "share": decimal(votes, whole),
                "cost": asked.costs[option],
                "funded": option in funded,
            }
            for option, votes in tally.items()
        ],
        "none": sum(number for choice, number in ballots if not choice),
        "sum": asked.terms["sum"],
        "spent": sum(asked.costs[option] for option in funded),
        "funded": funded,
        "ties": ties.met,
    }


def _funded(asked: Asked, tally: Mapping[str, int], ties: _Ties) -> list[str]:
    """Fund what has most votes as long as it fits; what does not fit is passed over. Return it in that order."""
    funded: list[str] = []
    left = asked.terms["sum"]
    for group in _by_votes(tally):
        fitting = [option for option in group if asked.costs[option] <= left]
        tied = sum(asked.costs[option] for option in fitting) > left
        tried = ties.settle("order", fitting) if tied else fitting
        if tried is None:
            return funded
        for option in tried:
            if asked.costs[option] <= left:
                funded.append(option)
                left -= asked.costs[option]
    return funded


# ── Rangfolge ─────────────────────────────────────────────────────────────────────────────────────────────────────────
OUT = ("choices", "overvotes", "skips")
"""Why a ballot counts no longer: nothing left on it, several options on one rank, too many ranks left empty."""


@dataclass
class _Pile:
    """Ballots that count for one option now: each with its number and the rank that counts."""

    ballots: list[tuple[Sequence[Any], int, int]] = field(default_factory=list)

    @property
    def votes(self) -> int:
        return sum(number for _, number, _ in self.ballots)


def _ranking(asked: Asked, ballots: Ballots, ties: _Ties) -> Figures:
    """Count by instant run-off: the weakest leaves, its ballots go on to their next option, until one has most."""
    piles = {option: _Pile() for option in asked.options}
    exhausted = dict.fromkeys(OUT, 0)
    for ranks, number in ballots:
        _move(asked, piles, exhausted, (ranks, number, -1))
    firsts = {option: pile.votes for option, pile in piles.items()}
    rounds: list[Figures] = []
    winner = _run_off(asked, piles, exhausted, rounds, ties) if sum(firsts.values()) else None
    return {
        "options": [{"slug": option, "firsts": number} for option, number in firsts.items()],
        "rounds": rounds,
        "winner": winner,
        "ties": ties.met,
    }


def _run_off(
    asked: Asked, piles: dict[str, _Pile], exhausted: dict[str, int], rounds: list[Figures], ties: _Ties
) -> str | None:
    """Write down round after round and return who wins; None if a tie has to be decided first."""
    while True:
        tally = {option: pile.votes for option, pile in piles.items()}
        active = sum(tally.values())
        this = {"tally": tally, "active": active, "majority": active // 2 + 1, "exhausted": dict(exhausted)}
        rounds.append({**this, "eliminated": [], "transfers": []})
        first = max(tally, key=lambda option: tally[option])
        if tally[first] * 2 > active or len(tally) == 1:
            return first
        if len(tally) == 2 and tally[first] * 2 == active:
            order = ties.settle("winner", tally, round=len(rounds))
            return None if order is None else order[0]
        leaving = _leaving(tally, asked, ties, len(rounds))
        if leaving is None:
            return None
        rounds[-1]["eliminated"] = leaving
        rounds[-1]["transfers"] = _transfer(asked, piles, exhausted, leaving)


def _leaving(tally: Mapping[str, int], asked: Asked, ties: _Ties, number: int) -> list[str] | None:
    """Return who leaves after a round, in the order of the options, or None if that has to be decided first."""
    levels = sorted(set(tally.values()))
    below = [[option for option in tally if tally[option] <= level] for level in levels]
    behind = [sum(tally[option] for option in group) for group in below]
    hopeless = [group for group, votes, higher in zip(below, behind, levels[1:], strict=False) if votes < higher]
    if hopeless and asked.terms.get("batch_elimination"):
        return hopeless[-1]
    lowest = below[0]
    if len(lowest) == 1 or lowest in hopeless:
        # Of options that together stay below the next one all leave one by one, in whatever order.
        return lowest
    order = ties.settle("elimination", lowest, round=number)
    return None if order is None else [order[-1]]


def _transfer(
    asked: Asked, piles: dict[str, _Pile], exhausted: dict[str, int], leaving: Sequence[str]
) -> list[Figures]:
    """Take options out, move their ballots on, and tell where they went."""
    freed = {option: piles.pop(option) for option in leaving}
    told = []
    for option, pile in freed.items():
        went: Counter[str | None] = Counter()
        for ballot in pile.ballots:
            went[_move(asked, piles, exhausted, ballot)] += ballot[1]
        told += [{"from": option, "to": to, "votes": went[to]} for to in (*asked.options, None) if went[to]]
    return told


def _move(
    asked: Asked, piles: dict[str, _Pile], exhausted: dict[str, int], ballot: tuple[Sequence[Any], int, int]
) -> str | None:
    """Put a ballot on the pile of its next option that still runs and return that, or None if it is exhausted."""
    ranks, number, at = ballot
    skipped, most = 0, asked.terms.get("skips", "refuse")
    for place in range(at + 1, len(ranks)):
        rank = ranks[place]
        skipped = skipped + 1 if rank is None else 0
        if skipped and most is not None and skipped > most:
            exhausted["skips"] += number
            return None
        if isinstance(rank, list) and asked.terms.get("overvotes") == "exhaust":
            exhausted["overvotes"] += number
            return None
        if isinstance(rank, str) and rank in piles:
            piles[rank].ballots.append((ranks, number, place))
            return rank
    exhausted["choices"] += number
    return None


COUNTED: dict[Method, Callable[[Asked, Ballots, _Ties], Figures]] = {
    Method.APPROVAL: _approval,
    Method.SELECTION: _selection,
    Method.POINTS: _points,
    Method.IMPORTANCE: _importance,
    Method.RANKING: _ranking,
    Method.BUDGET: _budget,
}
