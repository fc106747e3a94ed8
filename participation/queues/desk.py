"""The moderators' queue, one contribution in its context, and the decision on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from participation.contributions.facts import NETIQUETTE, ChangedMeanwhile, rule_by_slug
from participation.contributions.queries import signals_of
from participation.foundation.access import needs
from participation.foundation.clock import berlin
from participation.foundation.facts import Fact, marked
from participation.foundation.i18n import plain_words, words_of
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation import commands
from participation.moderation.facts import (
    FOUND,
    NOTICE_KINDS,
    OUTCOMES,
    AlreadyPassedOn,
    AlreadySo,
    AlreadyUndone,
    DecidedMeanwhile,
    LinkedBack,
    LookAwaited,
    NoSuchOriginal,
    NoSuchSubject,
    NothingLeft,
    NothingToDecide,
    NoticeKind,
    NotYourDecision,
    Outcome,
    OwnContribution,
    PassageMissing,
    RuleMissing,
    TooLateToReword,
    UndoOver,
    WithdrawnMeanwhile,
)
from participation.moderation.queries import CaseFile, case_file, text_history
from participation.queues import commands as bulk
from participation.queues import queries
from participation.queues.facts import (
    HOWS,
    MOST_AT_ONCE,
    REFUSED,
    How,
    Listed,
    NotForMany,
    NothingChosen,
    TooManyChosen,
)
from participation.queues.forms import BulkForm, DecisionForm, EscalationForm, OpeningForm, listed_from
from participation.remarks.forms import NoteForm, TaskForm, label_of
from participation.remarks.queries import Backstage, Offer, backstage, offer
from participation.reviews.queries import open_review

bp = Blueprint("queues_desk", __name__, template_folder="templates", url_prefix="/moderation")


WORDS: dict[str, Any] = {
    "kinds": NOTICE_KINDS,
    "outcomes": OUTCOMES,
    "rules": {rule.slug: rule for rule in NETIQUETTE},
    "found_words": FOUND,
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
    LookAwaited,
    NoSuchOriginal,
    NoSuchSubject,
    NothingLeft,
    OwnContribution,
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
    today = berlin(now()).date()
    return page("queues/queue.html", queue=found, after=after, me=person_id(), today=today, **WORDS)


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
    """Mark a contribution as opened, for the others, and show it, or the second look that waits for it."""
    commands.open_case(session(), contribution_id=contribution_id, by=person_id(), clock=clock)
    form = OpeningForm(request.form)
    if form.review_id is not None:
        return see_other(url_for("reviews_desk.review", review_id=form.review_id))
    if form.pause_id is not None:
        return see_other(url_for("pauses_desk.show", pause_id=form.pause_id))
    return see_other(
        url_for(
            "queues_desk.case",
            contribution_id=contribution_id,
            liste=form.back_to.value,
            entscheidung=form.outcome,
            _anchor=form.place,
        )
    )


@bp.post("/<int:contribution_id>/entscheidung")
@needs("moderator")
def decide(contribution_id: int) -> ResponseReturnValue:
    """Decide; what was typed stays where somebody else was quicker."""
    form = DecisionForm(request.form)
    if not form.validate():
        return _show(contribution_id, form, status=422)
    try:
        made = _decide(contribution_id, form)
    except SHOWN_AGAIN as fact:
        return _show(contribution_id, form, fact=fact, status=422)
    except AlreadySo as fact:
        flash(words_of(fact), "info")
    else:
        _say(_(SAID[form.chosen]), undo=url_for("queues_desk.undo", decision_id=made))
    return see_other(url_for("queues_desk.queue", liste=form.back_to.value))


def _say(done: str, *, undo: str) -> None:
    """Say on the next page what was done, with the button that takes it back."""
    flash({"text": f"{done} {_('Zehn Minuten lang können Sie das zurücknehmen.')}", "undo": undo}, "success")  # type: ignore[arg-type]


def _decide(contribution_id: int, form: DecisionForm) -> int:
    return commands.decide(
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


@bp.post("/<int:contribution_id>/textbaustein")
@needs("moderator")
def insert_template(contribution_id: int) -> ResponseReturnValue:
    """Show the form again with a template in the reason, and with all that was typed; nothing is saved or checked."""
    form = DecisionForm(request.form)
    done = form.put_in(_offer([contribution_id]))
    return _show(contribution_id, form, status=200 if done else 422)


def _offer(contribution_ids: list[int]) -> Offer:
    return offer(session(), contribution_ids=contribution_ids, official=person_id(), now=now())


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
    except (AlreadyPassedOn, WithdrawnMeanwhile) as fact:
        return _show(contribution_id, DecisionForm(), fact=fact, passing_on=form, status=422)
    except AlreadySo as fact:
        flash(words_of(fact), "info")
    else:
        flash(_("Der Beitrag ist weitergegeben. Er steht jetzt in einer eigenen Liste."), "success")
    return see_other(url_for("queues_desk.queue"))


@bp.post("/entscheidungen/<int:decision_id>/ruecknahme")
@needs("moderator")
def undo(decision_id: int) -> ResponseReturnValue:
    """Take a decision back within ten minutes."""
    try:
        commands.undo(session(), decision_id=decision_id, by=person_id(), clock=clock)
    except (AlreadyUndone, ChangedMeanwhile, DecidedMeanwhile, LinkedBack, NotYourDecision, UndoOver) as fact:
        flash(words_of(fact), "warning")
    else:
        flash(
            _("Die Entscheidung ist zurückgenommen. Alles ist wie vorher, und niemand bekommt einen Brief."), "success"
        )
    return see_other(url_for("queues_desk.queue", liste=Listed.DECIDED.value))


# ── Several at once ───────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/auswahl")
@needs("moderator")
def choose_many() -> ResponseReturnValue:
    """Show what can be decided on together, before anything is decided."""
    numbers = [int(one) for one in request.args.getlist("beitrag") if one.isascii() and one.isdigit() and len(one) < 16]
    form = BulkForm(data={"how": request.args.get("art"), "listed": request.args.get("liste")})
    found = queries.gathered(
        session(), moderator=person_id(), listed=form.back_to, how=form.found, numbers=numbers[:MOST_AT_ONCE], now=now()
    )
    if not found.rows:
        flash(words_of(NothingChosen()), "info")
        return see_other(url_for("queues_desk.queue", liste=form.back_to.value, **_narrowed()))
    free = [row.id for row in found.rows if row.claim is None or row.claim.by == person_id()]
    return _show_many(form, found, ticked=free)


def _narrowed() -> dict[str, Any]:
    """Return what the list was narrowed to from which somebody wanted to choose, as its address says it."""
    names = {"runde": "runde", "art": "meldung", "ueberfaellig": "ueberfaellig", "after": "after"}
    return {name: request.args.get(sent) or None for name, sent in names.items()}


@bp.post("/sammelentscheidungen")
@needs("moderator")
def decide_many() -> ResponseReturnValue:
    """Decide on several contributions for one rule and reason, and show what became of each."""
    form = BulkForm(request.form)
    if not form.validate():
        return _choose_again(form)
    try:
        bulk_id = bulk.decide_many(
            session(),
            chosen=form.chosen.data,
            how=form.found,
            by=person_id(),
            outcome=Outcome(form.outcome.data),
            rule=form.rule.data or None,
            law=form.law.data or None,
            reason=form.reason.data or "",
            clock=clock,
        )
    except (NothingChosen, NotForMany, RuleMissing, TooManyChosen) as fact:
        return _choose_again(form, fact)
    found = queries.bulk_result(session(), bulk_id=bulk_id, moderator=person_id(), now=now())
    if found is not None and found.can_be_undone:
        done = ngettext(
            "Über %(num)s Beitrag ist entschieden.", "Über %(num)s Beiträge ist entschieden.", found.decided
        )
        _say(done, undo=url_for("queues_desk.undo_many", bulk_id=bulk_id))
    return see_other(url_for("queues_desk.bulk_result", bulk_id=bulk_id))


@bp.post("/auswahl/textbaustein")
@needs("moderator")
def insert_template_for_many() -> ResponseReturnValue:
    """Show the form again with a template in the reason; its languages are those of all who are ticked."""
    form = BulkForm(request.form)
    done = form.put_in(_offer(form.numbers or form.lines))
    return _choose_again(form, status=200 if done else 422)


def _choose_again(form: BulkForm, fact: Fact | None = None, *, status: int = 422) -> ResponseReturnValue:
    found = queries.gathered(
        session(), moderator=person_id(), listed=form.back_to, how=How.PAGE, numbers=form.lines, now=now()
    )
    # What somebody wrote or decided since was not read by who ticked it.
    read = {one.contribution_id: (one.version, one.last_seen) for one in form.chosen.data or ()}
    same = [row.id for row in found.rows if read.get(row.id) == (row.version, row.last_decision)]
    changed = frozenset(row.id for row in found.rows if row.id in read and read[row.id][0] != row.version)
    return _show_many(form, found, ticked=same, changed=changed, fact=fact, status=status)


def _show_many(
    form: BulkForm,
    found: queries.Gathered,
    *,
    ticked: list[int],
    changed: frozenset[int] = frozenset(),
    fact: Fact | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    form.how.data, form.listed.data = form.found.value, form.back_to.value
    return page(
        "queues/many.html",
        status,
        form=form,
        found=found,
        ticked=frozenset(ticked),
        changed=changed,
        changed_meanwhile=ChangedMeanwhile(),
        fact=fact,
        how_words=HOWS,
        me=person_id(),
        most=MOST_AT_ONCE,
        offer=_offer([row.id for row in found.rows]),
        label_of=label_of,
        **WORDS,
    )


@bp.get("/sammelentscheidungen/<int:bulk_id>")
@needs("moderator")
def bulk_result(bulk_id: int) -> ResponseReturnValue:
    """Show what became of each contribution that was decided on together."""
    found = queries.bulk_result(session(), bulk_id=bulk_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    return page("queues/bulk.html", bulk=found, how_words=HOWS, refused=REFUSED, **WORDS)


@bp.post("/sammelentscheidungen/<int:bulk_id>/ruecknahme")
@needs("moderator")
def undo_many(bulk_id: int) -> ResponseReturnValue:
    """Take back within ten minutes what was decided together."""
    try:
        back, left = bulk.undo_many(session(), bulk_id=bulk_id, by=person_id(), clock=clock)
    except (AlreadyUndone, ChangedMeanwhile, DecidedMeanwhile, LinkedBack, UndoOver) as fact:
        flash(words_of(fact), "warning")
    else:
        flash(
            ngettext("%(num)s Entscheidung ist zurückgenommen.", "%(num)s Entscheidungen sind zurückgenommen.", back),
            "success",
        )
        if left:
            flash(ngettext("%(num)s Entscheidung bleibt.", "%(num)s Entscheidungen bleiben.", left), "info")
    return see_other(url_for("queues_desk.bulk_result", bulk_id=bulk_id))


def _show(
    contribution_id: int,
    form: DecisionForm,
    *,
    fact: Fact | None = None,
    passing_on: EscalationForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Show the contribution as it is now; the form carries the version and the decision that are shown with it."""
    found = case_file(session(), contribution_id=contribution_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    read = int(form.version.data or 0) if isinstance(fact, ChangedMeanwhile) else None
    is_fresh = fact is not None or passing_on is not None or request.method == "GET"
    if is_fresh or form.version.errors or form.last_seen.errors:
        form.version.data, form.last_seen.data = str(found.version), str(found.last_decision or "")
    form.offer([(place.thread_id, plain_words(place.title)) for place in found.places])
    kept = backstage(session(), contribution_id=contribution_id, audience_id=found.audience_id, now=now())
    return page(
        "queues/case.html",
        status,
        case=found,
        groups=queries.groups(session(), found, listed=_waits_in(found, form), moderator=person_id(), now=now()),
        history=text_history(session(), found, now=now(), read=read),
        review_id=open_review(session(), contribution_id),
        signals=signals_of(session(), [contribution_id]).get(contribution_id, ()),
        form=form,
        passing_on=passing_on or EscalationForm(),
        fact=fact,
        me=person_id(),
        offer=_offer([contribution_id]),
        label_of=label_of,
        backstage=kept,
        note_form=NoteForm(),
        task_form=_task_form(kept),
        today=berlin(now()).date(),
        rule_by_slug=rule_by_slug,
        **WORDS,
    )


def _waits_in(found: CaseFile, form: DecisionForm) -> Listed:
    """Return the list with which a contribution is decided on together with others."""
    if form.back_to in (Listed.HELD, Listed.REPORTED) and form.listed.data:
        return form.back_to
    return Listed.REPORTED if found.open_notices and found.state == "published" else Listed.HELD


def _task_form(kept: Backstage) -> TaskForm:
    form = TaskForm()
    form.offer(kept.colleagues)
    return form
