"""Beside the application nobody reads ballots or early results, and the audit office reads the roll alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.moderation.facts import Outcome
from participation.results.commands import count_round, release_round
from participation.voting.keys import KeyFolder
from tests.engines import ROOT
from tests.world import CLOSES, RoundWords, a_moderator, a_round
from tests.world.moderation import a_comment, decide_so
from tests.world.voting import a_vote

pytestmark = pytest.mark.postgresql


@pytest.fixture
def voted(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> RoundWords:
    """A round with a vote, still open, in a database with its roles."""
    a_vote(session, round, keys=keys, clock=clock)
    session.connection().exec_driver_sql((ROOT / "docs" / "roles.sql").read_text("utf-8").replace("%", "%%"))
    session.commit()
    return round


@pytest.fixture
def counted(session: Session, voted: RoundWords, keys: KeyFolder, clock: StoppedClock) -> RoundWords:
    """The same round, counted and not released."""
    clock.at = CLOSES
    count_round(session, round_id=voted.id, by=None, keys=keys, clock=clock)
    return voted


@pytest.fixture(autouse=True)
def owner_again(session: Session) -> Iterator[None]:
    """Give up the role at the end."""
    yield
    session.rollback()
    session.execute(text("RESET ROLE"))


def reads(session: Session, role: str, query: str) -> int:
    session.rollback()
    session.execute(text(f"SET LOCAL ROLE {role}"))
    return len(session.execute(text(query)).all())


@pytest.mark.parametrize(
    "table", ["ballot", "roll_entry", "pending_leaf", "rating", "thread", "result", "person", "journal_entry"]
)
def test_officials_read_neither_ballots_nor_early_results(session: Session, counted: RoundWords, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        reads(session, "participation_officials", f"SELECT * FROM {table}")


def test_officials_read_who_did_what_without_details(session: Session, counted: RoundWords) -> None:
    assert reads(session, "participation_officials", "SELECT at, act, actor_id, about FROM journal_entry") > 0
    with pytest.raises(ProgrammingError, match="permission denied"):
        reads(session, "participation_officials", "SELECT details FROM journal_entry")


def test_officials_read_a_result_once_it_is_released(
    session: Session, counted: RoundWords, clock: StoppedClock
) -> None:
    assert reads(session, "participation_officials", "SELECT * FROM released_result") == 0
    session.rollback()
    release_round(session, round_id=counted.id, by=None, clock=clock)
    assert reads(session, "participation_officials", "SELECT * FROM released_result") == 1


def test_officials_read_what_was_said_but_no_threat_that_lies_under_seal(
    session: Session, voted: RoundWords, clock: StoppedClock
) -> None:
    a_comment(session, voted, clock=clock)
    threat = a_comment(session, voted, clock=clock)
    decide_so(session, threat, Outcome.POLICE, by=a_moderator(session, voted), clock=clock)
    session.commit()
    assert reads(session, "participation_officials", "SELECT text FROM evaluated_contribution") == 1
    with pytest.raises(ProgrammingError, match="permission denied"):
        reads(session, "participation_officials", "SELECT text FROM contribution")


def test_the_audit_office_reads_the_roll_of_what_is_closed_and_no_ballot(
    session: Session, counted: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(
        session, a_round(session, keys=keys, opens=CLOSES, closes=CLOSES + timedelta(days=9)), keys=keys, clock=clock
    )
    assert session.execute(text("SELECT count(*) FROM roll_entry")).scalar_one() == 2
    closed = "SELECT participant_id, kind, person_id FROM closed_roll"
    assert reads(session, "participation_audit", closed) == 1
    for table in ("roll_entry", "participant", "ballot", "pending_leaf", "person", "result"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            reads(session, "participation_audit", f"SELECT 1 FROM {table}")
    with pytest.raises(ProgrammingError, match="permission denied"):
        reads(session, "participation_officials", closed)


def test_while_people_vote_the_audit_office_reads_nobody(session: Session, voted: RoundWords) -> None:
    peek = "CREATE FUNCTION pg_temp.peek(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS"
    session.execute(text(f"{peek} $$ BEGIN RAISE EXCEPTION 'seen %', $1; END $$"))
    session.commit()
    assert reads(session, "participation_audit", "SELECT * FROM closed_roll WHERE pg_temp.peek(participant_id)") == 0


@pytest.mark.parametrize("role", ["participation_officials", "participation_audit"])
def test_nobody_of_them_writes(session: Session, counted: RoundWords, role: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.rollback()
        session.execute(text(f"SET LOCAL ROLE {role}"))
        session.execute(text("UPDATE contest SET counted_at = NULL"))
