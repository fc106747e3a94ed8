"""Kinds and states of contributions, hints and signals, the Netiquette, and reasons why a text is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Refused, Unprocessable, marked

SHORTEST_TEXT, LONGEST_TEXT = 10, 5000
MOST_FIRST = 5
"""How many first contributions of an account an office may have read before they are public."""


KEPT_EARLIER = timedelta(days=183)
"""How long moderators see what a text was before: as long as a decision on it can be contested."""


class Kind(StrEnum):
    """What was handed in."""

    COMMENT = "comment"


class State(StrEnum):
    """Where a contribution stands with moderation and its author."""

    HELD = "held"
    PUBLISHED = "published"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"


class Hint(StrEnum):
    """What a page points out before a text is sent; people may send it as it is."""

    CAPITALS = "capitals"
    PHONE = "phone"
    EMAIL = "email"
    LISTED_WORD = "listed_word"


class Signal(StrEnum):
    """Why moderation reads something before it is public. It says nothing about what will be decided."""

    LISTED_WORD = "listed_word"
    LINKS = "links"
    LIKENESS = "likeness"
    FIRST = "first"
    GUEST = "guest"
    BURST = "burst"
    CROWD = "crowd"


HINTS = {
    Hint.CAPITALS: marked("Ihr Text steht fast ganz in Großbuchstaben. Viele lesen das als Schreien."),
    Hint.PHONE: marked("Ihr Text enthält eine Telefonnummer. Alle können sie lesen, auch nach Jahren."),
    Hint.EMAIL: marked("Ihr Text enthält eine E-Mail-Adresse. Alle können sie lesen, auch nach Jahren."),
    Hint.LISTED_WORD: marked(
        "Ihr Text enthält ein Wort, das oft in Beleidigungen oder in Werbung steht. Mit diesem Wort liest ihn die"
        " Moderation, bevor er für alle sichtbar wird."
    ),
}
SIGNALS = {
    Signal.LISTED_WORD: marked("ein Wort der Prüfliste"),
    Signal.LINKS: marked("viele Links"),
    Signal.LIKENESS: marked("ähnlich wie Zurückgehaltenes"),
    Signal.FIRST: marked("einer der ersten Beiträge"),
    Signal.GUEST: marked("als Gast geschrieben"),
    Signal.BURST: marked("viele Beiträge in kurzer Zeit"),
    Signal.CROWD: marked("Andrang aus einem Netz"),
}
"""In a few words, for moderators."""
REASONS = {
    Signal.LISTED_WORD: marked("weil er ein Wort der Prüfliste enthält"),
    Signal.LINKS: marked("weil er drei oder mehr Links enthält"),
    Signal.LIKENESS: marked("weil er einem Text gleicht, der zurückgehalten wurde"),
    Signal.FIRST: marked("weil er zu den ersten Beiträgen Ihres Kontos gehört"),
    Signal.GUEST: marked("weil Sie ohne Konto schreiben"),
    Signal.BURST: marked("weil Sie in kurzer Zeit viele Beiträge geschrieben haben"),
    Signal.CROWD: marked("weil gerade sehr viele Beiträge aus demselben Netz kommen"),
}
"""What the author is told, after »Ihr Beitrag wird vor der Veröffentlichung geprüft,«."""


class ListLanguage(StrEnum):
    """Which texts a word list is for: those written on pages of a language, or all of them."""

    GERMAN = "de"
    ENGLISH = "en"
    ALL = "mul"


LIST_LANGUAGES = {
    ListLanguage.GERMAN: marked("Texte auf deutschen Seiten"),
    ListLanguage.ENGLISH: marked("Texte auf englischen Seiten"),
    ListLanguage.ALL: marked("Texte in allen Sprachen"),
}

Words = Mapping[str, tuple[str, ...]]
"""The word lists of an office by the language of the texts that they are for."""


@dataclass(frozen=True)
class Finding:
    """A hint or signal, and what in the text or around it set it off."""

    kind: Hint | Signal
    what: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One numbered rule of the Netiquette; title and text are marked msgids."""

    number: int
    slug: str
    title: str
    text: str


PLACE_RULE = "place"
"""The rule on which something is linked or moved. It takes nothing from anybody: nothing is withheld for it."""
FIRST_RULES = (
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
NETIQUETTES = {
    1: FIRST_RULES,
    2: (
        *FIRST_RULES,
        Rule(
            6,
            PLACE_RULE,
            marked("Alles an seinem Platz"),
            marked(
                "Schreiben Sie dort, wo es um Ihr Thema geht, und lesen Sie, was dort schon steht. Was an anderer"
                " Stelle besser passt, verschiebt die Moderation; was dasselbe sagt wie ein anderer Beitrag, verknüpft"
                " sie mit ihm. Beides bleibt lesbar."
            ),
        ),
    ),
}
"""All versions that anybody wrote or decided under. Published words stay; other words are a new version."""
NETIQUETTE_VERSION = max(NETIQUETTES)
"""Stored with each contribution and each decision."""
NETIQUETTE = NETIQUETTES[NETIQUETTE_VERSION]
RULE_SLUGS = tuple(dict.fromkeys(rule.slug for rules in NETIQUETTES.values() for rule in rules))
OFFENCES = tuple(rule for rule in NETIQUETTE if rule.slug != PLACE_RULE)
"""The present rules that something is withheld for."""
OFFENCE_SLUGS = tuple(slug for slug in RULE_SLUGS if slug != PLACE_RULE)


def rule_by_slug(slug: str, version: int | None = None) -> Rule | None:
    """Return a rule as a version of the Netiquette words and counts it, or None.

    :param version: None for the newest that has the rule
    """
    versions = reversed(NETIQUETTES.values()) if version is None else (NETIQUETTES.get(version, ()),)
    return next((rule for rules in versions for rule in rules if rule.slug == slug), None)


class NoSuchVersion(Missing):
    """The Netiquette never had a version of this number."""

    sentence = marked("Diese Fassung der Netiquette gibt es nicht.")
    way_out = ("contributions.netiquette", marked("Zur Netiquette"))


class TextTooShort(Unprocessable):
    """Fewer characters than say anything."""

    sentence = marked("Bitte schreiben Sie mindestens %(least)s Zeichen.")


class TextTooLong(Unprocessable):
    """More than people read."""

    sentence = marked("Bitte kürzen Sie auf höchstens %(most)s Zeichen. Jetzt sind es %(length)s.")


class ReadFirst(Unprocessable):
    """Something is pointed out before a text is sent. Nothing is kept yet; whoever read it may send the same again."""

    sentence = marked("Bitte lesen Sie den Hinweis, bevor Sie Ihren Text abschicken.")

    def __init__(self, hints: tuple[Finding, ...]) -> None:
        super().__init__()
        self.hints = hints


class EntryNotUsable(Unprocessable):
    """A line of a word list that would match anything, nothing, or whole sentences."""

    sentence = marked(
        "»%(entry)s« geht nicht. Ein Eintrag hat 2 bis 60 Zeichen und höchstens 6 Wörter; ein * steht nur am Ende."
    )


class TooManyEntries(Unprocessable):
    """More entries than anybody keeps in view."""

    sentence = marked("Bitte kürzen Sie die Liste auf höchstens %(most)s Einträge.")


class ListsChangedMeanwhile(Fact):
    """Somebody else of the office saved other lists after this page was opened."""

    sentence = marked(
        "Die Listen wurden inzwischen von jemand anderem geändert. Ihre Eingaben stehen noch hier, gespeichert ist die"
        " andere Fassung. Wenn Sie jetzt speichern, gilt Ihre."
    )


class ChangedMeanwhile(Fact):
    """Somebody changed the text after this page was opened."""

    sentence = marked(
        "Der Text wurde inzwischen geändert. Bitte lesen Sie die neue Fassung und entscheiden Sie noch einmal."
    )


class NotYours(Fact):
    """Only its author may change a contribution."""

    sentence = marked("Das können nur die Verfasser selbst ändern.")
    status = 403


class WritingPaused(Refused):
    """Two officials paused this person from writing in this round, for a time that ends by itself."""

    sentence = marked(
        "Sie können in dieser Beteiligung bis %(until)s nichts schreiben. Lesen, bewerten und abstimmen können Sie"
        " weiter."
    )
    way_out = ("pauses.mine", marked("Grund lesen und Überprüfung verlangen"))


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
