"""What people type to report a contribution and to decide on one."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired, Optional, Regexp, ValidationError
from wtforms.widgets import HiddenInput

from participation.contributions.facts import NETIQUETTE, rule_by_slug
from participation.foundation.forms import Form, LineField, TextField, email_address
from participation.moderation.facts import (
    LONGEST_NOTICE,
    LONGEST_REASON,
    NOTICE_KINDS,
    Listed,
    NoticeKind,
    Outcome,
    why_no_notice,
)

OUTCOME_LABELS = {Outcome.PUBLISHED: _l("Veröffentlichen"), Outcome.WITHHELD: _l("Zurückhalten")}
A_NUMBER = Regexp(r"^[0-9]{1,15}$")


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


class DecisionForm(Form):
    """Publish, or withhold by a rule and with a reason; with what was on the page while deciding."""

    outcome = RadioField(
        _l("Entscheidung"),
        choices=lambda: [(outcome.value, label) for outcome, label in OUTCOME_LABELS.items()],
        validators=[InputRequired(_l("Bitte wählen Sie eine Entscheidung."))],
    )
    rule = RadioField(
        _l("Verletzte Regel der Netiquette"),
        description=_l("Nur nötig, wenn Sie den Beitrag zurückhalten."),
        choices=lambda: [(rule.slug, f"{rule.number}. {_(rule.title)}") for rule in NETIQUETTE],
        validate_choice=False,
    )
    reason = TextField(
        _l("Begründung"),
        description=_l(
            "Die Verfasserin oder der Verfasser liest sie. Nötig, wenn Sie den Beitrag zurückhalten. Nennen Sie die"
            " Stelle im Text."
        ),
        most=LONGEST_REASON,
    )
    version = HiddenField(validators=[A_NUMBER], widget=HiddenInput())
    last_seen = HiddenField(validators=[Optional(), A_NUMBER], widget=HiddenInput())
    listed = HiddenField(widget=HiddenInput())

    def validate_rule(self, field: RadioField) -> None:
        """Ask for the rule where something is withheld."""
        if self.outcome.data == Outcome.WITHHELD and not field.data:
            raise ValidationError(_("Bitte nennen Sie die verletzte Regel."))
        if field.data and rule_by_slug(field.data) is None:
            raise ValidationError(_("Diese Regel steht nicht in der Netiquette."))

    def validate_reason(self, field: TextField) -> None:
        """Ask for the reason where something is withheld."""
        if self.outcome.data == Outcome.WITHHELD and not field.data:
            raise ValidationError(_("Bitte begründen Sie die Entscheidung."))

    @property
    def chosen(self) -> Outcome:
        """The outcome, of a form that holds."""
        return Outcome(self.outcome.data)

    @property
    def decision_seen(self) -> int | None:
        """The last decision that the page showed."""
        return int(self.last_seen.data) if self.last_seen.data else None

    @property
    def back_to(self) -> Listed:
        """The list from which the contribution was opened."""
        return listed_from(self.listed.data)


def listed_from(text: str | None) -> Listed:
    """Read the name of a list from an address; what is none means what is held."""
    return next((listed for listed in Listed if listed.value == text), Listed.HELD)
