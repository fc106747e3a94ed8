"""One discussion is slowed down for a time: what is taken, what waits, who may, and that it ends by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.brakes.commands import release
from participation.brakes.facts import BrakedMeanwhile, NoSuchDiscussion, NothingToRelease, ReasonNeeded
from participation.brakes.models import ThreadBrake
from participation.brakes.queries import discussions_braked
from participation.contributions.facts import State
from participation.discussion.commands import edit_comment, withdraw_comment
from participation.discussion.facts import SLOW, Brake, SlowedDown
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.windows.facts import WindowClosed
from tests.world import CLOSES, RoundWords, a_citizen, a_moderator, a_round, a_staff_member
from tests.world.brakes import a_brake
from tests.world.discussion import a_comment, a_reply, fresh_thread
from tests.world.moderation import state_of


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


def test_what_is_new_or_changed_waits_while_the_brake_holds_and_nothing_else(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    ada, by = a_citizen(session), a_moderator(session, round)
    before, own = a_comment(session, round, clock=clock), a_comment(session, round, clock=clock, who=ada)
    a_brake(session, round.thread_id, Brake.HELD, by=by, clock=clock)
    new, answer = a_comment(session, round, clock=clock), a_reply(session, before, clock=clock)
    edit_comment(session, comment_id=own, who=ada, text="Ganz andere Worte als vorher.", stance=None, clock=clock)
    elsewhere = a_comment(session, round, clock=clock, thread_id=round.subjects[1].thread_id)
    states = [state_of(session, one) for one in (before, new, answer, own, elsewhere)]
    assert states == [State.PUBLISHED, State.HELD, State.HELD, State.HELD, State.PUBLISHED]
    clock.advance(timedelta(hours=24))
    assert state_of(session, a_comment(session, round, clock=clock)) == State.PUBLISHED, "it ends by itself"
    assert state_of(session, new) == State.HELD, "what waits goes on waiting"


def test_slowly_everybody_writes_once_in_ten_minutes_and_is_told_when_again(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    ada, other = a_citizen(session), a_comment(session, round, clock=clock)
    a_brake(session, round.thread_id, Brake.SLOW, by=a_moderator(session, round), clock=clock)
    clock.advance(timedelta(seconds=20))
    first = a_comment(session, round, clock=clock, who=ada)
    assert a_comment(session, round, clock=clock, who=ada) == first, "a second press of the button says nothing new"
    withdraw_comment(session, comment_id=first, who=ada, clock=clock)
    with pytest.raises(SlowedDown) as told:
        a_reply(session, other, clock=clock, who=ada, text="Und noch etwas anderes dazu.")
    assert told.value.values["again_at"] == clock() + SLOW + timedelta(seconds=40), "a full minute, never too early"
    a_comment(session, round, clock=clock, thread_id=round.subjects[1].thread_id, who=ada)
    a_comment(session, round, clock=clock)
    clock.advance(SLOW)
    a_reply(session, other, clock=clock, who=ada, text="Und noch etwas anderes dazu.")


def test_it_is_prolonged_replaced_and_released_in_rows_that_never_change(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    one, other = a_moderator(session, round), a_staff_member(session, office_id=round.office_id)
    pulled_at = clock()
    first = a_brake(session, round.thread_id, Brake.SLOW, by=one, clock=clock, hours=1)
    assert a_brake(session, round.thread_id, Brake.SLOW, by=one, clock=clock, hours=1) == first, "pressed twice"
    with pytest.raises(BrakedMeanwhile):
        a_brake(session, round.thread_id, Brake.HELD, by=other, clock=clock)
    clock.advance(timedelta(minutes=30))
    second = a_brake(session, round.thread_id, Brake.SLOW, by=other, clock=clock, hours=72, seen=first)
    thread = fresh_thread(session, round.thread_id)
    assert (thread.brake_since, thread.brake_until) == (pulled_at, clock() + timedelta(hours=72))
    with pytest.raises(NothingToRelease):
        release(session, brake_id=first, by=one, clock=clock)
    release(session, brake_id=second, by=one, clock=clock)
    with pytest.raises(NothingToRelease):
        release(session, brake_id=second, by=one, clock=clock)
    thread = fresh_thread(session, round.thread_id)
    assert (thread.brake, thread.brake_until, thread.brake_reason) == (None, None, None)
    acts = session.execute(select(JournalEntry.act, JournalEntry.about).order_by(JournalEntry.id)).all()
    about = f"thread:{round.thread_id}"
    assert [act for act, of in acts if of == about] == ["brakes:pulled", "brakes:pulled", "brakes:released"]
    for change in ("UPDATE thread_brake SET hours = 2", "DELETE FROM thread_brake_release"):
        with pytest.raises(DBAPIError):
            session.execute(text(change))
        session.rollback()


def test_another_office_neither_sees_nor_acts_and_a_reason_is_needed(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    stranger, mine = a_moderator(session, a_round(session)), a_moderator(session, round)
    made = a_brake(session, round.thread_id, Brake.SLOW, by=mine, clock=clock)
    with pytest.raises(NoSuchDiscussion):
        a_brake(session, round.thread_id, Brake.SLOW, by=stranger, clock=clock, seen=made)
    with pytest.raises(NoSuchDiscussion):
        release(session, brake_id=made, by=stranger, clock=clock)
    assert [len(discussions_braked(session, official=by, now=clock())) for by in (mine, stranger)] == [1, 0]
    with pytest.raises(ReasonNeeded):
        a_brake(session, round.thread_id, Brake.SLOW, by=mine, clock=clock, seen=made, reason={"de": " "})


def test_where_the_talk_is_over_there_is_nothing_to_brake(session: Session, round: RoundWords) -> None:
    with pytest.raises(WindowClosed):
        a_brake(session, round.thread_id, Brake.HELD, by=a_moderator(session, round), clock=StoppedClock(CLOSES))
    assert session.execute(select(ThreadBrake.id)).first() is None


def test_the_database_keeps_what_stands_on_the_thread_whole(session: Session, round: RoundWords) -> None:
    for change in ("brake = 'slow'", "brake = 'stop'", "brake_until = '2026-06-01'"):
        with pytest.raises(DBAPIError):
            session.execute(text(f"UPDATE thread SET {change} WHERE id = {round.thread_id}"))
        session.rollback()
