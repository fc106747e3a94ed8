"""Officials and an author at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.contributions.models import Contribution
from participation.discussion.commands import post_comment
from participation.discussion.facts import Stance
from participation.foundation.clock import StoppedClock
from participation.letters.models import Letter
from participation.pauses import commands, queries
from participation.pauses.facts import Outcome
from participation.pauses.models import WritingPause
from tests.moderation.test_races import at_once
from tests.world import a_round, a_staff_member
from tests.world.pauses import BASIS, REASON, trouble

pytestmark = pytest.mark.postgresql

NewSession = Callable[[], Session]
ROUNDS = 12


def test_of_confirming_and_withdrawing_one_holds(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    first, second = new_session(), new_session()
    for _ in range(ROUNDS):
        case = trouble(session, a_round(session), clock)
        made = case.propose(session, clock)
        session.rollback()
        confirmed, withdrawn = at_once(
            [
                lambda made=made, case=case: commands.confirm(first, pause_id=made, by=case.other, clock=clock),
                lambda made=made, case=case: commands.withdraw(second, pause_id=made, by=case.one, clock=clock),
            ]
        )
        assert sorted((confirmed, withdrawn)) == ["AlreadySettled", "done"]
        assert (case.participant(session).silent_until is not None) == (confirmed == "done")
    paused = select(func.count()).where(WritingPause.confirmed_at.is_not(None))
    told = select(func.count()).where(Letter.template == commands.PAUSED_LETTER)
    assert session.execute(paused).scalar_one() == session.execute(told).scalar_one()
    assert queries.differing_ends(session) == []


def test_of_two_who_enter_a_legal_basis_one_is_told(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    own = [new_session(), new_session()]
    for _ in range(ROUNDS // 2):
        case = trouble(session, a_round(session), clock, allowed=False)
        staff = a_staff_member(session, office_id=case.round.office_id)
        given = {"office_id": case.round.office_id, "text": BASIS, "by": staff, "clock": clock}
        for seen in (None, clock()):
            session.rollback()
            said = at_once(
                [
                    lambda one=one, name=name, seen=seen, given=given: commands.enter_basis(
                        one, reference=name, seen=seen, **given
                    )
                    for one, name in zip(own, ("§ 7", "§ 8"), strict=True)
                ]
            )
            assert sorted(said) == ["BasisChangedMeanwhile", "done"]
            clock.advance(timedelta(minutes=1))


def test_of_six_who_confirm_one_does(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    case = trouble(session, a_round(session), clock)
    made = case.propose(session, clock)
    session.rollback()
    own = [new_session() for _ in range(6)]
    said = at_once([lambda one=one: commands.confirm(one, pause_id=made, by=case.other, clock=clock) for one in own])
    assert sorted(said) == ["AlreadySettled"] * 5 + ["done"]


def test_of_several_who_propose_one_does(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    case = trouble(session, a_round(session), clock)
    insults = [case.insult(session, clock) for _ in range(4)]
    session.rollback()
    given = {"rule": "persons", "reason": REASON, "clock": clock}
    said = at_once(
        [
            lambda own=new_session(), comment=comment, by=by: commands.propose(
                own, contribution_id=comment, by=by, **given
            )
            for comment, by in zip(insults, (case.one, case.other, case.third, case.one), strict=True)
        ]
    )
    assert sorted(said) == ["AlreadyPaused"] * 3 + ["done"]


def test_of_two_second_looks_one_is_given(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    case = trouble(session, a_round(session), clock)
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    session.rollback()
    said = at_once(
        [
            lambda own=new_session(), outcome=outcome: commands.review(
                own, pause_id=made, by=case.third, outcome=outcome, reason="Darum.", clock=clock
            )
            for outcome in Outcome
        ]
    )
    assert sorted(said) == ["NothingToReview", "done"]
    assert queries.differing_ends(session) == []


def test_nothing_is_written_once_the_pause_is_confirmed(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    """What is on its way comes through before, or is told; what comes after is told."""
    writing, confirming = new_session(), new_session()
    for number in range(ROUNDS):
        case = trouble(session, a_round(session), clock)
        made = case.propose(session, clock)
        before = len(session.execute(select(Contribution.id)).all())
        session.rollback()

        def write(case=case, number=number) -> None:
            post_comment(
                writing,
                thread_id=case.round.thread_id,
                who=case.author,
                text=f"Im selben Augenblick, Nummer {number}.",
                stance=Stance.NEUTRAL,
                language="de",
                clock=clock,
            )

        wrote, confirmed = at_once(
            [
                write,
                lambda made=made, case=case: commands.confirm(confirming, pause_id=made, by=case.other, clock=clock),
            ]
        )
        assert confirmed == "done"
        assert wrote in ("done", "WritingPaused")
        session.rollback()
        assert len(session.execute(select(Contribution.id)).all()) == before + (wrote == "done")
        again = at_once([lambda: write(number=number + ROUNDS)])
        assert again == ["WritingPaused"]
