"""What somebody types to delete their account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField

from participation.foundation.forms import Form, LineField, at_most, required


class DeletionForm(Form):
    """The confirmation of somebody without a password: a word."""

    typed = LineField(
        _l("Bitte tippen Sie das Wort »löschen«"),
        validators=[required(_l("Bitte tippen Sie das Wort »löschen«."))],
        most=40,
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


class DeletionByPasswordForm(Form):
    """The confirmation by the password; it is never filtered, since each sign belongs to it."""

    typed = PasswordField(
        _l("Ihr Passwort"), validators=[required(), at_most(256)], render_kw={"autocomplete": "current-password"}
    )
