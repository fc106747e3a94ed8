"""Moderators who decide on many at once, authors and posters at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.discussion.commands import edit_comment, post_comment
from participation.discussion.facts import Stance
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Fact
from participation.moderation.facts import Outcome
from participation.moderation.models import DecisionUndo, ModerationDecision
from participation.queues.commands import decide_many, undo_many
from participation.queues.facts import Chosen, How
from participation.queues.models import BulkItem
from tests.world import a_citizen, a_moderator, a_round
from tests.world.moderation import a_comment, decision_letters, publish, state_of

pytestmark = pytest.mark.postgresql

NewSession = Callable[[], Session]
MANY = 24


def at_once(acts: Iterable[Callable[[], object]]) -> list[object]:
    """Run acts in threads that start together; return what each returned, or the name of its fact."""
    ready = list(acts)
    barrier = threading.Barrier(len(ready))

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except Fact as fact:
            return fact.name

    with ThreadPoolExecutor(len(ready)) as threads:
        return list(threads.map(run, ready))


def test_of_two_moderators_each_contribution_is_decided_by_one_and_the_other_is_told(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    one, other = a_moderator(session, round), a_moderator(session, round)
    first, second, third = new_session(), new_session(), new_session()
    for turn in range(5):
        comments = [
            a_comment(session, round, clock=clock, held=True, text=f"Text {turn} mit der Nummer {number}.")
            for number in range(MANY)
        ]
        chosen = [Chosen(number, 1, None) for number in comments]
        session.rollback()
        bulks = at_once(
            [
                lambda: decide_many(first, chosen=chosen, how=How.PAGE, by=one, outcome=Outcome.PUBLISHED, clock=clock),
                lambda: decide_many(
                    second,
                    chosen=chosen[::-1],
                    how=How.AUTHOR,
                    by=other,
                    outcome=Outcome.WITHHELD,
                    rule="spam",
                    reason="Werbung.",
                    clock=clock,
                ),
                lambda: publish(third, comments[MANY // 2], by=one, clock=clock),
            ]
        )
        decided = session.execute(
            select(BulkItem.contribution_id, func.count(BulkItem.decision_id))
            .where(BulkItem.bulk_id.in_(list(bulks[:2])))
            .group_by(BulkItem.contribution_id)
        ).all()
        assert len(decided) == MANY
        assert all(count == 1 for number, count in decided if number != comments[MANY // 2])
        assert counters_that_differ(session) == []
        session.rollback()
    decisions = session.execute(select(func.count()).select_from(ModerationDecision)).scalar_one()
    assert decisions == len(decision_letters(session)) == 5 * MANY


def test_posters_and_editing_authors_wait_for_nobody_for_good(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    comments = [
        a_comment(session, round, clock=clock, who=author, text=f"Öffentlicher Text mit der Nummer {number}.")
        for number in range(MANY)
    ]
    chosen = [Chosen(number, 1, None) for number in comments]
    sessions = [new_session() for _ in range(6)]
    people = [a_citizen(session) for _ in range(4)]
    session.rollback()

    def post_some(own: Session, number: int) -> None:
        for turn in range(10):
            post_comment(
                own,
                thread_id=round.thread_id,
                who=people[number],
                text=f"Dazwischen geschrieben, {number} und {turn}.",
                stance=Stance.NEUTRAL,
                language="de",
                clock=clock,
            )

    def edit_some(own: Session) -> None:
        for number in comments[::-1]:
            edit_comment(
                own, comment_id=number, who=author, text=f"Neu: {number}, anders.", stance=Stance.NEUTRAL, clock=clock
            )

    said = at_once(
        [
            lambda: decide_many(
                sessions[0],
                chosen=chosen,
                how=How.AUTHOR,
                by=moderator,
                outcome=Outcome.WITHHELD,
                rule="spam",
                reason="Werbung.",
                clock=clock,
            ),
            lambda: edit_some(sessions[1]),
            *(lambda own=sessions[2 + n], n=n: post_some(own, n) for n in range(4)),
        ]
    )
    assert isinstance(said[0], int)
    items = session.execute(select(BulkItem.contribution_id, BulkItem.refused)).all()
    assert len(items) == MANY
    for number, refused in items:
        assert state_of(session, number) == (State.PUBLISHED if refused else State.WITHHELD)
    assert counters_that_differ(session) == []


def test_of_two_clicks_on_taking_back_one_does_it(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    moderator = a_moderator(session, round)
    sessions = [new_session() for _ in range(4)]
    comments = [
        a_comment(session, round, clock=clock, held=True, text=f"Text mit der Nummer {number}.") for number in range(8)
    ]
    bulk = decide_many(
        session,
        chosen=[Chosen(number, 1, None) for number in comments],
        how=How.PAGE,
        by=moderator,
        outcome=Outcome.PUBLISHED,
        clock=clock,
    )
    session.rollback()
    said = at_once([lambda own=own: undo_many(own, bulk_id=bulk, by=moderator, clock=clock) for own in sessions])
    assert sorted(map(str, said)) == ["(8, 0)", "AlreadyUndone", "AlreadyUndone", "AlreadyUndone"]
    assert session.execute(select(func.count()).select_from(DecisionUndo)).scalar_one() == 8
    assert {state_of(session, number) for number in comments} == {State.HELD}
    assert decision_letters(session) == []
