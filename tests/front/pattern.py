"""A page for every component, served only in tests: what macros.html promises is looked at here."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from flask import Blueprint, Response, flash, redirect, render_template, request
from wtforms import (
    BooleanField,
    EmailField,
    FieldList,
    Form,
    FormField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms import widgets as shapes
from wtforms.validators import InputRequired, Length

from participation.foundation.forms import LineField, MomentField, TextField

bp = Blueprint("pattern", __name__, template_folder="templates", url_prefix="/muster")

PAGES = ("gegenstand", "formular", "fehler", "warteschlange", "ergebnis", "karten", "antworten")
AT = datetime(2026, 6, 1, 10, tzinfo=UTC)
TEMPLATES = {
    "gegenstand": "subject",
    "formular": "form",
    "warteschlange": "queue",
    "ergebnis": "result",
    "karten": "cards",
    "antworten": "answers",
}


def _choices(labels: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in labels.items()]


class Summary(Form):
    """A text in two languages."""

    de = StringField("Deutsch", [InputRequired("Bitte füllen Sie dieses Feld aus.")])
    en = StringField("Englisch")


class Everything(Form):
    """A field of each kind."""

    title = LineField("Titel", [InputRequired("Bitte geben Sie einen Titel an.")], description="Kurz, ohne Fachwörter.")
    mail = EmailField("E-Mail-Adresse", [InputRequired()])
    body = TextField("Ihr Kommentar", [InputRequired(), Length(min=10, message="Bitte schreiben Sie mehr.")])
    stance = RadioField(
        "Ihre Haltung",
        [InputRequired("Bitte wählen Sie eine Haltung.")],
        choices=_choices({"for": "Dafür", "against": "Dagegen", "question": "Frage", "neutral": "Neutral"}),
    )
    level = SelectField("Stufe", choices=_choices({"": "Bitte wählen", "b": "Konsultation"}))
    languages = SelectMultipleField(
        "Sprachen",
        choices=_choices({"de": "Deutsch", "en": "Englisch"}),
        option_widget=shapes.CheckboxInput(),
        widget=shapes.ListWidget(prefix_label=False),
    )
    begins = MomentField("Beginnt am")
    aims = FieldList(StringField("Kernziel"), label="Kernziele", min_entries=2)
    summary = FormField(Summary, "Zusammenfassung")
    agreed = BooleanField("Ich stimme den Teilnahmebedingungen zu.", [InputRequired("Ohne Zustimmung geht es nicht.")])


class Kept:
    """What the buttons of the sample were pressed to, and how often something arrived."""

    vote: str | None = "for"
    rating: str | None = None
    arrivals = 0


@bp.get("/<name>")
def show(name: str) -> str:
    """Show one of PAGES."""
    form = Everything()
    if name == "fehler":
        name, form = "formular", _with_mistakes()
    return render_template(f"pattern/{TEMPLATES[name]}.html", form=form, kept=Kept, at=AT)


def _with_mistakes() -> Everything:
    from werkzeug.datastructures import MultiDict

    form = Everything(MultiDict({"mail": "ada@example.org", "body": "kurz"}))
    form.validate()
    return form


@bp.post("/stimme")
def vote() -> Response:
    """Keep the choice and go back."""
    Kept.vote = request.form.get("choice")
    return redirect("/muster/gegenstand#frage-1", 303)


@bp.post("/bewertung")
def rate() -> Response:
    """Keep the rating and go back."""
    Kept.rating = request.form.get("rating")
    return redirect("/muster/gegenstand", 303)


@bp.post("/beitrag")
def contribute() -> Response:
    """Say that it is saved."""
    flash("Ihr Kommentar ist jetzt öffentlich.", "success")
    return redirect("/muster/gegenstand", 303)


@bp.post("/anderswohin")
def elsewhere() -> Response:
    """Send to a page without the piece, as signing in does."""
    return redirect("/muster/ergebnis", 303)


@bp.post("/korrektur")
def correct() -> tuple[str, int]:
    """Show the form again."""
    return render_template("pattern/form.html", form=_with_mistakes(), kept=Kept, at=AT), 422


@bp.post("/langsam")
def slow() -> Response:
    """Count what arrives, taking time."""
    Kept.arrivals += 1
    time.sleep(0.4)
    return redirect("/muster/antworten", 303)
