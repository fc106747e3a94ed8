"""The form of a ballot."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from participation.foundation.forms import Form

WHICH = _l("Bitte wählen Sie eine der angebotenen Möglichkeiten.")


class BallotForm(Form):
    """One pressed button. Whether the question offers what it says is decided by the command."""

    choice = StringField(_l("Ihre Stimme"), [InputRequired(WHICH), Length(max=100, message=WHICH)])
