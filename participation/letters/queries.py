"""What the outbox holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.foundation.facts import Holding
from participation.letters.models import Letter


def waiting(session: Session, *, now: datetime) -> int:
    """Count the letters that are due."""
    due = select(func.count()).where(Letter.sent_at.is_(None), Letter.given_up_at.is_(None), Letter.next_try_at <= now)
    return session.execute(due).scalar_one()


def held_about_address(session: Session, address: str) -> list[Holding]:
    """Return which letters went or wait to go to an address; what they said is blanked once they are sent."""
    rows = session.execute(
        select(Letter.template, Letter.created_at, Letter.sent_at).where(Letter.to_address == address)
    )
    return [
        Holding(
            "letters",
            "letter",
            facts={"template": template, "created_at": at.isoformat(), "sent_at": sent.isoformat() if sent else None},
        )
        for template, at, sent in rows
    ]
