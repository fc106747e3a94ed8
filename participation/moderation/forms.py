"""What people type to report a contribution and to decide on one."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import HiddenInput

from participation.contributions.facts import NETIQUETTE, rule_by_slug
from participation.foundation.forms import Form, LineField, TextField, email_address, required
from participation.moderation.facts import (
    LONGEST_LAW,
    LONGEST_NOTICE,
    LONGEST_REASON,
    MOST_HOURS,
    NEEDS_REASON,
    NOTICE_KINDS,
    Listed,
    NoticeKind,
    Outcome,
    ReviewOutcome,
    why_no_notice,
)

OUTCOME_LABELS = {
    Outcome.PUBLISHED: _l("Veröffentlichen"),
    Outcome.WITHHELD: _l("Zurückhalten"),
    Outcome.REDACTED: _l("Private Daten schwärzen"),
    Outcome.REWORD: _l("Um andere Worte bitten"),
    Outcome.DUPLICATE: _l("Als doppelt verknüpfen"),
    Outcome.MOVED: _l("Zu einem anderen Thema verschieben"),
    Outcome.POLICE: _l("Drohung: zurückhalten und für die Polizei sichern"),
}
REVIEW_LABELS = {
    ReviewOutcome.UPHELD: _l("Die Entscheidung bestätigen"),
    ReviewOutcome.REVERSED: _l("Die Entscheidung zurücknehmen"),
}
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
        description=_l(
            "Eine Regel oder ein Gesetz ist nötig, wenn Sie zurückhalten, schwärzen oder um andere Worte bitten."
        ),
        choices=lambda: [(rule.slug, f"{rule.number}. {_(rule.title)}") for rule in NETIQUETTE],
        validate_choice=False,
    )
    law = LineField(_l("Verletztes Gesetz"), description=_l("Zum Beispiel: § 185 StGB"), most=LONGEST_LAW)
    passages = TextField(
        _l("Was geschwärzt wird"),
        description=_l("Nur zum Schwärzen. Eine Stelle je Zeile, genau wie im Text."),
        most=LONGEST_REASON,
    )
    duplicate_of = LineField(
        _l("Nummer des anderen Beitrags"),
        [Optional(), Regexp(r"^[0-9]{1,15}$", message=_l("Bitte geben Sie eine Nummer an."))],
        description=_l("Nur zum Verknüpfen. Beide Beiträge bleiben lesbar."),
    )
    moved_to = RadioField(
        _l("Anderes Thema"),
        description=_l("Nur zum Verschieben. Antworten und Bewertungen ziehen mit um."),
        validators=[Optional()],
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
        if self.outcome.data in NEEDS_REASON and not field.data and not self.law.data:
            raise ValidationError(_("Bitte nennen Sie die verletzte Regel."))
        if field.data and rule_by_slug(field.data) is None:
            raise ValidationError(_("Diese Regel steht nicht in der Netiquette."))

    def validate_reason(self, field: TextField) -> None:
        """Ask for the reason where something is withheld."""
        if self.outcome.data in NEEDS_REASON and not field.data:
            raise ValidationError(_("Bitte begründen Sie die Entscheidung."))

    def validate_passages(self, field: TextField) -> None:
        """Ask what is to be blacked out."""
        if self.outcome.data == Outcome.REDACTED and not field.data:
            raise ValidationError(_("Bitte schreiben Sie die Stellen ab, die geschwärzt werden."))

    def offer(self, places: Sequence[tuple[int, str]]) -> None:
        """Offer the subjects that the contribution may be moved to, and the move only where there are such."""
        if not places:
            self.outcome.choices = [(one.value, label) for one, label in OUTCOME_LABELS.items() if one != Outcome.MOVED]
        self.moved_to.choices = [(str(number), title) for number, title in places]

    @property
    def black(self) -> list[str]:
        """What is to be blacked out, line by line."""
        return [line.strip() for line in (self.passages.data or "").splitlines() if line.strip()]

    @property
    def original(self) -> int | None:
        """The contribution that says the same."""
        return int(self.duplicate_of.data) if self.duplicate_of.data else None

    @property
    def thread(self) -> int | None:
        """The thread of the other subject."""
        chosen = self.moved_to.data or ""
        return int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 16 else None

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


class EscalationForm(Form):
    """Why somebody with more experience should decide."""

    why = TextField(
        _l("Warum geben Sie den Beitrag weiter?"),
        [required()],
        description=_l("Das liest nur die Moderation."),
        most=LONGEST_REASON,
    )


class ContestForm(Form):
    """Why somebody else should look at a decision."""

    words = TextField(
        _l("Was sehen Sie anders?"),
        description=_l("Die Moderation liest das. Es wird nicht veröffentlicht."),
        most=LONGEST_NOTICE,
    )


class ReviewForm(Form):
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

    @property
    def chosen(self) -> ReviewOutcome:
        """The outcome, of a form that holds."""
        return ReviewOutcome(self.outcome.data)


class HoursForm(Form):
    """Within how many hours of working days moderation decides."""

    hours = IntegerField(
        _l("Stunden an Werktagen, in denen die Moderation entscheidet"),
        [
            InputRequired(_l("Bitte geben Sie eine Zahl an.")),
            NumberRange(1, MOST_HOURS, _l("Bitte geben Sie eine Zahl von %(min)s bis %(max)s an.")),
        ],
        description=_l("Wochenenden und Feiertage in Nordrhein-Westfalen zählen nicht mit. Üblich sind 24."),
    )


def listed_from(text: str | None) -> Listed:
    """Read the name of a list from an address; what is none means what is held."""
    return next((listed for listed in Listed if listed.value == text), Listed.HELD)
