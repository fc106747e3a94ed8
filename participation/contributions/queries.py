"""Reading contributions, and the one rule that says who sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.foundation.facts import Holding
from participation.windows.models import Window


@dataclass(frozen=True)
class Brief:
    """What an act on a contribution needs to know of it."""

    id: int
    kind: str
    window_id: int
    audience_id: int
    participant_id: UUID
    person_id: UUID | None
    state: State
    version: int
    text: str
    language: str
    reason_kind: str | None
    source: str | None


def is_public(now: datetime) -> ColumnElement[bool]:
    """Return the one visibility rule; the query must join ``Contribution`` and its ``Window``."""
    return and_(
        Contribution.state == State.PUBLISHED,
        Contribution.sealed.is_(False),
        Window.published_at.is_not(None),
        Window.published_at <= now,
    )


def brief(session: Session, contribution_id: int) -> Brief | None:
    """Return one contribution whatever its state, or None."""
    found = session.execute(
        select(Contribution, Window.audience_id, Participant.person_id)
        .join(Window, Window.id == Contribution.window_id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Contribution.id == contribution_id)
    ).one_or_none()
    if found is None:
        return None
    one, audience_id, person_id = found
    return Brief(
        id=one.id,
        kind=one.kind,
        window_id=one.window_id,
        audience_id=audience_id,
        participant_id=one.participant_id,
        person_id=person_id,
        state=State(one.state),
        version=one.version,
        text=one.text,
        language=one.language,
        reason_kind=one.reason_kind,
        source=one.source,
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


def count_of(session: Session, person_id: UUID) -> int:
    """Count what a person handed in."""
    mine = (
        select(func.count()).select_from(Contribution).join(Participant, Participant.id == Contribution.participant_id)
    )
    return session.execute(mine.where(Participant.person_id == person_id)).scalar_one()
