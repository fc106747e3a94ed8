"""Methods of voting, the choices of each, and reasons why a choice is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from participation.foundation.facts import Fact, Missing, Unprocessable, marked


class Method(StrEnum):
    """How a contest is counted."""

    APPROVAL = "approval"
    """Zustimmung: for, against or abstention on each question."""
    SELECTION = "selection"
    """Auswahl: up to some of the options."""
    POINTS = "points"
    """Punkte: a number of them to spread over the options."""
    IMPORTANCE = "importance"
    """Wichtigkeit: a value of a scale for each option."""
    RANKING = "ranking"
    """Rangfolge: options in order, counted by instant run-off."""
    BUDGET = "budget"
    """Budget: projects with their costs, funded within a sum."""


METHOD_LABELS = {
    Method.APPROVAL: marked("Zustimmung"),
    Method.SELECTION: marked("Auswahl"),
    Method.POINTS: marked("Punkte"),
    Method.IMPORTANCE: marked("Wichtigkeit"),
    Method.RANKING: marked("Rangfolge"),
    Method.BUDGET: marked("Bürgerbudget"),
}


class Choice(StrEnum):
    """The options of Zustimmung."""

    FOR = "dafuer"
    AGAINST = "dagegen"
    ABSTAIN = "enthaltung"


LABELS: dict[Choice, dict[str, str]] = {
    Choice.FOR: {"de": marked("Dafür"), "en": "For"},
    Choice.AGAINST: {"de": marked("Dagegen"), "en": "Against"},
    Choice.ABSTAIN: {"de": marked("Enthaltung"), "en": "Abstain"},
}
"""What the options of Zustimmung say on the page."""

RESERVED_NAMES = frozenset({"archiv", "beleg", "karten", "pruefen", "pruefpunkte", "ruecknahme", "stimme"})
"""What stands in addresses where the short name of a question could."""

SCALES: dict[int, list[dict[str, Any]]] = {
    3: [
        {"value": 1, "label": {"de": "unwichtig", "en": "not important"}},
        {"value": 2, "label": {"de": "wichtig", "en": "important"}},
        {"value": 3, "label": {"de": "sehr wichtig", "en": "very important"}},
    ],
    5: [
        {"value": 1, "label": {"de": "unwichtig", "en": "not important"}},
        {"value": 2, "label": {"de": "weniger wichtig", "en": "less important"}},
        {"value": 3, "label": {"de": "teils, teils", "en": "partly"}},
        {"value": 4, "label": {"de": "wichtig", "en": "important"}},
        {"value": 5, "label": {"de": "sehr wichtig", "en": "very important"}},
    ],
}
"""The scales of Wichtigkeit that staff may choose from, by the number of their steps."""


class RulesFrozen(Fact):
    """What is put to the vote stays as it was published."""

    sentence = marked("Die Abstimmung ist veröffentlicht und kann nicht mehr geändert werden.")


class NameReserved(Unprocessable):
    """A page of every contest has this name in its address, and a question with it would never be seen."""

    sentence = marked("»%(name)s« kann nicht der Kurzname einer Frage sein. Bitte wählen Sie einen anderen.")


class NoSuchOption(Unprocessable):
    """The choice names an option that this question does not offer."""

    sentence = marked("Bitte wählen Sie eine der angebotenen Möglichkeiten.")


class NothingChosen(Unprocessable):
    """An empty choice, where »none of them« is no answer."""

    sentence = marked("Bitte wählen Sie mindestens eine Möglichkeit.")


class TooManyChosen(Unprocessable):
    """More options than the rules admit."""

    sentence = marked(
        "Sie haben %(chosen)s Möglichkeiten gewählt, höchstens %(most)s sind erlaubt. Bitte nehmen Sie %(over)s weg."
    )


class ChosenTwice(Unprocessable):
    """An option stands twice in one choice."""

    sentence = marked("Jede Möglichkeit kann nur einmal gewählt werden.")


class OtherwiseSpelt(Unprocessable):
    """The choice is spelled in another way than the one that each choice has."""

    sentence = marked("Ihre Auswahl ist nicht lesbar. Bitte wählen Sie noch einmal.")


class NoWholePoints(Unprocessable):
    """Points are whole numbers from one on."""

    sentence = marked("Bitte vergeben Sie Punkte als ganze Zahlen.")


class TooManyPoints(Unprocessable):
    """More points than there are to give."""

    sentence = marked("Sie haben %(given)s von %(points)s Punkten vergeben. Bitte nehmen Sie %(over)s weg.")


class TooManyOnOne(Unprocessable):
    """More points on one option than the rules admit."""

    sentence = marked("Eine Möglichkeit kann höchstens %(most)s Punkte bekommen.")


class NotOnScale(Unprocessable):
    """A value that the scale does not have."""

    sentence = marked("Bitte wählen Sie für jede Möglichkeit einen Wert der Skala oder keinen.")


class TooManyRanks(Unprocessable):
    """More ranks than the rules admit."""

    sentence = marked("Sie können höchstens %(most)s Möglichkeiten in eine Reihenfolge bringen.")


class RankSkipped(Unprocessable):
    """A rank is empty, and one after it is not."""

    sentence = marked("Rang %(rank)s ist leer. Bitte vergeben Sie die Ränge ohne Lücke.")


class RankShared(Unprocessable):
    """Several options stand on one rank."""

    sentence = marked("Auf Rang %(rank)s stehen mehrere Möglichkeiten. Bitte geben Sie jeder einen eigenen Rang.")


class RankedTwice(Unprocessable):
    """An option stands on two ranks."""

    sentence = marked("Jede Möglichkeit kann nur auf einem Rang stehen.")


class TooExpensive(Unprocessable):
    """What was chosen costs more than there is to spend."""

    sentence = marked(
        "Ihre Auswahl kostet zusammen %(cost)s Euro, das sind %(over)s Euro zu viel."
        " Es stehen %(sum)s Euro zur Verfügung."
    )


class UnfitTerms(Unprocessable):
    """The terms of a question do not hold together; ``term`` names the one."""

    sentence = marked("Die Angaben zur Abstimmung sind unvollständig oder passen nicht zusammen.")


class NoBallot(Fact):
    """There is no ballot to withdraw."""

    sentence = marked("Sie haben hier keine Stimme abgegeben.")


class NoSuchQuestion(Missing):
    """The contest has no such question."""


class KeyLost(Fact):
    """The key of this contest is not where it should be, so nobody can vote and nothing is lost meanwhile."""

    sentence = marked(
        "Die Abstimmung ist gerade nicht erreichbar. Ihre Stimme wurde nicht gespeichert. Bitte versuchen Sie es"
        " in einigen Minuten noch einmal."
    )
    status = 503


class SigningKeyLost(Fact):
    """The key that signs a contest's log is not there, so it can be neither continued nor closed."""

    sentence = marked(
        "Der Schlüssel, mit dem das Protokoll dieser Abstimmung unterschrieben wird, fehlt. Ohne ihn kann die"
        " Abstimmung nicht abgeschlossen werden. Bitte wenden Sie sich an die Technik; es ist nichts verloren."
    )
    status = 503


@dataclass(frozen=True)
class Asked:
    """How one question is answered: its method, its options in their order, its terms, and what options cost.

    What terms each method has and how a choice is written stands in docs/ways-to-vote.md.
    """

    method: Method
    options: tuple[str, ...]
    terms: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Mapping[str, Any], question: str) -> Self:
        """Read a question from the frozen rules of its contest.

        :raises KeyError: if they ask no such question
        """
        for one in rules["questions"]:
            if one["slug"] == question:
                offered = one["options"]
                costs = {option["slug"]: option["cost"] for option in offered if option.get("cost") is not None}
                slugs = tuple(option["slug"] for option in offered)
                return cls(Method(rules["method"]), slugs, one.get("terms") or {}, costs)
        raise KeyError(question)

    @property
    def values(self) -> tuple[int, ...]:
        """The values of the scale of Wichtigkeit."""
        return tuple(step["value"] for step in self.terms["scale"])

    @property
    def ballots_public(self) -> bool:
        """Whether whole ballots are published; what tells much of a person is not, unless the rules say so."""
        telling = self.method in {Method.POINTS, Method.RANKING, Method.BUDGET}
        return bool(self.terms.get("ballots_public", not telling))
