"""The legal basis of an office, and pauses from writing."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import OFFENCE_SLUGS
from participation.foundation.model import Base, BigId, Moment, Variants, one_of
from participation.pauses.facts import LADDER, Outcome


class LegalBasis(Base):
    """What allows an office to pause people from writing. No row, no pauses."""

    __tablename__ = "legal_basis"
    __table_args__ = (CheckConstraint("length(reference) > 0", name="reference"),)

    office_id: Mapped[int] = mapped_column(
        ForeignKey("office.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    reference: Mapped[str]
    """Where it is written: »§ 7 der Beteiligungssatzung vom …«."""
    text: Mapped[dict[str, str]] = mapped_column(Variants)
    """What it says, in plain words."""
    entered_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    entered_at: Mapped[datetime] = mapped_column(Moment)


class WritingPause(Base):
    """That somebody is to write nothing in one round for a time: proposed, confirmed by another, looked at again."""

    __tablename__ = "writing_pause"
    __table_args__ = (
        CheckConstraint(one_of("rule", OFFENCE_SLUGS), name="rule"),
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint(f"step BETWEEN 1 AND {len(LADDER)}", name="step"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="four_eyes"),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL) AND (confirmed_by IS NULL) = (ends_at IS NULL)"
            " AND (ends_at IS NULL OR ends_at > confirmed_at)",
            name="confirmed_as_a_whole",
        ),
        CheckConstraint("confirmed_at IS NULL OR withdrawn_at IS NULL", name="settled_once"),
        CheckConstraint("asked_at IS NULL OR confirmed_at IS NOT NULL", name="asked_of_confirmed"),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', Outcome)}", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (reviewed_by IS NULL) AND (outcome IS NULL) = (reviewed_at IS NULL)"
            " AND (outcome IS NULL OR (asked_at IS NOT NULL AND length(review_reason) > 0))",
            name="reviewed_as_a_whole",
        ),
        CheckConstraint("moot_told_at IS NULL OR (asked_at IS NOT NULL AND outcome IS NULL)", name="moot_was_asked"),
        CheckConstraint(
            "(participant_id IS NULL) = (decision_id IS NULL)"
            " AND (participant_id IS NOT NULL OR (ends_at IS NOT NULL AND words = ''))",
            name="cut_as_a_whole",
        ),
        CheckConstraint(
            "reviewed_by IS NULL OR (reviewed_by <> proposed_by AND reviewed_by <> confirmed_by)", name="another_person"
        ),
        Index(
            "uq_writing_pause_proposed",
            "participant_id",
            unique=True,
            sqlite_where=text("confirmed_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("confirmed_at IS NULL AND withdrawn_at IS NULL"),
        ),
        Index(
            "uq_writing_pause_decision",
            "decision_id",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    participant_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), index=True)
    """Whom it concerns; None once it is long over."""
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("moderation_decision.id", ondelete="RESTRICT"))
    """The decision on a contribution that it rests on; None once it is long over."""
    rule: Mapped[str]
    reason: Mapped[str]
    step: Mapped[int]
    """How long: the step of the ladder, from 1."""
    basis: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The legal basis as it was when this was proposed: reference and text."""
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    proposed_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    """Who took the proposal back or turned it down; None where the account went."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    words: Mapped[str] = mapped_column(default="")
    """Why its author wants a second look."""
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    review_reason: Mapped[str] = mapped_column(default="")
    moot_told_at: Mapped[datetime | None] = mapped_column(Moment)
    """When who asked was told that another decision left nothing to look at."""

    @property
    def whose(self) -> UUID:
        """Whom it concerns, as long as that is kept."""
        assert self.participant_id is not None
        return self.participant_id
