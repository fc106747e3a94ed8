"""Windows: when something is public and open. ``window`` is an SQL word: quote it in raw SQL."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from participation.foundation.model import Base, BigId, Moment
from participation.windows.facts import WindowTimes


class Window(Base):
    """A span of time of one audience. A trigger keeps ``closed_at``: once written it neither changes nor goes."""

    __tablename__ = "window"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("closed_at IS NULL OR published_at IS NOT NULL", name="only_published_is_closed"),
        CheckConstraint("closed_at IS NULL OR closed_at <= closes_at", name="never_closed_late"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id", ondelete="RESTRICT"), index=True)
    published_at: Mapped[datetime | None] = mapped_column(Moment)
    opens_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def times(self) -> WindowTimes:
        """The facts alone, for pure decisions."""
        return WindowTimes(self.published_at, self.opens_at, self.closes_at, self.closed_at)
