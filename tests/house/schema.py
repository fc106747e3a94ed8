"""Reads what a live database enforces: every constraint, unique index and trigger, one line each.

``python -m tests.house.schema`` writes the list anew to ``schema.txt``, which both engines must match.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, MetaData, UniqueConstraint, inspect, text

from tests.engines import engine_for, migrate

WANTED = Path(__file__).with_name("schema.txt")
ELSEWHERE = ("huey_", "sqlite_", "alembic_")
ROWS_WITHOUT_NUMBER = ("ballot", "pending_leaf", "roll_entry")
"""Tables whose rows SQLite must not number in the order of voting."""


def enforced(connection: Connection) -> list[str]:
    """Return what the live database enforces, sorted."""
    tables = [name for name in inspect(connection).get_table_names() if not name.startswith(ELSEWHERE)]
    lines = {line for table in tables for line in _of_table(connection, table)}
    return sorted(lines | set(triggers(connection)))


def triggers(connection: Connection) -> list[str]:
    """Return ``table trigger name`` of every trigger that both engines have.

    PostgreSQL does not list its guards against TRUNCATE here; those against REPLACE only SQLite needs.
    """
    if connection.dialect.name == "postgresql":
        query = "SELECT DISTINCT event_object_table, trigger_name FROM information_schema.triggers"
    else:
        query = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE '%_replace_%'"
    return sorted(f"{table} trigger {name}" for table, name in connection.execute(text(query)))


def _of_table(connection: Connection, table: str) -> Iterator[str]:
    inspector = inspect(connection)
    for check in inspector.get_check_constraints(table):
        yield f"{table} check {check['name']}"
    for unique in inspector.get_unique_constraints(table):
        yield f"{table} unique {', '.join(unique['column_names'])}"
    for index in inspector.get_indexes(table):
        if index["unique"] and not index.get("duplicates_constraint"):
            yield f"{table} unique index {index['name']}"
    for key in inspector.get_foreign_keys(table):
        target = f"{key['referred_table']}({', '.join(key['referred_columns'])})"
        rule = key["options"].get("ondelete", "NO ACTION")
        yield f"{table} key {', '.join(key['constrained_columns'])} -> {target} {rule}"


def declared(metadata: MetaData) -> list[str]:
    """Return the same lines (without triggers) as the models declare them."""
    lines: set[str] = set()
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                lines.add(f"{table.name} check {constraint.name}")
            elif isinstance(constraint, UniqueConstraint):
                lines.add(f"{table.name} unique {', '.join(constraint.columns.keys())}")
            elif isinstance(constraint, ForeignKeyConstraint):
                columns = ", ".join(element.column.name for element in constraint.elements)
                target = f"{constraint.referred_table.name}({columns})"
                lines.add(f"{table.name} key {', '.join(constraint.columns.keys())} -> {target} {constraint.ondelete}")
        lines |= {f"{table.name} unique index {index.name}" for index in table.indexes if index.unique}
    return sorted(lines)


def main() -> None:
    """Write the list of what a new SQLite database enforces."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/schema.sqlite3"
        migrate(url, Path(folder))
        engine = engine_for(url)
        with engine.connect() as connection:
            WANTED.write_text("\n".join(enforced(connection)) + "\n", "utf-8")
        engine.dispose()


if __name__ == "__main__":
    main()
