"""Words about the emergency brake of a discussion."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from participation.brakes.commands import pull
from participation.discussion.facts import Brake
from participation.foundation.clock import Clock

WHY = {"de": "Es kommen sehr viele Beiträge in kurzer Zeit.", "en": "Very many contributions come in a short time."}


def a_brake(
    session: Session,
    thread_id: int,
    kind: Brake,
    *,
    by: UUID,
    clock: Clock,
    hours: int = 24,
    seen: int | None = None,
    reason: dict[str, str] | None = None,
) -> int:
    """Pull the brake of a discussion and return its number."""
    given = {"kind": kind, "hours": hours, "reason": reason or WHY, "seen": seen, "by": by, "clock": clock}
    return pull(session, thread_id=thread_id, **given)
