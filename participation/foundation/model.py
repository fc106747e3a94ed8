"""The base of all tables and the column types they share. Plain SQLAlchemy, no Flask."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table's base. Constraints are named, so that migrations can find them again."""

    metadata = MetaData(naming_convention=NAMES)


class Moment(TypeDecorator[datetime]):
    """An aware moment, stored in UTC.

    PostgreSQL keeps the zone by itself. SQLite has no such type, so the moment is kept there as UTC without zone, in a
    text of fixed length that sorts by time.

    :raises ValueError: for a naive moment, since nobody can say which hour it means
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Variants(TypeDecorator[dict[str, str]]):
    """Staff's text in several languages: a JSON object from BCP-47 tag to text; ``de`` is required.

    :raises ValueError: where German is missing, since everything else falls back to it
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: dict[str, str] | None, dialect: Dialect) -> dict[str, str] | None:
        if value is None:
            return None
        if "de" not in value:
            raise ValueError("a text needs its German variant")
        return {tag: text for tag, text in value.items() if text or tag == "de"}

    def process_result_value(self, value: Any | None, dialect: Dialect) -> dict[str, str] | None:
        return value


BigId = BigInteger().with_variant(Integer, "sqlite")
"""A serial key: 64 bits on PostgreSQL, SQLite's own row number there."""


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a column holds one of the values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def none_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a column holds none of the values."""
    return f"{column} NOT IN ({', '.join(repr(str(value)) for value in values)})"
