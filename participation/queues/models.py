"""Decisions on several contributions at once, with what became of each."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment, one_of
from participation.queues.facts import FOR_MANY, REFUSED, How


class BulkDecision(Base):
    """One rule and one reason for several contributions. The decisions themselves stand with their cases."""

    __tablename__ = "bulk_decision"
    __table_args__ = (
        CheckConstraint(one_of("how", How), name="how"),
        CheckConstraint(one_of("outcome", FOR_MANY), name="outcome"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    how: Mapped[str]
    outcome: Mapped[str]
    rule: Mapped[str | None]
    law: Mapped[str | None]
    reason: Mapped[str]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime] = mapped_column(Moment)


class BulkItem(Base):
    """What became of one of them: a decision, or why there is none."""

    __tablename__ = "bulk_item"
    __table_args__ = (
        CheckConstraint("(decision_id IS NULL) = (refused IS NOT NULL)", name="decided_or_refused"),
        CheckConstraint(f"refused IS NULL OR {one_of('refused', sorted(REFUSED))}", name="refused"),
    )

    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulk_decision.id", ondelete="RESTRICT"), primary_key=True)
    contribution_id: Mapped[int] = mapped_column(
        ForeignKey("contribution.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    decision_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), unique=True
    )
    refused: Mapped[str | None]
