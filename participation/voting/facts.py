"""Methods of voting, the choices of each, and reasons why a choice is not taken."""

from __future__ import annotations

import json
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked


class Method(StrEnum):
    """How a contest is counted."""

    APPROVAL = "approval"
    """Zustimmung: for, against or abstention on each question."""


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


class RulesFrozen(Fact):
    """What is put to the vote stays as it was published."""

    sentence = marked("Die Abstimmung ist veröffentlicht und kann nicht mehr geändert werden.")


class NoSuchOption(Unprocessable):
    """The choice names an option that this question does not offer."""

    sentence = marked("Bitte wählen Sie eine der angebotenen Möglichkeiten.")


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


def chosen_option(choice: str) -> str | None:
    """Return the option that a choice of Zustimmung, canonical JSON, names; None if it names none."""
    try:
        chosen = json.loads(choice)
    except ValueError:
        return None
    return chosen if isinstance(chosen, str) else None
