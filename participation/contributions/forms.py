"""Word lists as staff types them, the box to try them in, and how signals are worded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, ValidationError

from participation.contributions.facts import (
    LIST_LANGUAGES,
    LONGEST_TEXT,
    MOST_FIRST,
    REASONS,
    EntryNotUsable,
    Hint,
    ListLanguage,
    Signal,
    TooManyEntries,
    Words,
)
from participation.contributions.signals import entries
from participation.foundation.forms import Form, TextField
from participation.foundation.i18n import LANGUAGES, words_of

LONGEST_LIST = 20_000


def why_held(signals: Iterable[Signal]) -> str:
    """Return in a sentence why a contribution is read before it is public."""
    why = gettext(" und ").join(gettext(REASONS[kind]) for kind in signals)
    return gettext("Ihr Beitrag wird vor der Veröffentlichung geprüft, %(why)s.", why=why)


def hints_in(kept: str | None) -> frozenset[Hint]:
    """Return the hints that a hidden field names; nonsense is ignored."""
    return frozenset(Hint(name) for name in (kept or "").split(",") if name in set(Hint))


def _usable(form: Form, field: Any) -> None:
    """Refuse entries that would match anything or nothing, by name."""
    try:
        entries(field.data or "")
    except (EntryNotUsable, TooManyEntries) as wrong:
        raise ValidationError(words_of(wrong)) from wrong


class ListsForm(Form):
    """The word lists of an office, one entry a line, and how many first contributions are read."""

    seen = HiddenField()
    first = SelectField(_l("Die ersten Beiträge eines Kontos"), coerce=int)
    words_de = TextField(_l("Prüfliste für Texte auf deutschen Seiten"), [_usable], most=LONGEST_LIST)
    words_en = TextField(_l("Prüfliste für Texte auf englischen Seiten"), [_usable], most=LONGEST_LIST)
    words_mul = TextField(
        _l("Prüfliste für alle Texte"),
        [_usable],
        most=LONGEST_LIST,
        description=_l("Nur, was in jeder Sprache auffällt. Ein Wort kann in einer anderen Sprache harmlos sein."),
    )

    def __init__(self, *arguments: Any, **names: Any) -> None:
        super().__init__(*arguments, **names)
        self.first.choices = [
            SelectChoice(str(number), gettext("Die ersten %(number)s zuerst prüfen", number=number))
            if number > 1
            else SelectChoice(
                str(number), (gettext("Nicht eigens prüfen"), gettext("Den ersten zuerst prüfen"))[number]
            )
            for number in range(MOST_FIRST + 1)
        ]

    @property
    def typed(self) -> dict[str, str]:
        """The lists as they were typed, by language."""
        return {language: self[f"words_{language}"].data or "" for language in ListLanguage}

    @property
    def version(self) -> int:
        """The version that was read; 0 for none."""
        kept = self.seen.data or ""
        return int(kept) if kept.isascii() and kept.isdigit() and len(kept) < 10 else 0


def fields_of(words: Words, *, first: int, version: int) -> dict[str, Any]:
    """Return word lists as the fields of their form."""
    lists = {f"words_{language}": "\n".join(words.get(language, ())) for language in ListLanguage}
    return {"seen": version, "first": first, **lists}


def _pages() -> list[Any]:
    return [SelectChoice(tag, gettext(LIST_LANGUAGES[ListLanguage(tag)])) for tag in LANGUAGES]


class TrialForm(Form):
    """A text to try the lists with."""

    language = SelectField(_l("Prüfen wie"), choices=_pages)
    text = TextField(_l("Text"), [InputRequired(_l("Bitte geben Sie einen Text ein."))], most=LONGEST_TEXT)
