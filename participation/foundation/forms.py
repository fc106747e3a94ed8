"""What forms share: cleaned text, moments in Berlin, staff's texts in two languages, German messages."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import Form as PlainForm
from wtforms import StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.validators import Email, InputRequired, Length, NumberRange, StopValidation, ValidationError

from participation.foundation.clock import berlin, from_berlin
from participation.foundation.facts import Fact, Missing
from participation.foundation.i18n import current_language, words_of
from participation.foundation.i18n import number as format_number

_DIGITS = re.compile(r"[0-9]{1,15}")
_PARTED = re.compile(r"[0-9]{1,3}([., \u00a0\u202f][0-9]{3}){1,4}")
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain_text(value: str | None) -> str | None:
    """Return text as it is kept: composed (NFC), without control signs, line ends as ``\\n``, trimmed."""
    if value is None:
        return None
    unbroken = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", unbroken)).strip()


def one_line(value: str | None) -> str | None:
    """Return text as it is kept in one line."""
    kept = plain_text(value)
    return None if kept is None else re.sub(r"\s+", " ", kept)


class Form(PlainForm):
    """The base of all forms. The token against forged requests is checked before any view runs."""

    class Meta:
        """Built-in messages of WTForms speak the language of the page."""

        @property
        def locales(self) -> list[str]:
            """The language of the page."""
            return [current_language()]

    def blame(self, fact: Fact) -> None:
        """Say on top of the form why what was typed is not taken.

        :raises Missing: the fact itself: of what somebody may not know there is no form to show again
        """
        if isinstance(fact, Missing):
            raise fact
        self.form_errors.append(words_of(fact))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check all fields. What WTForms refuses in words of its own is said with the name of its field."""
        valid = bool(super().validate(extra_validators))
        for field in self:
            for theirs, ours in _WORDED_ANEW.items():
                if list(field.errors)[:1] == [field.gettext(theirs)]:
                    field.errors = [ours(field)]
        return valid


def _choose(field: Any) -> str:
    return gettext("Bitte wählen Sie bei »%(field)s« eine Möglichkeit.", field=field.label.text)


def _day(field: Any) -> str:
    return gettext("Bitte geben Sie bei »%(field)s« einen Tag an.", field=field.label.text)


def _whole(field: Any) -> str:
    return gettext("Bitte geben Sie bei »%(field)s« eine ganze Zahl an.", field=field.label.text)


# As WTForms says it, which translates it by itself: a choice that is not on the list or no longer, no day, no number.
_WORDED_ANEW = {"Not a valid choice.": _choose, "Not a valid date value.": _day, "Not a valid integer value.": _whole}


class _Filled(InputRequired):
    """Something was typed, and not only spaces. The message names the field: it stands on top of the page too."""

    def __call__(self, form: Any, field: Any) -> None:
        typed = bool(field.raw_data and field.raw_data[0])
        if not typed or (isinstance(field.data, str) and not field.data.strip()):
            field.errors[:] = []
            raise StopValidation(self.message or _asked(field))


def _asked(field: Any) -> str:
    label = str(field.label.text)
    if label.endswith("?"):
        return gettext("Bitte beantworten Sie: %(question)s", question=label)
    if field.type == "RadioField":
        return _choose(field)
    return gettext("Bitte füllen Sie »%(field)s« aus.", field=label)


def required(words: Any = None) -> InputRequired:
    """Return the check that something was typed or chosen; without words of its own the message names the field."""
    return _Filled(words)


class _Short(Length):
    """A text is no longer than that; the number is written as the page writes numbers, and the field is named."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and len(field.data) > self.max:
            most, label = format_number(self.max), str(field.label.text)
            if label.endswith("?"):
                raise ValidationError(
                    gettext("Bitte antworten Sie mit höchstens %(max)s Zeichen: %(question)s", max=most, question=label)
                )
            raise ValidationError(
                gettext("Bitte kürzen Sie »%(field)s« auf höchstens %(max)s Zeichen.", field=label, max=most)
            )


class _Long(Length):
    """A text has at least so many characters; the field is named."""

    def __call__(self, form: Any, field: Any) -> None:
        if len(field.data or "") < self.min:
            names = {"field": field.label.text, "min": format_number(self.min)}
            raise ValidationError(gettext("Bitte schreiben Sie bei »%(field)s« mindestens %(min)s Zeichen.", **names))


def at_most(signs: int) -> Length:
    """Return the check that a text is not too long."""
    return _Short(max=signs)


def at_least(signs: int) -> Length:
    """Return the check that a text is not too short."""
    return _Long(min=signs)


class _Between(NumberRange):
    """A number between bounds, however long it is: that of WTForms fails where no float holds it."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.least, self.most = least, most

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is None or not self.least <= field.data <= self.most:
            names = {"field": field.label.text, "least": format_number(self.least), "most": format_number(self.most)}
            sentence = gettext("Bitte geben Sie bei »%(field)s« eine Zahl von %(least)s bis %(most)s an.", **names)
            raise ValidationError(sentence)


def between(least: int, most: int) -> NumberRange:
    """Return the check that a number lies between two bounds, or is one of them."""
    return _Between(least, most)


def email_address() -> Email:
    """Return the check of a mail address; whether it exists shows when the mail arrives."""
    return Email(_l("Bitte geben Sie eine E-Mail-Adresse an, zum Beispiel name@example.org."))


class LineField(StringField):
    """One line of cleaned text."""

    def __init__(self, label: Any = None, validators: Any = None, *, most: int = 200, **names: Any) -> None:
        super().__init__(label, [*(validators or ()), at_most(most)], filters=[one_line], **names)
        self.most = most


class TextField(TextAreaField):
    """Several lines of cleaned text."""

    def __init__(self, label: Any = None, validators: Any = None, *, most: int = 5000, **names: Any) -> None:
        super().__init__(label, [*(validators or ()), at_most(most)], filters=[plain_text], **names)
        self.most = most


class MomentField(DateTimeLocalField):
    """A moment, typed and shown in Europe/Berlin, kept in UTC."""

    def process_data(self, value: datetime | None) -> None:
        """Show a kept moment as wall time."""
        self.data = berlin(value).replace(tzinfo=None) if value is not None else None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read wall time; the hour that does not exist in spring is refused."""
        try:
            super().process_formdata(valuelist)
        except ValueError as wrong:
            raise ValueError(_l("Bitte geben Sie Tag und Uhrzeit an, zum Beispiel 01.06.2026 18:00.")) from wrong

    @property
    def moment(self) -> datetime | None:
        """The moment in UTC."""
        return from_berlin(self.data) if self.data is not None else None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no moment in Berlin."""
        if self.data is not None:
            try:
                from_berlin(self.data)
            except (ValueError, OverflowError) as wrong:
                raise ValidationError(_l("Diese Uhrzeit gibt es an diesem Tag nicht (Zeitumstellung).")) from wrong


class WholeField(StringField):
    """A whole number, typed with or without the signs that part thousands; left empty it is None."""

    def __init__(self, label: Any = None, validators: Any = None, *, least: int = 1, most: int, **names: Any) -> None:
        super().__init__(label, validators, filters=[one_line], **names)
        self.least, self.most = least, most

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)

    @property
    def number(self) -> int | None:
        """The number, or None where there is none."""
        plain = str(self.data or "")
        if _PARTED.fullmatch(plain):
            plain = re.sub(r"\D", "", plain)
        return int(plain) if _DIGITS.fullmatch(plain) else None

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Refuse what is no number between the bounds."""
        if validation_stopped or not self.data:
            return
        if self.number is None or not self.least <= self.number <= self.most:
            bounds = {"least": format_number(self.least), "most": format_number(self.most)}
            raise ValidationError(gettext("Bitte geben Sie eine ganze Zahl von %(least)s bis %(most)s an.", **bounds))


def variants(german: Any, english: Any) -> dict[str, str]:
    """Return two fields as one text with variants."""
    return {"de": german.data or "", "en": english.data or ""}
