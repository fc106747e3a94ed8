"""The word lists of an office, and a box in which staff tries what signals a text would give."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.audiences.facts import Role
from participation.contributions import commands, queries
from participation.contributions.facts import HINTS, SIGNALS, Finding, ListsChangedMeanwhile
from participation.contributions.forms import ListsForm, TrialForm, fields_of
from participation.contributions.queries import OfficeRules
from participation.contributions.signals import Circumstances, hints, proposal, signals
from participation.foundation.access import needs
from participation.foundation.facts import Fact, Missing
from participation.foundation.web import clock, now, page, person_id, see_other, session

bp = Blueprint("contributions_desk", __name__, template_folder="templates", url_prefix="/verwaltung/signale")

Found = tuple[tuple[Finding, ...], tuple[Finding, ...]]


@bp.get("")
@needs(Role.STAFF)
def index() -> ResponseReturnValue:
    """List the offices whose lists this person keeps."""
    return page(
        "contributions/offices.html",
        offices=queries.rules_of_offices(session(), person_id=person_id(), now=now()),
    )


@bp.get("/<int:office_id>")
@needs(Role.STAFF)
def lists(office_id: int) -> ResponseReturnValue:
    """Show the lists of an office; with ``?vorschlag=1`` what the program proposes, saved by nobody yet."""
    rules = _rules(office_id)
    words = proposal() if request.args.get("vorschlag") == "1" else rules.words
    return _show(rules, ListsForm(data=fields_of(words, first=rules.first, version=rules.version)))


@bp.post("/<int:office_id>")
@needs(Role.STAFF)
def save(office_id: int) -> ResponseReturnValue:
    """Save the lists; where somebody else was quicker, what was typed stays."""
    rules, form = _rules(office_id), ListsForm(request.form)
    if not form.validate():
        return _show(rules, form, status=422)
    try:
        commands.save_rules(
            session(),
            office_id=office_id,
            words=form.typed,
            first=form.first.data,
            seen=form.version,
            by=person_id(),
            clock=clock,
        )
    except ListsChangedMeanwhile as fact:
        rules = _rules(office_id)
        form.seen.data = str(rules.version)
        return _show(rules, form, fact=fact, status=422)
    flash(_("Die Listen sind gespeichert. Sie gelten für alles, was von jetzt an geschrieben wird."), "success")
    return see_other(url_for(".lists", office_id=office_id))


@bp.post("/<int:office_id>/probe")
@needs(Role.STAFF)
def attempt(office_id: int) -> ResponseReturnValue:
    """Say what signals a text would give. Nothing is kept; it is a POST so that no text stands in an address or log."""
    rules, form = _rules(office_id), TrialForm(request.form)
    saved = ListsForm(data=fields_of(rules.words, first=rules.first, version=rules.version))
    if not form.validate():
        return _show(rules, saved, trial=form, status=422)
    return _show(rules, saved, trial=form, found=_try(rules, form.text.data or "", form.language.data))


def _try(rules: OfficeRules, text: str, language: str) -> Found:
    return hints(text, rules.words, language), signals(text, rules.words, language, Circumstances())


def _rules(office_id: int) -> OfficeRules:
    """Return the lists of an office that this person leads rounds for; of others nothing is said."""
    found = queries.rules_of_office(session(), office_id=office_id, person_id=person_id(), now=now())
    if found is None:
        raise Missing()
    return found


def _show(
    rules: OfficeRules,
    form: ListsForm,
    *,
    trial: TrialForm | None = None,
    found: Found | None = None,
    fact: Fact | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    words = {"hint_words": HINTS, "signal_words": SIGNALS}
    return page(
        "contributions/lists.html",
        status,
        rules=rules,
        form=form,
        trial=trial or TrialForm(),
        found=found,
        fact=fact,
        **words,
    )
