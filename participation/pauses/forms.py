"""What officials and those who are paused type about pauses."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired, Optional

from participation.contributions.facts import LONGEST_TEXT, OFFENCES
from participation.foundation.forms import Form, LineField, TextField, required, variants
from participation.pauses.facts import LONGEST_BASIS, LONGEST_REASON, LONGEST_REFERENCE, OUTCOMES, Outcome
from participation.remarks.forms import ReasonForm


class BasisForm(Form):
    """What allows an office to pause people from writing, and when the one was entered that was read."""

    seen = HiddenField()
    reference = LineField(
        _l("Fundstelle"),
        [required()],
        most=LONGEST_REFERENCE,
        description=_l("Zum Beispiel: § 7 der Beteiligungssatzung vom 1. März 2026."),
    )
    text_de = TextField(
        _l("Was sie erlaubt"),
        [required()],
        most=LONGEST_BASIS,
        description=_l("In einfachen Sätzen. Das lesen alle, deren Schreiben pausiert."),
    )
    text_en = TextField(_l("Was sie erlaubt, auf Englisch"), [Optional()], most=LONGEST_BASIS)

    @property
    def text(self) -> dict[str, str]:
        """The text in its variants."""
        return variants(self.text_de, self.text_en)

    @property
    def seen_at(self) -> datetime | None:
        """When the one that was read was entered, None for none; nonsense is none too."""
        try:
            found = datetime.fromisoformat(self.seen.data or "")
        except ValueError:
            return None
        return found if found.tzinfo else None


class ProposalForm(ReasonForm):
    """Why somebody should write nothing for a time."""

    rule = RadioField(
        _l("Verletzte Regel"),
        choices=lambda: [
            (rule.slug, _("Regel %(number)s: %(title)s", number=rule.number, title=_(rule.title))) for rule in OFFENCES
        ],
        validators=[InputRequired(_l("Bitte wählen Sie die verletzte Regel."))],
    )
    reason = TextField(
        _l("Begründung"),
        [required()],
        most=LONGEST_REASON,
        description=_l(
            "Die Tatsachen, und warum das Zurückhalten des Beitrags allein nicht reicht. Das steht im Brief."
        ),
    )


class ContestForm(Form):
    """Why somebody wants a second look."""

    words = TextField(_l("Was sehen Sie anders?"), [required()], most=LONGEST_TEXT)


class ReviewForm(ReasonForm):
    """A second look at a pause."""

    outcome = RadioField(
        _l("Ergebnis"),
        choices=lambda: [(one.value, _(label)) for one, label in OUTCOMES.items()],
        validators=[InputRequired(_l("Bitte wählen Sie ein Ergebnis."))],
    )
    reason = TextField(_l("Begründung"), [required()], most=LONGEST_REASON)

    @property
    def chosen(self) -> Outcome:
        """The outcome, of a form that holds."""
        return Outcome(self.outcome.data)
