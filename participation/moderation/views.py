"""Reporting a contribution, which everybody may, and asking for a second look at a decision."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from participation.foundation.access import public
from participation.foundation.i18n import current_language
from participation.foundation.limits import take
from participation.foundation.web import clock, now, page, see_other, session, viewer
from participation.moderation import commands, queries
from participation.moderation.facts import (
    NOTICE_KINDS,
    AlreadyReported,
    NoSuchNotice,
    NothingToReport,
)
from participation.moderation.forms import NoticeForm

bp = Blueprint("moderation", __name__, template_folder="templates")

MOST_NOTICES, PER = 20, timedelta(hours=1)
"""For one address; a school behind one address stays below."""


@bp.get("/beitraege/<int:contribution_id>/meldung")
@public
def notice(contribution_id: int) -> ResponseReturnValue:
    """Show the contribution with the form to report it."""
    return _show(contribution_id, NoticeForm())


@bp.post("/beitraege/<int:contribution_id>/meldung")
@public
def report(contribution_id: int) -> ResponseReturnValue:
    """Take a notice."""
    form = NoticeForm(request.form)
    if not form.validate():
        return _show(contribution_id, form, status=422)
    take(session(), key=f"notice:{request.remote_addr}", most=MOST_NOTICES, per=PER, clock=clock)
    somebody = viewer()
    try:
        receipt = commands.report(
            session(),
            contribution_id=contribution_id,
            kind=form.notice_kind,
            text=form.text.data or "",
            reporter=somebody.person_id if somebody else None,
            clock=clock,
            email=form.email.data,
            language=current_language(),
        )
    except AlreadyReported as fact:
        form.blame(fact)
        return _show(contribution_id, form, status=422)
    if form.email.data:
        current_app.extensions["jobs"].nudge("letters")
    return see_other(url_for("moderation.notice_status", token=receipt.token))


@bp.get("/meldungen/<token>")
@public
def notice_status(token: str) -> ResponseReturnValue:
    """Show what became of a notice, to whoever holds its receipt."""
    found = queries.notice_status(session(), token=token, now=now())
    if found is None:
        raise NoSuchNotice()
    answer = page("moderation/notice_status.html", notice=found, kinds=NOTICE_KINDS, url=request.base_url)
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _show(contribution_id: int, form: NoticeForm, *, status: int = 200) -> ResponseReturnValue:
    reported = queries.reportable(session(), contribution_id=contribution_id, now=now())
    if reported is None:
        raise NothingToReport()
    return page("moderation/notice.html", status, reported=reported, form=form)
