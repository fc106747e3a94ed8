"""Contributions: one row whatever the kind; the kind's own table shares its key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import MOST_FIRST, OFFENCE_SLUGS, Kind, Signal, State
from participation.foundation.model import Base, BigId, Moment, one_of


class Contribution(Base):
    """Author, text and moderation state of anything handed in."""

    __tablename__ = "contribution"
    __table_args__ = (
        UniqueConstraint("id", "kind"),
        UniqueConstraint("source", "source_key"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("(state = 'withheld') = (reason_kind IS NOT NULL)", name="withheld_has_a_reason"),
        CheckConstraint(
            f"reason_kind IS NULL OR {one_of('reason_kind', (*OFFENCE_SLUGS, 'imported'))}", name="reason_kind"
        ),
        CheckConstraint("(source IS NULL) = (source_key IS NULL)", name="source_has_a_key"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("NOT rewording OR state IN ('held', 'withdrawn')", name="rewording_is_held"),
        CheckConstraint("duplicate_of IS NULL OR duplicate_of <> id", name="duplicate_of_another"),
        Index(
            "ix_contribution_held",
            "created_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), index=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("window.id", ondelete="RESTRICT"), index=True)
    text: Mapped[str]
    """Plain text as typed; blank once its author is erased or a retention period ended it."""
    language: Mapped[str]
    state: Mapped[str]
    reason_kind: Mapped[str | None]
    """Slug of the broken rule, written by moderation, for the tombstone."""
    sealed: Mapped[bool] = mapped_column(default=False)
    rewording: Mapped[bool] = mapped_column(default=False)
    """Whether moderation asked the author for other words; held, and out of the queue, until they come."""
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), index=True)
    """The contribution that says the same, as moderation found; both stay readable."""
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with each edit of the text; who decides on a text names the version they read."""
    netiquette_version: Mapped[int]
    source: Mapped[str | None]
    source_key: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)


class EarlierText(Base):
    """A text as it was before its author changed it; for moderators, and gone after a set time."""

    __tablename__ = "earlier_text"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str]
    replaced_at: Mapped[datetime] = mapped_column(Moment, index=True)
    sealed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When something was blacked out in a later text, which may stand here too; nobody reads it since."""


class ContributionSignal(Base):
    """Why moderation was to read a contribution before it is public: the kind alone, no words, no number."""

    __tablename__ = "contribution_signal"
    __table_args__ = (CheckConstraint(one_of("kind", Signal), name="kind"),)

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class SignalRules(Base):
    """What an office has looked at before it is public: its word lists, and how many first contributions."""

    __tablename__ = "signal_rules"
    __table_args__ = (
        CheckConstraint(f"first_contributions BETWEEN 0 AND {MOST_FIRST}", name="first_contributions"),
        CheckConstraint("version >= 1", name="version"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="RESTRICT"), primary_key=True)
    words: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    """Entries by the language of the texts that they are for."""
    first_contributions: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with each change; who saves names the version they read."""
    changed_at: Mapped[datetime] = mapped_column(Moment)
