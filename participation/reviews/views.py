"""A decision on a page of its own, for its author, who may ask for a second look there."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from participation.foundation.access import public
from participation.foundation.limits import take
from participation.foundation.web import clock, now, page, see_other, session
from participation.moderation.facts import CONTESTABLE, OUTCOMES, told_as
from participation.reviews import commands, queries
from participation.reviews.facts import (
    REVIEW_OUTCOMES,
    AlreadyContested,
    NoSuchDecision,
    NothingToContest,
    ReviewTooLate,
)
from participation.reviews.forms import ContestForm

bp = Blueprint("reviews", __name__, template_folder="templates")

MOST_ASKED, PER = 20, timedelta(hours=1)
"""For one address; a school behind one address stays below."""


@bp.get("/ueberpruefung/<token>")
@public
def decision(token: str) -> ResponseReturnValue:
    """Show a decision to its author, with the form to have somebody else look at it."""
    return _show_decision(token, ContestForm())


@bp.post("/ueberpruefung/<token>")
@public
def contest(token: str) -> ResponseReturnValue:
    """Take the request for a second look."""
    form = ContestForm(request.form)
    if not form.validate():
        return _show_decision(token, form, status=422)
    take(session(), key=f"contest:{request.remote_addr}", most=MOST_ASKED, per=PER, clock=clock)
    try:
        commands.contest(session(), token=token, words=form.words.data or "", clock=clock)
    except (AlreadyContested, NothingToContest, ReviewTooLate) as fact:
        form.blame(fact)
        return _show_decision(token, form, status=422)
    current_app.extensions["jobs"].nudge("letters")
    return see_other(url_for("reviews.decision", token=token))


def _show_decision(token: str, form: ContestForm, *, status: int = 200) -> ResponseReturnValue:
    found = queries.own_decision(session(), token=token, now=now())
    if found is None:
        raise NoSuchDecision()
    # Their links are left out: who was given that of one decision was not given the others.
    others = queries.decided_beside(session(), found, token=token, now=now())
    answer = page(
        "reviews/decision.html",
        status,
        decision=found,
        form=form,
        told=OUTCOMES[told_as(found.outcome)],
        beside=[(one, OUTCOMES[told_as(one.outcome)]) for one in others],
        review_outcomes=REVIEW_OUTCOMES,
        is_open=found.holds and found.asked_at is None and now() < found.until and found.outcome in CONTESTABLE,
        token=token,
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
