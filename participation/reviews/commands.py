"""Asking for a second look, and giving it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from participation.audiences.queries import office_of
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note
from participation.letters.commands import post_letter
from participation.moderation import commands as moderation
from participation.moderation.commands import (
    await_look,
    enter,
    free_case,
    hold,
    hold_for_back,
    link_again,
    look_given,
    put_right,
)
from participation.moderation.facts import LEAVES_LINKS, OUTCOMES, AlreadySo, NothingToDecide, ReasonMissing, told_as
from participation.moderation.queries import author_to_tell, is_to_give_back, standing
from participation.reviews import queries
from participation.reviews.facts import (
    AlreadyContested,
    NoSuchDecision,
    ReviewOutcome,
    ToReview,
    why_not_contest,
    why_not_review,
)
from participation.reviews.models import Review
from participation.windows.commands import hold_door
from participation.windows.queries import audience_of

REVIEW_ASKED_LETTER = "reviews/letters/review_asked"
REVIEW_GIVEN_LETTER = "reviews/letters/review_given"


def contest(session: Session, *, token: str, words: str, clock: Clock) -> int:
    """Ask for a second look at a decision, and confirm it to the author; return the number of the review.

    :param token: from the letter or from »Meine Beteiligung«
    :raises NoSuchDecision: if nothing has this address
    :raises NothingToContest: if the decision does not hold any more
    :raises ReviewTooLate: after six months
    :raises AlreadyContested: the second time
    """
    with transaction(session):
        asked = queries.contestable(session, token)
        if asked is None:
            raise NoSuchDecision()
        now = hold_door(session, asked.window_id, clock)
        hold(session, asked.contribution_id)
        stands, gives_back = standing(session, asked.contribution_id), is_to_give_back(session, asked.id)
        refusal = why_not_contest(asked, stands, now, gives_back=gives_back)
        if refusal is not None:
            raise refusal
        row = insert(session, Review).values(
            decision_id=asked.id, contested_by=asked.decided_by, words=words.strip(), asked_at=now, reason=""
        )
        made = session.execute(row.on_conflict_do_nothing(index_elements=["decision_id"]).returning(Review.id)).first()
        if made is None:
            raise AlreadyContested()
        await_look(session, asked.id)
        _tell_of_review(
            session,
            asked.contribution_id,
            template=REVIEW_ASKED_LETTER,
            facts={"token": token},
            review_id=made.id,
            now=now,
        )
        note(
            session,
            act="moderation:contested",
            actor=None,
            office_id=office_of(session, audience_of(session, asked.window_id)),
            about=f"contribution:{asked.contribution_id}",
            details={"decision": asked.id, "review": made.id},
            now=now,
        )
        return int(made.id)


def review(
    session: Session,
    *,
    review_id: int,
    by: UUID,
    outcome: ReviewOutcome,
    reason: str,
    clock: Clock,
    version: int | None = None,
) -> int | None:
    """Look at a decision a second time and tell its author, with reasons. What is reversed is public as before.

    Returned is the other contribution to which a link does not come back, since it is linked to this one by now.

    What another decision blacked out, linked or moved stays so; the letter says it. What its author wrote since the
    decision stays, and is public then. Whom it was passed on to is done with it, either way; notices that
    are still open wait with the others.

    :param version: the version of the text that was read; None for the one that the decision left
    :raises NothingToDecide: if it is not theirs to moderate, or there is no such review
    :raises SamePerson: if they made the decision
    :raises ReasonMissing: without reasons
    :raises AlreadySo: if somebody looked at it already
    :raises NothingToContest: if the decision does not hold any more
    :raises ChangedMeanwhile: if the text is another one by now
    :raises WithdrawnMeanwhile: if its author took it back
    """
    if not reason.strip():
        raise ReasonMissing()
    with transaction(session):
        found = queries.review_to_give(session, review_id)
        if found is None:
            raise NothingToDecide()
        taken = found.decision
        now, office_id = enter(session, taken.contribution_id, by=by, clock=clock)
        kind = hold_for_back(session, taken)
        stands, gives_back = standing(session, taken.contribution_id), is_to_give_back(session, taken.id)
        found = queries.review_to_give(session, review_id) or found
        refusal = why_not_review(found, stands, by=by, read=version or taken.version_after, gives_back=gives_back)
        if refusal is not None:
            raise refusal
        given = {"decided_by": by, "decided_at": now, "outcome": outcome, "reason": reason.strip()}
        link = before = taken.before.get("duplicate_of")
        if outcome is ReviewOutcome.REVERSED:
            link = link_again(session, taken)
            known: dict[str, Any] = {"kind": kind, "standing": stands, "link": link, "version": found.version}
            given["result_id"] = put_right(session, taken, by=by, reason=reason, now=now, **known)
        else:
            free_case(session, taken.contribution_id)
        look_given(session, taken.id)
        _give(session, found, given, now)
        about = f"contribution:{taken.contribution_id}"
        details = {"decision": taken.id, "review": review_id, "outcome": outcome}
        note(session, act="moderation:reviewed", actor=by, office_id=office_id, about=about, details=details, now=now)
        return before if link != before and taken.outcome not in LEAVES_LINKS else None


def _give(session: Session, found: ToReview, given: dict[str, Any], now: datetime) -> None:
    """Write down what a second look brought, and tell it."""
    waiting = update(Review).where(Review.id == found.id, Review.decided_at.is_(None))
    if not affected(session, waiting.values(**given)):
        raise AlreadySo()
    told = {"outcome": given["outcome"], "reason": given["reason"], "token": found.token}
    _tell_of_review(
        session,
        found.decision.contribution_id,
        template=REVIEW_GIVEN_LETTER,
        facts=told | {"remains": _remains(session, found, given.get("result_id"))},
        review_id=found.id,
        now=now,
    )


def _remains(session: Session, found: ToReview, result_id: int | None) -> str | None:
    """Return what a decision that shapes a contribution after a reversal made of it, in words, or None."""
    shaping = standing(session, found.decision.contribution_id).shaping if result_id is not None else None
    return OUTCOMES[told_as(shaping.outcome)] if shaping is not None and shaping.id != result_id else None


def _tell_of_review(
    session: Session, contribution_id: int, *, template: str, facts: dict[str, Any], review_id: int, now: datetime
) -> None:
    author = author_to_tell(session, contribution_id)
    if author is None:
        return
    known = {
        "number": contribution_id,
        "round": author.round_title,
        "office": author.office,
        "path": author.home,
        "text": author.text,
    }
    post_letter(
        session,
        template=template,
        to_address=author.email,
        to_name=author.shown_as or "",
        language=author.language,
        facts=known | facts,
        about=f"review:{review_id}",
        now=now,
    )


def delete_sealed(session: Session, *, clock: Clock) -> int:
    """Blank the sealed copies whose time is over, without those that a second look still needs; return how many."""
    return moderation.delete_sealed(session, clock=clock, but=queries.looked_at())


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Empty what a person wrote to ask for second looks. That they asked stays."""
    with transaction(session):
        session.execute(update(Review).where(queries.reviewed_for(person_id)).values(words=""))
