"""The outbox: letters that wait, were sent or could not be sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment


class Letter(Base):
    """One mail to one address about one thing; facts are blanked once it is sent."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("template", "to_address", "about"),
        Index(None, "about"),
        Index("ix_letter_waiting", "next_try_at", postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    template: Mapped[str]
    to_address: Mapped[str]
    to_name: Mapped[str]
    language: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    about: Mapped[str]
    """What it is about, so that nobody gets the same letter twice: ``decision:7``."""
    message_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    next_try_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    given_up_at: Mapped[datetime | None] = mapped_column(Moment)
    trouble: Mapped[str | None]
    """What the mail server said at the last failure."""
