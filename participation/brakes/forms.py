"""What officials say when they pull the emergency brake."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional, Regexp
from wtforms.widgets import HiddenInput

from participation.brakes.facts import LONGEST_REASON, SPANS
from participation.discussion.facts import Brake
from participation.foundation.forms import Form, TextField, required, variants


class BrakeForm(Form):
    """How one discussion is slowed down, for how long and why."""

    kind = RadioField(
        _l("Was soll gelten?"),
        choices=[
            SelectChoice(Brake.SLOW.value, _l("Langsamer: Jede Person schreibt alle zehn Minuten höchstens einmal")),
            SelectChoice(Brake.HELD.value, _l("Erst lesen: Neues und Geändertes gibt die Moderation frei")),
        ],
        validators=[InputRequired(_l("Bitte wählen Sie, was gelten soll."))],
    )
    hours = RadioField(
        _l("Wie lange?"),
        description=_l("Danach endet es von selbst. Vorher können Sie es jederzeit beenden oder verlängern."),
        choices=lambda: [
            SelectChoice(str(hours), ngettext("%(num)s Stunde", "%(num)s Stunden", hours)) for hours in SPANS
        ],
        validators=[InputRequired(_l("Bitte wählen Sie, wie lange es gelten soll."))],
    )
    reason_de = TextField(
        _l("Begründung"),
        [required()],
        most=LONGEST_REASON,
        description=_l("Ein bis zwei einfache Sätze. Alle lesen sie über der Diskussion. Nennen Sie keine Personen."),
    )
    reason_en = TextField(_l("Begründung auf Englisch"), [Optional()], most=LONGEST_REASON)
    seen = HiddenField(
        validators=[Optional(), Regexp(r"[0-9]{1,15}\Z", message=_l("Bitte laden Sie die Seite neu."))],
        widget=HiddenInput(),
    )

    @property
    def reason(self) -> dict[str, str]:
        """The reason in its variants."""
        return variants(self.reason_de, self.reason_en)

    @property
    def last_seen(self) -> int | None:
        """The brake that held when the page was opened."""
        return int(self.seen.data) if self.seen.data else None
