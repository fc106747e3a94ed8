"""Pages of officials about the emergency brake of one discussion."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.audiences.facts import Role
from participation.brakes import commands, queries
from participation.brakes.facts import KINDS, NoSuchDiscussion, NothingToRelease
from participation.brakes.forms import BrakeForm
from participation.discussion.facts import Brake
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session

bp = Blueprint("brakes_desk", __name__, template_folder="templates", url_prefix="/moderation")


@bp.get("/notbremsen")
@needs(Role.MODERATOR, Role.STAFF)
def index() -> ResponseReturnValue:
    """List the discussions with a brake that holds now."""
    found = queries.discussions_braked(session(), official=person_id(), now=now())
    return page("brakes/list.html", discussions=found, kinds=KINDS)


@bp.get("/diskussionen/<int:thread_id>/notbremse")
@needs(Role.MODERATOR, Role.STAFF)
def show(thread_id: int) -> ResponseReturnValue:
    """Show what holds in one discussion, and the form to slow it down."""
    found = _discussion(thread_id)
    if found.brake is None:
        return _show(found, BrakeForm(data={"kind": Brake.SLOW, "hours": "24"}))
    kept = {"kind": found.brake.kind, "hours": str(found.brake.hours), "seen": str(found.brake.id)}
    reason = found.brake.reason
    return _show(found, BrakeForm(data=kept | {"reason_de": reason["de"], "reason_en": reason.get("en", "")}))


@bp.post("/diskussionen/<int:thread_id>/notbremse")
@needs(Role.MODERATOR, Role.STAFF)
def pull(thread_id: int) -> ResponseReturnValue:
    """Pull the brake, or prolong the one that holds."""
    found, form = _discussion(thread_id), BrakeForm(request.form)
    if not form.validate():
        return _show(found, form, status=422)
    try:
        commands.pull(
            session(),
            thread_id=thread_id,
            kind=Brake(form.kind.data),
            hours=int(form.hours.data),
            reason=form.reason,
            seen=form.last_seen,
            by=person_id(),
            clock=clock,
        )
    except Fact as fact:
        form.blame(fact)
        found = _discussion(thread_id)
        form.seen.data = str(found.brake.id) if found.brake else ""
        return _show(found, form, status=422)
    flash(_("Die Notbremse gilt. Über der Diskussion steht für alle, was gilt, bis wann und warum."), "success")
    return see_other(url_for(".show", thread_id=thread_id))


@bp.post("/notbremsen/<int:brake_id>/ruecknahme")
@needs(Role.MODERATOR, Role.STAFF)
def release(brake_id: int) -> ResponseReturnValue:
    """Release a brake before its end."""
    try:
        commands.release(session(), brake_id=brake_id, by=person_id(), clock=clock)
    except NothingToRelease as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Die Notbremse ist gelöst. Was schon auf die Moderation wartet, wartet weiter."), "success")
    return see_other(url_for(".index"))


def _discussion(thread_id: int) -> queries.Discussion:
    found = queries.discussion(session(), thread_id=thread_id, official=person_id(), now=now())
    if found is None:
        raise NoSuchDiscussion()
    return found


def _show(found: queries.Discussion, form: BrakeForm, *, status: int = 200) -> ResponseReturnValue:
    return page("brakes/brake.html", status, found=found, form=form, kinds=KINDS, me=person_id())
