"""Kinds and states of contributions, the Netiquette, and reasons why a text is not taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from participation.foundation.facts import Fact, Unprocessable, marked

SHORTEST_TEXT, LONGEST_TEXT = 10, 5000


class Kind(StrEnum):
    """What was handed in."""

    COMMENT = "comment"


class State(StrEnum):
    """Where a contribution stands with moderation and its author."""

    HELD = "held"
    PUBLISHED = "published"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Rule:
    """One numbered rule of the Netiquette; title and text are marked msgids."""

    number: int
    slug: str
    title: str
    text: str


NETIQUETTE_VERSION = 1
"""Goes up with every change of the rules; stored with each contribution."""

NETIQUETTE = (
    Rule(
        1,
        "persons",
        marked("Achten Sie die anderen"),
        marked("Streiten Sie über die Sache. Beleidigungen, Drohungen und Bloßstellungen werden nicht veröffentlicht."),
    ),
    Rule(
        2,
        "hatred",
        marked("Kein Hass gegen Gruppen"),
        marked(
            "Niemand wird wegen Herkunft, Hautfarbe, Religion, Geschlecht, sexueller Orientierung, Alter oder"
            " Behinderung herabgesetzt."
        ),
    ),
    Rule(
        3,
        "private",
        marked("Keine privaten Daten"),
        marked("Nennen Sie keine Adressen, Telefonnummern oder andere private Angaben über sich oder über andere."),
    ),
    Rule(
        4,
        "law",
        marked("Nichts, was gegen Gesetze verstößt"),
        marked(
            "Texte und Links, die Rechte anderer verletzen oder zu Straftaten aufrufen, werden nicht veröffentlicht."
        ),
    ),
    Rule(
        5,
        "spam",
        marked("Keine Werbung und keine Massentexte"),
        marked("Werbung und vielfach wiederholte gleiche Texte werden nicht veröffentlicht."),
    ),
)
RULE_SLUGS = tuple(rule.slug for rule in NETIQUETTE)


def rule_by_slug(slug: str) -> Rule | None:
    """Return the rule of the present Netiquette, or None."""
    return next((rule for rule in NETIQUETTE if rule.slug == slug), None)


class TextTooShort(Unprocessable):
    """Fewer characters than say anything."""

    sentence = marked("Bitte schreiben Sie mindestens %(least)s Zeichen.")


class TextTooLong(Unprocessable):
    """More than people read."""

    sentence = marked("Bitte kürzen Sie auf höchstens %(most)s Zeichen. Jetzt sind es %(length)s.")


class ChangedMeanwhile(Fact):
    """Somebody changed the text after this page was opened."""

    sentence = marked(
        "Der Text wurde inzwischen geändert. Bitte lesen Sie die neue Fassung und entscheiden Sie noch einmal."
    )


class NotYours(Fact):
    """Only its author may change a contribution."""

    sentence = marked("Das können nur die Verfasser selbst ändern.")
    status = 403


class NoLongerThere(Fact):
    """It was withdrawn or withheld."""

    sentence = marked("Dieser Beitrag ist nicht mehr öffentlich.")


def why_unfit(text: str) -> Fact | None:
    """Return why a text is not taken, measured in characters after trimming, or None."""
    length = len(text.strip())
    if length < SHORTEST_TEXT:
        return TextTooShort(least=SHORTEST_TEXT)
    if length > LONGEST_TEXT:
        return TextTooLong(most=LONGEST_TEXT, length=length)
    return None
