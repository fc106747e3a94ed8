"""Transactions, locks and writes that both engines understand."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Integer, bindparam, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import Executable

WRITES = "participation_writes"
ALONE = "participation_alone"
"""On SQLite: that a connection serves one read, which needs no transaction around it."""
DOOR = 7201
"""First key of the advisory locks on windows."""

BUSY_MILLISECONDS = 15_000
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
)


def make_engine_rules(engine: Engine) -> None:
    """Set what an engine needs so that a commit is durable, keys hold and writers queue up.

    SQLite: WAL, synchronous FULL, foreign keys on, and a transaction that means to write takes its lock at once
    (``BEGIN IMMEDIATE``), since one that reads first fails with SQLITE_BUSY_SNAPSHOT as soon as somebody else wrote.
    Recursive triggers on, since otherwise rows that a REPLACE deletes pass the guards against deletion.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif not connection.get_execution_options().get(ALONE, False):
            # This waits for nobody and cannot fail, and as a statement of SQLAlchemy it would cost as much as a query.
            connection.connection.cursor().execute("BEGIN")


@contextmanager
def transaction(session: Session) -> Generator[Session]:
    """Run a block as one transaction that writes.

    Only the outermost block begins and commits; an inner one joins it. A read left open before is ended first, so that
    the block sees what is true once it holds its locks. An exception rolls everything back.
    """
    if session.info.get(WRITES):
        yield session
        return
    session.rollback()
    session.info[WRITES] = True
    try:
        session.connection(execution_options={WRITES: True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info[WRITES] = False


def is_postgresql(session: Session) -> bool:
    """Say whether the session speaks to PostgreSQL (else to SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def insert(session: Session, table: Any) -> Any:
    """Return an INSERT in the words of the session's engine, which know ``on_conflict_do_nothing`` and ``…_update``."""
    return insert_on(is_postgresql(session), table)


def insert_on(on_postgresql: bool, table: Any) -> Any:
    """Return the same for a statement that is built once for each engine."""
    return postgresql.insert(table) if on_postgresql else sqlite.insert(table)


def run(session: Session, statement: Executable, **bound: Any) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement of columns in the session's transaction, past the ORM.

    For what runs with nearly every request and is built once, with ``bindparam`` for what changes: building a statement
    and passing it through the ORM take several times as long as the database does. What waits in the session is not
    flushed first.
    """
    return session.connection().execute(statement, bound)


def affected(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and return how many rows it touched.

    Not for ``INSERT … ON CONFLICT DO NOTHING``: drivers disagree on its count; ask it for ``RETURNING`` instead.
    """
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def lock_door(session: Session, window_id: int, *, exclusive: bool) -> None:
    """Take the door of a window until the transaction ends: shared to pass, exclusive to close.

    An advisory lock and not a row lock: with row locks the closer starved behind forty busy voters. On SQLite the
    transaction already holds the only write lock.
    """
    if not is_postgresql(session):
        return
    run(session, _locking(exclusive), door=DOOR, window=window_id)


@lru_cache(maxsize=2)
def _locking(exclusive: bool) -> Executable:
    lock = func.pg_advisory_xact_lock if exclusive else func.pg_advisory_xact_lock_shared
    return select(lock(bindparam("door", type_=Integer), bindparam("window", type_=Integer)))
