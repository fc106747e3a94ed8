"""What citizens do in a thread. Each act goes back to where it was done."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from participation.audiences.facts import NameMissing, NameNotUsable, Who
from participation.discussion import commands, queries
from participation.discussion.facts import Value
from participation.discussion.forms import CommentForm, NameForm, ReplyForm
from participation.discussion.queries import CommentLine, ThreadPage
from participation.foundation.access import needs, public
from participation.foundation.facts import Fact, Missing, Unprocessable
from participation.foundation.i18n import current_language, words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session, viewer

bp = Blueprint("discussion", __name__, template_folder="templates")


@bp.get("/kommentare/<int:comment_id>")
@public
def comment(comment_id: int) -> ResponseReturnValue:
    """Show one comment with all its replies."""
    thread = _comment_page(comment_id)
    return page("discussion/comment.html", thread=thread, line=thread.rows[0], reply_form=_named(ReplyForm(), thread))


@bp.post("/diskussion/<int:thread_id>/kommentare")
@needs("citizen")
def post_comment(thread_id: int) -> ResponseReturnValue:
    """Take a comment."""
    form = CommentForm(request.form)

    def again(status: int) -> ResponseReturnValue:
        thread = queries.thread_page(session(), thread_id=thread_id, viewer=person_id(), now=now())
        return page("discussion/write.html", status, thread=thread, comment_form=form)

    if not form.validate():
        return again(422)
    try:
        written = commands.post_comment(
            session(),
            thread_id=thread_id,
            who=_who(form),
            text=form.text.data or "",
            stance=form.stance.data,
            language=current_language(),
            clock=clock,
        )
    except Unprocessable as fact:
        return again(_blame(form, fact))
    thread = queries.thread_page(session(), thread_id=thread_id, viewer=person_id(), now=now())
    return _told(thread, written.id)


@bp.post("/kommentare/<int:comment_id>/antworten")
@needs("citizen")
def reply(comment_id: int) -> ResponseReturnValue:
    """Take a reply."""
    form = ReplyForm(request.form)

    def again(status: int) -> ResponseReturnValue:
        thread = _comment_page(comment_id)
        return page("discussion/comment.html", status, thread=thread, line=thread.rows[0], reply_form=form)

    if not form.validate():
        return again(422)
    try:
        written = commands.reply(
            session(),
            comment_id=comment_id,
            who=_who(form),
            text=form.text.data or "",
            language=current_language(),
            clock=clock,
        )
    except Unprocessable as fact:
        return again(_blame(form, fact))
    return _told(_comment_page(comment_id), written.id)


@bp.post("/kommentare/<int:comment_id>/bewertung")
@needs("citizen")
def rate(comment_id: int) -> ResponseReturnValue:
    """Say what one thinks of a comment; each press is saved at once."""
    value = request.form.get("value")
    if value not in set(Value):
        abort(422)
    commands.rate_comment(session(), comment_id=comment_id, who=Who(person_id()), value=Value(value), clock=clock)
    return _back(comment_id)


@bp.post("/kommentare/<int:comment_id>/bewertung/ruecknahme")
@needs("citizen")
def unrate(comment_id: int) -> ResponseReturnValue:
    """Take a rating back."""
    commands.unrate_comment(session(), comment_id=comment_id, who=Who(person_id()), clock=clock)
    return _back(comment_id)


@bp.get("/kommentare/<int:comment_id>/bearbeitung")
@needs("citizen")
def edit_form(comment_id: int) -> ResponseReturnValue:
    """Show one's own comment to be changed."""
    thread, line = _own(comment_id)
    form = (
        CommentForm(data={"text": line.text, "stance": line.stance})
        if line.parent_id is None
        else ReplyForm(data={"text": line.text})
    )
    return page("discussion/edit.html", thread=thread, line=line, form=form)


@bp.post("/kommentare/<int:comment_id>/bearbeitung")
@needs("citizen")
def edit(comment_id: int) -> ResponseReturnValue:
    """Take the new text."""
    thread, line = _own(comment_id)
    form = CommentForm(request.form) if line.parent_id is None else ReplyForm(request.form)
    if not form.validate():
        return page("discussion/edit.html", 422, thread=thread, line=line, form=form)
    try:
        commands.edit_comment(
            session(),
            comment_id=comment_id,
            who=Who(person_id()),
            text=form.text.data or "",
            stance=form.stance.data if isinstance(form, CommentForm) else None,
            clock=clock,
        )
    except Fact as fact:
        if isinstance(fact, Missing):
            raise
        return page("discussion/edit.html", _blame(form, fact), thread=thread, line=line, form=form)
    flash(_("Ihre Änderung ist gespeichert."), "success")
    return see_other(f"{thread.home}#kommentar-{line.parent_id or line.id}")


@bp.get("/kommentare/<int:comment_id>/ruecknahme")
@needs("citizen")
def withdraw_form(comment_id: int) -> ResponseReturnValue:
    """Ask before a comment is taken back."""
    thread, line = _own(comment_id)
    return page("discussion/withdraw.html", thread=thread, line=line)


@bp.post("/kommentare/<int:comment_id>/ruecknahme")
@needs("citizen")
def withdraw(comment_id: int) -> ResponseReturnValue:
    """Take one's own comment back."""
    thread, _line = _own(comment_id)
    commands.withdraw_comment(session(), comment_id=comment_id, who=Who(person_id()), clock=clock)
    flash(_("Ihr Kommentar ist zurückgezogen."), "success")
    return see_other(f"{thread.home}#diskussion")


def _comment_page(comment_id: int) -> ThreadPage:
    somebody = viewer()
    return queries.comment_page(
        session(),
        comment_id=comment_id,
        viewer=somebody.person_id if somebody else None,
        now=now(),
        after=request.args.get("after"),
    )


def _own(comment_id: int) -> tuple[ThreadPage, CommentLine]:
    """Return one's own comment or reply; of what others wrote nothing is said."""
    thread = _comment_page(comment_id)
    lines = (thread.rows[0], *thread.rows[0].answers)
    line = next((one for one in lines if one.id == comment_id and one.is_own), None)
    if line is None:
        raise Missing()
    return thread, line


def _who(form: ReplyForm) -> Who:
    return Who(person_id(), shown_as=form.shown_as.data or None)


def _named(form: ReplyForm, thread: ThreadPage) -> ReplyForm:
    """Offer the name last shown where none was chosen here yet."""
    somebody = viewer()
    if somebody is not None and thread.shown_as is None:
        form.shown_as.data = somebody.name or ""
    return form


def _blame(form: Form, fact: Fact) -> int:
    """Put a reason beside the field that it is about, and return the status."""
    about_name = isinstance(fact, (NameMissing, NameNotUsable))
    field = form["shown_as"] if about_name else form["text"]
    field.errors = [*field.errors, words_of(fact)]
    return 422 if isinstance(fact, Unprocessable) else fact.status


def _told(thread: ThreadPage, written: int) -> ResponseReturnValue:
    if thread.premoderated:
        flash(_("Danke. Die Moderation liest Ihren Beitrag, bevor er für alle sichtbar wird."), "info")
    else:
        flash(_("Ihr Beitrag ist veröffentlicht."), "success")
    return see_other(f"{thread.home}#kommentar-{written}")


def _back(comment_id: int) -> ResponseReturnValue:
    """Go back to the page on which a button was pressed, if it shows this comment; else to the comment's own."""
    thread = _comment_page(comment_id)
    top = thread.rows[0].id
    came = urlsplit(request.referrer or "")
    path = came.path if came.netloc == request.host else ""
    if path not in (thread.home, f"/kommentare/{top}", f"/kommentare/{comment_id}"):
        path, came = f"/kommentare/{top}", urlsplit("")
    return see_other(f"{path}{'?' + came.query if came.query else ''}#kommentar-{comment_id}")


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
