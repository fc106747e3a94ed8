"""Pages of officials about pauses: the legal basis of an office, a proposal, and what becomes of it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.audiences.facts import Role
from participation.foundation.access import needs
from participation.foundation.facts import Fact, Missing
from participation.foundation.i18n import words_of
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.pauses import commands, queries
from participation.pauses.facts import OUTCOMES, STATES, BasisChangedMeanwhile, NoSuchPause, OwnProposal
from participation.pauses.forms import BasisForm, ProposalForm, ReviewForm
from participation.remarks.forms import label_of
from participation.remarks.queries import Offer, offer

bp = Blueprint("pauses_desk", __name__, template_folder="templates")

WORDS: dict[str, Any] = {"states": STATES, "outcomes": OUTCOMES}


# ── Proposals ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/moderation/schreibpausen")
@needs(Role.MODERATOR, Role.STAFF)
def index() -> ResponseReturnValue:
    """List the pauses of the rounds that this person moderates or leads."""
    after = key_from(request.args.get("after"))
    found = queries.pauses(session(), official=person_id(), now=now(), after=after)
    waiting = queries.waiting(session(), official=person_id(), now=now())
    return page("pauses/list.html", pauses=found, waiting=waiting, after=after, **WORDS)


@bp.get("/moderation/<int:contribution_id>/schreibpause")
@needs(Role.MODERATOR, Role.STAFF)
def proposal(contribution_id: int) -> ResponseReturnValue:
    """Show what a pause for the author of a contribution would be."""
    target = _target(contribution_id)
    return _show_proposal(contribution_id, target, ProposalForm(data={"rule": target.rule}))


@bp.post("/moderation/<int:contribution_id>/schreibpause")
@needs(Role.MODERATOR, Role.STAFF)
def propose(contribution_id: int) -> ResponseReturnValue:
    """Propose it."""
    target, form = _target(contribution_id), ProposalForm(request.form)
    if not form.validate():
        return _show_proposal(contribution_id, target, form, status=422)
    try:
        made = commands.propose(
            session(),
            contribution_id=contribution_id,
            by=person_id(),
            rule=form.rule.data,
            reason=form.reason.data or "",
            clock=clock,
        )
    except Fact as fact:
        form.blame(fact)
        return _show_proposal(contribution_id, _target(contribution_id), form, status=422)
    flash(_("Vorgeschlagen. Sie gilt erst, wenn eine andere Person sie bestätigt."), "success")
    return see_other(url_for(".show", pause_id=made))


@bp.post("/moderation/<int:contribution_id>/schreibpause/textbaustein")
@needs(Role.MODERATOR, Role.STAFF)
def insert_into_proposal(contribution_id: int) -> ResponseReturnValue:
    """Show the form again with a template in the reason, and with all that was typed; nothing is saved or checked."""
    target, form = _target(contribution_id), ProposalForm(request.form)
    done = form.put_in(_offer(contribution_id))
    return _show_proposal(contribution_id, target, form, status=200 if done else 422)


def _show_proposal(
    contribution_id: int, target: queries.Target, form: ProposalForm, *, status: int = 200
) -> ResponseReturnValue:
    known = {"target": target, "number": contribution_id, "offer": _offer(contribution_id), "label_of": label_of}
    return page("pauses/propose.html", status, form=form, **known)


def _offer(contribution_id: int) -> Offer:
    roles = (Role.MODERATOR, Role.STAFF)
    return offer(session(), contribution_ids=[contribution_id], official=person_id(), roles=roles, now=now())


def _target(contribution_id: int) -> queries.Target:
    found = queries.target(session(), contribution_id=contribution_id, official=person_id(), now=now())
    if found is None:
        raise NoSuchPause()
    return found


@bp.get("/moderation/schreibpausen/<int:pause_id>")
@needs(Role.MODERATOR, Role.STAFF)
def show(pause_id: int) -> ResponseReturnValue:
    """Show a pause with what can be done about it."""
    return _show(pause_id, ReviewForm())


@bp.post("/moderation/schreibpausen/<int:pause_id>/bestaetigung")
@needs(Role.MODERATOR, Role.STAFF)
def confirm(pause_id: int) -> ResponseReturnValue:
    """Confirm what somebody else proposed."""
    try:
        commands.confirm(session(), pause_id=pause_id, by=person_id(), clock=clock)
    except Fact as fact:
        return _back(pause_id, fact)
    current_app.extensions["jobs"].nudge("letters")
    flash(_("Bestätigt. Die Schreibpause läuft, und der Brief ist unterwegs."), "success")
    return see_other(url_for(".show", pause_id=pause_id))


@bp.post("/moderation/schreibpausen/<int:pause_id>/ruecknahme")
@needs(Role.MODERATOR, Role.STAFF)
def withdraw(pause_id: int) -> ResponseReturnValue:
    """Take a proposal back or turn it down."""
    try:
        commands.withdraw(session(), pause_id=pause_id, by=person_id(), clock=clock)
    except Fact as fact:
        return _back(pause_id, fact)
    flash(_("Der Vorschlag ist vom Tisch. Niemand bekommt einen Brief."), "success")
    return see_other(url_for(".show", pause_id=pause_id))


@bp.post("/moderation/schreibpausen/<int:pause_id>/ueberpruefung")
@needs(Role.MODERATOR, Role.STAFF)
def review(pause_id: int) -> ResponseReturnValue:
    """Look at a pause a second time."""
    form = ReviewForm(request.form)
    if not form.validate():
        return _show(pause_id, form, status=422)
    try:
        commands.review(
            session(),
            pause_id=pause_id,
            by=person_id(),
            outcome=form.chosen,
            reason=form.reason.data or "",
            clock=clock,
        )
    except Fact as fact:
        form.blame(fact)
        return _show(pause_id, form, status=422)
    current_app.extensions["jobs"].nudge("letters")
    flash(_("Die Überprüfung ist gespeichert, und der Brief ist unterwegs."), "success")
    return see_other(url_for(".show", pause_id=pause_id))


@bp.post("/moderation/schreibpausen/<int:pause_id>/textbaustein")
@needs(Role.MODERATOR, Role.STAFF)
def insert_into_review(pause_id: int) -> ResponseReturnValue:
    """Show the form for a second look again with a template in the reason; nothing is saved or checked."""
    form = ReviewForm(request.form)
    done = form.put_in(_offer(_pause(pause_id).contribution_id))
    return _show(pause_id, form, status=200 if done else 422)


def _pause(pause_id: int) -> queries.PauseLine:
    found = queries.pause(session(), pause_id=pause_id, official=person_id(), now=now())
    if found is None:
        raise NoSuchPause()
    return found


def _back(pause_id: int, fact: Fact) -> ResponseReturnValue:
    """Say why not, beside the pause as it is now; that there is none, and a refusal, are answers of their own."""
    if isinstance(fact, Missing | OwnProposal):
        raise fact
    flash(words_of(fact), "warning")
    return see_other(url_for(".show", pause_id=pause_id))


def _show(pause_id: int, form: ReviewForm, *, status: int = 200) -> ResponseReturnValue:
    found = _pause(pause_id)
    return page(
        "pauses/pause.html",
        status,
        pause=found,
        form=form,
        me=person_id(),
        offer=_offer(found.contribution_id),
        label_of=label_of,
        **WORDS,
    )


# ── The legal basis of an office ──────────────────────────────────────────────────────────────────────────────────────
@bp.get("/verwaltung/schreibpausen")
@needs(Role.STAFF, Role.ADMIN)
def offices() -> ResponseReturnValue:
    """List the offices with what allows them to pause people."""
    return page("pauses/offices.html", offices=queries.bases(session(), person_id=person_id(), now=now()))


@bp.get("/verwaltung/schreibpausen/<int:office_id>")
@needs(Role.STAFF, Role.ADMIN)
def basis(office_id: int) -> ResponseReturnValue:
    """Show the legal basis of an office."""
    found = _basis(office_id)
    text = found.text or {"de": ""}
    data = {"reference": found.reference or "", "text_de": text["de"], "text_en": text.get("en", "")}
    return _show_basis(found, BasisForm(data=data))


@bp.post("/verwaltung/schreibpausen/<int:office_id>")
@needs(Role.STAFF, Role.ADMIN)
def enter_basis(office_id: int) -> ResponseReturnValue:
    """Enter the legal basis, which switches pauses on; where somebody was quicker, both texts are shown."""
    found, form = _basis(office_id), BasisForm(request.form)
    if not form.validate():
        return _show_basis(found, form, status=422)
    reference = (form.reference.data or "").strip()
    try:
        commands.enter_basis(
            session(),
            office_id=office_id,
            reference=reference,
            text=form.text,
            seen=form.seen_at,
            by=person_id(),
            clock=clock,
        )
    except BasisChangedMeanwhile as fact:
        found = _basis(office_id)
        if (found.reference, found.text) != (reference, form.text):
            return _show_basis(found, form, fact=fact, status=422)
    flash(_("Die Rechtsgrundlage ist eingetragen. Schreibpausen können jetzt vorgeschlagen werden."), "success")
    return see_other(url_for(".basis", office_id=office_id))


@bp.post("/verwaltung/schreibpausen/<int:office_id>/abschaltung")
@needs(Role.STAFF, Role.ADMIN)
def remove_basis(office_id: int) -> ResponseReturnValue:
    """Take the legal basis out, which switches pauses off."""
    _basis(office_id)
    commands.remove_basis(session(), office_id=office_id, by=person_id(), clock=clock)
    flash(_("Schreibpausen sind ausgeschaltet. Was läuft, endet zu seiner Zeit."), "success")
    return see_other(url_for(".basis", office_id=office_id))


def _show_basis(
    found: queries.Basis, form: BasisForm, *, fact: Fact | None = None, status: int = 200
) -> ResponseReturnValue:
    if fact is not None or request.method == "GET":
        form.seen.data = found.entered_at.isoformat() if found.entered_at else ""
    return page("pauses/basis.html", status, basis=found, form=form, fact=fact)


def _basis(office_id: int) -> queries.Basis:
    found = queries.basis_of(session(), office_id=office_id, person_id=person_id(), now=now())
    if found is None:
        raise Missing()
    return found
