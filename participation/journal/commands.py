"""Writing the journal, always inside the transaction of the act it tells of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from participation.foundation.db import insert
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


@dataclass(frozen=True)
class Line:
    """What one of many acts of the same kind was done to."""

    office_id: int | None
    about: str
    details: dict[str, Any]


def note_all(session: Session, lines: Collection[Line], *, act: str, actor: UUID | None, now: datetime) -> None:
    """Add a line for each of many acts of the same kind, by one statement."""
    if lines:
        session.execute(insert(session, JournalEntry).values([_row(one, act, actor, now) for one in lines]))


def _row(line: Line, act: str, actor: UUID | None, now: datetime) -> dict[str, Any]:
    kept = {"office_id": line.office_id, "about": line.about, "details": line.details}
    return kept | {"at": now, "act": act, "actor_id": actor}
