"""Comments and replies as people type them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional

from participation.audiences.facts import LONGEST_NAME
from participation.contributions.facts import LONGEST_TEXT, SHORTEST_TEXT, Finding, Hint
from participation.contributions.forms import hints_in
from participation.discussion.facts import Order, Stance
from participation.foundation.forms import Form, LineField, TextField, at_least


class _StanceForm(Form):
    """Stands first, since fields come in the order in which they are written down."""

    stance = RadioField(
        _l("Ihre Haltung"),
        choices=[
            SelectChoice(Stance.IN_FAVOUR.value, _l("Dafür")),
            SelectChoice(Stance.AGAINST.value, _l("Dagegen")),
            SelectChoice(Stance.QUESTION.value, _l("Frage")),
            SelectChoice(Stance.NEUTRAL.value, _l("Neutral")),
        ],
        validators=[InputRequired(_l("Bitte wählen Sie Ihre Haltung."))],
    )


class ReplyForm(Form):
    """An answer to a comment."""

    paused = False
    """Whether it is not taken since its author is paused from writing; the page shows the way out."""

    text = TextField(
        _l("Ihr Text"), [InputRequired(_l("Bitte schreiben Sie etwas.")), at_least(SHORTEST_TEXT)], most=LONGEST_TEXT
    )
    shown_as = LineField(
        _l("Ihr Name neben dem Beitrag"),
        [Optional()],
        most=LONGEST_NAME,
        description=_l(
            "Frei gewählt, für alle sichtbar. Er gilt für diese Beteiligung und wird beim nächsten Mal vorgeschlagen."
        ),
    )
    hints_read = HiddenField()

    @property
    def read(self) -> frozenset[Hint]:
        """The hints that the author has read and sends the text all the same."""
        return hints_in(self.hints_read.data)

    def point_out(self, found: tuple[Finding, ...]) -> None:
        """Note what is pointed out now, so that the same is not pointed out twice."""
        self.hints_read.data = ",".join(sorted({*self.read, *(Hint(one.kind) for one in found)}))


class CommentForm(_StanceForm, ReplyForm):
    """A comment with its stance."""


class NameForm(Form):
    """The name beside one's contributions."""

    name = LineField(
        _l("Ihr Name"),
        [InputRequired(_l("Bitte geben Sie einen Namen an."))],
        most=LONGEST_NAME,
        description=_l("2 bis 60 Zeichen, keine Adresse."),
    )


def view_of(arguments: Mapping[str, str]) -> dict[str, Any]:
    """Read which part of a thread an address asks for: ``after``, ``reihenfolge``, ``haltung``; nonsense is ignored."""
    order, stance = arguments.get("reihenfolge"), arguments.get("haltung")
    return {
        "after": arguments.get("after"),
        "order": Order(order) if order in set(Order) else Order.NEWEST,
        "stance": Stance(stance) if stance in set(Stance) else None,
    }
