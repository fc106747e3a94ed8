"""What one fills in to register, to sign in and to change the account."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, SelectChoice, SelectField  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, Optional

from participation.accounts.facts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from participation.foundation.forms import Form, LineField, email_address, required

LANGUAGE_NAMES = [SelectChoice("de", "Deutsch"), SelectChoice("en", "English")]
LONGEST_ADDRESS = 254


def same_address(typed: str) -> str:
    """Return an address as it is kept: lower case, the domain in its own letters.

    :raises ValueError: if it is none
    """
    try:
        return validate_email(typed, check_deliverability=False).normalized.lower()
    except EmailNotValidError as wrong:
        raise ValueError(str(wrong)) from wrong


class _WithAddress(Form):
    """A form that asks for a mail address."""

    email = LineField(_l("E-Mail-Adresse"), [required(), email_address()], most=LONGEST_ADDRESS)

    @property
    def address(self) -> str:
        """The address as it is kept; only after the form was found valid."""
        return same_address(self.email.data or "")


class LinkForm(_WithAddress):
    """Where to send a link."""


class SignInForm(_WithAddress):
    """Address and password."""

    password = PasswordField(
        _l("Passwort"),
        [InputRequired(_l("Bitte geben Sie Ihr Passwort ein. Ohne Passwort lassen Sie sich einen Link schicken."))],
    )


class RegisterForm(_WithAddress):
    """An address, and that the terms hold."""

    agreed = BooleanField(
        _l("Ich bin mindestens 16 Jahre alt und stimme den Teilnahmebedingungen zu."),
        [InputRequired(_l("Bitte bestätigen Sie Ihr Alter und die Teilnahmebedingungen."))],
    )


class ConsentForm(Form):
    """The terms alone, where a link asks for them."""

    agreed = BooleanField(
        _l("Ich bin mindestens 16 Jahre alt und stimme den Teilnahmebedingungen zu."),
        [InputRequired(_l("Bitte bestätigen Sie Ihr Alter und die Teilnahmebedingungen."))],
    )


class LanguageForm(Form):
    """The language of the account."""

    language = SelectField(_l("Sprache der Seiten und E-Mails"), choices=LANGUAGE_NAMES)


class PasswordForm(Form):
    """A new password, and the present one if there is one."""

    current_password = PasswordField(_l("Bisheriges Passwort"), [Optional()])
    new_password = PasswordField(
        _l("Neues Passwort"),
        [
            required(),
            Length(
                min=SHORTEST_PASSWORD,
                max=LONGEST_PASSWORD,
                message=_l("Das Passwort braucht mindestens %(min)d und höchstens %(max)d Zeichen."),
            ),
        ],
        description=_l("Mindestens 12 Zeichen. Ein langer Satz ist besser als viele Sonderzeichen."),
    )
