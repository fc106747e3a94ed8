"""Contests, their questions, the roll and the ballots. No foreign key joins a participant and a ballot."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.audiences.facts import Kind
from participation.foundation.model import Base, BigId, Moment, Variants, none_of, one_of
from participation.voting.facts import RESERVED_NAMES, Method
from participation.voting.ledger import LeafKind

CAST_BY = (Kind.ACCOUNT, Kind.PAPER)
"""How a ballot may have come."""


class Contest(Base):
    """What is put to the vote in one window, under one frozen set of rules."""

    __tablename__ = "contest"
    __table_args__ = (
        CheckConstraint(one_of("method", Method), name="method"),
        CheckConstraint("released_at IS NULL OR counted_at IS NOT NULL", name="counted_before_released"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("window.id", ondelete="RESTRICT"), unique=True)
    method: Mapped[str]
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Frozen at publishing, with their SHA-256 beside them."""
    rules_sha256: Mapped[str | None]
    receipts: Mapped[bool] = mapped_column(default=False)
    counted_at: Mapped[datetime | None] = mapped_column(Moment)
    released_at: Mapped[datetime | None] = mapped_column(Moment)
    log_key: Mapped[str | None]
    """With which everybody checks the signatures on its log, as in the rules; None for a contest without a log."""
    anonymous_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its key and all tags were destroyed, after the objection period; from then on nobody can link ballots."""


class Question(Base):
    """One thing to answer; a ballot answers one question."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("contest_id", "slug"),
        UniqueConstraint("contest_id", "position"),
        CheckConstraint(none_of("slug", sorted(RESERVED_NAMES)), name="slug_not_reserved"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id", ondelete="RESTRICT"))
    slug: Mapped[str]
    home: Mapped[str]
    """The path of the page that shows it."""
    position: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(Variants)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """What its contest's method leaves open: how many may be chosen, how many points there are, and so on."""


class Option(Base):
    """One possible answer to a question."""

    __tablename__ = "option"
    __table_args__ = (
        UniqueConstraint("question_id", "position"),
        CheckConstraint("cost >= 0", name="cost"),
    )

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"), primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    label: Mapped[dict[str, str]] = mapped_column(Variants)
    cost: Mapped[int | None]
    """What it costs, in whole units of the question's budget."""


class RollEntry(Base):
    """That somebody answered a question; never what they chose. A day, no time, no address."""

    __tablename__ = "roll_entry"
    __table_args__ = {"sqlite_with_rowid": False}

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"), primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(
        ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    took_part_on: Mapped[date]


class Ballot(Base):
    """A choice under a tag that only the contest's key can make. No serial id, no time, no address."""

    __tablename__ = "ballot"
    __table_args__ = (CheckConstraint(one_of("kind", CAST_BY), name="kind"), {"sqlite_with_rowid": False})

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"), primary_key=True)
    voter_tag: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    nonce: Mapped[bytes] = mapped_column(LargeBinary(16))
    choice: Mapped[str]
    """Canonical JSON (RFC 8785) over the slugs of options."""
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(default=Kind.ACCOUNT, server_default=Kind.ACCOUNT)
    """How it came, so that those on paper can be told without the key."""


class PendingLeaf(Base):
    """What waits to be written into the public log: a ballot cast, or one that no longer counts.

    Like roll and ballot it has no time and no row number.
    """

    __tablename__ = "pending_leaf"
    __table_args__ = (CheckConstraint(one_of("kind", LeafKind), name="kind"), {"sqlite_with_rowid": False})

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"), primary_key=True)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
