"""What staff types as templates, and moderators as notes and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Optional

from participation.contributions.facts import OFFENCES
from participation.foundation.forms import Form, LineField, TextField, required, variants
from participation.foundation.paging import key_from
from participation.moderation.facts import OUTCOMES
from participation.remarks.facts import (
    IN_LANGUAGES,
    LONGEST_NOTE,
    LONGEST_TASK,
    LONGEST_TEMPLATE,
    LONGEST_TITLE,
    put_in,
)
from participation.remarks.queries import Colleague, Offer, Offered, Template


def _outcomes() -> list[Any]:
    return [
        SelectChoice("", _("für jede Entscheidung")),
        *(SelectChoice(one.value, _(OUTCOMES[one])) for one in OUTCOMES),
    ]


def _rules() -> list[Any]:
    found = [SelectChoice(rule.slug, f"{rule.number}. {_(rule.title)}") for rule in OFFENCES]
    return [SelectChoice("", _("für jede Regel")), *found]


class TemplateForm(Form):
    """A text for reasons in two languages."""

    seen = HiddenField()
    title = LineField(
        _l("Titel"),
        [required()],
        most=LONGEST_TITLE,
        description=_l("So findet ihn die Moderation. In Briefen steht er nicht."),
    )
    outcome = SelectField(_l("Passt zur Entscheidung"), choices=_outcomes)
    rule = SelectField(_l("Passt zur Regel der Netiquette"), choices=_rules)
    text_de = TextField(
        _l("Text auf Deutsch"),
        [required()],
        most=LONGEST_TEMPLATE,
        description=_l(
            "In der Sie-Form und neutral gegenüber jeder Meinung. Die Stelle im Text ergänzt, wer entscheidet."
        ),
    )
    text_en = TextField(
        _l("Text auf Englisch"),
        [Optional()],
        most=LONGEST_TEMPLATE,
        description=_l("Für alle, die Briefe auf Englisch bekommen. Fehlt er, steht dort der deutsche."),
    )

    @property
    def text(self) -> dict[str, str]:
        """The text in its variants."""
        return variants(self.text_de, self.text_en)

    @property
    def version(self) -> int:
        """The version that was read; 0 for none."""
        kept = self.seen.data or ""
        return int(kept) if kept.isascii() and kept.isdigit() and len(kept) < 10 else 0


def fields_of(template: Template) -> dict[str, Any]:
    """Return a template as the fields of its form."""
    texts = {"text_de": template.text["de"], "text_en": template.text.get("en", "")}
    kept = {"title": template.title, "outcome": template.outcome or "", "rule": template.rule or ""}
    return {"seen": template.version, **kept, **texts}


def label_of(one: Offered) -> str:
    """Return how a template stands in the list: its title, what it fits, and in which languages it is put in."""
    fits = [_(OUTCOMES[outcome]) for outcome in OUTCOMES if outcome == one.outcome]
    fits += [_("Regel %(number)s", number=rule.number) for rule in OFFENCES if rule.slug == one.rule]
    return f"{one.title} ({', '.join([*fits, _(IN_LANGUAGES[one.languages])])})"


class ReasonForm(Form):
    """A form with a reason, into which a template can be put."""

    reason: TextField
    template = SelectField(_l("Textbaustein"), choices=[], validate_choice=False)

    def put_in(self, offer: Offer) -> bool:
        """Put the chosen template into the reason, with what was typed kept; say whether one was chosen."""
        found = offer.find(key_from(self.template.data))
        if found is None:
            self.template.errors = [_("Bitte wählen Sie einen Textbaustein.")]
            return False
        self.reason.data, self.template.data = put_in(self.reason.data or "", found.text), ""
        return True


class NoteForm(Form):
    """Something for the others who moderate."""

    note = TextField(
        _l("Neue Notiz"),
        [required()],
        most=LONGEST_NOTE,
        description=_l(
            "Das liest nur die Moderation dieser Beteiligung; es steht in keinem Brief. Wer Auskunft über die eigenen"
            " Daten verlangt, bekommt es aber zu lesen. Nennen Sie niemanden, der gemeldet hat."
        ),
    )


class TaskForm(Form):
    """What is to be done about a contribution."""

    task = TextField(_l("Was zu tun ist"), [required()], most=LONGEST_TASK)
    for_whom = SelectField(_l("Für wen"), validate_choice=True)
    due_on = DateField(_l("Bis wann"), [Optional()])

    def offer(self, colleagues: Sequence[Colleague]) -> None:
        """Offer those who moderate the round."""
        people = [SelectChoice(str(one.person_id), one.email) for one in colleagues]
        self.for_whom.choices = [SelectChoice("", _("wer zuerst Zeit hat")), *people]

    @property
    def person(self) -> UUID | None:
        """Who is to do it, of a form that holds."""
        return UUID(self.for_whom.data) if self.for_whom.data else None
