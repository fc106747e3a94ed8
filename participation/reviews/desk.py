"""Second looks, given by moderators who did not decide."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from participation.contributions.facts import NETIQUETTE, ChangedMeanwhile
from participation.foundation.access import needs
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, now, page, person_id, see_other, session
from participation.moderation.facts import OUTCOMES, AlreadySo, NothingToDecide, OwnContribution, WithdrawnMeanwhile
from participation.remarks.forms import label_of
from participation.remarks.queries import Offer, offer
from participation.reviews import commands, queries
from participation.reviews.facts import REVIEW_OUTCOMES, NothingToContest, ReviewedMeanwhile, SamePerson
from participation.reviews.forms import ReviewForm

bp = Blueprint("reviews_desk", __name__, template_folder="templates", url_prefix="/moderation/ueberpruefungen")

WORDS = {"outcomes": OUTCOMES, "rules": {rule.slug: rule for rule in NETIQUETTE}, "review_outcomes": REVIEW_OUTCOMES}


@bp.get("/<int:review_id>")
@needs("moderator")
def review(review_id: int) -> ResponseReturnValue:
    """Show a decision that its author wants to have looked at again."""
    return _show_review(review_id, ReviewForm())


@bp.post("/<int:review_id>")
@needs("moderator")
def give_review(review_id: int) -> ResponseReturnValue:
    """Look at a decision a second time."""
    form = ReviewForm(request.form)
    if not form.validate():
        return _show_review(review_id, form, status=422)
    try:
        unlinked = commands.review(
            session(),
            review_id=review_id,
            by=person_id(),
            outcome=form.chosen,
            reason=form.reason.data or "",
            version=form.read,
            clock=clock,
        )
    except (ChangedMeanwhile, NothingToContest, OwnContribution, SamePerson, WithdrawnMeanwhile) as fact:
        return _show_review(review_id, form, fact=fact, status=422)
    except AlreadySo as fact:
        if not _is_theirs(review_id, form):
            return _show_review(review_id, form, fact=ReviewedMeanwhile(), status=422)
        flash(words_of(fact), "info")
    else:
        flash(_("Die Überprüfung ist gespeichert. Die Verfasserin oder der Verfasser bekommt einen Brief."), "success")
        if unlinked is not None:
            flash(
                _(
                    "Der Verweis auf Beitrag %(number)s ist nicht zurückgekommen, denn der verweist inzwischen selbst"
                    " auf diesen.",
                    number=unlinked,
                ),
                "info",
            )
    return see_other(url_for("queues_desk.queue", liste="reviews"))


@bp.post("/<int:review_id>/textbaustein")
@needs("moderator")
def insert_template(review_id: int) -> ResponseReturnValue:
    """Show the form again with a template in the reason, and with all that was typed; nothing is saved or checked."""
    form = ReviewForm(request.form)
    done = form.put_in(_offer(_review(review_id)))
    return _show_review(review_id, form, status=200 if done else 422)


def _review(review_id: int) -> queries.ReviewFile:
    found = queries.review_file(session(), review_id=review_id, moderator=person_id(), now=now())
    if found is None:
        raise NothingToDecide()
    return found


def _offer(found: queries.ReviewFile) -> Offer:
    return offer(session(), contribution_ids=[found.file.id], official=person_id(), now=now())


def _is_theirs(review_id: int, form: ReviewForm) -> bool:
    """Say whether a second look says what is sent, as after a second click on the same button."""
    found = _review(review_id)
    return (found.outcome, found.reason) == (form.outcome.data, (form.reason.data or "").strip())


def _show_review(
    review_id: int, form: ReviewForm, *, fact: Fact | None = None, status: int = 200
) -> ResponseReturnValue:
    found = _review(review_id)
    if request.method == "GET" or fact is not None or form.version.errors:
        form.version.data = str(found.file.version)
    return page(
        "reviews/review.html",
        status,
        review=found,
        form=form,
        fact=fact,
        me=person_id(),
        offer=_offer(found),
        label_of=label_of,
        **WORDS,
    )
