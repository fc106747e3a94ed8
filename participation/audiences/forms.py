"""What administrators fill in: offices, and who may act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectChoice, SelectField  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from participation.accounts.forms import LinkForm
from participation.audiences.facts import GRANTED_NOW, ROLE_NAMES, Role
from participation.foundation.forms import Form, LineField, between, required


class OfficeForm(Form):
    """The name of an office."""

    name_de = LineField(_l("Name"), [required()], most=120)
    name_en = LineField(_l("Name auf Englisch"), [Optional()], most=120)

    @property
    def name(self) -> dict[str, str]:
        """The name in its variants."""
        return {"de": self.name_de.data or "", "en": self.name_en.data or ""}


def _number(text: Any) -> int | None:
    return int(text) if text not in (None, "", "None") else None


class GrantForm(LinkForm):
    """Who may act, in which role, for which office or (from another page) one audience."""

    role = SelectField(_l("Rolle"))
    office_id = SelectField(_l("Stelle"), coerce=_number, description=_l("Die Administration gilt überall."))
    audience_id = IntegerField(validators=[Optional(), between(1, 2**53)], widget=HiddenInput())

    def __init__(self, *arguments: Any, offices: Iterable[tuple[int, str]], **names: Any) -> None:
        super().__init__(*arguments, **names)
        # The administration is for everything, never for one round.
        roles = [role for role in GRANTED_NOW if role is not Role.ADMIN or not self.audience_id.data]
        self.role.choices = [SelectChoice(role.value, gettext(ROLE_NAMES[role])) for role in roles]
        self.office_id.choices = [
            SelectChoice("", gettext("überall")),
            *(SelectChoice(str(number), name) for number, name in offices),
        ]
