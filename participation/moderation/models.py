"""Notices, cases and decisions. ``case`` is an SQL word: quote it in raw SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import RULE_SLUGS
from participation.foundation.model import Base, BigId, Moment, one_of
from participation.moderation.facts import NEEDS_REASON, Found, NoticeKind, Outcome, ReviewOutcome, SealedKind


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
    """What moderators do about one contribution, who has it open, whether it was passed on; made by their first act."""

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    escalated_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    escalated_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    escalated_why: Mapped[str | None]


class ModerationDecision(Base):
    """A reasoned decision on the version that was read. Append-only: the last one holds."""

    __tablename__ = "moderation_decision"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint(f"rule IS NULL OR {one_of('rule', RULE_SLUGS)}", name="rule"),
        CheckConstraint(f"found IS NULL OR {one_of('found', Found)}", name="found"),
        CheckConstraint(
            f"NOT ({one_of('outcome', sorted(NEEDS_REASON))})"
            " OR (length(reason) > 0 AND (rule IS NOT NULL OR law IS NOT NULL OR decided_by IS NULL))",
            name="withheld_has_a_reason",
        ),
        CheckConstraint("(outcome = 'duplicate') = (duplicate_of IS NOT NULL)", name="duplicate"),
        CheckConstraint("(outcome = 'moved') = (moved_to IS NOT NULL)", name="moved"),
        UniqueConstraint("id", "decided_by"),
        Index("uq_moderation_decision_token", "token", unique=True),
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
    law: Mapped[str | None]
    """The law that is broken, as the letter names it."""
    found: Mapped[str | None]
    netiquette_version: Mapped[int | None]
    """Of which version the rule is."""
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), index=True)
    moved_to: Mapped[int | None] = mapped_column(ForeignKey("thread.id", ondelete="RESTRICT"), index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """How things stood before, so that they can be put back exactly."""
    token: Mapped[str | None]
    """The address of the page on which its author asks for a second look."""


class DecisionUndo(Base):
    """That a decision was taken back before anybody was told. Append-only."""

    __tablename__ = "decision_undo"

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    undone_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    undone_at: Mapped[datetime] = mapped_column(Moment)


class SealedCopy(Base):
    """A text that only those see who must: what was blacked out, or a threat. Blanked after a set time."""

    __tablename__ = "sealed_copy"
    __table_args__ = (
        CheckConstraint(one_of("kind", SealedKind), name="kind"),
        CheckConstraint("deleted_at IS NULL OR text = ''", name="deleted_is_blank"),
    )

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    text: Mapped[str]
    delete_after: Mapped[datetime] = mapped_column(Moment, index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)


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


class ModerationSetting(Base):
    """Within how many hours of working days moderation decides, in one round."""

    __tablename__ = "moderation_setting"
    __table_args__ = (CheckConstraint("hours BETWEEN 1 AND 240", name="hours"),)

    audience_id: Mapped[int] = mapped_column(
        ForeignKey("audience.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    hours: Mapped[int]
