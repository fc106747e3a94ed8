"""What stands in the fields of a ballot: read from what was sent, or filled from what one chose.

The fields are those of plain HTML: one button (Zustimmung), boxes (Auswahl, Budget), numbers (Punkte), a scale
(Wichtigkeit) or a rank (Rangfolge) for each option. Which of them there are depends on the question, so they are read
here and not declared. Whether the choice holds under the rules is decided by the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from participation.foundation.forms import one_line
from participation.voting.facts import Asked, Method, NoSuchOption, NothingChosen
from participation.voting.logic import most_ranks

CHOICE = "choice"
"""The field of Zustimmung, and of the boxes of Auswahl and Budget."""

NONE = "none"
"""The box »none of these«."""

PREFIXES = {Method.POINTS: "punkte-", Method.IMPORTANCE: "wert-", Method.RANKING: "rang-"}
"""Where each option has a field of its own: what stands before its slug in the field's name."""

LONGEST_ENTRY = 12
"""As much of what was typed is shown again; no number of points is longer."""

MOST_DIGITS = 6


@dataclass(frozen=True)
class BallotFields:
    """The fields of a ballot as they stand in the page."""

    asked: Asked
    entries: Mapping[str, str] = field(default_factory=dict)
    """Of each option what its field holds; a box that is ticked holds ``on``."""
    none: bool = False
    unknown: bool = False
    """Whether an option was named that the question does not offer."""

    @property
    def wrong(self) -> dict[str, str]:
        """The options whose field holds what it cannot, each with a sentence."""
        return {
            option: sentence for option, entry in self.entries.items() if (sentence := _why_wrong(self.asked, entry))
        }

    @property
    def ranks(self) -> int:
        """How many ranks there are to give."""
        return most_ranks(self.asked)

    @property
    def problem(self) -> str | None:
        """What is wrong with the fields themselves, a sentence; what the rules say is the command's to see."""
        if self.wrong:
            return gettext("Bitte prüfen Sie die markierten Angaben.")
        if self.none and self.entries:
            return gettext("Sie haben »Keine davon« und zugleich etwas anderes angekreuzt. Bitte entscheiden Sie sich.")
        if self.unknown or (self.asked.method is Method.APPROVAL and len(self.entries) != 1):
            return gettext(NoSuchOption.sentence)
        return None if self.entries or self.none else gettext(NothingChosen.sentence)

    @property
    def used(self) -> int:
        """What the fields take of what there is: boxes, points, euros or ranks."""
        if self.asked.method is Method.POINTS:
            return sum(_whole(entry) or 0 for entry in self.entries.values())
        if self.asked.method is Method.BUDGET and self.asked.terms.get("within_sum"):
            return sum(self.asked.costs[option] for option in self.entries)
        return len(self.entries)

    def choice(self) -> Any:
        """Return the choice as a JSON value in the shape of the method; only where nothing is wrong."""
        match self.asked.method:
            case Method.POINTS | Method.IMPORTANCE:
                return {option: _whole(entry) for option, entry in self.entries.items()}
            case Method.RANKING:
                return self._ranks()
        chosen = list(self.entries)
        return chosen[0] if self.asked.method is Method.APPROVAL else chosen

    def _ranks(self) -> list[Any]:
        """What stands on each rank: nothing, an option, or several, which the rules then refuse."""
        placed: dict[int, list[str]] = {}
        for option, entry in self.entries.items():
            placed.setdefault(_whole(entry) or 0, []).append(option)
        ranks = [placed.get(rank, []) for rank in range(1, max(placed, default=0) + 1)]
        return [on if len(on) > 1 else on[0] if on else None for on in ranks]


def fields_sent(asked: Asked, sent: MultiDict[str, str]) -> BallotFields:
    """Return the fields as somebody sent them. Of a field that came twice the first counts, as in a browser's form."""
    prefix = PREFIXES.get(asked.method)
    if prefix is not None:
        typed = {option: _kept(sent.get(prefix + option)) for option in asked.options}
        return BallotFields(asked, {option: entry for option, entry in typed.items() if entry})
    ticked = dict.fromkeys(one for one in sent.getlist(CHOICE) if one)
    return BallotFields(
        asked,
        {option: "on" for option in asked.options if option in ticked},
        none=bool(sent.get(NONE)) and bool(asked.terms.get("none")),
        unknown=not set(ticked) <= set(asked.options),
    )


def fields_of(asked: Asked, choice: Any) -> BallotFields:
    """Return the fields filled with what one chose; ``None`` leaves them empty."""
    match choice:
        case str():
            return BallotFields(asked, {choice: "on"})
        case dict():
            return BallotFields(asked, {option: str(number) for option, number in choice.items()})
        case list() if asked.method is Method.RANKING:
            return BallotFields(asked, {option: str(rank) for rank, option in enumerate(choice, 1)})
        case list():
            return BallotFields(asked, dict.fromkeys(choice, "on"), none=not choice)
    return BallotFields(asked)


def _kept(typed: str | None) -> str:
    return (one_line(typed) or "")[:LONGEST_ENTRY]


def _whole(entry: str) -> int | None:
    """Return the whole number that was typed, or None."""
    return int(entry) if re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}", entry) else None


def _why_wrong(asked: Asked, entry: str) -> str | None:
    number = _whole(entry)
    match asked.method:
        case Method.POINTS:
            most = int(asked.terms.get("most_per_option") or asked.terms["points"])
            if number is None or number > most:
                return gettext("Bitte geben Sie eine ganze Zahl von 0 bis %(most)s ein.", most=most)
        case Method.IMPORTANCE if number not in asked.values:
            return gettext("Bitte wählen Sie einen Wert der Skala.")
        case Method.RANKING if number is None or not 1 <= number <= most_ranks(asked):
            return gettext("Bitte wählen Sie einen der Ränge.")
    return None
