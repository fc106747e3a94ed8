"""The moderators' queue, one contribution in its context, and the decision on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.contributions.facts import NETIQUETTE, ChangedMeanwhile
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.paging import key_from
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation import commands, queries
from participation.moderation.facts import (
    NOTICE_KINDS,
    OUTCOMES,
    AlreadySo,
    DecidedMeanwhile,
    NothingToDecide,
    Outcome,
    RuleMissing,
    WithdrawnMeanwhile,
)
from participation.moderation.forms import DecisionForm, listed_from

bp = Blueprint("moderation_desk", __name__, template_folder="templates", url_prefix="/moderation")

WORDS: dict[str, Any] = {"kinds": NOTICE_KINDS, "outcomes": OUTCOMES, "rules": {rule.slug: rule for rule in NETIQUETTE}}


@bp.get("")
@needs("moderator")
def queue() -> ResponseReturnValue:
    """Show what is held, what is reported, or what was decided last."""
    listed, after = listed_from(request.args.get("liste")), key_from(request.args.get("after"))
    found = queries.queue(session(), moderator=person_id(), listed=listed, after=after, now=now())
    return page("moderation/queue.html", queue=found, after=after, **WORDS)


@bp.get("/<int:contribution_id>")
@needs("moderator")
def case(contribution_id: int) -> ResponseReturnValue:
    """Show a contribution with all that is needed to decide on it."""
    wanted = request.args.get("entscheidung")
    form = DecisionForm(
        data={"outcome": wanted if wanted in list(Outcome) else None, "listed": request.args.get("liste")}
    )
    return _show(contribution_id, form)


@bp.post("/<int:contribution_id>/entscheidung")
@needs("moderator")
def decide(contribution_id: int) -> ResponseReturnValue:
    """Decide; what was typed stays where somebody else was quicker."""
    form = DecisionForm(request.form)
    if not form.validate():
        return _show(contribution_id, form, status=422)
    try:
        _decide(contribution_id, form)
    except (ChangedMeanwhile, DecidedMeanwhile, WithdrawnMeanwhile, RuleMissing) as fact:
        return _show(contribution_id, form, fact=fact, status=422)
    except AlreadySo as fact:
        flash(words_of(fact), "info")
    else:
        said = (
            _("Der Beitrag ist veröffentlicht.")
            if form.chosen is Outcome.PUBLISHED
            else _("Der Beitrag ist zurückgehalten.")
        )
        flash(said, "success")
    return see_other(url_for("moderation_desk.queue", liste=form.back_to.value))


def _decide(contribution_id: int, form: DecisionForm) -> None:
    commands.decide(
        session(),
        contribution_id=contribution_id,
        by=person_id(),
        outcome=form.chosen,
        rule=form.rule.data or None,
        reason=form.reason.data or "",
        version=int(form.version.data or 0),
        last_seen=form.decision_seen,
        clock=clock,
    )


def _show(
    contribution_id: int, form: DecisionForm, *, fact: Fact | None = None, status: int = 200
) -> ResponseReturnValue:
    """Show the contribution as it is now; the form carries the version and the decision that are shown with it."""
    found = queries.case_file(session(), contribution_id=contribution_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    if fact is not None or request.method == "GET" or form.version.errors or form.last_seen.errors:
        form.version.data, form.last_seen.data = str(found.version), str(found.last_decision or "")
    return page("moderation/case.html", status, case=found, form=form, fact=fact, me=person_id(), **WORDS)
