"""The form in which a receipt is checked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FileField, TextAreaField
from wtforms.validators import Length, Optional

from participation.foundation.forms import Form
from participation.log.facts import LONGEST_RECEIPT


class ReceiptForm(Form):
    """A receipt, pasted or as a file."""

    receipt = TextAreaField(_l("Text des Belegs"), [Optional(), Length(max=LONGEST_RECEIPT)])
    file = FileField(_l("Oder die Datei, die Sie gespeichert haben"), [Optional()])
