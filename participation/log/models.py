"""The log of a contest and its signed checkpoints. Both only grow; triggers see to it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, Moment


class LogLeaf(Base):
    """One line of the log: that a ballot with this commitment was cast, or no longer counts."""

    __tablename__ = "log_leaf"
    __table_args__ = (UniqueConstraint("contest_id", "leaf"),)

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id", ondelete="RESTRICT"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its place, from 0."""
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    """``cast`` or ``void``, a space, and the commitment in hexadecimal."""


class Checkpoint(Base):
    """The signed state of a log at one size."""

    __tablename__ = "checkpoint"

    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id", ondelete="RESTRICT"), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str]
    """C2SP signed note: origin, size, root, signature."""
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    """The tree in short, so that it grows on without its leaves; not to be trusted, the note is."""
    signed_at: Mapped[datetime] = mapped_column(Moment)
