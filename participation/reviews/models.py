"""Second looks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment, one_of
from participation.reviews.facts import ReviewOutcome


class Review(Base):
    """A second look at a decision, asked for once by its author and given by somebody else."""

    __tablename__ = "review"
    __table_args__ = (
        ForeignKeyConstraint(
            ["decision_id", "contested_by"],
            ["moderation_decision.id", "moderation_decision.decided_by"],
            ondelete="RESTRICT",
        ),
        CheckConstraint("decided_by IS NULL OR decided_by <> contested_by", name="another_person"),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', ReviewOutcome)}", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)"
            " AND (outcome IS NULL OR length(reason) > 0)",
            name="decided_as_a_whole",
        ),
        Index(
            "ix_review_open",
            "asked_at",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    decision_id: Mapped[int] = mapped_column(BigId, unique=True)
    contested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    """Who made the decision, so that the database can refuse them here."""
    words: Mapped[str]
    """Why its author asks."""
    asked_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    result_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), unique=True
    )
    """The decision that put things right."""
