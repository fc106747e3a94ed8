"""Reading contributions, and the one rule that says who sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, select
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.foundation.facts import Holding
from participation.windows.models import Window


def is_public(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the one visibility rule; the query must join ``Contribution`` and its ``Window``.

    :param now: a moment, or its place in a statement that is built once
    """
    return and_(
        Contribution.state == State.PUBLISHED,
        Contribution.sealed.is_(False),
        Window.published_at.is_not(None),
        Window.published_at <= now,
    )


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return everything this person handed in, whatever became of it."""
    found = session.execute(
        select(Contribution.kind, Contribution.text, Contribution.state, Contribution.created_at, Participant.shown_as)
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Participant.person_id == person_id)
        .order_by(Contribution.id)
    )
    return [
        Holding("contributions", kind, text, {"state": state, "at": at.isoformat(), "shown_as": name})
        for kind, text, state, at, name in found
    ]
