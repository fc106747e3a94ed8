"""What somebody who is paused reads, and how they ask for a second look."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.pauses import commands, queries
from participation.pauses.facts import OUTCOMES, STATES, NoSuchPause
from participation.pauses.forms import ContestForm

bp = Blueprint("pauses", __name__, template_folder="templates", url_prefix="/schreibpausen")


@bp.get("")
@needs("citizen")
def mine() -> ResponseReturnValue:
    """Show one's own pauses with reason, rule, end and remedy."""
    return _show()


@bp.get("/<int:pause_id>/ueberpruefung")
@needs("citizen")
def contest_form(pause_id: int) -> ResponseReturnValue:
    """Show one pause with the form to have somebody else look at it."""
    return _show_one(pause_id, ContestForm())


@bp.post("/<int:pause_id>/ueberpruefung")
@needs("citizen")
def contest(pause_id: int) -> ResponseReturnValue:
    """Take the request for a second look."""
    form = ContestForm(request.form)
    if not form.validate():
        return _show_one(pause_id, form, status=422)
    try:
        commands.contest(session(), pause_id=pause_id, person_id=person_id(), words=form.words.data or "", clock=clock)
    except Fact as fact:
        form.blame(fact)
        return _show_one(pause_id, form, status=422)
    current_app.extensions["jobs"].nudge("letters")
    flash(_("Eine andere Person sieht sich das an. Sie bekommen eine E-Mail mit dem Ergebnis."), "success")
    return see_other(url_for(".mine"))


def _show() -> ResponseReturnValue:
    found = queries.own_pauses(session(), person_id=person_id(), now=now())
    return page("pauses/mine.html", pauses=found, states=STATES, outcomes=OUTCOMES)


def _show_one(pause_id: int, form: ContestForm, *, status: int = 200) -> ResponseReturnValue:
    found = queries.own_pauses(session(), person_id=person_id(), now=now())
    one = next((line for line in found if line.id == pause_id), None)
    if one is None:
        raise NoSuchPause()
    return page("pauses/contest.html", status, pause=one, form=form, states=STATES, outcomes=OUTCOMES)
