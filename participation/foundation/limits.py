"""Rate limits that hold across all workers: a small table, written on POST only."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.foundation.facts import TooMany
from participation.foundation.model import Base, Moment


class RateLimit(Base):
    """How often something was tried since the start of a span."""

    __tablename__ = "rate_limit"

    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256, since addresses of people do not belong into a table."""
    span_began_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    tries: Mapped[int]


def take(session: Session, *, key: str, most: int, per: timedelta, clock: Clock) -> None:
    """Count one try.

    :param key: what is limited, with whom: ``sign-in:203.0.113.7``
    :param most: tries admitted per span
    :raises TooMany: from the try after that on; it is counted too
    """
    if count_tries(session, {key: per}, clock=clock)[key] > most:
        raise TooMany()


def count_tries(session: Session, keys: Mapping[str, timedelta], *, clock: Clock) -> dict[str, int]:
    """Count one try for each of several things, and return how many there are now since the start of each span."""
    now = clock()
    hidden = {hashlib.sha256(key.encode()).hexdigest(): (key, per) for key, per in keys.items()}
    # In one order, so that two who count the same things wait for each other and not both.
    rows = [{"key": one, "span_began_at": _began(now, hidden[one][1]), "tries": 1} for one in sorted(hidden)]
    counted = (
        insert(session, RateLimit)
        .values(rows)
        .on_conflict_do_update(index_elements=["key", "span_began_at"], set_={"tries": RateLimit.tries + 1})
        .returning(RateLimit.key, RateLimit.tries)
    )
    with transaction(session):
        return {hidden[row.key][0]: row.tries for row in session.execute(counted)}


def _began(now: datetime, per: timedelta) -> datetime:
    return datetime.fromtimestamp(now.timestamp() // per.total_seconds() * per.total_seconds(), tz=now.tzinfo)


def forget_old(session: Session, *, clock: Clock) -> int:
    """Delete the tries of more than a day ago; return how many rows went."""
    with transaction(session):
        return affected(session, delete(RateLimit).where(RateLimit.span_began_at < clock() - timedelta(days=1)))
