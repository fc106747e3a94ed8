"""Counting ballots: pure, and for the room that releases results alone (an import contract keeps it so)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from participation.voting.facts import chosen_option

Tally = dict[str, dict[str, int]]
"""Of each question by its slug: votes of each option by its slug, in the order of the options."""


@dataclass(frozen=True)
class Votes:
    """How often a choice was made on a question; a single ballot is ``number=1``."""

    question: str
    choice: str
    """Canonical JSON, as on the ballot."""
    number: int = 1


class InvalidChoice(Exception):
    """A ballot holds a choice that its question does not offer; nothing is counted until somebody knows why."""

    def __init__(self, question: str, choice: str) -> None:
        super().__init__(f"question {question}: choice {choice} is not offered")


def approval(votes: Iterable[Votes], options: Mapping[str, Sequence[str]]) -> Tally:
    """Count Zustimmung: one option on each ballot.

    :param options: slugs of the options of each question, in their order
    :raises InvalidChoice: at the first ballot that does not hold exactly one of its question's options
    """
    tally: Tally = {question: dict.fromkeys(offered, 0) for question, offered in options.items()}
    for one in votes:
        chosen = chosen_option(one.choice)
        if chosen is None or chosen not in tally.get(one.question, {}):
            raise InvalidChoice(one.question, one.choice)
        tally[one.question][chosen] += one.number
    return tally
