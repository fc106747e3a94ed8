"""A database as plain values, to see whether anything changed."""

from __future__ import annotations

from sqlalchemy import Engine, text

from participation.foundation.model import Base

Dump = dict[str, list[str]]


def dump(engine: Engine) -> Dump:
    """Return every row of every table, in an order of their own."""
    with engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))
            for name in Base.metadata.tables
        }


def changes(before: Dump, after: Dump) -> list[str]:
    """Return the rows that came or went, one line each."""
    lines = []
    for table in before:
        gone, come = set(before[table]) - set(after[table]), set(after[table]) - set(before[table])
        lines += [f"{table} - {row}" for row in sorted(gone)] + [f"{table} + {row}" for row in sorted(come)]
    return lines
