"""Rounds, their parts and subjects, and who closed one early."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment, Variants, one_of
from participation.rounds.facts import Effect, Level, PartKind, SubjectKind


class Round(Base):
    """A time-boxed procedure. Whether it is public or open is a fact of its windows alone."""

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint(f"level IS NULL OR {one_of('level', Level)}", name="level"),
        CheckConstraint("released_at IS NULL OR counted_at IS NOT NULL", name="counted_before_released"),
        CheckConstraint("(rule_sheet IS NULL) = (rule_sheet_sha256 IS NULL)", name="rule_sheet_is_hashed"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id", ondelete="RESTRICT"), unique=True)
    concept_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("concept_version.id", ondelete="RESTRICT"), index=True
    )
    title: Mapped[dict[str, str]] = mapped_column(Variants)
    summary: Mapped[dict[str, str]] = mapped_column(Variants)
    """In plain words, what it is about."""
    mandate: Mapped[dict[str, str]] = mapped_column(Variants)
    """The resolution or order that started it."""
    influence: Mapped[dict[str, str]] = mapped_column(Variants)
    """What can be influenced, and what not."""
    decided_by: Mapped[dict[str, str]] = mapped_column(Variants)
    """Who decides in the end."""
    level: Mapped[str | None]
    premoderated: Mapped[bool] = mapped_column(default=False)
    shows_interim: Mapped[bool] = mapped_column(default=False)
    """Zwischenstände: sums of stances, ratings and participants before the release."""
    release_by: Mapped[datetime | None] = mapped_column(Moment)
    """Results are out by then; frozen in the rule sheet."""
    rule_sheet: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    rule_sheet_sha256: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    counted_at: Mapped[datetime | None] = mapped_column(Moment)
    released_at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[dict[str, str] | None] = mapped_column(Variants)
    """Where it came from, for what was imported: shown on the page."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with every visible change, for the ETag of its pages."""


class Part(Base):
    """One part of a round: a window to talk, a window to vote."""

    __tablename__ = "part"
    __table_args__ = (
        UniqueConstraint("round_id", "position"),
        UniqueConstraint("round_id", "kind"),
        UniqueConstraint("id", "round_id"),
        CheckConstraint(one_of("kind", PartKind), name="kind"),
        CheckConstraint(one_of("effect", Effect), name="effect"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    window_id: Mapped[int] = mapped_column(ForeignKey("window.id", ondelete="RESTRICT"), unique=True)
    title: Mapped[dict[str, str]] = mapped_column(Variants)
    effect: Mapped[str]
    position: Mapped[int]
    way: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of a vote, how it is voted, where it is not by Zustimmung to each subject: method, question, terms, projects;
    and ``receipts: false`` where none are offered."""


class Subject(Base):
    """What a round is about: a Handlungsfeld of its concept's version, or another thing under a title of its own."""

    __tablename__ = "subject"
    __table_args__ = (
        UniqueConstraint("round_id", "slug"),
        UniqueConstraint("id", "round_id"),
        CheckConstraint(one_of("kind", SubjectKind), name="kind"),
        CheckConstraint(
            "(kind = 'handlungsfeld') = (handlungsfeld_version_id IS NOT NULL)", name="handlungsfeld_is_named"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    slug: Mapped[str]
    position: Mapped[int]
    handlungsfeld_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("handlungsfeld_version.id", ondelete="RESTRICT"), index=True
    )


class SubjectPart(Base):
    """Where a subject is talked about or voted on within a part."""

    __tablename__ = "subject_part"
    __table_args__ = (
        CheckConstraint("(thread_id IS NULL) <> (question_id IS NULL)", name="one_mechanism"),
        UniqueConstraint("thread_id"),
        UniqueConstraint("question_id"),
    )

    subject_id: Mapped[int] = mapped_column(ForeignKey("subject.id", ondelete="RESTRICT"), primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id", ondelete="RESTRICT"), primary_key=True, index=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id", ondelete="RESTRICT"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"))


class EarlyClose(Base):
    """That two officials ended a round before its time, and why. Append-only."""

    __tablename__ = "early_close"
    __table_args__ = (
        CheckConstraint("closed_by <> confirmed_by", name="two_officials"),
        CheckConstraint("length(reason) >= 10", name="reason"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("round.id", ondelete="RESTRICT"), primary_key=True)
    closed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    confirmed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)
