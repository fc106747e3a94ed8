"""The forms in which a receipt is checked and a sample of the roll is drawn."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FileField, TextAreaField
from wtforms.validators import Optional

from participation.foundation.forms import Form, LineField, WholeField, at_most, required
from participation.log.facts import LONGEST_RECEIPT


class ReceiptForm(Form):
    """A receipt, pasted or as a file."""

    receipt = TextAreaField(_l("Text des Belegs"), [Optional(), at_most(LONGEST_RECEIPT)])
    file = FileField(_l("Oder die Datei, die Sie gespeichert haben"), [Optional()])


class SampleForm(Form):
    """What a sample of the roll is drawn for, from what, and how large."""

    reason = LineField(
        _l("Anlass"),
        [required()],
        most=200,
        description=_l("Zum Beispiel das Aktenzeichen der Prüfung, ohne Namen. Er steht im Journal."),
    )
    seed = LineField(
        _l("Woraus gelost wird"),
        [required()],
        most=200,
        description=_l("Etwas, das niemand wählen konnte, etwa die Lottozahlen nach dem Ende. Es steht im Journal."),
    )
    number = WholeField(_l("Zahl der Personen"), [required()], most=1000, default="30")
