"""The journal: what officials did, append-only (a trigger refuses change and deletion)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment


class JournalEntry(Base):
    """One act of office. It carries ids and the office, never names; so it needs no keys and outlives everybody."""

    __tablename__ = "journal_entry"
    __table_args__ = (Index(None, "about"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    act: Mapped[str]
    """What was done, in the past: ``rounds:published``."""
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The official; None where the clock or the shell acted."""
    office_id: Mapped[int | None]
    about: Mapped[str]
    """What it was done to: ``round:3``."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
