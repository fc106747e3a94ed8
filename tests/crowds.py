"""Many at once: threads with sessions of their own, and how many of them stand at a door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

CROWD = 40
"""For so many the ``crowd`` fixture has connections."""

Act = Callable[[Session], object]


def in_threads(engine: Engine, acts: Iterable[Act], *, threads: int = CROWD, seconds: float = 90) -> list[object]:
    """Let each act run in a thread with a session of its own; return what came out, refusals too."""

    def run(act: Act) -> object:
        with Session(engine) as session:
            try:
                return act(session)
            except Exception as refusal:
                return refusal

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, acts, timeout=seconds))


def waiting_at_doors(session: Session) -> int:
    """Count who waits for an advisory lock in this test's own database; other workers have doors too."""
    session.rollback()
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return int(session.execute(waiting).scalar_one())
