"""Notices, cases and decisions. ``case`` is an SQL word: quote it in raw SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import RULE_SLUGS
from participation.foundation.model import Base, BigId, Moment, one_of
from participation.moderation.facts import NoticeKind, Outcome


class Notice(Base):
    """Somebody asks to have a contribution looked at. It hides nothing."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(one_of("kind", NoticeKind), name="kind"),
        Index(
            "uq_notice_open",
            "contribution_id",
            "participant_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL AND participant_id IS NOT NULL"),
            postgresql_where=text("settled_at IS NULL AND participant_id IS NOT NULL"),
        ),
        Index("uq_notice_token", "token", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), index=True)
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    decision_id: Mapped[int | None] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), index=True
    )
    """The decision that settled it."""
    token: Mapped[str | None]
    """The address of its status page, which nobody guesses; None for what was reported before there was one."""
    email: Mapped[str | None]
    """Where the outcome is told; blanked once it is."""
    language: Mapped[str | None]


class Case(Base):
    """What moderators do about one contribution; made by their first act."""

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)


class ModerationDecision(Base):
    """A reasoned decision on the version that was read. Append-only: the last one holds."""

    __tablename__ = "moderation_decision"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint(f"rule IS NULL OR {one_of('rule', RULE_SLUGS)}", name="rule"),
        CheckConstraint(
            "outcome = 'published' OR (length(reason) > 0 AND (rule IS NOT NULL OR decided_by IS NULL))",
            name="withheld_has_a_reason",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="RESTRICT"), index=True)
    outcome: Mapped[str]
    rule: Mapped[str | None]
    reason: Mapped[str]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    """None for a decision that was imported with the contribution."""
    decided_at: Mapped[datetime] = mapped_column(Moment)
    contribution_version: Mapped[int]
