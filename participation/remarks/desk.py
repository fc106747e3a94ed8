"""Pages of staff for the templates of an office, and what moderators add to a contribution."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.audiences.facts import Role
from participation.contributions.facts import NETIQUETTE
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation.facts import OUTCOMES, NothingToDecide
from participation.remarks import commands, queries
from participation.remarks.commands import Draft
from participation.remarks.facts import (
    AlreadyDone,
    DayOver,
    NoSuchTemplate,
    NotTheirRound,
    StillOpen,
    TemplateChangedMeanwhile,
    TitleTaken,
    TooManyTemplates,
)
from participation.remarks.forms import NoteForm, TaskForm, TemplateForm, fields_of

bp = Blueprint("remarks_desk", __name__, template_folder="templates", url_prefix="/moderation")

WORDS: dict[str, Any] = {"outcomes": OUTCOMES, "rules": {rule.slug: rule for rule in NETIQUETTE}}


# ── Templates ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/textbausteine")
@needs(Role.STAFF)
def offices() -> ResponseReturnValue:
    """List the offices whose templates this person keeps."""
    return page("remarks/offices.html", offices=queries.offices(session(), person_id=person_id(), now=now()))


@bp.get("/textbausteine/<int:office_id>")
@needs(Role.STAFF)
def templates(office_id: int) -> ResponseReturnValue:
    """Show the templates of an office."""
    return page("remarks/templates.html", office=_office(office_id), **WORDS)


@bp.get("/textbausteine/<int:office_id>/neu")
@needs(Role.STAFF)
def new_template(office_id: int) -> ResponseReturnValue:
    """Show the empty form."""
    return _show_form(_office(office_id), TemplateForm())


@bp.post("/textbausteine/<int:office_id>")
@needs(Role.STAFF)
def add_template(office_id: int) -> ResponseReturnValue:
    """Keep a new template."""
    office, form = _office(office_id), TemplateForm(request.form)
    if not form.validate():
        return _show_form(office, form, status=422)
    try:
        commands.add_template(session(), office_id=office_id, draft=_draft(form), by=person_id(), clock=clock)
    except (TitleTaken, TooManyTemplates) as fact:
        return _show_form(office, _blamed(form, fact), status=422)
    flash(_("Der Textbaustein ist gespeichert. Die Moderation kann ihn ab jetzt einsetzen."), "success")
    return see_other(url_for(".templates", office_id=office_id))


@bp.get("/textbausteine/<int:office_id>/<int:template_id>")
@needs(Role.STAFF)
def template(office_id: int, template_id: int) -> ResponseReturnValue:
    """Show a template to be changed."""
    office, found = _office(office_id), _template(office_id, template_id)
    if found.retired_at is not None:
        raise NoSuchTemplate()
    return _show_form(office, TemplateForm(data=fields_of(found)), found)


@bp.post("/textbausteine/<int:office_id>/<int:template_id>")
@needs(Role.STAFF)
def change_template(office_id: int, template_id: int) -> ResponseReturnValue:
    """Change it; where somebody else was quicker, what was typed stays and theirs stands beside it."""
    office, found, form = _office(office_id), _template(office_id, template_id), TemplateForm(request.form)
    if not form.validate():
        return _show_form(office, form, found, status=422)
    try:
        commands.change_template(
            session(),
            office_id=office_id,
            template_id=template_id,
            draft=_draft(form),
            seen=form.version,
            by=person_id(),
            clock=clock,
        )
    except TitleTaken as fact:
        return _show_form(office, _blamed(form, fact), found, status=422)
    except TemplateChangedMeanwhile as fact:
        found = _template(office_id, template_id)
        form.seen.data = str(found.version)
        return _show_form(office, form, found, fact=fact, status=422)
    flash(_("Der Textbaustein ist geändert. Was schon entschieden ist, bleibt, wie es ist."), "success")
    return see_other(url_for(".templates", office_id=office_id))


@bp.post("/textbausteine/<int:office_id>/<int:template_id>/ablage")
@needs(Role.STAFF)
def retire_template(office_id: int, template_id: int) -> ResponseReturnValue:
    """Offer it no more."""
    commands.retire_template(session(), office_id=office_id, template_id=template_id, by=person_id(), clock=clock)
    flash(_("Der Textbaustein wird nicht mehr angeboten. Sein Text bleibt unten auf dieser Seite lesbar."), "success")
    return see_other(url_for(".templates", office_id=office_id))


@bp.post("/textbausteine/<int:office_id>/<int:template_id>/wiederaufnahme")
@needs(Role.STAFF)
def restore_template(office_id: int, template_id: int) -> ResponseReturnValue:
    """Offer it again."""
    try:
        commands.restore_template(session(), office_id=office_id, template_id=template_id, by=person_id(), clock=clock)
    except (TitleTaken, TooManyTemplates) as fact:
        flash(words_of(fact), "warning")
    else:
        flash(_("Der Textbaustein wird wieder angeboten."), "success")
    return see_other(url_for(".templates", office_id=office_id))


def _office(office_id: int) -> queries.OfficeTemplates:
    """Return the templates of an office that this person leads rounds for; of others nothing is said."""
    found = queries.templates_of(session(), office_id=office_id, person_id=person_id(), now=now())
    if found is None:
        raise NoSuchTemplate()
    return found


def _template(office_id: int, template_id: int) -> queries.Template:
    found = queries.template(session(), office_id=office_id, template_id=template_id)
    if found is None:
        raise NoSuchTemplate()
    return found


def _draft(form: TemplateForm) -> Draft:
    return Draft(form.title.data or "", form.text, form.outcome.data or None, form.rule.data or None)


def _blamed(form: TemplateForm, fact: Fact) -> TemplateForm:
    form.title.errors = [words_of(fact)]
    return form


def _show_form(
    office: queries.OfficeTemplates,
    form: TemplateForm,
    kept: queries.Template | None = None,
    *,
    fact: Fact | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    return page("remarks/template.html", status, office=office, form=form, kept=kept, fact=fact)


# ── Notes and tasks ───────────────────────────────────────────────────────────────────────────────────────────────────
@bp.post("/<int:contribution_id>/notizen")
@needs(Role.MODERATOR)
def add_note(contribution_id: int) -> ResponseReturnValue:
    """Note something for the others."""
    _audience(contribution_id)
    form = NoteForm(request.form)
    if not form.validate():
        return page("remarks/note.html", 422, number=contribution_id, form=form)
    commands.add_note(
        session(), contribution_id=contribution_id, text=form.note.data or "", by=person_id(), clock=clock
    )
    flash(_("Die Notiz ist gespeichert."), "success")
    return _back(contribution_id, "notizen")


@bp.post("/<int:contribution_id>/aufgaben")
@needs(Role.MODERATOR)
def set_task(contribution_id: int) -> ResponseReturnValue:
    """Write down what is to be done."""
    audience_id, form = _audience(contribution_id), TaskForm(request.form)
    form.offer(queries.colleagues(session(), audience_id=audience_id, now=now()))
    if not form.validate():
        return page("remarks/task.html", 422, number=contribution_id, form=form)
    try:
        commands.set_task(
            session(),
            contribution_id=contribution_id,
            text=form.task.data or "",
            for_id=form.person,
            due_on=form.due_on.data,
            by=person_id(),
            clock=clock,
        )
    except (DayOver, NotTheirRound) as fact:
        blamed = form.due_on if isinstance(fact, DayOver) else form.for_whom
        blamed.errors = [words_of(fact)]
        return page("remarks/task.html", 422, number=contribution_id, form=form)
    flash(_("Die Aufgabe ist gespeichert."), "success")
    return _back(contribution_id, "aufgaben")


@bp.post("/aufgaben/<int:task_id>/erledigung")
@needs(Role.MODERATOR)
def finish_task(task_id: int) -> ResponseReturnValue:
    """Say that a task is done."""
    try:
        commands.finish_task(session(), task_id=task_id, by=person_id(), clock=clock)
    except AlreadyDone as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Erledigt."), "success")
    return _back_from(task_id)


@bp.post("/aufgaben/<int:task_id>/wiederaufnahme")
@needs(Role.MODERATOR)
def reopen_task(task_id: int) -> ResponseReturnValue:
    """Say that it is still to be done."""
    try:
        commands.reopen_task(session(), task_id=task_id, by=person_id(), clock=clock)
    except StillOpen as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Die Aufgabe ist wieder offen."), "success")
    return _back_from(task_id)


def _audience(contribution_id: int) -> int:
    found = queries.moderated_audience(session(), contribution_id=contribution_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    return found


def _back_from(task_id: int) -> ResponseReturnValue:
    """Go back to where the button was: the list, or the contribution."""
    if request.form.get("listed"):
        return see_other(url_for("queues_desk.queue", liste="tasks"))
    return _back(queries.contribution_of(session(), task_id=task_id), "aufgaben")


def _back(contribution_id: int, anchor: str) -> ResponseReturnValue:
    return see_other(url_for("queues_desk.case", contribution_id=contribution_id, _anchor=anchor))
