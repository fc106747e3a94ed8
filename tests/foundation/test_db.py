"""Transactions commit or leave no trace, inner ones join, and the database is durable."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from participation.accounts.models import Office
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import TooMany
from participation.foundation.limits import RateLimit, forget_old, take
from participation.foundation.model import Moment, Variants
from participation.foundation.web import connection
from participation.foundation.web import session as session_of_request


def an_office_named(slug: str) -> Office:
    return Office(slug=slug, name={"de": slug})


def offices(session: Session) -> list[str]:
    session.rollback()
    return list(session.execute(text("SELECT slug FROM office ORDER BY slug")).scalars())


def test_an_inner_transaction_joins_and_only_the_outer_one_commits(
    session: Session, new_session: Callable[[], Session]
) -> None:
    other = new_session()
    with transaction(session):
        with transaction(session):
            session.add(an_office_named("innen"))
        session.flush()
        if session.get_bind().dialect.name == "postgresql":
            assert offices(other) == []
    assert offices(other) == ["innen"]


def test_an_error_inside_leaves_no_trace_and_the_session_goes_on(session: Session) -> None:
    with pytest.raises(KeyError), transaction(session):
        session.add(an_office_named("weg"))
        with transaction(session):
            raise KeyError
    with transaction(session):
        session.add(an_office_named("bleibt"))
    assert offices(session) == ["bleibt"]


def test_a_read_left_open_is_ended_before_writing(session: Session, new_session: Callable[[], Session]) -> None:
    """Else SQLite fails at once with SQLITE_BUSY_SNAPSHOT, and PostgreSQL may look at yesterday."""
    assert offices(session) == []
    session.execute(text("SELECT count(*) FROM office")).scalar_one()
    other = new_session()
    with transaction(other):
        other.add(an_office_named("inzwischen"))
    with transaction(session):
        assert session.execute(text("SELECT count(*) FROM office")).scalar_one() == 1
        session.add(an_office_named("danach"))
    assert offices(session) == ["danach", "inzwischen"]


def test_after_a_single_read_its_connection_serves_transactions_again(app: Flask, session: Session) -> None:
    with app.app_context():
        with connection() as bare:
            assert bare.execute(text("SELECT count(*) FROM office")).scalar_one() == 0
        with pytest.raises(KeyError), transaction(session_of_request()) as mine:
            mine.add(an_office_named("weg"))
            mine.flush()
            raise KeyError
    assert offices(session) == []


def test_writers_queue_up_instead_of_failing(new_session: Callable[[], Session]) -> None:
    sessions = [new_session() for _ in range(8)]

    def write(number: int) -> None:
        session = sessions[number]
        session.execute(text("SELECT count(*) FROM office")).scalar_one()
        with transaction(session):
            session.execute(text("SELECT count(*) FROM office")).scalar_one()
            session.add(an_office_named(f"amt-{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(offices(sessions[0])) == 8


@pytest.mark.sqlite
def test_sqlite_is_durable_and_keeps_foreign_keys(session: Session) -> None:
    def pragma(name: str) -> object:
        return session.execute(text(f"PRAGMA {name}")).scalar_one()

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)


def test_a_moment_needs_its_zone_and_a_text_its_german() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Moment().process_bind_param(datetime(2026, 1, 1), None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="German"):
        Variants().process_bind_param({"en": "only"}, None)  # type: ignore[arg-type]


def test_a_limit_holds_across_workers_and_ends_with_its_span(
    new_session: Callable[[], Session], clock: StoppedClock
) -> None:
    sessions = [new_session() for _ in range(8)]

    def attempt(session: Session) -> bool:
        try:
            take(session, key="anmeldung:192.0.2.1", most=5, per=timedelta(minutes=10), clock=clock)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, sessions)) == 5
    assert not attempt(sessions[0])
    clock.advance(timedelta(minutes=10))
    assert attempt(sessions[0])


def test_limits_keep_no_address_and_are_forgotten_after_a_day(session: Session, clock: StoppedClock) -> None:
    take(session, key="anmeldung:192.0.2.1", most=5, per=timedelta(minutes=10), clock=clock)
    assert "192.0.2.1" not in str(session.execute(text("SELECT key FROM rate_limit")).all())
    clock.advance(timedelta(days=1, minutes=11))
    assert forget_old(session, clock=clock) == 1
    assert session.query(RateLimit).count() == 0
    assert clock().tzinfo is UTC
