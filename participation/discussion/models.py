"""Threads, comments and ratings, with counters kept in the transaction that changes their rows."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.discussion.facts import Brake, Stance, Value
from participation.foundation.model import Base, BigId, Moment, Variants, one_of


class Thread(Base):
    """The talk about one thing. The counters count what is public."""

    __tablename__ = "thread"
    __table_args__ = (
        CheckConstraint(f"brake IS NULL OR {one_of('brake', Brake)}", name="brake"),
        CheckConstraint(
            "(brake IS NULL) = (brake_since IS NULL) AND (brake IS NULL) = (brake_until IS NULL)"
            " AND (brake IS NULL) = (brake_reason IS NULL) AND (brake IS NULL OR brake_since < brake_until)",
            name="brake_as_a_whole",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("window.id", ondelete="RESTRICT"), index=True)
    home: Mapped[str] = mapped_column(unique=True)
    """The path of the page that shows it."""
    premoderated: Mapped[bool]
    shows_sums: Mapped[bool]
    """Whether sums may be seen now: from the start with Zwischenstände, else written at the release."""
    comments: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)
    in_favour: Mapped[int] = mapped_column(default=0)
    against: Mapped[int] = mapped_column(default=0)
    question: Mapped[int] = mapped_column(default=0)
    neutral: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with every visible change, for the ETag of pages that show the thread."""
    brake: Mapped[str | None]
    """The emergency brake that was pulled last, as a room above writes it; it holds until ``brake_until``."""
    brake_since: Mapped[datetime | None] = mapped_column(Moment)
    brake_until: Mapped[datetime | None] = mapped_column(Moment)
    brake_reason: Mapped[dict[str, str] | None] = mapped_column(Variants)


class Comment(Base):
    """A comment with a stance, or a reply without one to such a comment; never deeper."""

    __tablename__ = "comment"
    __table_args__ = (
        ForeignKeyConstraint(["id", "kind"], ["contribution.id", "contribution.kind"], ondelete="RESTRICT"),
        UniqueConstraint("id", "thread_id", "level"),
        ForeignKeyConstraint(
            ["parent_id", "thread_id", "parent_level"],
            ["comment.id", "comment.thread_id", "comment.level"],
            ondelete="RESTRICT",
        ),
        CheckConstraint("kind = 'comment'", name="kind"),
        CheckConstraint(f"stance IS NULL OR {one_of('stance', Stance)}", name="stance"),
        CheckConstraint(
            "(level = 0 AND parent_id IS NULL AND parent_level IS NULL)"
            " OR (level = 1 AND parent_id IS NOT NULL AND parent_level = 0 AND stance IS NULL)",
            name="one_level_deep",
        ),
        CheckConstraint("agree >= 0 AND disagree >= 0 AND passed >= 0 AND replies >= 0", name="counters"),
        Index("ix_comment_in_thread", "thread_id", "level", "id"),
        Index("ix_comment_parent", "parent_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(default="comment")
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id", ondelete="RESTRICT"))
    level: Mapped[int] = mapped_column(default=0)
    parent_id: Mapped[int | None] = mapped_column(BigId)
    parent_level: Mapped[int | None]
    stance: Mapped[str | None]
    """None for replies, and for what came from a platform without stances."""
    agree: Mapped[int] = mapped_column(default=0)
    disagree: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)
    """Public replies."""


class Rating(Base):
    """What one participant says of one comment: one row, by its key."""

    __tablename__ = "rating"
    __table_args__ = (CheckConstraint(one_of("value", Value), name="value"),)

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id", ondelete="RESTRICT"), primary_key=True)
    participant_id: Mapped[UUID] = mapped_column(
        ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    value: Mapped[str]
    rated_on: Mapped[date]
