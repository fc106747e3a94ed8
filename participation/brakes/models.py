"""Brakes as they were pulled and released. Append-only; what holds now stands on the thread."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from participation.brakes.facts import MOST_HOURS
from participation.discussion.facts import Brake
from participation.foundation.model import Base, BigId, Moment, Variants, one_of


class ThreadBrake(Base):
    """That an official pulled the brake of one thread, until when and why. The last one of a thread holds."""

    __tablename__ = "thread_brake"
    __table_args__ = (
        CheckConstraint(one_of("kind", Brake), name="kind"),
        CheckConstraint(f"hours BETWEEN 1 AND {MOST_HOURS}", name="hours"),
        CheckConstraint("since <= pulled_at AND pulled_at < ends_at", name="order"),
        Index("ix_thread_brake_last", "thread_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    reason: Mapped[dict[str, str]] = mapped_column(Variants)
    since: Mapped[datetime] = mapped_column(Moment)
    """Since when this holds without a break; earlier than ``pulled_at`` where a brake was prolonged."""
    pulled_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    pulled_at: Mapped[datetime] = mapped_column(Moment)
    hours: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(Moment)


class ThreadBrakeRelease(Base):
    """That a brake was released before its end."""

    __tablename__ = "thread_brake_release"

    brake_id: Mapped[int] = mapped_column(
        ForeignKey("thread_brake.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    released_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    released_at: Mapped[datetime] = mapped_column(Moment)
