"""Who takes part and who may act."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from participation.audiences.facts import Admission, Kind, Role
from participation.foundation.model import Base, BigId, Moment, one_of


class Audience(Base):
    """The people of one round, award, box or survey, and the office it belongs to."""

    __tablename__ = "audience"
    __table_args__ = (CheckConstraint(one_of("admission", Admission), name="admission"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id", ondelete="RESTRICT"), index=True)
    admission: Mapped[str] = mapped_column(default=Admission.REGISTERED)


class Participant(Base):
    """Somebody in one audience. All acts hang on it, so that the person behind can be forgotten and the act stays."""

    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("audience_id", "person_id"),
        UniqueConstraint("audience_id", "guest_key_hash"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint("person_id IS NULL OR kind = 'account'", name="person_has_account"),
        CheckConstraint("guest_key_hash IS NULL OR kind = 'guest'", name="guest_has_key"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    guest_key_hash: Mapped[str | None]
    shown_as: Mapped[str | None]
    """The name beside their contributions; None as long as they only voted or rated, and once they are erased."""
    terms_version: Mapped[str | None]
    erased_at: Mapped[datetime | None] = mapped_column(Moment)
    silent_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until when they write nothing here, as two officials decided; a room above writes it down."""


def _held_once(scope: str, *columns: str, where: str) -> Index:
    """Nobody holds the same role over the same thing twice at a time."""
    name = f"uq_role_grant_{scope}"
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


class RoleGrant(Base):
    """That a person may act in a role, over an office or over one audience, from a moment to a moment."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint(
            "CASE WHEN role = 'admin' THEN office_id IS NULL AND audience_id IS NULL"
            " ELSE (office_id IS NULL) <> (audience_id IS NULL) END",
            name="scope",
        ),
        CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
        _held_once("office", "person_id", "role", "office_id", where="until IS NULL AND office_id IS NOT NULL"),
        _held_once("audience", "person_id", "role", "audience_id", where="until IS NULL AND audience_id IS NOT NULL"),
        _held_once("admin", "person_id", where="until IS NULL AND role = 'admin'"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    role: Mapped[str]
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id", ondelete="RESTRICT"))
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audience.id", ondelete="RESTRICT"))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
