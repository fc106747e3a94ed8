"""Meine Beteiligung, the disclosure, and deleting one's account."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, jsonify, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.datastructures import MultiDict

from participation.accounts.queries import password_hash_of
from participation.discussion.facts import VALUES
from participation.foundation.access import needs
from participation.foundation.facts import Missing
from participation.foundation.i18n import day, moment, plain_words, words_of
from participation.foundation.limits import take
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session, settings
from participation.moderation.facts import OUTCOMES, UNDO_FOR, told_as
from participation.privacy import commands, queries
from participation.privacy.facts import FACT_NAMES, ROOM_NAMES, VALUE_NAMES, NotConfirmed, NoVote
from participation.privacy.forms import DeletionByPasswordForm, DeletionForm
from participation.reviews.facts import CONTEST_FOR, REVIEW_OUTCOMES
from participation.voting.keys import KeyFolder
from participation.voting.queries import own_choice

bp = Blueprint("privacy", __name__, template_folder="templates")

MOST_TRIES, PER = 5, timedelta(minutes=15)
OUTCOMES_TOLD = {outcome: OUTCOMES[told_as(outcome)] for outcome in OUTCOMES}
"""How a decision is named to its author."""
TOLD: dict[str, Any] = {
    "outcomes": OUTCOMES_TOLD,
    "review_outcomes": REVIEW_OUTCOMES,
    "undo_for": UNDO_FOR,
    "contest_for": CONTEST_FOR,
}
"""What words a decision to its author."""


@bp.get("/meine-beteiligung")
@needs("citizen")
def overview() -> ResponseReturnValue:
    """Show in which rounds one took part, what one handed in and what became of it."""
    rounds = queries.own_rounds(session(), person_id=person_id(), now=now())
    return _private(page("privacy/overview.html", rounds=rounds, **TOLD))


@bp.get("/meine-beteiligung/beitraege/<slug>")
@needs("citizen")
def contributions(slug: str) -> ResponseReturnValue:
    """Show everything one handed in in one round."""
    mine, after = _round(slug), key_from(request.args.get("after"))
    found = queries.own_contributions(session(), person_id=person_id(), audience_id=mine.audience_id, after=after)
    return _private(
        page(
            "privacy/contributions.html",
            round=mine,
            page=found,
            after=after,
            **TOLD,
        )
    )


@bp.get("/meine-beteiligung/bewertungen/<slug>")
@needs("citizen")
def ratings(slug: str) -> ResponseReturnValue:
    """Show the ratings one gave in one round."""
    mine, after = _round(slug), key_from(request.args.get("after"))
    found = queries.own_ratings(session(), person_id=person_id(), audience_id=mine.audience_id, now=now(), after=after)
    return _private(page("privacy/ratings.html", round=mine, page=found, after=after, values=VALUES))


@bp.get("/meine-beteiligung/stimmen/<int:question_id>")
@needs("citizen")
def choice(question_id: int) -> ResponseReturnValue:
    """Show what one chose, until the close; afterwards only that one voted."""
    vote = queries.own_vote(session(), person_id=person_id(), question_id=question_id, now=now())
    if vote is None:
        raise NoVote()
    chosen = None
    if vote.is_open:
        keys = KeyFolder.of(settings())
        chosen = own_choice(session(), question_id=question_id, person_id=person_id(), now=now(), keys=keys)
    return _private(page("privacy/choice.html", vote=vote, chosen=chosen))


@bp.get("/meine-beteiligung/auskunft")
@needs("citizen")
def disclosure() -> ResponseReturnValue:
    """Show what is kept about oneself, by room, with the file to take along."""
    held = queries.disclosure(session(), person_id=person_id(), rooms=commands.ROOMS, now=now())
    return _private(
        page("privacy/disclosure.html", held=held, names=ROOM_NAMES, fact_names=FACT_NAMES, readable=_readable)
    )


@bp.get("/meine-beteiligung/auskunft.json")
@needs("citizen")
def disclosure_file() -> ResponseReturnValue:
    """Hand out everything that is kept about oneself."""
    held = queries.disclosure(session(), person_id=person_id(), rooms=commands.ROOMS, now=now())
    answer = jsonify({"made_at": now().isoformat(), "held": [one.told for one in held]})
    answer.headers["Content-Disposition"] = 'attachment; filename="auskunft.json"'
    return _private(answer)


@bp.get("/konto/loeschung")
@needs("citizen")
def farewell() -> ResponseReturnValue:
    """Say exactly what goes and what stays, and ask once more."""
    return _farewell(_deletion_form())


@bp.post("/konto/loeschung")
@needs("citizen", keep_fields=False)
def erase() -> ResponseReturnValue:
    """Delete the account."""
    form = _deletion_form(request.form)
    if not form.validate():
        return _farewell(form, 422)
    take(session(), key=f"erase:{person_id()}", most=MOST_TRIES, per=PER, clock=clock)
    try:
        commands.confirm(session(), person_id=person_id(), typed=form.typed.data or "")
    except NotConfirmed as fact:
        form.typed.errors = [words_of(fact)]
        return _farewell(form, 422)
    commands.erase(session(), person_id=person_id(), clock=clock, keys=KeyFolder.of(settings()))
    logout_user()
    cookie.clear()
    flash(_("Ihr Konto ist gelöscht. Danke, dass Sie sich beteiligt haben."), "success")
    return see_other("/")


def _readable(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the facts of a holding as people read them: moments and texts in their language, nothing empty."""
    return [(name, _in_words(name, value)) for name, value in facts.items() if value is not None]


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(name, one) for one in value)
    words = VALUE_NAMES.get(name, {}).get(value) if isinstance(value, str) else None
    if words is not None:
        return _(words)
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    if isinstance(value, dict):
        return plain_words(value)
    try:
        return moment(datetime.fromisoformat(value)) if "T" in str(value) else day(date.fromisoformat(value))
    except (TypeError, ValueError):
        return str(value)


def _farewell(form: DeletionForm | DeletionByPasswordForm, status: int = 200) -> ResponseReturnValue:
    goes = queries.farewell(session(), person_id=person_id(), now=now())
    return _private(page("privacy/farewell.html", status, goes=goes, form=form))


def _deletion_form(fields: MultiDict[str, str] | None = None) -> DeletionForm | DeletionByPasswordForm:
    has_password = password_hash_of(session(), person_id()) is not None
    return (DeletionByPasswordForm if has_password else DeletionForm)(fields)


def _round(slug: str) -> queries.OwnRound:
    found = queries.own_round(session(), person_id=person_id(), slug=slug)
    if found is None:
        raise Missing()
    return found


def _private(answer: Response) -> Response:
    """Let nobody keep a copy: what one did here concerns oneself alone."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
