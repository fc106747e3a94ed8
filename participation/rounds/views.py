"""The public pages of a round: what it is about, and each Handlungsfeld with its discussion and its vote."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from participation.audiences.facts import Role
from participation.audiences.queries import why_not_act
from participation.discussion.forms import CommentForm, view_of
from participation.discussion.queries import ThreadPage, thread_page
from participation.foundation.access import public
from participation.foundation.headers import build, etag, for_visitors
from participation.foundation.i18n import current_language, time_left
from participation.foundation.web import connection, now, page, see_other, session, settings, viewer
from participation.rounds import queries
from participation.rounds.facts import State
from participation.voting.forms import fields_of
from participation.voting.keys import KeyFolder
from participation.voting.ledger import canonical
from participation.voting.queries import QuestionCard, question_at, question_card

bp = Blueprint("rounds", __name__, template_folder="templates", url_prefix="/runden")


@bp.get("")
@public
def index() -> ResponseReturnValue:
    """Lead whoever shortens the address of a round to the list of all, which is the start page."""
    return see_other("/")


@bp.get("/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show a round with its Leitthemen and Handlungsfelder."""
    mark = _mark(slug, None)
    return for_visitors(mark, lambda: _round_page(slug)) if mark else _round_page(slug)


@bp.get("/<slug>/handlungsfelder/<field>")
@public
def handlungsfeld(slug: str, field: str) -> ResponseReturnValue:
    """Show a Handlungsfeld: its text, the vote, the discussion."""
    mark = _mark(slug, field)
    return for_visitors(mark, lambda: _field_page(slug, field)) if mark else _field_page(slug, field)


def _round_page(slug: str) -> Response:
    found = queries.round_page(session(), slug=slug, viewer=_viewer_id(), now=now())
    card = _card(found.head, _question_id(found.head))
    return page(
        "rounds/round.html",
        found=found,
        head=found.head,
        card=card,
        ballot=fields_of(card.asked, card.choice) if card else None,
        effect_sentence=gettext(found.head.vote.effect_sentence) if found.head.vote else "",
        decided_by=found.head.decided_by,
        preview=False,
    )


def _field_page(slug: str, field: str) -> Response:
    found = queries.field_page(session(), slug=slug, field=field, now=now())
    thread, card = _thread(found), _card(found.head, found.question_id)
    return page(
        "rounds/handlungsfeld.html",
        found=found,
        head=found.head,
        thread=thread,
        may_brake=_may_brake(found.head),
        comment_form=_comment_form(thread),
        card=card,
        ballot=fields_of(card.asked, card.choice) if card else None,
        effect_sentence=gettext(found.head.vote.effect_sentence) if found.head.vote else "",
        decided_by=found.head.decided_by,
        preview=False,
    )


@bp.get("/<slug>/regelblatt")
@public
def rule_sheet(slug: str) -> ResponseReturnValue:
    """Return the frozen rules of a round, byte for byte what its SHA-256 is made of."""
    sheet = queries.rule_sheet(session(), slug=slug, now=now())
    return Response(canonical(sheet), mimetype="application/json")


def _viewer_id() -> UUID | None:
    somebody = viewer()
    return somebody.person_id if somebody else None


def _thread(found: queries.FieldPage) -> ThreadPage | None:
    if found.thread_id is None:
        return None
    part = view_of(request.args)
    return thread_page(session(), thread_id=found.thread_id, viewer=_viewer_id(), now=now(), **part)


def _may_brake(head: queries.RoundHead) -> bool:
    """Say whether who looks moderates or leads this round. Only officials are looked up."""
    somebody = viewer()
    roles = [role for role in (Role.MODERATOR, Role.STAFF) if somebody is not None and role in somebody.roles]
    return somebody is not None and any(
        why_not_act(session(), person_id=somebody.person_id, role=role, audience_id=head.audience_id, now=now()) is None
        for role in roles
    )


def _comment_form(thread: ThreadPage | None) -> CommentForm:
    """Return the empty form; who has no name in this round yet finds the one they used last."""
    somebody, form = viewer(), CommentForm()
    if thread is not None and thread.shown_as is None and somebody is not None:
        form.shown_as.data = somebody.name
    return form


def _question_id(head: queries.RoundHead) -> int | None:
    """Return the one question of a round, where it is voted on so."""
    return question_at(session(), contest=head.slug, number=1) if head.way is not None else None


def _card(head: queries.RoundHead, question_id: int | None) -> QuestionCard | None:
    """Return the vote; once there is a result, the page leads there instead."""
    if question_id is None or head.state is State.RELEASED:
        return None
    keys = KeyFolder.of(settings())
    return question_card(session(), question_id=question_id, viewer=_viewer_id(), now=now(), keys=keys)


def _mark(slug: str, field: str | None) -> str | None:
    """Return the mark of a visitor's page: all that it depends on; None where a page is somebody's own."""
    if viewer() is not None or cookie.get("_flashes"):
        return None
    with connection() as bare:
        found = queries.page_mark(bare, slug=slug, field=field, now=now())
    left = time_left(found.outlook.until, now()) if found.outlook.until else ""
    # Plain values: written out, the same facts as objects take several times as long.
    ahead = tuple(vars(found.outlook).values())
    states = [(*vars(window).values(), window.state(now()).value) for window in found.windows]
    return etag(build(), request.full_path, current_language(), found.versions, ahead, states, left)
