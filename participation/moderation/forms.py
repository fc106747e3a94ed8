"""What people type to report a contribution and to decide on one."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField
from wtforms.validators import InputRequired, Optional, ValidationError

from participation.foundation.forms import Form, LineField, TextField, between, email_address, required
from participation.moderation.facts import (
    LONGEST_NOTICE,
    MOST_HOURS,
    NOTICE_KINDS,
    NoticeKind,
    why_no_notice,
)


class NoticeForm(Form):
    """Why a contribution should be looked at."""

    kind = RadioField(
        _l("Worum geht es?"),
        choices=lambda: [(kind.value, _(label)) for kind, label in NOTICE_KINDS.items()],
        validators=[InputRequired(_l("Bitte wählen Sie, worum es geht."))],
    )
    text = TextField(
        _l("Was ist Ihnen aufgefallen?"),
        description=_l("Die Moderation liest das. Es wird nicht veröffentlicht."),
        most=LONGEST_NOTICE,
    )

    email = LineField(
        _l("E-Mail-Adresse"),
        [Optional(), email_address()],
        description=_l("Nur wenn wir Ihnen schreiben sollen, was daraus wurde. Danach wird sie gelöscht."),
    )

    @property
    def notice_kind(self) -> NoticeKind:
        """The chosen kind, of a form that holds."""
        return NoticeKind(self.kind.data)

    def validate_text(self, field: TextField) -> None:
        """Ask for words where the kind says nothing."""
        if self.kind.data == NoticeKind.OTHER and why_no_notice(NoticeKind.OTHER, field.data or ""):
            raise ValidationError(_("Bitte schreiben Sie in einem Satz, worum es geht."))


class OpeningForm(Form):
    """What a sealed text is opened for."""

    purpose = LineField(
        _l("Wofür öffnen Sie den Text?"),
        [required()],
        description=_l("Zum Beispiel das Aktenzeichen der Polizei. Es bleibt beim Vorgang."),
        most=200,
    )


class HoursForm(Form):
    """Within how many hours of working days moderation decides."""

    hours = IntegerField(
        _l("Frist der Moderation in Stunden"),
        [
            InputRequired(_l("Bitte geben Sie eine Zahl an.")),
            between(1, MOST_HOURS),
        ],
        description=_l(
            "So lange darf eine Entscheidung höchstens dauern. Wochenenden und Feiertage in Nordrhein-Westfalen "
            "zählen nicht mit. Üblich sind 24."
        ),
    )
