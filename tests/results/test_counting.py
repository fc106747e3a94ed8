"""A round is counted once, after everything is closed, and released by its own staff."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled
from participation.discussion.models import Thread
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Fact
from participation.journal.models import JournalEntry
from participation.log.commands import close_windows
from participation.results.commands import count_round, release_round
from participation.results.facts import AlreadyCounted, AlreadyReleased, BallotsUnsound, NotCounted, StillOpen
from participation.results.models import Result
from participation.rounds.facts import NoSuchRound
from participation.rounds.models import Round
from participation.voting.ledger import sha256_of
from participation.voting.models import Ballot, Contest
from participation.windows.models import Window
from tests.world import CLOSES, FIRST_KEYS, OPENS, a_moderator, a_round, staff_elsewhere
from tests.world.moderation import withhold
from tests.world.results import Lively, after_the_end, counted, released


def _fresh(session: Session, entity: Any) -> list[Any]:
    session.rollback()
    return list(session.execute(select(entity).execution_options(populate_existing=True)).scalars())


def _journal(session: Session) -> list[JournalEntry]:
    return [line for line in _fresh(session, JournalEntry) if line.act.startswith("results:")]


def _figures(session: Session) -> dict[str, Any]:
    (result,) = _fresh(session, Result)
    figures: dict[str, Any] = result.figures
    return figures


def test_the_votes_of_each_question_are_counted(session: Session, lively: Lively, clock: StoppedClock) -> None:
    counted(session, lively, clock)
    figures = _figures(session)
    votes = [{one["slug"]: one["votes"] for one in subject["vote"]["options"]} for subject in figures["subjects"]]
    assert votes == [
        {"dafuer": 3, "dagegen": 1, "enthaltung": 1},
        {"dafuer": 0, "dagegen": 2, "enthaltung": 0},
    ]
    assert [(subject["vote"]["ballots"], subject["vote"]["participants"]) for subject in figures["subjects"]] == [
        (5, 5),
        (2, 2),
    ]
    assert figures["contest"]["participants"] == 5


def test_the_talk_is_counted_by_stance_and_rating(session: Session, lively: Lively, clock: StoppedClock) -> None:
    counted(session, lively, clock)
    talk = _figures(session)["subjects"][0]["talk"]
    assert (talk["comments"], talk["replies"]) == (4, 1)
    assert talk["stances"] == {"in_favour": 2, "against": 1, "question": 1, "neutral": 0, "without": 0}
    assert talk["ratings"] == {"agree": 6, "disagree": 1, "pass": 1}


def test_comments_with_equal_agreement_are_named_as_equal(
    session: Session, lively: Lively, clock: StoppedClock
) -> None:
    counted(session, lively, clock)
    best = _figures(session)["subjects"][0]["talk"]["best"]
    assert [one["comment"] for one in best["in_favour"]["comments"]] == [
        lively.comments["trees"],
        lively.comments["benches"],
    ]
    assert {one["agree"] for one in best["in_favour"]["comments"]} == {2}
    assert best["against"]["comments"] == [{"comment": lively.comments["money"], "agree": 1, "disagree": 0, "pass": 1}]
    assert set(best) == {"in_favour", "against"}


def test_what_was_withheld_before_the_count_is_in_no_figure(
    session: Session, lively: Lively, clock: StoppedClock
) -> None:
    withhold(session, lively.comments["money"], by=a_moderator(session, lively.round), clock=clock)
    counted(session, lively, clock)
    talk = _figures(session)["subjects"][0]["talk"]
    assert (talk["comments"], talk["stances"]["against"], talk["ratings"]["pass"]) == (3, 0, 0)
    assert "against" not in talk["best"]


def test_counting_writes_down_when_it_was_over_and_one_line_in_the_journal(
    session: Session, lively: Lively, clock: StoppedClock
) -> None:
    counted(session, lively, clock)
    windows = [one for one in _fresh(session, Window) if one.audience_id == lively.round.audience_id]
    assert {window.closed_at for window in windows} == {CLOSES}
    (line,) = _journal(session)
    assert (line.act, line.actor_id, line.office_id, line.about) == (
        "results:counted",
        lively.staff,
        lively.round.office_id,
        f"round:{lively.round.id}",
    )
    (result,), (contest,), (round,) = (_fresh(session, entity) for entity in (Result, Contest, Round))
    assert result.figures_sha256 == sha256_of(result.figures) == line.details["figures_sha256"]
    assert round.counted_at == contest.counted_at == result.counted_at == clock()
    assert (round.released_at, contest.released_at) == (None, None)


def test_an_early_close_keeps_its_own_moment(session: Session, lively: Lively, clock: StoppedClock) -> None:
    early = OPENS + timedelta(days=40)
    with transaction(session):
        ends = dict.fromkeys((lively.round.vote_window_id, lively.round.talk_window_id), early)
        close_windows(session, ends, keys=lively.keys, now=early)
    count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=lambda: early)
    windows = [one for one in _fresh(session, Window) if one.audience_id == lively.round.audience_id]
    assert {window.closed_at for window in windows} == {early}


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta(days=1), timedelta(days=120)])
def test_nothing_is_counted_before_everything_is_over(
    session: Session, lively: Lively, clock: StoppedClock, before: timedelta
) -> None:
    clock.at = CLOSES - before
    with pytest.raises(StillOpen):
        count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    assert _fresh(session, Result) == []
    assert {window.closed_at for window in _fresh(session, Window)} == {None}


def test_nothing_is_counted_while_one_window_is_still_open(session: Session, clock: StoppedClock) -> None:
    round = a_round(session, vote_closes=CLOSES + timedelta(days=1))
    clock.at = CLOSES
    with pytest.raises(StillOpen):
        count_round(session, round_id=round.id, by=None, keys=FIRST_KEYS, clock=clock)
    assert {window.closed_at for window in _fresh(session, Window)} == {None}


def test_a_second_count_is_refused_and_changes_nothing(session: Session, lively: Lively, clock: StoppedClock) -> None:
    counted(session, lively, clock)
    before = _figures(session)
    clock.advance(timedelta(hours=1))
    with pytest.raises(AlreadyCounted):
        count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    assert _figures(session) == before
    assert len(_journal(session)) == 1


def test_two_who_count_at_once_make_one_result(
    session: Session, lively: Lively, clock: StoppedClock, new_session: Callable[[], Session]
) -> None:
    after_the_end(clock)
    together = threading.Barrier(4)

    def count(own: Session) -> str:
        together.wait(30)
        try:
            count_round(own, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
        except AlreadyCounted as late:
            return late.name
        return "counted"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(count, [new_session() for _ in range(4)]))
    assert outcomes == ["AlreadyCounted"] * 3 + ["counted"]
    assert len(_journal(session)) == 1


def test_a_ballot_that_nobody_could_cast_stops_the_count(session: Session, lively: Lively, clock: StoppedClock) -> None:
    after_the_end(clock)
    session.execute(update(Ballot).where(Ballot.question_id == lively.round.question_id).values(choice='"ja"'))
    session.commit()
    with pytest.raises(BallotsUnsound):
        count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    assert _fresh(session, Result) == []


def test_only_staff_of_the_round_counts_and_releases(session: Session, lively: Lively, clock: StoppedClock) -> None:
    elsewhere = staff_elsewhere(session)
    after_the_end(clock)
    for by in (elsewhere, a_moderator(session, lively.round), lively.voters[0].person_id):
        with pytest.raises(NotEntitled):
            count_round(session, round_id=lively.round.id, by=by, keys=lively.keys, clock=clock)
    counted(session, lively, clock)
    for by in (elsewhere, a_moderator(session, lively.round), lively.voters[0].person_id):
        with pytest.raises(NotEntitled):
            release_round(session, round_id=lively.round.id, by=by, clock=clock)
    assert _fresh(session, Round)[0].released_at is None


def test_releasing_opens_the_sums_of_the_threads_and_is_written_down(
    session: Session, lively: Lively, clock: StoppedClock
) -> None:
    released(session, lively, clock)
    (round,), (contest,), (result,) = (_fresh(session, entity) for entity in (Round, Contest, Result))
    assert round.released_at == contest.released_at == clock()
    assert result.released_by == lively.staff
    assert {thread.shows_sums for thread in _fresh(session, Thread)} == {True}
    assert [line.act for line in _journal(session)] == ["results:counted", "results:released"]


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [(lambda *_: None, NotCounted), (released, AlreadyReleased)],
    ids=["not counted", "released already"],
)
def test_only_what_is_counted_and_sealed_is_released(
    session: Session,
    lively: Lively,
    clock: StoppedClock,
    prepare: Callable[[Session, Lively, StoppedClock], object],
    reason: type[Fact],
) -> None:
    prepare(session, lively, clock)
    after_the_end(clock)
    with pytest.raises(reason):
        release_round(session, round_id=lively.round.id, by=lively.staff, clock=clock)


def test_a_round_that_is_none_is_refused(session: Session, clock: StoppedClock) -> None:
    with pytest.raises(NoSuchRound):
        count_round(session, round_id=4711, by=None, keys=FIRST_KEYS, clock=clock)
    with pytest.raises(NoSuchRound):
        release_round(session, round_id=4711, by=None, clock=clock)


def test_figures_cannot_be_exchanged(session: Session, lively: Lively, clock: StoppedClock) -> None:
    counted(session, lively, clock)
    with pytest.raises(IntegrityError, match="keep_result_figures"):
        session.execute(update(Result).values(figures_sha256="0" * 64))
    session.rollback()
    with pytest.raises(IntegrityError, match="keep_result_figures"):
        session.execute(update(Result).values(figures={}))
    session.rollback()
    (result,) = _fresh(session, Result)
    session.delete(result)
    with pytest.raises(IntegrityError, match="keep_result_delete"):
        session.flush()


def test_counting_takes_few_statements_however_many_voted(
    engine: Engine, session: Session, lively: Lively, clock: StoppedClock, statements: Any
) -> None:
    after_the_end(clock)
    with statements() as seen:
        count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    assert len(seen) <= 44, str(seen)
