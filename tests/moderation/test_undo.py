"""Ten minutes in which a decision is taken back: all is as before, and nobody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.contributions.facts import ChangedMeanwhile, State
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, rate_comment, withdraw_comment
from participation.discussion.facts import Stance, Value
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from participation.letters.jobs import send_letters
from participation.letters.models import Letter
from participation.moderation.commands import OUTCOME_LETTER, escalate, forget_reporters, undo
from participation.moderation.facts import (
    UNDO_FOR,
    AlreadyReported,
    AlreadyUndone,
    DecidedMeanwhile,
    LinkedBack,
    NothingToDecide,
    NotYourDecision,
    Outcome,
    UndoOver,
)
from participation.moderation.models import Case, Notice, SealedCopy
from participation.moderation.queries import case_file, decisions_on, notice_status
from participation.queues.commands import decide_many, undo_many
from participation.queues.facts import Chosen, How, Listed
from participation.queues.queries import NoticeCount, queue
from tests.servers import Postbox
from tests.world import RoundWords, a_citizen, a_moderator, a_participant, a_person, a_round
from tests.world.moderation import (
    a_comment,
    a_notice,
    decide_so,
    decision_letters,
    publish,
    snapshot,
    state_of,
    withhold,
)

TEXT = "Mehr Bäume, sagt Frau Beispiel aus der Musterstraße 7."


def a_full_comment(session: Session, round: RoundWords, clock: StoppedClock) -> int:
    """Post a comment that somebody answered and somebody rated."""
    comment = a_comment(session, round, clock=clock, text=TEXT)
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    rate_comment(session, comment_id=comment, who=a_citizen(session), value=Value.AGREE, clock=clock)
    return comment


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.PUBLISHED])
def test_an_undone_decision_leaves_nothing_behind_and_sends_no_letter(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, outcome: Outcome
) -> None:
    round = a_round(session)
    comment, moderator = a_full_comment(session, round, clock), a_moderator(session, round)
    original = a_comment(session, round, clock=clock)
    more = {
        Outcome.REDACTED: {"passages": ["Frau Beispiel"]},
        Outcome.DUPLICATE: {"duplicate_of": original},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }.get(outcome, {})
    a_notice(session, comment, clock=clock, email="melderin@example.org")
    before = snapshot(session)
    made = decide_so(session, comment, outcome, by=moderator, clock=clock, **more)
    assert snapshot(session) != before
    clock.advance(UNDO_FOR - timedelta(seconds=1))
    undo(session, decision_id=made, by=moderator, clock=clock)
    assert snapshot(session) == before and counters_that_differ(session) == []
    (notice,) = session.execute(select(Notice)).scalars()
    assert (notice.settled_at, notice.decision_id) == (None, None)
    assert all(copy.text == "" for copy in session.execute(select(SealedCopy)).scalars())
    clock.advance(timedelta(days=1))
    with app.app_context():
        send_letters()
    (receipt,) = smtp.letters
    assert "ist angekommen" in str(receipt["Subject"]), "neither who wrote nor who reported is told of a decision"


def test_what_waited_waits_again_and_can_be_decided_anew(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock, held=True), a_moderator(session, round)
    undo(session, decision_id=publish(session, comment, by=moderator, clock=clock), by=moderator, clock=clock)
    assert state_of(session, comment) == State.HELD and decisions_on(session, [comment]) == {}
    withhold(session, comment, by=moderator, clock=clock)
    assert state_of(session, comment) == State.WITHHELD


def test_of_two_decisions_the_one_before_holds_again(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    first = withhold(session, comment, by=moderator, clock=clock)
    second = publish(session, comment, by=moderator, clock=clock, last_seen=first)
    with pytest.raises(DecidedMeanwhile):
        undo(session, decision_id=first, by=moderator, clock=clock)
    undo(session, decision_id=second, by=moderator, clock=clock)
    assert state_of(session, comment) == State.WITHHELD and decisions_on(session, [comment])[comment][0].id == first
    undo(session, decision_id=first, by=moderator, clock=clock)
    assert state_of(session, comment) == State.PUBLISHED


def test_what_cannot_be_taken_back_is_named(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=moderator, clock=clock)
    with pytest.raises(NotYourDecision):
        undo(session, decision_id=made, by=a_moderator(session, round), clock=clock)
    for stranger in (a_moderator(session, a_round(session)), a_citizen(session).person_id):
        with pytest.raises(NothingToDecide):
            undo(session, decision_id=made, by=stranger, clock=clock)
    with pytest.raises(NothingToDecide):
        undo(session, decision_id=4711, by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    with pytest.raises(UndoOver):
        undo(session, decision_id=made, by=moderator, clock=clock)
    assert state_of(session, comment) == State.WITHHELD


def test_a_letter_that_left_is_not_taken_back(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=moderator, clock=clock)
    with transaction(session):
        session.execute(select(Letter)).scalar_one().attempts = 1
    with pytest.raises(UndoOver):
        undo(session, decision_id=made, by=moderator, clock=clock)
    assert state_of(session, comment) == State.WITHHELD


def test_nothing_is_undone_twice_or_after_the_author_wrote(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    texts = [f"Baum {number} fehlt." for number in (1, 2, 3)]
    first, second, third = (a_comment(session, round, clock=clock, who=author, held=True, text=one) for one in texts)
    made = [publish(session, comment, by=moderator, clock=clock) for comment in (first, second, third)]
    undo(session, decision_id=made[0], by=moderator, clock=clock)
    with pytest.raises(AlreadyUndone):
        undo(session, decision_id=made[0], by=moderator, clock=clock)
    edit_comment(session, comment_id=second, who=author, text="Ein neuer Satz.", stance=Stance.NEUTRAL, clock=clock)
    withdraw_comment(session, comment_id=third, who=author, clock=clock)
    for number in made[1:]:
        with pytest.raises(ChangedMeanwhile):
            undo(session, decision_id=number, by=moderator, clock=clock)
    assert state_of(session, third) == State.WITHDRAWN


def test_who_reported_anew_meanwhile_keeps_one_open_notice(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, person, moderator = a_comment(session, round, clock=clock), a_person(session), a_moderator(session, round)
    a_participant(session, audience_id=round.audience_id, person_id=person)
    a_notice(session, comment, clock=clock, by=person)
    made = publish(session, comment, by=moderator, clock=clock)
    a_notice(session, comment, clock=clock, by=person)
    undo(session, decision_id=made, by=moderator, clock=clock)
    with pytest.raises(AlreadyReported):
        a_notice(session, comment, clock=clock, by=person)
    session.rollback()
    assert [one.settled_at is None for one in session.execute(select(Notice).order_by(Notice.id)).scalars()] == [
        False,
        True,
    ]


def test_what_was_passed_on_is_passed_on_again(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    escalate(session, contribution_id=comment, by=moderator, why="Bitte juristisch prüfen.", clock=clock)
    made = withhold(session, comment, by=moderator, clock=clock)
    session.rollback()
    assert session.execute(select(Case.escalated_at)).scalar_one() is None
    undo(session, decision_id=made, by=moderator, clock=clock)
    session.rollback()
    kept = session.execute(select(Case.escalated_by, Case.escalated_at, Case.escalated_why)).one()
    assert tuple(kept) == (moderator, clock(), "Bitte juristisch prüfen.")


def test_no_link_comes_back_to_what_leads_here_by_now(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    by = a_moderator(session, round)
    one, two, three = (a_comment(session, round, clock=clock, text=f"Mehr Bäume, Nummer {n}.") for n in range(3))
    first = decide_so(session, one, Outcome.DUPLICATE, by=by, clock=clock, duplicate_of=two)
    chosen, many = [Chosen(one, 1, first)], {"how": How.PAGE, "outcome": Outcome.WITHHELD, "rule": "spam"}
    bulk = decide_many(session, chosen=chosen, by=by, reason="Werbung.", clock=clock, **many)
    hidden = decisions_on(session, [one])[one][0].id
    again = publish(session, one, by=by, clock=clock, last_seen=hidden)
    session.rollback()
    decide_so(session, two, Outcome.DUPLICATE, by=by, clock=clock, duplicate_of=three)
    last = decide_so(session, three, Outcome.DUPLICATE, by=by, clock=clock, duplicate_of=one)
    undo(session, decision_id=again, by=by, clock=clock)
    before, letters = snapshot(session), len(decision_letters(session))
    with pytest.raises(LinkedBack):
        undo(session, decision_id=hidden, by=by, clock=clock)
    session.rollback()
    with pytest.raises(LinkedBack):
        undo_many(session, bulk_id=bulk, by=by, clock=clock)
    assert snapshot(session) == before and len(decision_letters(session)) == letters, "nothing is lost"
    undo(session, decision_id=last, by=by, clock=clock)
    assert undo_many(session, bulk_id=bulk, by=by, clock=clock) == (1, 0)
    assert session.get_one(Contribution, one, populate_existing=True).duplicate_of == two


def test_the_journal_tells_of_it_and_the_row_stays(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=moderator, clock=clock)
    undo(session, decision_id=made, by=moderator, clock=clock)
    (line,) = session.execute(select(JournalEntry).where(JournalEntry.act == "moderation:undone")).scalars()
    assert (line.actor_id, line.details) == (moderator, {"decision": made})
    for statement in ("DELETE FROM decision_undo", "UPDATE decision_undo SET undone_at = undone_at"):
        with pytest.raises(IntegrityError), transaction(session):
            session.execute(text(statement))


def test_a_notice_before_a_decision_that_was_undone_waits_with_the_newer_one_of_the_same_participant(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, moderator, reporter = (
        a_comment(session, round, clock=clock),
        a_moderator(session, round),
        a_citizen(session),
    )
    a_participant(session, audience_id=round.audience_id, person_id=reporter.person_id)
    given = {"clock": clock, "by": reporter.person_id, "email": "melderin@example.org"}
    receipts = [a_notice(session, comment, **given)]
    for _ in range(2):
        made = publish(session, comment, by=moderator, clock=clock)
        if len(receipts) == 1:
            receipts.append(a_notice(session, comment, text="Immer noch.", **given))
        undo(session, decision_id=made, by=moderator, clock=clock)
        clock.advance(2 * UNDO_FOR)
        assert forget_reporters(session, clock=clock) == 0
        session.rollback()
        assert [outcome_of(session, one.token, clock) for one in receipts] == [None, None]
        shown = case_file(session, contribution_id=comment, moderator=moderator, now=clock())
        listed = queue(session, moderator=moderator, listed=Listed.REPORTED, now=clock()).page.rows[0].notices
        assert shown is not None and (shown.open_notices, listed) == (2, (NoticeCount("insult", 2),))
    withhold(session, comment, by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    assert [outcome_of(session, one.token, clock) for one in receipts] == [Outcome.WITHHELD] * 2
    told = select(Letter.about).where(Letter.template == OUTCOME_LETTER, Letter.about.contains("decision:3/"))
    assert len(session.execute(told).all()) == 2


def outcome_of(session: Session, token: str, clock: StoppedClock) -> str | None:
    found = notice_status(session, token=token, now=clock())
    assert found is not None and (found.settled_at is None) == (found.outcome is None)
    return found.outcome
