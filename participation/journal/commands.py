"""Writing the journal, always inside the transaction of the act it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from participation.journal.models import JournalEntry


def note(
    session: Session,
    *,
    act: str,
    actor: UUID | None,
    office_id: int | None,
    about: str,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one line.

    :param act: what was done, in the past, with its room: ``rounds:published``
    :param actor: the official, or None where the clock or the shell acted
    :param about: kind and id of what it was done to: ``round:3``
    :param details: ids and figures, never names or texts of people
    """
    session.add(JournalEntry(at=now, act=act, actor_id=actor, office_id=office_id, about=about, details=details or {}))
