"""What forty voters do at the same moment, on real threads and connections."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.log.commands import close_windows
from participation.voting.commands import cast_ballot, withdraw_ballot
from participation.voting.facts import Choice, NoBallot
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot
from participation.windows.commands import take_doors
from participation.windows.facts import WindowClosed
from tests.crowds import CROWD, in_threads, waiting_at_doors
from tests.world import CLOSES, RoundWords, a_citizen, a_round
from tests.world.voting import ballots_and_roll, keys_of

POSTS = 8
ENOUGH_SECONDS = 60


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


@pytest.fixture
def keys(round: RoundWords, tmp_path: Path) -> KeyFolder:
    return keys_of(round, tmp_path / "keys")


def test_forty_voters_with_eight_posts_each_leave_forty_ballots_on_each_question(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    voters = [a_citizen(session) for _ in range(CROWD)]
    chance = random.Random(7)

    def post(who: Who, question_id: int, choice: str) -> Callable[[Session], object]:
        return lambda own: cast_ballot(own, question_id=question_id, who=who, choice=choice, keys=keys, clock=clock)

    # The posts of one voter stand beside each other, so that they meet.
    acts = [
        post(who, subject.question_id, chance.choice(list(Choice)))
        for who in voters
        for _ in range(POSTS // 2)
        for subject in round.subjects
    ]
    outcomes = in_threads(crowd, [act for act in acts for _ in range(2)])
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    for subject in round.subjects:
        assert ballots_and_roll(session, subject.question_id) == (CROWD, CROWD)
    assert len(set(session.execute(select(Ballot.commitment)).scalars())) == 2 * CROWD


def test_votes_and_withdrawals_of_one_person_at_once_never_part_ballot_and_roll(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    voters = [a_citizen(session) for _ in range(5)]

    def act(number: int) -> Callable[[Session], object]:
        who, question = voters[number // 40 % 5], round.question_id
        if number % 3 == 2:
            return lambda own: withdraw_ballot(own, question_id=question, who=who, keys=keys, clock=clock)
        choice = list(Choice)[number % 2]
        return lambda own: cast_ballot(own, question_id=question, who=who, choice=choice, keys=keys, clock=clock)

    for _ in range(3):
        outcomes = in_threads(crowd, map(act, range(200)))
        assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, NoBallot)] == []
        ballots, roll = ballots_and_roll(session, round.question_id)
        assert ballots == roll <= len(voters)


class _SlowKeys(KeyFolder):
    """Keys that keep whoever asks waiting, between the roll and the ballot."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked, self.may_go_on = threading.Event(), threading.Event()

    def tag(self, **what: Any) -> bytes:
        self.asked.set()
        assert self.may_go_on.wait(ENOUGH_SECONDS)
        return super().tag(**what)


def test_a_withdrawal_in_the_middle_of_a_change_waits_for_it(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who, question, slow = a_citizen(session), round.question_id, _SlowKeys(keys.path)
    cast_ballot(session, question_id=question, who=who, choice=Choice.FOR, keys=keys, clock=clock)

    def change() -> None:
        with Session(crowd) as own:
            cast_ballot(own, question_id=question, who=who, choice=Choice.AGAINST, keys=slow, clock=clock)

    def withdraw() -> None:
        with Session(crowd) as own:
            withdraw_ballot(own, question_id=question, who=who, keys=keys, clock=clock)

    with ThreadPoolExecutor(2) as pool:
        changing = pool.submit(change)
        assert slow.asked.wait(ENOUGH_SECONDS)
        withdrawing = pool.submit(withdraw)
        time.sleep(0.5)
        slow.may_go_on.set()
        changing.result(ENOUGH_SECONDS)
        withdrawing.result(ENOUGH_SECONDS)
    assert ballots_and_roll(session, question) == (0, 0)


# ── Nothing is counted after the close ────────────────────────────────────────────────────────────────────────────────
@contextmanager
def _forty_votes_wait(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> Iterator[tuple[Session, list[object]]]:
    """Hold the door while forty votes queue up before it; inside the block they wait, after it they have ended."""
    voters = [a_citizen(session) for _ in range(CROWD)]
    outcomes: list[object] = []

    def cast(who: Who) -> None:
        with Session(crowd) as own:
            try:
                outcomes.append(
                    cast_ballot(own, question_id=round.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock)
                )
            except Exception as refusal:
                outcomes.append(refusal)

    threads = [threading.Thread(target=cast, args=(who,)) for who in voters]
    with Session(crowd) as closer, transaction(closer):
        take_doors(closer, [round.vote_window_id], clock)
        for thread in threads:
            thread.start()
        until = time.monotonic() + ENOUGH_SECONDS
        while waiting_at_doors(session) < CROWD and time.monotonic() < until:
            time.sleep(0.02)
        assert waiting_at_doors(session) == CROWD
        yield closer, outcomes
    for thread in threads:
        thread.join(ENOUGH_SECONDS)
    assert len(outcomes) == CROWD


@pytest.mark.postgresql
def test_when_staff_close_early_none_of_forty_waiting_votes_is_kept(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    with _forty_votes_wait(session, crowd, round, keys, clock) as (closer, outcomes):
        close_windows(closer, {round.vote_window_id: clock()}, keys=keys, now=clock())
    assert {type(one) for one in outcomes} == {WindowClosed}
    assert ballots_and_roll(session, round.question_id) == (0, 0)


@pytest.mark.postgresql
def test_when_the_end_passes_while_forty_votes_wait_none_of_them_is_kept(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    clock.at = CLOSES - timedelta(microseconds=1)
    with _forty_votes_wait(session, crowd, round, keys, clock) as (_, outcomes):
        clock.at = CLOSES
    assert {type(one) for one in outcomes} == {WindowClosed}
    assert ballots_and_roll(session, round.question_id) == (0, 0)


@pytest.mark.postgresql
def test_forty_votes_that_waited_in_time_are_all_kept(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    with _forty_votes_wait(session, crowd, round, keys, clock) as (_, outcomes):
        pass
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert ballots_and_roll(session, round.question_id) == (CROWD, CROWD)


def test_whoever_closes_waits_for_the_vote_inside_and_counts_it(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    inside, may_commit = threading.Event(), threading.Event()
    who = a_citizen(session)

    def vote() -> None:
        with Session(crowd) as own, transaction(own):
            cast_ballot(own, question_id=round.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock)
            inside.set()
            assert may_commit.wait(ENOUGH_SECONDS)

    def close() -> int:
        assert inside.wait(ENOUGH_SECONDS)
        with Session(crowd) as own, transaction(own):
            take_doors(own, [round.vote_window_id], clock)
            close_windows(own, {round.vote_window_id: clock()}, keys=keys, now=clock())
            return len(own.execute(select(Ballot.commitment)).all())

    with ThreadPoolExecutor(2) as pool:
        futures: list[Future[object]] = [pool.submit(vote), pool.submit(close)]
        assert inside.wait(ENOUGH_SECONDS)
        time.sleep(0.3)
        assert not futures[1].done()
        may_commit.set()
        assert futures[1].result(ENOUGH_SECONDS) == 1
