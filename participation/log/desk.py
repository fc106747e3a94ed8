"""Where the audit office draws a sample of the roll of a vote that is over."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from participation.foundation.access import needs
from participation.foundation.web import clock, now, page, person_id, session
from participation.log import commands, queries
from participation.log.facts import NoSuchContest
from participation.log.forms import SampleForm

bp = Blueprint("log_desk", __name__, template_folder="templates", url_prefix="/verwaltung/stichproben")


@bp.get("")
@needs("audit")
def contests() -> ResponseReturnValue:
    """List the closed contests whose roll one may audit."""
    return page("log/samples.html", contests=queries.audited_contests(session(), person_id=person_id(), now=now()))


@bp.get("/<contest>")
@needs("audit")
def sample(contest: str) -> ResponseReturnValue:
    """Ask what a sample is drawn for, from what, and how large."""
    return page("log/sample.html", contest=_found(contest), form=SampleForm(), drawn=None)


@bp.post("/<contest>")
@needs("audit", keep_fields=False)
def draw(contest: str) -> ResponseReturnValue:
    """Draw a sample and show it, once: a page of its own would keep addresses where each GET shows them unrecorded."""
    found, form = _found(contest), SampleForm(request.form)
    number = form.number.number if form.validate() else None
    if number is None:
        return page("log/sample.html", 422, contest=found, form=form, drawn=None)
    drawn = commands.sample_roll(
        session(),
        contest_id=found.id,
        by=person_id(),
        number=number,
        reason=form.reason.data or "",
        seed=form.seed.data or "",
        clock=clock,
    )
    answer = page("log/sample.html", contest=found, form=form, drawn=drawn)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _found(contest: str) -> queries.AuditLine:
    for line in queries.audited_contests(session(), person_id=person_id(), now=now()):
        if line.slug == contest:
            return line
    raise NoSuchContest()
