"""Posters and the brake at the same moment: whatever is public was written before it."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import post_comment
from participation.discussion.facts import Brake, SlowedDown, Stance
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from tests.crowds import Act, in_threads
from tests.world import a_citizen, a_moderator, a_round, next_number
from tests.world.brakes import a_brake


def posting(thread_id: int, who: Who, clock: StoppedClock) -> Act:
    words = {"text": f"Beitrag mit der Nummer {next_number()}.", "stance": Stance.NEUTRAL, "language": "de"}
    return lambda own: post_comment(own, thread_id=thread_id, who=who, clock=clock, **words).id  # type: ignore[arg-type]


def test_of_eight_who_post_while_the_brake_is_pulled_none_is_public_after_it(
    session: Session, crowd: Engine, clock: StoppedClock
) -> None:
    for _ in range(4):
        round = a_round(session)
        people, by = [a_citizen(session) for _ in range(8)], a_moderator(session, round)
        acts = [posting(round.thread_id, who, clock) for who in people for _ in range(2)]
        acts.insert(5, lambda own: a_brake(own, round.thread_id, Brake.HELD, by=by, clock=clock))
        outcomes = in_threads(crowd, acts, threads=9)
        assert [one for one in outcomes if isinstance(one, Exception)] == []
        session.rollback()
        line = select(JournalEntry.details).where(JournalEntry.about == f"thread:{round.thread_id}")
        before = session.execute(line).scalar_one()["public"]
        states = select(Contribution.state, func.count()).where(Contribution.window_id == round.talk_window_id)
        found = dict(session.execute(states.group_by(Contribution.state)).all())
        assert found.get(State.PUBLISHED, 0) == before
        assert sum(found.values()) == 16
    assert counters_that_differ(session) == []


def test_of_eight_texts_that_one_person_sends_at_once_in_slow_mode_one_is_taken(
    session: Session, crowd: Engine, clock: StoppedClock
) -> None:
    round = a_round(session)
    ada = a_citizen(session)
    a_brake(session, round.thread_id, Brake.SLOW, by=a_moderator(session, round), clock=clock)
    outcomes = in_threads(crowd, [posting(round.thread_id, ada, clock) for _ in range(8)], threads=8)
    assert sorted(type(one).__name__ for one in outcomes) == [SlowedDown.__name__] * 7 + ["int"]
