"""What staff sets for the moderation of a round."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.foundation.access import needs
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation import commands, queries
from participation.moderation.facts import (
    NothingToDecide,
)
from participation.moderation.forms import HoursForm

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
