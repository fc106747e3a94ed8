"""Offices, and who may act for them: pages of the administration."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.accounts.queries import offices
from participation.audiences import commands, queries
from participation.audiences.facts import ROLE_NAMES, LastAdmin, Role, ScopeMissing
from participation.audiences.forms import GrantForm, OfficeForm
from participation.foundation.access import needs
from participation.foundation.i18n import current_language, plain_words, words_of
from participation.foundation.web import clock, now, page, person_id, safe_path, see_other, session

bp = Blueprint("audiences_desk", __name__, template_folder="templates")


@bp.get("/verwaltung/stellen")
@needs(Role.ADMIN)
def office_list() -> ResponseReturnValue:
    """List the offices."""
    return _offices_page(OfficeForm())


@bp.post("/verwaltung/stellen")
@needs(Role.ADMIN)
def make_office() -> ResponseReturnValue:
    """Add an office."""
    form = OfficeForm(request.form)
    if not form.validate():
        return _offices_page(form, 422)
    commands.make_office(session(), name=form.name, by=person_id(), clock=clock)
    flash(_("Die Stelle ist angelegt."), "success")
    return see_other(url_for("audiences_desk.office_list"))


@bp.post("/verwaltung/stellen/<int:office_id>/name")
@needs(Role.ADMIN)
def name_office(office_id: int) -> ResponseReturnValue:
    """Give an office another name."""
    form = OfficeForm(request.form)
    if not form.validate():
        return _offices_page(OfficeForm(), 422, renamed=office_id, rename_form=form)
    commands.name_office(session(), office_id=office_id, name=form.name, by=person_id(), clock=clock)
    flash(_("Der Name ist geändert."), "success")
    return see_other(url_for("audiences_desk.office_list"))


def _offices_page(
    form: OfficeForm, status: int = 200, *, renamed: int | None = None, rename_form: OfficeForm | None = None
) -> Response:
    known = offices(session())
    forms = {
        one.id: rename_form
        if rename_form and one.id == renamed
        else OfficeForm(data={"name_de": one.name["de"], "name_en": one.name.get("en", "")})
        for one in known
    }
    return page("audiences/offices.html", status, form=form, offices=known, forms=forms, renamed=renamed)


@bp.get("/verwaltung/berechtigungen")
@needs(Role.ADMIN)
def officials() -> ResponseReturnValue:
    """List who may act, in which roles."""
    return _officials_page(_grant_form())


@bp.post("/verwaltung/berechtigungen")
@needs(Role.ADMIN)
def grant() -> ResponseReturnValue:
    """Let somebody act; who has no account is invited by mail."""
    form = _grant_form()
    if not form.validate():
        return _officials_page(form, 422)
    try:
        commands.invite_official(
            session(),
            email=form.address,
            role=Role(form.role.data),
            office_id=form.office_id.data,
            audience_id=form.audience_id.data,
            language=current_language(),
            by=person_id(),
            clock=clock,
        )
    except ScopeMissing as wrong:
        form.office_id.errors = [words_of(wrong)]
        return _officials_page(form, 422)
    current_app.extensions["jobs"].nudge("letters")
    flash(_("Die Berechtigung gilt. Wer noch kein Konto hat, bekommt eine Einladung per E-Mail."), "success")
    return see_other(safe_path(request.form.get("next"), default=url_for("audiences_desk.officials")))


@bp.post("/verwaltung/berechtigungen/<int:grant_id>/entzug")
@needs(Role.ADMIN)
def withdraw(grant_id: int) -> ResponseReturnValue:
    """End a role now."""
    try:
        commands.withdraw_role(session(), grant_id=grant_id, by=person_id(), clock=clock)
    except LastAdmin as wrong:
        flash(words_of(wrong), "danger")
    else:
        flash(_("Die Berechtigung ist entzogen."), "success")
    return see_other(safe_path(request.form.get("next"), default=url_for("audiences_desk.officials")))


def _grant_form() -> GrantForm:
    choices = [(one.id, plain_words(one.name)) for one in offices(session())]
    return GrantForm(request.form, offices=choices)


def _officials_page(form: GrantForm, status: int = 200) -> Response:
    shown = queries.officials(session(), now=now())
    alone = queries.moderated_by_one(session(), now=now())
    return page("audiences/officials.html", status, form=form, officials=shown, alone=alone, role_names=ROLE_NAMES)
