"""Where the staff of a round counts it, sees the figures and releases them."""

from __future__ import annotations

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from participation.discussion.facts import STANCES, VALUES
from participation.foundation.access import needs
from participation.foundation.web import clock, now, page, person_id, see_other, session, settings
from participation.results import commands, queries
from participation.voting.keys import KeyFolder

bp = Blueprint("results_desk", __name__, template_folder="templates", url_prefix="/verwaltung/runden")


@bp.get("/<slug>/ergebnis")
@needs("staff")
def show(slug: str) -> ResponseReturnValue:
    """Show where the count stands and, once it is made, its figures."""
    found = queries.staff_page(session(), slug=slug, person_id=person_id(), now=now())
    return page("results/desk.html", found=found, figured=found.figured, stances=STANCES, values=VALUES)


@bp.post("/<slug>/auszaehlung")
@needs("staff")
def count(slug: str) -> ResponseReturnValue:
    """Count a round that is over."""
    found = queries.staff_page(session(), slug=slug, person_id=person_id(), now=now())
    commands.count_round(session(), round_id=found.round.id, by=person_id(), keys=KeyFolder.of(settings()), clock=clock)
    flash(gettext("Ausgezählt. Das Ergebnis sieht bis zur Veröffentlichung nur Ihre Stelle."), "success")
    return see_other(url_for(".show", slug=slug))


@bp.post("/<slug>/freigabe")
@needs("staff")
def release(slug: str) -> ResponseReturnValue:
    """Publish a counted result."""
    found = queries.staff_page(session(), slug=slug, person_id=person_id(), now=now())
    commands.release_round(session(), round_id=found.round.id, by=person_id(), clock=clock)
    flash(gettext("Das Ergebnis ist veröffentlicht."), "success")
    return see_other(url_for(".show", slug=slug))
