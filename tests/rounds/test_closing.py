"""Ending a round before its time: two officials, a public reason, once, and nothing counts after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import NotEntitled, Role
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from participation.rounds.commands import close_early
from participation.rounds.facts import AlreadyClosed, NotBegun, ReasonMissing, SecondOfficialNeeded
from participation.rounds.models import EarlyClose
from participation.voting.keys import KeyFolder
from participation.windows.facts import WindowClosed
from participation.windows.models import Window
from tests.world import (
    CLOSES,
    FIRST_KEYS,
    OPENS,
    RoundWords,
    a_citizen,
    a_person,
    a_round,
    an_official,
    staff_elsewhere,
)
from tests.world.discussion import a_comment
from tests.world.voting import a_vote

REASON = "Der Rat hat die Mittel gestrichen."


@pytest.fixture
def round(session: Session, office: int, keys: KeyFolder) -> RoundWords:
    return a_round(session, office_id=office, keys=keys)


def closed_at(session: Session, round: RoundWords) -> list[datetime | None]:
    session.rollback()
    windows = select(Window.closed_at).where(Window.id.in_([round.talk_window_id, round.vote_window_id]))
    return list(session.execute(windows.order_by(Window.id)).scalars())


def test_two_officials_end_a_round_and_nothing_counts_after_it(
    session: Session, round: RoundWords, staff: UUID, second: UUID, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(session, round, keys=keys, clock=clock)
    at = close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=clock)
    assert at == clock() and closed_at(session, round) == [at, at]
    with pytest.raises(WindowClosed):
        a_vote(session, round, keys=keys, clock=clock)
    with pytest.raises(WindowClosed):
        a_comment(session, round, clock=clock)


def test_reason_and_both_officials_are_kept_and_journaled(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    close_early(session, round_id=round.id, by=staff, second=second, reason=f"  {REASON}\n", keys=keys, clock=clock)
    kept = session.execute(select(EarlyClose)).scalar_one()
    assert (kept.closed_by, kept.confirmed_by, kept.reason, kept.at) == (staff, second, REASON, clock())
    line = session.execute(select(JournalEntry).where(JournalEntry.act == "rounds:closed_early")).scalar_one()
    assert (line.actor_id, line.details["second"], line.about) == (staff, str(second), f"round:{round.id}")


def test_one_official_is_not_two(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, clock: StoppedClock
) -> None:
    with pytest.raises(SecondOfficialNeeded):
        close_early(session, round_id=round.id, by=staff, second=staff, reason=REASON, keys=keys, clock=clock)
    assert closed_at(session, round) == [None, None]


def test_the_database_itself_refuses_one_official_twice(
    session: Session, round: RoundWords, staff: UUID, clock: StoppedClock
) -> None:
    row = insert(EarlyClose).values(round_id=round.id, closed_by=staff, confirmed_by=staff, reason=REASON, at=clock())
    with pytest.raises(DBAPIError, match="two_officials"), transaction(session):
        session.execute(row)


@pytest.mark.parametrize(
    "act", ["UPDATE early_close SET reason = 'Anders, länger als zehn'", "DELETE FROM early_close"]
)
def test_what_was_recorded_stays(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, second: UUID, clock: StoppedClock, act: str
) -> None:
    from sqlalchemy import text

    close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=clock)
    with pytest.raises(DBAPIError, match="keep_early_close"), transaction(session):
        session.execute(text(act))


@pytest.mark.parametrize("who", ["citizen", "moderator", "staff elsewhere", "admin", "no longer"])
def test_the_second_must_run_this_round(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, office: int, clock: StoppedClock, who: str
) -> None:
    people = {
        "citizen": lambda: a_person(session),
        "moderator": lambda: an_official(session, Role.MODERATOR, audience_id=round.audience_id),
        "staff elsewhere": lambda: staff_elsewhere(session),
        "admin": lambda: an_official(session, Role.ADMIN),
        "no longer": lambda: an_official(session, Role.STAFF, office_id=office, until=clock() - timedelta(days=1)),
    }
    somebody = people[who]()
    with pytest.raises(SecondOfficialNeeded):
        close_early(session, round_id=round.id, by=staff, second=somebody, reason=REASON, keys=keys, clock=clock)
    with pytest.raises(NotEntitled):
        close_early(session, round_id=round.id, by=somebody, second=staff, reason=REASON, keys=keys, clock=clock)
    assert closed_at(session, round) == [None, None]


def test_staff_with_a_grant_on_this_round_alone_may_be_the_second(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, clock: StoppedClock
) -> None:
    somebody = an_official(session, Role.STAFF, audience_id=round.audience_id)
    assert close_early(session, round_id=round.id, by=staff, second=somebody, reason=REASON, keys=keys, clock=clock)


def test_a_reason_is_needed(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    with pytest.raises(ReasonMissing):
        close_early(session, round_id=round.id, by=staff, second=second, reason="  zu kurz  ", keys=keys, clock=clock)


def test_closing_twice_changes_nothing(
    session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    at = close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=clock)
    clock.advance(timedelta(hours=1))
    with pytest.raises(AlreadyClosed):
        close_early(
            session,
            round_id=round.id,
            by=second,
            second=staff,
            reason="Ein anderer Grund.",
            keys=keys,
            clock=clock,
        )
    assert closed_at(session, round) == [at, at]


@pytest.mark.parametrize(("at", "fact"), [(OPENS - timedelta(days=1), NotBegun), (CLOSES, AlreadyClosed)])
def test_only_what_runs_is_ended(
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    staff: UUID,
    second: UUID,
    at: datetime,
    fact: type[Exception],
) -> None:
    with pytest.raises(fact):
        close_early(
            session, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=StoppedClock(at)
        )
    assert closed_at(session, round) == [None, None]


def test_a_vote_that_has_not_begun_is_ended_with_the_talk(
    session: Session, office: int, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    round = a_round(
        session,
        office_id=office,
        closes=clock() + timedelta(days=5),
        vote_opens=clock() + timedelta(days=9),
        vote_closes=clock() + timedelta(days=20),
    )
    at = close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=FIRST_KEYS, clock=clock)
    assert closed_at(session, round) == [at, at]


def test_a_talk_that_is_over_keeps_its_end(
    session: Session, office: int, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    round = a_round(
        session, office_id=office, closes=clock() - timedelta(days=5), vote_closes=clock() + timedelta(days=20)
    )
    at = close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=FIRST_KEYS, clock=clock)
    assert closed_at(session, round) == [None, at]


# ── By the shell ──────────────────────────────────────────────────────────────────────────────────────────────────────
def mail_of(session: Session, person_id: UUID) -> str:
    return session.get_one(Person, person_id).email or ""


def test_the_shell_ends_a_round_by_the_same_command(
    app: Flask, session: Session, round: RoundWords, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    names = ["--by", mail_of(session, staff), "--second", mail_of(session, second), "--reason", REASON]
    run = app.test_cli_runner().invoke(args=["rounds", "close", round.slug, *names])
    assert run.exit_code == 0, run.output
    assert closed_at(session, round) == [clock(), clock()]
    again = app.test_cli_runner().invoke(args=["rounds", "close", round.slug, *names])
    assert again.exit_code == 1 and "schon beendet" in again.output


def test_the_shell_says_what_is_wrong(app: Flask, session: Session, round: RoundWords, staff: UUID) -> None:
    one = ["--by", mail_of(session, staff), "--reason", REASON, "--second"]
    same = app.test_cli_runner().invoke(args=["rounds", "close", round.slug, *one, mail_of(session, staff)])
    unknown = app.test_cli_runner().invoke(args=["rounds", "close", round.slug, *one, "niemand@example.org"])
    nowhere = app.test_cli_runner().invoke(args=["rounds", "close", "nichts", *one, mail_of(session, staff)])
    assert (same.exit_code, unknown.exit_code, nowhere.exit_code) == (1, 1, 1)
    assert "zwei verschiedene" in same.output and "niemand@example.org" in unknown.output
    assert closed_at(session, round) == [None, None]


def test_a_citizen_who_comes_after_finds_the_reason_on_top(
    app: Flask, session: Session, round: RoundWords, keys: KeyFolder, staff: UUID, second: UUID, clock: StoppedClock
) -> None:
    close_early(session, round_id=round.id, by=staff, second=second, reason=REASON, keys=keys, clock=clock)
    for path in (f"/runden/{round.slug}", round.home, f"/runden/{round.slug}/ergebnis"):
        text = app.test_client().get(path).text
        assert text.index("Vorzeitig beendet") < text.index(REASON) < text.index("<h1>")
    assert a_citizen(session)
