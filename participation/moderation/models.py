"""Notices, cases and decisions. ``case`` is an SQL word: quote it in raw SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import PLACE_RULE, RULE_SLUGS
from participation.foundation.model import Base, BigId, Moment, one_of
from participation.moderation.facts import NEEDS_REASON, RULE_OF, Found, NoticeEnd, NoticeKind, Outcome, SealedKind


class Notice(Base):
    """Somebody asks to have a contribution looked at. It hides nothing."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(one_of("kind", NoticeKind), name="kind"),
        CheckConstraint(f"ended IS NULL OR {one_of('ended', NoticeEnd)}", name="ended"),
        CheckConstraint("ended IS NULL OR (settled_at IS NOT NULL AND decision_id IS NULL)", name="ended_undecided"),
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
    ended: Mapped[str | None]
    """How it was settled without one."""
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
        # The first version of the Netiquette had no rule for what is linked or moved.
        CheckConstraint(
            f"coalesce(netiquette_version, 1) < 2 OR (coalesce(rule, '') = '{PLACE_RULE}')"
            f" = ({one_of('outcome', sorted(RULE_OF))})",
            name="place",
        ),
        UniqueConstraint("id", "decided_by"),
        Index("uq_moderation_decision_token", "token", unique=True),
        Index("ix_moderation_decision_day", "decided_at", "id"),
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


class AwaitedLook(Base):
    """That somebody else is to look at a decision again. Until then who made it does not decide anew."""

    __tablename__ = "awaited_look"

    decision_id: Mapped[int] = mapped_column(
        ForeignKey("moderation_decision.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )


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


class SealedOpening(Base):
    """That somebody opened a sealed text, and what for. Append-only."""

    __tablename__ = "sealed_opening"
    __table_args__ = (CheckConstraint("length(purpose) > 0", name="purpose"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("sealed_copy.decision_id", ondelete="RESTRICT"), index=True)
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    purpose: Mapped[str]


class ModerationSetting(Base):
    """Within how many hours of working days moderation decides, in one round."""

    __tablename__ = "moderation_setting"
    __table_args__ = (CheckConstraint("hours BETWEEN 1 AND 240", name="hours"),)

    audience_id: Mapped[int] = mapped_column(
        ForeignKey("audience.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    hours: Mapped[int]
