"""Words about moderation: a comment that waits or is public, a decision on it, and what its author is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import post_comment, reply
from participation.discussion.facts import Stance
from participation.discussion.models import Comment, Thread
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from participation.letters.models import Letter
from participation.moderation.commands import decide, report
from participation.moderation.facts import NoticeKind, Outcome, Receipt
from tests.world import RoundWords, a_citizen

REASON = "»Trottel« ist eine Beleidigung."


def a_comment(
    session: Session,
    round: RoundWords,
    *,
    clock: Clock,
    who: Who | None = None,
    text: str = "Mehr Bäume auf dem Platz, bitte.",
    stance: Stance = Stance.IN_FAVOUR,
    held: bool = False,
    answers: int | None = None,
    language: str = "de",
) -> int:
    """Post a comment (or the answer to one) on the first Handlungsfeld, public or held, by somebody new."""
    _premoderate(session, round.thread_id, held)
    who = who or a_citizen(session)
    if answers is not None:
        return reply(session, comment_id=answers, who=who, text=text, language=language, clock=clock).id
    made = post_comment(
        session, thread_id=round.thread_id, who=who, text=text, stance=stance, language=language, clock=clock
    )
    return made.id


def _premoderate(session: Session, thread_id: int, held: bool) -> None:
    with transaction(session):
        session.get_one(Thread, thread_id).premoderated = held


def a_notice(
    session: Session,
    contribution_id: int,
    *,
    clock: Clock,
    by: UUID | None = None,
    text: str = "Das ist gemein.",
    email: str | None = None,
    language: str = "de",
) -> Receipt:
    """Report a contribution, as a visitor if nobody is named, who wants to be told if there is an address."""
    return report(
        session,
        contribution_id=contribution_id,
        kind=NoticeKind.INSULT,
        text=text,
        reporter=by,
        clock=clock,
        email=email,
        language=language,
    )


def withhold(
    session: Session,
    contribution_id: int,
    *,
    by: UUID,
    clock: Clock,
    version: int = 1,
    last_seen: int | None = None,
    rule: str | None = "persons",
    reason: str = REASON,
) -> int:
    """Withhold a contribution for a named rule."""
    return decide(
        session,
        contribution_id=contribution_id,
        by=by,
        outcome=Outcome.WITHHELD,
        rule=rule,
        reason=reason,
        version=version,
        last_seen=last_seen,
        clock=clock,
    )


def publish(
    session: Session, contribution_id: int, *, by: UUID, clock: Clock, version: int = 1, last_seen: int | None = None
) -> int:
    """Publish a contribution, or let it stay public."""
    return decide(
        session,
        contribution_id=contribution_id,
        by=by,
        outcome=Outcome.PUBLISHED,
        version=version,
        last_seen=last_seen,
        clock=clock,
    )


def decide_so(
    session: Session,
    contribution_id: int,
    outcome: Outcome,
    *,
    by: UUID,
    clock: Clock,
    version: int = 1,
    last_seen: int | None = None,
    **more: Any,
) -> int:
    """Decide with all that an outcome needs and the test does not name."""
    given: dict[str, Any] = {"rule": "private", "reason": REASON}
    return decide(
        session,
        contribution_id=contribution_id,
        by=by,
        outcome=outcome,
        version=version,
        last_seen=last_seen,
        clock=clock,
        **(given | more),
    )


def state_of(session: Session, contribution_id: int) -> State:
    """Return the state as it is committed."""
    session.rollback()
    return State(session.execute(select(Contribution.state).where(Contribution.id == contribution_id)).scalar_one())


def counts_of(session: Session, thread_id: int) -> dict[str, int]:
    """Return what a thread counts as public."""
    session.rollback()
    columns = (Thread.comments, Thread.replies, Thread.in_favour, Thread.against, Thread.question, Thread.neutral)
    return dict(session.execute(select(*columns).where(Thread.id == thread_id)).one()._mapping)


def snapshot(session: Session) -> list[object]:
    """Return everything of contributions, comments and threads but the number that says pages look different."""
    session.rollback()
    found: list[object] = []
    for table in (Contribution, Comment, Thread):
        columns = [column for column in table.__table__.columns if column.name != "version"]
        found += [tuple(row) for row in session.execute(select(*columns).order_by(columns[0]))]
    return found


def decision_letters(session: Session) -> list[Letter]:
    """Return the letters about decisions in the outbox, oldest first."""
    session.rollback()
    told = select(Letter).where(Letter.template == "moderation/letters/decision").order_by(Letter.id)
    return list(session.execute(told.execution_options(populate_existing=True)).scalars())
