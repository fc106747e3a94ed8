"""The figures of a round as they were counted, and how ties were settled; triggers keep both."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment, one_of
from participation.results.facts import How, TieKind


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
    earlier_sha256: Mapped[str | None]
    """What it was before, where an archive made again differs from the one that was lost."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes."""
    trouble: Mapped[str | None]
    """Why it could not be made; the next run tries again."""


class TieDecision(Base):
    """A tie at which a count had to stop, and how it was settled: once, and then it stays."""

    __tablename__ = "tie_decision"
    __table_args__ = (
        UniqueConstraint("question_id", "between"),
        CheckConstraint(one_of("kind", TieKind), name="kind"),
        CheckConstraint(one_of("how", How), name="how"),
        CheckConstraint(
            "(how IS NULL) = (placed IS NULL) AND (how IS NULL) = (reason IS NULL)"
            " AND (how IS NULL) = (decided_at IS NULL)",
            name="settled_whole",
        ),
        CheckConstraint("(seed IS NOT NULL) = (how IS NOT NULL AND how = 'lot')", name="seed_of_lots"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    between: Mapped[str]
    """Slugs of the options that tie, in their order, as canonical JSON."""
    in_round: Mapped[int | None]
    """Of Rangfolge: in which round of the count."""
    found_at: Mapped[datetime] = mapped_column(Moment)
    placed: Mapped[str | None]
    """The same slugs, best placed first, as canonical JSON."""
    how: Mapped[str | None]
    seed: Mapped[str | None]
    reason: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
