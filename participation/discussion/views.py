"""What citizens do in a thread. Each act goes back to where it was done."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from participation.accounts.facts import network_of
from participation.audiences.facts import NameMissing, NameNotUsable, Who
from participation.contributions.facts import Finding, NoLongerThere, ReadFirst, Signal, State
from participation.contributions.forms import why_held
from participation.contributions.queries import signals_of
from participation.contributions.signals import BURST, CROWD, LITTLE_WHILE
from participation.discussion import commands, queries
from participation.discussion.facts import NoSuchRating, NothingSaid, RepliesEndHere, Value
from participation.discussion.forms import CommentForm, NameForm, ReplyForm, view_of
from participation.discussion.queries import ThreadPage
from participation.foundation.access import needs, public
from participation.foundation.facts import Fact, Missing, TooMany, Unprocessable
from participation.foundation.i18n import current_language, words_of
from participation.foundation.limits import count_tries, take
from participation.foundation.web import (
    clock,
    now,
    page,
    person_id,
    safe_path,
    see_other,
    session,
    viewer,
    wants_fragment,
)

bp = Blueprint("discussion", __name__, template_folder="templates")

MOST_TEXTS, MOST_RATINGS = 60, 600
"""An hour, by one account: more than anybody types or reads."""


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/diskussion/<int:thread_id>")
@public
def thread(thread_id: int) -> ResponseReturnValue:
    """Return more of a thread for a page that shows it already; everybody else is led to that page."""
    found = queries.thread_page(session(), thread_id=thread_id, viewer=_viewer_id(), now=now(), **view_of(request.args))
    if wants_fragment():
        return page("discussion/more.html", thread=found, token=request.args.get("after", ""))
    query = request.query_string.decode("ascii", "ignore")
    return see_other(safe_path(f"{found.home}{'?' + query if query else ''}#diskussion", found.home))


@bp.get("/kommentare/<int:comment_id>")
@public
def comment(comment_id: int) -> ResponseReturnValue:
    """Show one comment with its replies; a reply is shown below the comment that it answers."""
    place = queries.place_of(session(), comment_id=comment_id)
    if place.top_id != comment_id:
        return see_other(_own_page(place))
    return _comment_page(comment_id, ReplyForm())


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.post("/diskussion/<int:thread_id>/kommentare")
@needs("citizen")
def post_comment(thread_id: int) -> ResponseReturnValue:
    """Take a comment."""
    form = CommentForm(request.form)
    if not form.validate():
        return _write_page(thread_id, form)
    try:
        written = commands.post_comment(
            session(),
            thread_id=thread_id,
            who=_who(form),
            text=form.text.data or "",
            stance=form.stance.data,
            language=current_language(),
            clock=clock,
            noticed=_notice(),
            read=form.read,
        )
    except ReadFirst as fact:
        return _write_page(thread_id, form, hints=_point_out(form, fact))
    except Fact as fact:
        return _write_page(thread_id, form, _blame(form, fact))
    place = queries.place_of(session(), comment_id=written.id)
    _tell(place)
    return see_other(f"{place.home}#kommentar-{written.id}")


@bp.post("/kommentare/<int:comment_id>/antworten")
@needs("citizen")
def reply(comment_id: int) -> ResponseReturnValue:
    """Take a reply."""
    form = ReplyForm(request.form)
    if not form.validate():
        return _comment_page(comment_id, form, 422)
    try:
        written = commands.reply(
            session(),
            comment_id=comment_id,
            who=_who(form),
            text=form.text.data or "",
            language=current_language(),
            clock=clock,
            noticed=_notice(),
            read=form.read,
        )
    except (NoLongerThere, RepliesEndHere):
        raise
    except ReadFirst as fact:
        return _comment_page(comment_id, form, 422, hints=_point_out(form, fact))
    except Fact as fact:
        return _comment_page(comment_id, form, _blame(form, fact))
    place = queries.place_of(session(), comment_id=written.id)
    _tell(place)
    return see_other(_own_page(place))


@bp.get("/kommentare/<int:comment_id>/bearbeitung")
@needs("citizen")
def edit_form(comment_id: int) -> ResponseReturnValue:
    """Show one's own comment to be changed."""
    found = _own(comment_id)
    line = found.rows[0]
    kept = {"text": line.text, "stance": line.stance}
    form = CommentForm(data=kept) if line.parent_id is None else ReplyForm(data=kept)
    return page("discussion/edit.html", thread=found, line=line, form=form, hints=())


@bp.post("/kommentare/<int:comment_id>/bearbeitung")
@needs("citizen")
def edit(comment_id: int) -> ResponseReturnValue:
    """Take the new text."""
    found = _own(comment_id)
    line = found.rows[0]
    form = CommentForm(request.form) if line.parent_id is None else ReplyForm(request.form)
    if not form.validate():
        return page("discussion/edit.html", 422, thread=found, line=line, form=form, hints=())
    try:
        commands.edit_comment(
            session(),
            comment_id=comment_id,
            who=Who(person_id()),
            text=form.text.data or "",
            stance=form.stance.data if isinstance(form, CommentForm) else None,
            clock=clock,
            read=form.read,
        )
    except ReadFirst as fact:
        return page("discussion/edit.html", 422, thread=found, line=line, form=form, hints=_point_out(form, fact))
    except Fact as fact:
        return page("discussion/edit.html", _blame(form, fact), thread=found, line=line, form=form, hints=())
    flash(_("Ihre Änderung ist gespeichert."), "success")
    place = queries.place_of(session(), comment_id=comment_id)
    if place.state is State.HELD:
        _tell(place)
    return see_other(_own_page(place))


@bp.get("/kommentare/<int:comment_id>/ruecknahme")
@needs("citizen")
def withdraw_form(comment_id: int) -> ResponseReturnValue:
    """Ask before a comment is taken back."""
    found = _own(comment_id)
    return page("discussion/withdraw.html", thread=found, line=found.rows[0])


@bp.post("/kommentare/<int:comment_id>/ruecknahme")
@needs("citizen")
def withdraw(comment_id: int) -> ResponseReturnValue:
    """Take one's own comment back."""
    home = queries.place_of(session(), comment_id=comment_id).home
    commands.withdraw_comment(session(), comment_id=comment_id, who=Who(person_id()), clock=clock)
    flash(_("Ihr Kommentar ist zurückgezogen."), "success")
    return see_other(f"{home}#diskussion")


# ── Rating ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.post("/kommentare/<int:comment_id>/bewertung")
@needs("citizen")
def rate(comment_id: int) -> ResponseReturnValue:
    """Say what one thinks of a comment; each press is saved at once."""
    value = request.form.get("value")
    if value not in set(Value):
        raise NoSuchRating()
    _limit("rating", MOST_RATINGS)
    commands.rate_comment(session(), comment_id=comment_id, who=Who(person_id()), value=Value(value), clock=clock)
    return _back(comment_id)


@bp.post("/kommentare/<int:comment_id>/bewertung/ruecknahme")
@needs("citizen")
def unrate(comment_id: int) -> ResponseReturnValue:
    """Take a rating back."""
    _limit("rating", MOST_RATINGS)
    commands.unrate_comment(session(), comment_id=comment_id, who=Who(person_id()), clock=clock)
    return _back(comment_id)


# ── The name beside contributions ─────────────────────────────────────────────────────────────────────────────────────
@bp.get("/konto/name")
@needs("citizen")
def name_form() -> ResponseReturnValue:
    """Show the name that stands beside one's contributions."""
    somebody = viewer()
    return page("discussion/name.html", form=NameForm(data={"name": somebody.name if somebody else ""}))


@bp.post("/konto/name")
@needs("citizen")
def name() -> ResponseReturnValue:
    """Change the name in everything that is not over and for what comes later."""
    form = NameForm(request.form)
    if not form.validate():
        return page("discussion/name.html", 422, form=form)
    try:
        commands.change_shown_name(session(), person_id=person_id(), name=form.name.data or "", clock=clock)
    except NameNotUsable as fact:
        form.name.errors = [words_of(fact)]
        return page("discussion/name.html", 422, form=form)
    flash(_("Ihr Name ist geändert."), "success")
    return see_other("/konto")


# ── What the pages share ──────────────────────────────────────────────────────────────────────────────────────────────
def _viewer_id() -> UUID | None:
    somebody = viewer()
    return somebody.person_id if somebody else None


def _limit(what: str, most: int) -> None:
    take(session(), key=f"{what}:{person_id()}", most=most, per=timedelta(hours=1), clock=clock)


def _notice() -> tuple[Signal, ...]:
    """Count a text by account and by network, and return what is to be noticed; nobody is turned away before an hour's
    worth of more than anybody types.

    A network alone stands for a school or half a city (CGNAT), so that it takes a crowd until its texts wait, and
    they are only read first.

    :raises TooMany: beyond what anybody types in an hour
    """
    hour, burst = f"text:{person_id()}", f"burst:{person_id()}"
    crowd = f"crowd:{network_of(request.remote_addr or '')}"
    tries = count_tries(session(), {hour: timedelta(hours=1), burst: LITTLE_WHILE, crowd: LITTLE_WHILE}, clock=clock)
    if tries[hour] > MOST_TEXTS:
        raise TooMany()
    most = {Signal.BURST: (burst, BURST), Signal.CROWD: (crowd, CROWD)}
    return tuple(kind for kind, (key, admitted) in most.items() if tries[key] > admitted)


def _point_out(form: ReplyForm, fact: ReadFirst) -> tuple[Finding, ...]:
    form.point_out(fact.hints)
    return fact.hints


def _write_page(
    thread_id: int, form: CommentForm, status: int = 422, *, hints: tuple[Finding, ...] = ()
) -> ResponseReturnValue:
    """Show the form by itself, with what was typed."""
    found = queries.thread_page(session(), thread_id=thread_id, viewer=person_id(), now=now())
    return page("discussion/write.html", status, thread=found, comment_form=form, hints=hints)


def _comment_page(
    comment_id: int, form: ReplyForm, status: int = 200, *, hints: tuple[Finding, ...] = ()
) -> ResponseReturnValue:
    after = request.args.get("after")
    found = queries.comment_page(session(), comment_id=comment_id, viewer=_viewer_id(), now=now(), after=after)
    return page("discussion/comment.html", status, thread=found, line=found.rows[0], reply_form=form, hints=hints)


def _own(comment_id: int) -> ThreadPage:
    """Return one's own comment or reply; of what others wrote nothing is said."""
    found = queries.one_comment(session(), comment_id=comment_id, viewer=person_id(), now=now())
    if not found.rows[0].is_own or found.rows[0].is_tombstone:
        raise NothingSaid()
    return found


def _who(form: ReplyForm) -> Who:
    return Who(person_id(), shown_as=form.shown_as.data or None)


def _blame(form: Form, fact: Fact) -> int:
    """Put a reason beside the field that it is about, so that what was typed is not lost, and return the status."""
    if isinstance(fact, Missing):
        raise fact
    field = form["shown_as"] if isinstance(fact, (NameMissing, NameNotUsable)) else form["text"]
    field.errors = [*field.errors, words_of(fact)]
    return 422 if isinstance(fact, Unprocessable) else fact.status


def _tell(place: queries.Place) -> None:
    """Say what became of a text; where it waits alone among others, why."""
    signals: tuple[Signal, ...] = ()
    if place.state is State.HELD and not place.premoderated:
        signals = signals_of(session(), [place.comment_id]).get(place.comment_id, ())
    if signals:
        flash(f"{_('Danke.')} {why_held(signals)}", "info")
    elif place.state is State.HELD:
        flash(_("Danke. Die Moderation liest Ihren Beitrag, bevor er für alle sichtbar wird."), "info")
    elif place.state is State.WITHHELD:
        flash(_("Diesen Beitrag hat die Moderation schon zurückgehalten."), "warning")
    else:
        flash(_("Ihr Beitrag ist veröffentlicht."), "success")


def _own_page(place: queries.Place) -> str:
    """Return the page of a comment, at the place where it or the reply stands."""
    return url_for(".comment", comment_id=place.top_id, after=place.after, _anchor=f"kommentar-{place.comment_id}")


def _back(comment_id: int) -> ResponseReturnValue:
    """Give a page with scripts the piece that changed; else go back to the page on which a button was pressed."""
    if wants_fragment():
        found = queries.one_comment(session(), comment_id=comment_id, viewer=person_id(), now=now())
        return page("discussion/_rating.html", thread=found, line=found.rows[0])
    place = queries.place_of(session(), comment_id=comment_id)
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or came.path not in (place.home, url_for(".comment", comment_id=place.top_id)):
        return see_other(_own_page(place))
    query = f"?{came.query}" if came.query else ""
    return see_other(safe_path(f"{came.path}{query}#kommentar-{comment_id}", _own_page(place)))
