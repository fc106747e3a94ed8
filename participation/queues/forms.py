"""What moderators type to decide on a contribution, and to pass it on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField
from wtforms.validators import InputRequired, Optional, Regexp, ValidationError
from wtforms.widgets import HiddenInput

from participation.contributions.facts import OFFENCE_SLUGS, OFFENCES, PLACE_RULE
from participation.foundation.forms import Form, LineField, TextField, required
from participation.foundation.paging import key_from
from participation.moderation.facts import LONGEST_LAW, LONGEST_REASON, NEEDS_REASON, RULE_OF, Outcome
from participation.queues.facts import FOR_MANY, MOST_AT_ONCE, Chosen, How, Listed
from participation.remarks.forms import ReasonForm

OUTCOME_LABELS = {
    Outcome.PUBLISHED: _l("Veröffentlichen"),
    Outcome.WITHHELD: _l("Zurückhalten"),
    Outcome.REDACTED: _l("Private Daten schwärzen"),
    Outcome.REWORD: _l("Um andere Worte bitten"),
    Outcome.DUPLICATE: _l("Als doppelt verknüpfen"),
    Outcome.MOVED: _l("Zu einem anderen Thema verschieben"),
    Outcome.POLICE: _l("Drohung: zurückhalten und für die Polizei sichern"),
}


PLACES = ("entscheiden", "weitergeben", "aufgaben")
A_CHOICE = re.compile(r"([0-9]{1,15}):([0-9]{1,9}):([0-9]{0,15})")
A_NUMBER = Regexp(r"^[0-9]{1,15}$")


class RulingForm(ReasonForm):
    """What each decision needs, on one contribution or on many: a rule or a law, and a reason."""

    outcome: RadioField
    law: LineField

    def validate_rule(self, field: RadioField) -> None:
        """Ask for the rule where something is withheld."""
        if self.outcome.data in NEEDS_REASON and not field.data and not self.law.data:
            raise ValidationError(_("Bitte nennen Sie die verletzte Regel."))
        if field.data == PLACE_RULE:
            # It is no choice on the page: a form made by hand brings it, and where it holds it is set anyway.
            if self.outcome.data not in RULE_OF:
                raise ValidationError(_("Diese Regel gilt nur für das Verknüpfen und das Verschieben."))
        elif field.data and field.data not in OFFENCE_SLUGS:
            raise ValidationError(_("Diese Regel steht nicht in der Netiquette."))

    def validate_reason(self, field: TextField) -> None:
        """Ask for the reason where something is withheld."""
        if self.outcome.data in NEEDS_REASON and not field.data:
            raise ValidationError(_("Bitte begründen Sie die Entscheidung."))


class DecisionForm(RulingForm):
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
            " Verknüpfen und Verschieben haben eine eigene Regel."
        ),
        choices=lambda: [(rule.slug, f"{rule.number}. {_(rule.title)}") for rule in OFFENCES],
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


class ChosenField(Field):
    """Ticked contributions, each with the version and the last decision that were shown: ``17:1:`` or ``17:2:9``."""

    data: list[Chosen]

    def process_data(self, value: list[Chosen] | None) -> None:
        """Keep what was ticked before."""
        self.data = list(value or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was ticked."""
        found = [A_CHOICE.fullmatch(one) for one in valuelist]
        if not all(found):
            raise ValueError(_("Bitte wählen Sie die Beiträge noch einmal aus."))
        parts = [one.groups() for one in found if one]
        self.data = [Chosen(int(one[0]), int(one[1]), int(one[2]) if one[2] else None) for one in parts]


class NumbersField(Field):
    """Numbers of contributions, as many as one decision takes; what is none is left out."""

    data: list[int]

    def process_data(self, value: list[int] | None) -> None:
        """Keep what was shown before."""
        self.data = list(value or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was shown."""
        self.data = [number for number in map(key_from, valuelist) if number is not None][:MOST_AT_ONCE]


class BulkForm(RulingForm):
    """One decision, one rule and one reason for several contributions."""

    outcome = RadioField(
        _l("Entscheidung"),
        choices=lambda: [(outcome.value, OUTCOME_LABELS[outcome]) for outcome in FOR_MANY],
        validators=[InputRequired(_l("Bitte wählen Sie eine Entscheidung."))],
    )
    rule = RadioField(
        _l("Verletzte Regel der Netiquette"),
        description=_l("Eine Regel oder ein Gesetz ist nötig, wenn Sie zurückhalten."),
        choices=lambda: [(rule.slug, f"{rule.number}. {_(rule.title)}") for rule in OFFENCES],
        validate_choice=False,
    )
    law = LineField(_l("Verletztes Gesetz"), description=_l("Zum Beispiel: § 185 StGB"), most=LONGEST_LAW)
    reason = TextField(
        _l("Begründung"),
        description=_l("Alle, deren Beitrag Sie auswählen, lesen sie. Nötig, wenn Sie zurückhalten."),
        most=LONGEST_REASON,
    )
    chosen = ChosenField(_l("Beiträge"))
    shown = NumbersField()
    how = HiddenField(widget=HiddenInput())
    listed = HiddenField(widget=HiddenInput())

    def validate_chosen(self, field: ChosenField) -> None:
        """Ask what it is about."""
        if not field.data and not field.process_errors:
            raise ValidationError(_("Bitte kreuzen Sie mindestens einen Beitrag an."))

    @property
    def numbers(self) -> list[int]:
        """The contributions that are ticked, as many as one decision takes."""
        return [one.contribution_id for one in self.chosen.data or ()][:MOST_AT_ONCE]

    @property
    def lines(self) -> list[int]:
        """All that the page showed, ticked or not."""
        return list(dict.fromkeys([*self.numbers, *self.shown.data]))[:MOST_AT_ONCE]

    @property
    def found(self) -> How:
        """How the contributions were found."""
        return how_from(self.how.data)

    @property
    def back_to(self) -> Listed:
        """The list from which they were chosen."""
        return listed_from(self.listed.data)


def how_from(text: str | None) -> How:
    """Read from an address how several contributions were found; what is none means picked one by one."""
    return next((how for how in How if how.value == text), How.PAGE)


class OpeningForm(Form):
    """With which choice and at which place a contribution is opened from a list; nonsense means without."""

    listed = HiddenField()
    entscheidung = HiddenField()
    stelle = HiddenField()
    ueberpruefung = HiddenField()
    schreibpause = HiddenField()

    @property
    def back_to(self) -> Listed:
        """The list from which it is opened."""
        return listed_from(self.listed.data)

    @property
    def outcome(self) -> str | None:
        """The decision that is chosen already."""
        return self.entscheidung.data if self.entscheidung.data in list(Outcome) else None

    @property
    def place(self) -> str | None:
        """The part of the page that is looked at first."""
        return self.stelle.data if self.stelle.data in PLACES else None

    @property
    def review_id(self) -> int | None:
        """The second look that is opened."""
        return key_from(self.ueberpruefung.data)

    @property
    def pause_id(self) -> int | None:
        """The pause of whose second look it is."""
        return key_from(self.schreibpause.data)


class EscalationForm(Form):
    """Why somebody with more experience should decide."""

    why = TextField(
        _l("Warum geben Sie den Beitrag weiter?"),
        [required()],
        description=_l("Das liest nur die Moderation."),
        most=LONGEST_REASON,
    )


def listed_from(text: str | None) -> Listed:
    """Read the name of a list from an address; what is none means what is held."""
    return next((listed for listed in Listed if listed.value == text), Listed.HELD)
