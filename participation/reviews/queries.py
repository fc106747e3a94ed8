"""Reading second looks, and the decisions that they are about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from participation.accounts.models import Office
from participation.audiences.facts import Role
from participation.audiences.models import Audience
from participation.audiences.queries import audiences_where
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.foundation.facts import Holding
from participation.moderation.facts import UNDO_FOR, Outcome, Piece, SealedKind, version_after
from participation.moderation.models import AwaitedLook, Case, ModerationDecision, SealedCopy
from participation.moderation.queries import (
    CaseFile,
    DecisionLine,
    case_file,
    decision_lines,
    decisions_on,
    gives_back,
    placed,
    selves,
    stands,
    taken,
    taken_of,
    text_history,
    version_left,
)
from participation.reviews.facts import CONTEST_FOR, Contestable, ToReview
from participation.reviews.models import Review
from participation.rounds.models import Round
from participation.windows.models import Window

Text = dict[str, str]


@dataclass(frozen=True)
class ReviewFile:
    """A second look that was asked for, with all that is needed to give it."""

    id: int
    words: str
    asked_at: datetime
    decision: DecisionLine
    file: CaseFile
    original: str | None
    """The text before it was blacked out, as long as the second look is to be given; afterwards it is sealed again."""
    changes: tuple[Piece, ...] | None
    """What its author changed since the decision, as far as that is kept; None where the text is as it was left."""
    waits: bool
    """Whether it is still to be given, and there is something to look at."""
    is_own: bool
    """Whether who looks made the decision, and therefore does not answer."""
    outcome: str | None
    reason: str
    decided_at: datetime | None

    @property
    def is_changed(self) -> bool:
        """Whether its author changed the text since the decision."""
        return self.changes is not None


@dataclass(frozen=True)
class OwnDecision:
    """A decision as its author reads it on a page of its own, and what became of the request to look again."""

    contribution_id: int
    text: str
    language: str
    round_title: Text | None
    office: Text
    outcome: str
    rule: str | None
    netiquette_version: int | None
    law: str | None
    reason: str
    decided_at: datetime
    until: datetime
    """A second look can be asked for until then."""
    asked_at: datetime | None
    review_outcome: str | None
    review_reason: str | None
    reviewed_at: datetime | None
    holds: bool
    """Whether the contribution stands as it does for this decision; else there is nothing to look at again."""
    reword_until: datetime | None
    """Until when other words can be found that moderation asked for; None if it waits for none."""


@dataclass(frozen=True)
class Look:
    """That somebody else was asked to look at a decision again, and what it led to; None while that waits."""

    asked_at: datetime
    outcome: str | None


def review_file(session: Session, *, review_id: int, moderator: UUID, now: datetime) -> ReviewFile | None:
    """Return a second look that was asked for, with the decision and its contribution, or None."""
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    found = (
        select(Review.id, Review.words, Review.asked_at, Case.contribution_id, Review.decision_id)
        .add_columns(Review.contested_by, Review.outcome, Review.reason, Review.decided_at)
        .add_columns(ModerationDecision.contribution_version, ModerationDecision.outcome.label("decided"))
        .add_columns(waits().label("waits"))
        .join(ModerationDecision, ModerationDecision.id == Review.decision_id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Review.id == review_id, mine)
    )
    row = session.execute(found).one_or_none()
    if row is None:
        return None
    file = case_file(session, contribution_id=row.contribution_id, moderator=moderator, now=now)
    decisions = decision_lines(session, ModerationDecision.id == row.decision_id)
    if file is None or not decisions:
        return None
    sealed = session.execute(
        select(SealedCopy.text).where(SealedCopy.decision_id == row.decision_id, SealedCopy.kind == SealedKind.ORIGINAL)
    ).scalar_one_or_none()
    return ReviewFile(
        id=row.id,
        words=row.words,
        asked_at=row.asked_at,
        decision=decisions[0],
        file=file,
        original=(sealed or None) if row.waits else None,
        changes=_changes(session, file, row, now),
        waits=bool(row.waits),
        is_own=row.contested_by == moderator,
        outcome=row.outcome,
        reason=row.reason,
        decided_at=row.decided_at,
    )


def _changes(session: Session, file: CaseFile, row: Any, now: datetime) -> tuple[Piece, ...] | None:
    """Return how the text was changed since a decision, until the second look at it is given; else None."""
    left = version_after(row.contribution_version, row.decided)
    if row.decided_at is not None or file.version == left:
        return None
    left = version_left(session, contribution_id=file.id, decision_id=row.decision_id, left=left)
    if file.version == left:
        return None
    return text_history(session, file, now=now, read=left).since_read or ()


def contestable(session: Session, token: str) -> Contestable | None:
    """Return the decision whose author holds this link, or None."""
    decision = ModerationDecision
    found = (
        select(
            decision.id,
            Case.contribution_id,
            Contribution.window_id,
            decision.outcome,
            decision.decided_by,
            decision.decided_at,
            Review.id.label("review_id"),
        )
        .join(Case, Case.id == decision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .outerjoin(Review, Review.decision_id == decision.id)
        .where(decision.token == token)
    )
    row = session.execute(found).one_or_none()
    return Contestable(*row) if row else None


def review_to_give(session: Session, review_id: int) -> ToReview | None:
    """Return a second look that was asked for, with the decision it is about, or None."""
    found = taken().add_columns(Review.decided_at.label("given_at"), ModerationDecision.token, Contribution.version)
    found = found.join(Contribution, Contribution.id == Case.contribution_id)
    row = session.execute(
        found.join(Review, Review.decision_id == ModerationDecision.id).where(Review.id == review_id)
    ).one_or_none()
    if row is None:
        return None
    decision = taken_of(row)
    if row.version != decision.version_after:
        about = {"contribution_id": decision.contribution_id, "decision_id": decision.id}
        decision = replace(decision, left_again=version_left(session, **about, left=decision.version_after))
    return ToReview(review_id, row.given_at, row.token, row.version, decision)


def own_decision(session: Session, *, token: str, now: datetime) -> OwnDecision | None:
    """Return the decision whose address somebody holds, or None; one that can be undone has not reached anybody yet."""
    decision = ModerationDecision
    chosen = select(
        *(Contribution.id, Contribution.text, Contribution.language, Round.title, Office.name),
        *(decision.outcome, decision.rule, decision.law, decision.reason, decision.decided_at),
        decision.netiquette_version,
        *(Review.asked_at, Review.outcome.label("review_outcome"), Review.reason.label("review_reason")),
        Review.decided_at.label("reviewed_at"),
        *(Contribution.rewording, Window.closes_at, Window.closed_at),
        and_(gives_back(decision), Contribution.state != State.WITHDRAWN).label("holds"),
    ).select_from(decision)
    chosen = chosen.join(Case, Case.id == decision.case_id).join(Contribution, Contribution.id == Case.contribution_id)
    rows = placed(chosen).join(Audience, Audience.id == Window.audience_id)
    rows = rows.join(Office, Office.id == Audience.office_id).outerjoin(Review, Review.decision_id == decision.id)
    told = rows.where(decision.token == token, decision.decided_at <= now - UNDO_FOR, stands(decision))
    row = session.execute(told).one_or_none()
    if row is None:
        return None
    return OwnDecision(
        contribution_id=row.id,
        text=row.text,
        language=row.language,
        round_title=row.title,
        office=row.name,
        outcome=row.outcome,
        rule=row.rule,
        netiquette_version=row.netiquette_version,
        law=row.law,
        reason=row.reason,
        decided_at=row.decided_at,
        until=row.decided_at + CONTEST_FOR,
        asked_at=row.asked_at,
        review_outcome=row.review_outcome,
        review_reason=row.review_reason,
        reviewed_at=row.reviewed_at,
        holds=bool(row.holds),
        reword_until=min(row.closes_at, row.closed_at or row.closes_at) if row.rewording else None,
    )


def looks_at(session: Session, decision_ids: Collection[int]) -> dict[int, Look]:
    """Return the second looks that were asked for at some decisions, by the decision; one statement."""
    asked = select(Review.decision_id, Review.asked_at, Review.outcome).where(Review.decision_id.in_(decision_ids))
    return {row.decision_id: Look(row.asked_at, row.outcome) for row in session.execute(asked)}


def decided_beside(session: Session, own: OwnDecision, *, token: str, now: datetime) -> tuple[DecisionLine, ...]:
    """Return the decisions that hold beside one that does, and that their author was told of, newest first."""
    if not own.holds:
        return ()
    found = decisions_on(session, [own.contribution_id]).get(own.contribution_id, ())
    taking = (one for one in found if one.token != token and one.outcome != Outcome.PUBLISHED)
    return tuple(one for one in taking if one.decided_at <= now - UNDO_FOR)


def reviewed_for(person_id: UUID) -> ColumnElement[bool]:
    """Return which second looks a person asked for."""
    own = (
        select(ModerationDecision.id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Contribution.participant_id.in_(selves(person_id)))
    )
    return Review.decision_id.in_(own)


def waits() -> ColumnElement[bool]:
    """Say of a second look that it is still to be given; the query joins its decision and the contribution.

    Where another decision came since, or the author took the contribution back, there is nothing to look at any more.
    """
    still = gives_back(ModerationDecision)
    return and_(Review.decided_at.is_(None), Contribution.state != State.WITHDRAWN, still)


def looked_at() -> Select[int]:
    """Select the decisions about which a second look waits for which the original is needed."""
    found = select(Review.decision_id).join(ModerationDecision, ModerationDecision.id == Review.decision_id)
    found = found.join(Case, Case.id == ModerationDecision.case_id)
    found = found.join(Contribution, Contribution.id == Case.contribution_id)
    return found.where(waits(), ModerationDecision.outcome == Outcome.REDACTED)


def open_review(session: Session, contribution_id: int) -> int | None:
    """Return the second look at a contribution that waits, the oldest if several do, or None."""
    found = (
        select(Review.id)
        .join(ModerationDecision, ModerationDecision.id == Review.decision_id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Contribution.id == contribution_id, waits())
        .order_by(Review.id)
        .limit(1)
    )
    return session.execute(found).scalar_one_or_none()


def differing_looks(session: Session) -> set[int]:
    """Return the decisions whose mark says otherwise than the request for a second look; there must be none."""
    waiting = session.execute(select(Review.decision_id).where(Review.decided_at.is_(None))).scalars()
    return set(waiting) ^ set(session.execute(select(AwaitedLook.decision_id)).scalars())


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return the second looks that a person asked for."""
    reviews = select(Review).where(reviewed_for(person_id)).order_by(Review.id)
    return [
        Holding(
            "reviews", "review", text=one.words, facts={"asked_at": one.asked_at.isoformat(), "outcome": one.outcome}
        )
        for one in session.execute(reviews).scalars()
    ]
