"""How Alembic reaches the database: through the application's own engine."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from participation.foundation.model import Base, Moment, Variants

ELSEWHERE = ("huey_", "sqlite_")


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Leave out tables that others keep in the same database."""
    return not (kind == "table" and name is not None and name.startswith(ELSEWHERE))


def plain_type(kind: str, item: object, autogen_context: object) -> str | bool:
    """Write the plain type behind our own, so that a migration stays true when the code moves on."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Variants):
        return "sa.JSON()"
    return False


def run() -> None:
    """Migrate in one transaction; on SQLite with foreign keys off, and all of them checked at the end."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _switch_keys(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=is_ours,
            compare_type=True,
            render_item=plain_type,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(f"foreign keys are broken: {broken[:5]}")
        connection.commit()
        if sqlite:
            _switch_keys(connection, "ON")


def _switch_keys(connection: Connection, state: str) -> None:
    """Switch foreign keys; SQLite ignores that inside a transaction, so it goes past SQLAlchemy's."""
    connection.rollback()
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.cursor().execute(f"PRAGMA foreign_keys={state}")


run()
