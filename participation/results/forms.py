"""The form by which staff settles a tie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField

from participation.concepts.forms import offered
from participation.foundation.forms import Form, LineField, TextField, required
from participation.results.facts import How

NO_PLACE = 0
WAYS = {
    How.LOT: _l("Das Los: aus einem Text, den niemand wählen konnte und den alle nachlesen können."),
    How.STAFF: _l("Eine Entscheidung: Wer sie trifft und warum, steht im Ergebnis."),
}


class TieForm(Form):
    """How a tie is settled. What is needed for the chosen way is for the command to say."""

    slugs: tuple[str, ...] = ()

    how = RadioField(_l("Wie wird entschieden?"), [required()])
    seed = LineField(
        _l("Beim Los: woraus gelost wird"),
        most=200,
        description=_l("Zum Beispiel die Lottozahlen vom Samstag nach der Auszählung. Der Text wird veröffentlicht."),
    )
    reason: TextField

    def places(self) -> list[Any]:
        """Return the fields for the places, in the order of the options."""
        return [self[f"place_{number}"] for number in range(len(self.slugs))]

    def order(self) -> list[str]:
        """Return what has a place, best placed first; the same place twice leaves one out."""
        placed = {field.data: slug for slug, field in zip(self.slugs, self.places(), strict=True)}
        return [placed[place] for place in sorted(placed) if place != NO_PLACE]

    def refuse(self, name: str, words: str) -> None:
        """Put a reason beside the field that it is about."""
        beside = {"NoSeed": self.seed, "NotAnOrder": self.places()[0], "ReasonMissing": self.reason}
        field = beside.get(name, self.how)
        field.errors = [*field.errors, words]


def tie_form(options: Mapping[str, str], ways: Iterable[How]) -> type[TieForm]:
    """Return the form for one tie.

    :param options: labels of what ties, by slug
    :param ways: how it may be settled
    """
    places = [(NO_PLACE, _l("Bitte wählen")), *((place, str(place)) for place in range(1, len(options) + 1))]
    fields: dict[str, Any] = {
        f"place_{number}": SelectField(label, coerce=int, default=NO_PLACE, choices=offered(places))
        for number, label in enumerate(options.values())
    }
    allowed = offered((str(way), WAYS[way]) for way in ways)
    only = allowed[0].value if len(allowed) == 1 else None
    fields["how"] = RadioField(_l("Wie wird entschieden?"), [required()], choices=allowed, default=only)
    # After the other question, as on the page: the summary of what is missing names them in this order.
    fields["reason"] = TextField(
        _l("Begründung"),
        [required()],
        most=1000,
        description=_l("Öffentlich. Beim Los: wo der Text nachzulesen ist. Sonst: wer entschieden hat und warum."),
    )
    return type("TieForm", (TieForm,), {**fields, "slugs": tuple(options)})
