"""What staff sets for the moderation of a round, and the threats under seal."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.foundation.access import needs
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation import commands, queries
from participation.moderation.facts import (
    NothingSealed,
    NothingToDecide,
)
from participation.moderation.forms import HoursForm, OpeningForm

bp = Blueprint("moderation_desk", __name__, template_folder="templates", url_prefix="/moderation")


@bp.get("/runden/<slug>")
@needs("staff")
def round_settings(slug: str) -> ResponseReturnValue:
    """Show within how many hours moderation decides in a round."""
    return _show_settings(slug)


@bp.post("/runden/<slug>")
@needs("staff")
def save_round_settings(slug: str) -> ResponseReturnValue:
    """Save it; it holds at once, for what waits already too."""
    form = HoursForm(request.form)
    if not form.validate():
        return _show_settings(slug, form, status=422)
    commands.set_hours(session(), round_slug=slug, hours=form.hours.data or 0, by=person_id(), clock=clock)
    flash(_("Gespeichert."), "success")
    return see_other(url_for("moderation_desk.round_settings", slug=slug))


def _show_settings(slug: str, form: HoursForm | None = None, status: int = 200) -> ResponseReturnValue:
    found = queries.settings_of(session(), round_slug=slug, person_id=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    form = form or HoursForm(data={"hours": found.hours})
    return page("moderation/settings.html", status, round=found, form=form)


# ── Under seal ────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/versiegelt")
@needs("safeguard")
def sealed() -> ResponseReturnValue:
    """List the threats under seal, without their texts."""
    return page("moderation/sealed_list.html", rows=queries.sealed_threats(session(), person_id=person_id(), now=now()))


@bp.get("/versiegelt/<int:decision_id>")
@needs("safeguard")
def sealed_threat(decision_id: int) -> ResponseReturnValue:
    """Show what is known of one, and its text to who opened it just now."""
    return _show_sealed(decision_id, OpeningForm())


@bp.post("/versiegelt/<int:decision_id>/oeffnung")
@needs("safeguard")
def open_sealed(decision_id: int) -> ResponseReturnValue:
    """Open the text; the journal says who did."""
    form = OpeningForm(request.form)
    if not form.validate():
        return _show_sealed(decision_id, form, status=422)
    commands.open_sealed(
        session(), decision_id=decision_id, by=person_id(), purpose=form.purpose.data or "", clock=clock
    )
    return see_other(url_for("moderation_desk.sealed_threat", decision_id=decision_id))


def _show_sealed(decision_id: int, form: OpeningForm, status: int = 200) -> ResponseReturnValue:
    found = queries.sealed_threat(session(), decision_id=decision_id, person_id=person_id(), now=now())
    if found is None:
        raise NothingSealed()
    answer = page("moderation/sealed.html", status, sealed=found, form=form)
    answer.headers["Cache-Control"] = "no-store"
    return answer
