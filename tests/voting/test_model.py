"""Whatever people do in whatever order, the ballots are what a simple dictionary says, and so is the log."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.archives.queries import archive_of
from participation.audiences.facts import Who
from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Fact
from participation.log import commands
from participation.log.commands import signer_of, write_batch
from participation.log.facts import PAUSE
from participation.log.queries import logs_that_differ
from participation.results.commands import count_round, recount
from participation.voting import queries
from participation.voting.archive import write_archive
from participation.voting.commands import cast_ballot, forget, withdraw_ballot
from participation.voting.facts import Choice, NoBallot
from participation.voting.models import Ballot, Contest, Question, RollEntry
from participation.voting.verify import examine
from participation.windows.facts import WindowClosed
from tests.engines import Databases, engine_for
from tests.world import CLOSES, OPENS, a_citizen, a_round
from tests.world.voting import keys_of

PEOPLE = 4
people, questions = st.integers(0, PEOPLE - 1), st.integers(0, 1)


class Voting(RuleBasedStateMachine):
    """Four people, two questions, and the dictionary of who chose what."""

    store: Databases

    def __init__(self) -> None:
        super().__init__()
        self.url = self.store.migrated()
        self.engine = engine_for(self.url)
        self.session = Session(self.engine)
        self.folder = tempfile.TemporaryDirectory()
        self.clock = StoppedClock(OPENS)
        self.round = a_round(self.session)
        self.keys = keys_of(self.round, Path(self.folder.name))
        self.people: list[Who] = [a_citizen(self.session) for _ in range(PEOPLE)]
        self.chosen: dict[tuple[int, int], str] = {}
        self.closed = self.counted = False

    @rule(person=people, question=questions, choice=st.sampled_from([*Choice]))
    def cast(self, person: int, question: int, choice: str) -> None:
        self._act(cast_ballot, person, question, choice=choice)
        if not self.closed:
            self.chosen[person, question] = choice

    @precondition(lambda self: self.chosen)
    @rule(pick=st.randoms(use_true_random=False))
    def withdraw(self, pick: Random) -> None:
        person, question = pick.choice(sorted(self.chosen))
        self._act(withdraw_ballot, person, question)
        if not self.closed:
            del self.chosen[person, question]

    @rule(person=people, question=questions)
    def withdraw_what_may_not_be_there(self, person: int, question: int) -> None:
        there = (person, question) in self.chosen
        self._act(withdraw_ballot, person, question, expected=None if there else NoBallot)
        if not self.closed:
            self.chosen.pop((person, question), None)

    @precondition(lambda self: self.chosen)
    @rule(pick=st.randoms(use_true_random=False))
    def leave(self, pick: Random) -> None:
        person, _ = pick.choice(sorted(self.chosen))
        forget(self.session, self.people[person].person_id, self.clock, self.keys)
        if not self.closed:
            self.chosen = {key: choice for key, choice in self.chosen.items() if key[0] != person}

    @rule()
    def time_passes(self) -> None:
        if not self.closed:
            self.clock.advance(timedelta(days=1))

    @precondition(lambda self: self.clock() > OPENS)
    @rule()
    def close(self) -> None:
        self.clock.at, self.closed = CLOSES, True

    @rule()
    def batch(self) -> None:
        if not self.closed:
            self.clock.advance(PAUSE)
        write_batch(self.session, contest_id=self.round.contest_id, keys=self.keys, clock=self.clock)

    @precondition(lambda self: self.closed and not self.counted)
    @rule()
    def count(self) -> None:
        count_round(self.session, round_id=self.round.id, by=None, keys=self.keys, clock=self.clock)
        self.counted = True

    @invariant()
    def the_log_says_the_same_as_the_ballots(self) -> None:
        assert list(logs_that_differ(self.session)) == []

    @invariant()
    def ballots_are_what_people_chose(self) -> None:
        self.session.rollback()
        rows = self.session.execute(select(Question.position, Ballot.choice).join(Question)).all()
        expected = [(question + 1, f'"{choice}"') for (_, question), choice in self.chosen.items()]
        assert sorted(map(tuple, rows)) == sorted(expected)
        roll = self.session.execute(select(Question.position).join(RollEntry)).scalars().all()
        assert sorted(roll) == sorted(position for position, _ in expected)

    @invariant()
    def everybody_sees_their_own_choice_while_it_is_open(self) -> None:
        for person, who in enumerate(self.people):
            for question, subject in enumerate(self.round.subjects):
                card = queries.question_card(
                    self.session,
                    question_id=subject.question_id,
                    viewer=who.person_id,
                    now=self.clock(),
                    keys=self.keys,
                )
                mine = self.chosen.get((person, question))
                assert card.has_voted == (mine is not None)
                assert card.choice == (None if self.closed else mine)

    def _act(self, act: Any, person: int, question: int, expected: type[Fact] | None = None, **what: Any) -> None:
        wanted = WindowClosed if self.closed else expected
        names = {"question_id": self.round.subjects[question].question_id, "who": self.people[person]}
        try:
            act(self.session, keys=self.keys, clock=self.clock, **names, **what)
        except Fact as fact:
            assert type(fact) is wanted
        else:
            assert wanted is None

    def teardown(self) -> None:
        assert recount(self.session) == []
        if self.counted:
            assert self._verified() == []
        self.session.close()
        self.engine.dispose()
        self.store.drop(self.url)
        self.folder.cleanup()

    def _verified(self) -> list[str]:
        archive = archive_of(self.session, contest_id=self.round.contest_id)
        signer = signer_of(self.session.get_one(Contest, self.round.contest_id), self.keys)
        file = Path(self.folder.name) / "contest.zip"
        write_archive(file, archive, signer=signer, whole=True)
        return examine(file).failures


def _run(store_of_test: Databases, monkeypatch: pytest.MonkeyPatch, *, examples: int, steps: int) -> None:
    """Let batches be written for two already, since there are four people only."""
    monkeypatch.setattr(commands, "FEWEST", 2)

    class Here(Voting):
        store = store_of_test

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.filterwarnings("ignore:.*TemporaryDirectory.*")
def test_ballots_and_log_follow_what_people_did(database_store: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(database_store, monkeypatch, examples=10, steps=30)


@pytest.mark.drill
@pytest.mark.filterwarnings("ignore:.*TemporaryDirectory.*")
def test_two_thousand_steps_do_not_part_them(database_store: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, steps = 40, 50
    _run(database_store, monkeypatch, examples=examples, steps=steps)
    print(f"\nV2: {examples * steps} steps in {examples} runs, no divergence")
