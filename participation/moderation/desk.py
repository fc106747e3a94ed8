"""The moderators' queue, one contribution in its context, and the decision on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.contributions.facts import NETIQUETTE, ChangedMeanwhile
from participation.foundation.access import needs
from participation.foundation.facts import Fact, marked
from participation.foundation.i18n import plain_words, words_of
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation import commands, queries
from participation.moderation.facts import (
    FOUND,
    NOTICE_KINDS,
    OUTCOMES,
    REVIEW_OUTCOMES,
    AlreadySo,
    AlreadyUndone,
    DecidedMeanwhile,
    Listed,
    NoSuchOriginal,
    NoSuchSubject,
    NothingLeft,
    NothingToContest,
    NothingToDecide,
    NoticeKind,
    NotYourDecision,
    Outcome,
    PassageMissing,
    RuleMissing,
    SamePerson,
    TooLateToReword,
    UndoOver,
    WithdrawnMeanwhile,
)
from participation.moderation.forms import DecisionForm, EscalationForm, HoursForm, ReviewForm, listed_from

bp = Blueprint("moderation_desk", __name__, template_folder="templates", url_prefix="/moderation")

WORDS: dict[str, Any] = {
    "kinds": NOTICE_KINDS,
    "outcomes": OUTCOMES,
    "rules": {rule.slug: rule for rule in NETIQUETTE},
    "found_words": FOUND,
    "review_outcomes": REVIEW_OUTCOMES,
}
SAID = {
    Outcome.PUBLISHED: marked("Der Beitrag ist veröffentlicht."),
    Outcome.WITHHELD: marked("Der Beitrag ist zurückgehalten."),
    Outcome.REDACTED: marked("Der Beitrag ist mit Schwärzungen veröffentlicht."),
    Outcome.REWORD: marked("Die Verfasserin oder der Verfasser wird um andere Worte gebeten."),
    Outcome.DUPLICATE: marked("Der Beitrag ist mit dem anderen verknüpft."),
    Outcome.MOVED: marked("Der Beitrag steht jetzt beim anderen Thema."),
    Outcome.POLICE: marked("Der Beitrag ist zurückgehalten, eine Kopie ist versiegelt."),
}
SHOWN_AGAIN = (
    ChangedMeanwhile,
    DecidedMeanwhile,
    NoSuchOriginal,
    NoSuchSubject,
    NothingLeft,
    PassageMissing,
    RuleMissing,
    TooLateToReword,
    WithdrawnMeanwhile,
)
"""What is wrong with a decision is said on the same page, with all that was typed."""


@bp.get("")
@needs("moderator")
def queue() -> ResponseReturnValue:
    """Show one list: what is held, reported, contested, passed on, or was decided last."""
    listed, after = listed_from(request.args.get("liste")), key_from(request.args.get("after"))
    kind = request.args.get("art")
    only = queries.Only(
        round_slug=request.args.get("runde") or None,
        kind=kind if kind in list(NoticeKind) else None,
        overdue=request.args.get("ueberfaellig") == "1",
    )
    found = queries.queue(session(), moderator=person_id(), listed=listed, after=after, only=only, now=now())
    return page("moderation/queue.html", queue=found, after=after, me=person_id(), **WORDS)


@bp.get("/<int:contribution_id>")
@needs("moderator")
def case(contribution_id: int) -> ResponseReturnValue:
    """Show a contribution with all that is needed to decide on it."""
    wanted = request.args.get("entscheidung")
    form = DecisionForm(
        data={"outcome": wanted if wanted in list(Outcome) else None, "listed": request.args.get("liste")}
    )
    return _show(contribution_id, form)


@bp.post("/<int:contribution_id>/bearbeitung")
@needs("moderator")
def open_case(contribution_id: int) -> ResponseReturnValue:
    """Mark a contribution as opened, for the others, and show it."""
    commands.open_case(session(), contribution_id=contribution_id, by=person_id(), clock=clock)
    listed = listed_from(request.form.get("listed"))
    return see_other(url_for("moderation_desk.case", contribution_id=contribution_id, liste=listed.value))


@bp.post("/<int:contribution_id>/entscheidung")
@needs("moderator")
def decide(contribution_id: int) -> ResponseReturnValue:
    """Decide; what was typed stays where somebody else was quicker."""
    form = DecisionForm(request.form)
    if not form.validate():
        return _show(contribution_id, form, status=422)
    try:
        _decide(contribution_id, form)
    except SHOWN_AGAIN as fact:
        return _show(contribution_id, form, fact=fact, status=422)
    except AlreadySo as fact:
        flash(words_of(fact), "info")
    else:
        flash(_(SAID[form.chosen]) + " " + _("Zehn Minuten lang können Sie das zurücknehmen."), "success")
    return see_other(url_for("moderation_desk.queue", liste=form.back_to.value))


def _decide(contribution_id: int, form: DecisionForm) -> None:
    commands.decide(
        session(),
        contribution_id=contribution_id,
        by=person_id(),
        outcome=form.chosen,
        rule=form.rule.data or None,
        law=form.law.data or None,
        reason=form.reason.data or "",
        passages=form.black,
        duplicate_of=form.original,
        moved_to=form.thread,
        version=int(form.version.data or 0),
        last_seen=form.decision_seen,
        clock=clock,
    )


@bp.post("/<int:contribution_id>/weitergabe")
@needs("moderator")
def escalate(contribution_id: int) -> ResponseReturnValue:
    """Pass a contribution on to somebody with more experience."""
    form = EscalationForm(request.form)
    if not form.validate():
        return _show(contribution_id, DecisionForm(), passing_on=form, status=422)
    try:
        commands.escalate(
            session(), contribution_id=contribution_id, by=person_id(), why=form.why.data or "", clock=clock
        )
    except (AlreadySo, WithdrawnMeanwhile) as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Der Beitrag ist weitergegeben. Er steht jetzt in einer eigenen Liste."), "success")
    return see_other(url_for("moderation_desk.queue"))


@bp.post("/entscheidungen/<int:decision_id>/ruecknahme")
@needs("moderator")
def undo(decision_id: int) -> ResponseReturnValue:
    """Take a decision back within ten minutes."""
    try:
        commands.undo(session(), decision_id=decision_id, by=person_id(), clock=clock)
    except (AlreadyUndone, ChangedMeanwhile, DecidedMeanwhile, NotYourDecision, UndoOver) as fact:
        flash(words_of(fact), "warning")
    else:
        flash(
            _("Die Entscheidung ist zurückgenommen. Alles ist wie vorher, und niemand bekommt einen Brief."), "success"
        )
    return see_other(url_for("moderation_desk.queue", liste=Listed.DECIDED.value))


# ── Second looks ──────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/ueberpruefungen/<int:review_id>")
@needs("moderator")
def review(review_id: int) -> ResponseReturnValue:
    """Show a decision that its author wants to have looked at again."""
    return _show_review(review_id, ReviewForm())


@bp.post("/ueberpruefungen/<int:review_id>")
@needs("moderator")
def give_review(review_id: int) -> ResponseReturnValue:
    """Look at a decision a second time."""
    form = ReviewForm(request.form)
    if not form.validate():
        return _show_review(review_id, form, status=422)
    try:
        commands.review(
            session(),
            review_id=review_id,
            by=person_id(),
            outcome=form.chosen,
            reason=form.reason.data or "",
            clock=clock,
        )
    except (ChangedMeanwhile, NothingToContest, SamePerson, WithdrawnMeanwhile) as fact:
        return _show_review(review_id, form, fact=fact, status=422)
    except AlreadySo as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Die Überprüfung ist gespeichert. Die Verfasserin oder der Verfasser bekommt einen Brief."), "success")
    return see_other(url_for("moderation_desk.queue", liste=Listed.REVIEWS.value))


def _show_review(
    review_id: int, form: ReviewForm, *, fact: Fact | None = None, status: int = 200
) -> ResponseReturnValue:
    found = queries.review_file(session(), review_id=review_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    return page("moderation/review.html", status, review=found, form=form, fact=fact, me=person_id(), **WORDS)


# ── Settings of a round ───────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/runden/<slug>")
@needs("staff")
def round_settings(slug: str) -> ResponseReturnValue:
    """Show within how many hours moderation decides in a round."""
    return _show_settings(slug)


@bp.post("/runden/<slug>")
@needs("staff")
def save_round_settings(slug: str) -> ResponseReturnValue:
    """Save it; it holds at once, for what waits already too."""
    form = HoursForm(request.form)
    if not form.validate():
        return _show_settings(slug, form, status=422)
    commands.set_hours(session(), round_slug=slug, hours=form.hours.data or 0, by=person_id(), clock=clock)
    flash(_("Gespeichert."), "success")
    return see_other(url_for("moderation_desk.round_settings", slug=slug))


def _show_settings(slug: str, form: HoursForm | None = None, status: int = 200) -> ResponseReturnValue:
    found = queries.settings_of(session(), round_slug=slug, person_id=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    form = form or HoursForm(data={"hours": found.hours})
    return page("moderation/settings.html", status, round=found, form=form)


def _show(
    contribution_id: int,
    form: DecisionForm,
    *,
    fact: Fact | None = None,
    passing_on: EscalationForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Show the contribution as it is now; the form carries the version and the decision that are shown with it."""
    found = queries.case_file(session(), contribution_id=contribution_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    is_fresh = fact is not None or passing_on is not None or request.method == "GET"
    if is_fresh or form.version.errors or form.last_seen.errors:
        form.version.data, form.last_seen.data = str(found.version), str(found.last_decision or "")
    form.offer([(place.thread_id, plain_words(place.title)) for place in found.places])
    return page(
        "moderation/case.html",
        status,
        case=found,
        form=form,
        passing_on=passing_on or EscalationForm(),
        fact=fact,
        me=person_id(),
        **WORDS,
    )
