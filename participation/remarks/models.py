"""Ready-made reasons of an office, and what moderators note and have to do about a contribution."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.contributions.facts import OFFENCE_SLUGS
from participation.foundation.model import Base, BigId, Moment, Variants, one_of
from participation.moderation.facts import Outcome
from participation.remarks.facts import LONGEST_NOTE, LONGEST_TASK, LONGEST_TEMPLATE, LONGEST_TITLE


class ReasonTemplate(Base):
    """A text that an office keeps ready for reasons. It is copied where it is used, so no decision refers to it."""

    __tablename__ = "reason_template"
    __table_args__ = (
        CheckConstraint(f"length(title) BETWEEN 1 AND {LONGEST_TITLE}", name="title"),
        CheckConstraint(f"coalesce(length(text ->> 'de'), 0) BETWEEN 1 AND {LONGEST_TEMPLATE}", name="german"),
        CheckConstraint(f"coalesce(length(text ->> 'en'), 0) <= {LONGEST_TEMPLATE}", name="english"),
        CheckConstraint(f"outcome IS NULL OR {one_of('outcome', Outcome)}", name="outcome"),
        CheckConstraint(f"rule IS NULL OR {one_of('rule', OFFENCE_SLUGS)}", name="rule"),
        CheckConstraint("version >= 1", name="version"),
        Index(
            "uq_reason_template_title",
            "office_id",
            "title",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="RESTRICT"), index=True)
    title: Mapped[str]
    """Under which moderators find it; nobody outside reads it."""
    outcome: Mapped[str | None]
    """The decision that it fits; None for any."""
    rule: Mapped[str | None]
    """The rule of the Netiquette that it fits; None for any."""
    text: Mapped[dict[str, str]] = mapped_column(Variants)
    version: Mapped[int] = mapped_column(default=1)
    """Goes up with each change; who saves names the version they read."""
    changed_at: Mapped[datetime] = mapped_column(Moment)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since when it is not offered any more."""


class CaseNote(Base):
    """What a moderator noted about a contribution for the others. Append-only; blank once the author is erased."""

    __tablename__ = "case_note"
    __table_args__ = (
        CheckConstraint(f"length(text) <= {LONGEST_NOTE}", name="text"),
        CheckConstraint("(emptied_at IS NOT NULL) = (text = '')", name="emptied_is_blank"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), index=True)
    text: Mapped[str]
    written_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    written_at: Mapped[datetime] = mapped_column(Moment)
    emptied_at: Mapped[datetime | None] = mapped_column(Moment)


class CaseTask(Base):
    """What is still to be done about a contribution, by somebody or anybody, by a day or not."""

    __tablename__ = "case_task"
    __table_args__ = (
        CheckConstraint(f"length(text) <= {LONGEST_TASK}", name="text"),
        CheckConstraint("(emptied_at IS NOT NULL) = (text = '')", name="emptied_is_blank"),
        CheckConstraint("(done_by IS NULL) = (done_at IS NULL)", name="done_as_a_whole"),
        Index(
            "ix_case_task_open",
            "contribution_id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id", ondelete="RESTRICT"), index=True)
    text: Mapped[str]
    for_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    """Who is to do it; None for whoever comes first."""
    due_on: Mapped[date | None]
    set_by: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    set_at: Mapped[datetime] = mapped_column(Moment)
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    emptied_at: Mapped[datetime | None] = mapped_column(Moment)
