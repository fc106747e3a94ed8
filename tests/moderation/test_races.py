"""Moderators, authors and posters at the same moment, on PostgreSQL with real threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from participation.contributions.facts import ChangedMeanwhile
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, post_comment, rate_comment, reply, withdraw_comment
from participation.discussion.facts import MovedMeanwhile, Stance, Value
from participation.discussion.models import Comment
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Fact
from participation.letters.commands import claim_letter
from participation.moderation.commands import undo
from participation.moderation.facts import (
    UNDO_FOR,
    AlreadyReported,
    AlreadySo,
    AlreadyUndone,
    DecidedMeanwhile,
    NoSuchOriginal,
    NothingToReport,
    Outcome,
)
from participation.moderation.models import Case, ModerationDecision, Notice
from participation.reviews.commands import contest, review
from participation.reviews.facts import AlreadyContested, ReviewOutcome
from participation.reviews.models import Review
from tests.world import a_citizen, a_moderator, a_participant, a_person, a_round
from tests.world.moderation import (
    a_comment,
    a_notice,
    counts_of,
    decide_so,
    decision_letters,
    publish,
    state_of,
    withhold,
)

pytestmark = pytest.mark.postgresql

NewSession = Callable[[], Session]


def at_once(acts: Iterable[Callable[[], object]]) -> list[str]:
    """Run acts in threads that start together; return the name of the fact of each, or »done«."""
    ready = list(acts)
    barrier = threading.Barrier(len(ready))

    def run(act: Callable[[], object]) -> str:
        barrier.wait()
        try:
            act()
        except Fact as fact:
            return fact.name
        return "done"

    with ThreadPoolExecutor(len(ready)) as threads:
        return list(threads.map(run, ready))


def test_of_two_moderators_one_decides_and_the_other_is_told(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    one, other = a_moderator(session, round), a_moderator(session, round)
    first, second = new_session(), new_session()
    for _ in range(20):
        comment = a_comment(session, round, clock=clock, held=True)
        session.rollback()
        said = at_once(
            [
                lambda comment=comment: publish(first, comment, by=one, clock=clock),
                lambda comment=comment: withhold(second, comment, by=other, clock=clock),
            ]
        )
        assert sorted(said) == [DecidedMeanwhile.__name__, "done"]
        assert state_of(session, comment) == ("published" if said[0] == "done" else "withheld")
    assert len(session.execute(select(ModerationDecision)).all()) == len(decision_letters(session)) == 20
    assert counters_that_differ(session) == []


def test_two_that_are_linked_to_each_other_at_once_do_not_both_become_duplicates(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    by, other = a_moderator(session, round), a_moderator(session, round)
    first, second = new_session(), new_session()
    for turn in range(8):
        # Below two subjects, so that neither waits for the thread of the other.
        one, two = (
            a_comment(session, round, clock=clock, text=f"Gleich {turn}, {place}, lang genug.") for place in "ab"
        )
        moved = decide_so(session, two, Outcome.MOVED, by=by, clock=clock, moved_to=round.subjects[1].thread_id)
        session.rollback()
        said = at_once(
            [
                lambda one=one, two=two: decide_so(first, one, Outcome.DUPLICATE, by=by, clock=clock, duplicate_of=two),
                lambda one=one, two=two, moved=moved: decide_so(
                    second, two, Outcome.DUPLICATE, by=other, clock=clock, duplicate_of=one, last_seen=moved
                ),
            ]
        )
        assert sorted(said) == [NoSuchOriginal.__name__, "done"]


def test_of_eight_clicks_one_decides(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    sessions = [new_session() for _ in range(8)]
    said = at_once([lambda own=own: withhold(own, comment, by=moderator, clock=clock) for own in sessions])
    assert sorted(said) == [AlreadySo.__name__] * 7 + ["done"]
    assert len(decision_letters(session)) == 1
    assert session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_a_decision_holds_for_the_text_that_was_read(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    mine, theirs = new_session(), new_session()
    for number in range(20):
        comment = a_comment(session, round, clock=clock, who=author, text=f"Die alte Fassung Nummer {number}.")
        session.rollback()

        def edit(comment: int = comment, number: int = number) -> None:
            edit_comment(
                mine,
                comment_id=comment,
                who=author,
                text=f"Die neue Fassung Nummer {number}.",
                stance=Stance.NEUTRAL,
                clock=clock,
            )

        edited, decided = at_once([edit, lambda comment=comment: withhold(theirs, comment, by=moderator, clock=clock)])
        session.rollback()
        version, state = session.execute(
            select(Contribution.version, Contribution.state).where(Contribution.id == comment)
        ).one()
        if edited == "done":
            assert (decided, version, state) == (ChangedMeanwhile.__name__, 2, "published")
        else:
            assert (decided, version, state) == ("done", 1, "withheld")
    assert counters_that_differ(session) == []


def test_no_counter_drifts_under_eight_posters_and_two_moderators(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    comments = [a_comment(session, round, clock=clock) for _ in range(6)]
    moderators = [a_moderator(session, round) for _ in range(2)]

    def posts(own: Session, number: int) -> None:
        who = a_citizen(own)
        for turn in range(12):
            target = comments[(number + turn) % len(comments)]
            try:
                if turn % 3 == 0:
                    text = f"Beitrag {number}, {turn}, lang genug."
                    stance = list(Stance)[turn % 4]
                    post_comment(
                        own, thread_id=round.thread_id, who=who, text=text, stance=stance, language="de", clock=clock
                    )
                elif turn % 3 == 1:
                    reply(own, comment_id=target, who=who, text="Eine Antwort darauf.", language="de", clock=clock)
                else:
                    rate_comment(own, comment_id=target, who=who, value=list(Value)[turn % 3], clock=clock)
            except Fact:
                own.rollback()

    def moderates(own: Session, by: UUID) -> None:
        for turn in range(24):
            comment = comments[turn % len(comments)]
            last = own.execute(
                select(func.max(ModerationDecision.id))
                .join(Case, Case.id == ModerationDecision.case_id)
                .where(Case.contribution_id == comment)
            ).scalar_one()
            try:
                act = withhold if turn // len(comments) % 2 == 0 else publish
                act(own, comment, by=by, clock=clock, last_seen=last)
            except Fact:
                own.rollback()

    acts: list[Callable[[], object]] = []
    for number in range(8):
        acts.append(lambda own=new_session(), number=number: posts(own, number))
    for by in moderators:
        acts.append(lambda own=new_session(), by=by: moderates(own, by))
    assert at_once(acts) == ["done"] * 10
    assert counters_that_differ(session) == []
    session.rollback()
    decided = session.execute(select(func.count()).select_from(ModerationDecision)).scalar_one()
    assert decided == len(decision_letters(session)) > 10


def test_one_open_notice_of_one_person_however_often_they_click(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, person = a_comment(session, round, clock=clock), a_person(session)
    a_participant(session, audience_id=round.audience_id, person_id=person)
    sessions = [new_session() for _ in range(8)]
    said = at_once([lambda own=own: a_notice(own, comment, clock=clock, by=person) for own in sessions])
    assert sorted(said) == [AlreadyReported.__name__] * 7 + ["done"]
    session.rollback()
    assert session.execute(select(func.count()).select_from(Notice)).scalar_one() == 1


def test_nobody_reports_what_is_just_being_withdrawn(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    session.rollback()
    leaving, reporting = new_session(), new_session()
    with ThreadPoolExecutor(1) as pool:
        with transaction(leaving):
            withdraw_comment(leaving, comment_id=comment, who=author, clock=clock)
            told = pool.submit(a_notice, reporting, comment, clock=clock)
            until = time.monotonic() + 30
            while not _waits(session) and not told.done() and time.monotonic() < until:
                time.sleep(0.02)
        with pytest.raises(NothingToReport):
            told.result(30)
    session.rollback()
    assert session.execute(select(func.count()).select_from(Notice)).scalar_one() == 0


def _waits(session: Session) -> bool:
    """Say whether somebody waits for a lock in this test's own database."""
    session.rollback()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(session.execute(text(waiting)).scalar_one())


def test_a_comment_answered_while_it_is_withheld_counts_right(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round, who = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    mine, theirs = new_session(), new_session()
    for _ in range(10):
        comment = a_comment(session, round, clock=clock)
        session.rollback()

        def answer(comment: int = comment) -> None:
            reply(mine, comment_id=comment, who=who, text="Eine Antwort darauf.", language="de", clock=clock)

        at_once([answer, lambda comment=comment: withhold(theirs, comment, by=moderator, clock=clock)])
    assert counters_that_differ(session) == []
    assert counts_of(session, round.thread_id)["comments"] == 0
    replies = session.execute(select(func.count()).select_from(Comment).where(Comment.level == 1)).scalar_one()
    assert counts_of(session, round.thread_id)["replies"] == replies


def test_of_eight_undos_one_takes_back(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=moderator, clock=clock)
    sessions = [new_session() for _ in range(8)]
    said = at_once([lambda own=own: undo(own, decision_id=made, by=moderator, clock=clock) for own in sessions])
    assert sorted(said) == [AlreadyUndone.__name__] * 7 + ["done"]
    assert state_of(session, comment) == "published" and decision_letters(session) == []
    assert counters_that_differ(session) == []


def test_an_undo_and_another_decision_never_both_hold(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    one, other = a_moderator(session, round), a_moderator(session, round)
    first, second = new_session(), new_session()
    for _ in range(20):
        comment = a_comment(session, round, clock=clock)
        made = withhold(session, comment, by=one, clock=clock)
        session.rollback()
        said = at_once(
            [
                lambda made=made: undo(first, decision_id=made, by=one, clock=clock),
                lambda comment=comment, made=made: publish(second, comment, by=other, clock=clock, last_seen=made),
            ]
        )
        assert said in (["done", "UndoneMeanwhile"], ["DecidedMeanwhile", "done"])
        assert state_of(session, comment) == "published"
    assert counters_that_differ(session) == []


def test_a_letter_that_is_being_sent_and_an_undo_exclude_each_other(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round = a_round(session)
    moderator = a_moderator(session, round)
    mine, theirs = new_session(), new_session()
    for _ in range(20):
        comment = a_comment(session, round, clock=clock)
        made = withhold(session, comment, by=moderator, clock=clock)
        session.rollback()
        later = StoppedClock(clock() + UNDO_FOR)
        sent: list[object] = []
        said = at_once(
            [
                lambda made=made: undo(mine, decision_id=made, by=moderator, clock=clock),
                lambda sent=sent, later=later: sent.append(claim_letter(theirs, clock=later)),
            ]
        )
        assert (said[0] == "done") == (sent[0] is None)
        assert state_of(session, comment) == ("published" if said[0] == "done" else "withheld")


def test_counters_hold_while_a_comment_moves_under_replies_and_ratings(
    session: Session, new_session: NewSession, clock: StoppedClock
) -> None:
    round, who = a_round(session), a_citizen(session)
    here, there = (subject.thread_id for subject in round.subjects)
    moderator = a_moderator(session, round)
    sessions = [new_session() for _ in range(4)]
    for _ in range(10):
        comment = a_comment(session, round, clock=clock)
        session.rollback()

        def answer(own: Session, comment: int = comment) -> None:
            reply(own, comment_id=comment, who=who, text="Eine Antwort darauf.", language="de", clock=clock)

        said = at_once(
            [
                lambda: answer(sessions[0]),
                lambda: answer(sessions[1]),
                lambda comment=comment: rate_comment(
                    sessions[2], comment_id=comment, who=who, value=Value.AGREE, clock=clock
                ),
                lambda comment=comment: decide_so(
                    sessions[3], comment, Outcome.MOVED, by=moderator, clock=clock, moved_to=there
                ),
            ]
        )
        assert said[2:] == ["done", "done"] and set(said[:2]) <= {"done", MovedMeanwhile.__name__}
        assert counters_that_differ(session) == []
    assert counts_of(session, here)["comments"] == 0 and counts_of(session, there)["comments"] == 10


def test_of_two_second_looks_one_is_given(session: Session, new_session: NewSession, clock: StoppedClock) -> None:
    round = a_round(session)
    first = a_moderator(session, round)
    others = [a_moderator(session, round) for _ in range(2)]
    comment = a_comment(session, round, clock=clock)
    made = withhold(session, comment, by=first, clock=clock)
    clock.advance(UNDO_FOR)
    token = session.get_one(ModerationDecision, made).token or ""
    session.rollback()
    asking = [new_session() for _ in range(4)]
    said = at_once([lambda own=own: contest(own, token=token, words="", clock=clock) for own in asking])
    assert sorted(said) == [AlreadyContested.__name__] * 3 + ["done"]
    number = session.execute(select(Review.id)).scalar_one()
    session.rollback()
    given = [
        lambda own=new_session(), by=by, outcome=outcome: review(
            own, review_id=number, by=by, outcome=outcome, reason="Ein Grund.", clock=clock
        )
        for by, outcome in zip(others, ReviewOutcome, strict=True)
    ]
    assert sorted(at_once(given)) == [AlreadySo.__name__, "done"]
    assert counters_that_differ(session) == []
