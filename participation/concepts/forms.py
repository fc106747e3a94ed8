"""Forms for concepts, German and English side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import ValidationError
from wtforms.widgets import TextArea

from participation.foundation.forms import Form, LineField, TextField, required, variants

LONGEST_FIELD_TEXT = 20_000
MOST_GOALS = 20
EMPTY_GOALS = 2
"""How many empty lines for further Kernziele a form offers."""

MARKDOWN = _l("Absätze durch Leerzeilen, **fett** mit zwei Sternchen, Listen mit - am Anfang der Zeile.")


def offered(lines: Iterable[tuple[Any, Any]]) -> list[Any]:
    """Return the choices of a select or of radio buttons from values and labels."""
    return [SelectChoice(value=key, label=label) for key, label in lines]


class ConceptForm(Form):
    """Title and summary of a concept."""

    seen = HiddenField()
    office_id = SelectField(_l("Stelle"), coerce=int)
    title_de = LineField(_l("Titel"), [required()], most=150)
    title_en = LineField(_l("Titel auf Englisch"), most=150)
    summary_de = TextField(_l("Worum es geht"), [required()], most=3000)
    summary_en = TextField(_l("Worum es geht, auf Englisch"), most=3000)

    def title(self) -> dict[str, str]:
        """Return the title as one text."""
        return variants(self.title_de, self.title_en)

    def summary(self) -> dict[str, str]:
        """Return the summary as one text."""
        return variants(self.summary_de, self.summary_en)


class ThemeForm(Form):
    """Title and text of a Leitthema."""

    seen = HiddenField()
    title_de = LineField(_l("Titel"), [required()], most=150)
    title_en = LineField(_l("Titel auf Englisch"), most=150)
    text_de = TextField(_l("Ein bis zwei Sätze dazu"), most=1000)
    text_en = TextField(_l("Ein bis zwei Sätze dazu, auf Englisch"), most=1000)

    def title(self) -> dict[str, str]:
        """Return the title as one text."""
        return variants(self.title_de, self.title_en)

    def text(self) -> dict[str, str]:
        """Return the text as one text."""
        return variants(self.text_de, self.text_en)


class GoalForm(Form):
    """One Kernziel; without German it is left out."""

    de = LineField(_l("Deutsch"), most=500, widget=TextArea())
    en = LineField(_l("Englisch"), most=500, widget=TextArea())

    def validate_de(self, field: Any) -> None:
        """Refuse an English Kernziel without a German one, to which everything falls back."""
        if self.en.data and not field.data:
            raise ValidationError(_l("Bitte schreiben Sie dieses Kernziel auch auf Deutsch."))


class FieldForm(Form):
    """A Handlungsfeld with its Kernziele."""

    seen = HiddenField()
    leitthema_id = SelectField(_l("Leitthema"), coerce=int)
    title_de = LineField(_l("Titel"), [required()], most=150)
    title_en = LineField(_l("Titel auf Englisch"), most=150)
    text_de = TextField(_l("Text"), [required()], most=LONGEST_FIELD_TEXT, description=MARKDOWN)
    text_en = TextField(_l("Text auf Englisch"), most=LONGEST_FIELD_TEXT)
    goals = FieldList(FormField(GoalForm), _l("Kernziele"), max_entries=MOST_GOALS)

    def title(self) -> dict[str, str]:
        """Return the title as one text."""
        return variants(self.title_de, self.title_en)

    def text(self) -> dict[str, str]:
        """Return the text as one text."""
        return variants(self.text_de, self.text_en)

    def kernziele(self) -> list[dict[str, str]]:
        """Return the Kernziele that were typed, in their order."""
        return [variants(goal.form.de, goal.form.en) for goal in self.goals if goal.form.de.data]

    def offer_more(self) -> None:
        """Add empty lines for further Kernziele."""
        while len(self.goals) < min(MOST_GOALS, len(self.kernziele()) + EMPTY_GOALS):
            self.goals.append_entry()
