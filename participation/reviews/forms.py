"""What people type to ask for a second look, and to give it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired, Optional, Regexp
from wtforms.widgets import HiddenInput

from participation.foundation.forms import Form, TextField, required
from participation.moderation.facts import LONGEST_NOTICE, LONGEST_REASON
from participation.remarks.forms import ReasonForm
from participation.reviews.facts import ReviewOutcome

REVIEW_LABELS = {
    ReviewOutcome.UPHELD: _l("Die Entscheidung bestätigen"),
    ReviewOutcome.REVERSED: _l("Die Entscheidung zurücknehmen"),
}


class ContestForm(Form):
    """Why somebody else should look at a decision."""

    words = TextField(
        _l("Was sehen Sie anders?"),
        description=_l("Die Moderation liest das. Es wird nicht veröffentlicht."),
        most=LONGEST_NOTICE,
    )


class ReviewForm(ReasonForm):
    """The second look, with reasons."""

    outcome = RadioField(
        _l("Überprüfung"),
        choices=lambda: [(outcome.value, label) for outcome, label in REVIEW_LABELS.items()],
        validators=[InputRequired(_l("Bitte wählen Sie eine Entscheidung."))],
    )
    reason = TextField(
        _l("Begründung"),
        [required()],
        description=_l("Die Verfasserin oder der Verfasser liest sie."),
        most=LONGEST_REASON,
    )

    version = HiddenField(validators=[Optional(), Regexp(r"^[0-9]{1,9}$")], widget=HiddenInput())

    @property
    def read(self) -> int | None:
        """The version of the text that the page showed."""
        return int(self.version.data) if self.version.data else None

    @property
    def chosen(self) -> ReviewOutcome:
        """The outcome, of a form that holds."""
        return ReviewOutcome(self.outcome.data)
