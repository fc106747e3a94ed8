"""The figures of a round as they were counted; a trigger keeps them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, Moment


class Result(Base):
    """What was counted, once, after the close."""

    __tablename__ = "result"

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="RESTRICT"), primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    figures_sha256: Mapped[str]
    counted_at: Mapped[datetime] = mapped_column(Moment)
    counted_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)


class ContestArchive(Base):
    """The archive of a released contest: wanted, being made, or there to be downloaded."""

    __tablename__ = "contest_archive"
    __table_args__ = (CheckConstraint("done >= 0 AND done <= 100", name="done"),)

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id", ondelete="RESTRICT"), primary_key=True)
    wanted_at: Mapped[datetime] = mapped_column(Moment)
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the worker last began; who began long ago and made nothing died over it."""
    done: Mapped[int] = mapped_column(default=0)
    """In percent."""
    made_at: Mapped[datetime | None] = mapped_column(Moment)
    sha256: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes."""
    trouble: Mapped[str | None]
    """Why it could not be made; the next run tries again."""
