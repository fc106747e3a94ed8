"""What many people do in a thread at the same moment, on real threads and connections."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.commands import set_state
from participation.contributions.facts import ChangedMeanwhile, NoLongerThere, State
from participation.contributions.models import Contribution
from participation.discussion import commands
from participation.discussion.facts import AlreadyAnswered, Stance, Value
from participation.discussion.models import Comment, Rating
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.windows.commands import hold_door, take_doors, write_closed
from participation.windows.facts import WindowClosed
from tests.crowds import CROWD, Act, in_threads, waiting_at_doors
from tests.world import CLOSES, RoundWords, a_citizen, a_round
from tests.world.discussion import TEXT, a_comment, a_reply, fresh_comment, fresh_thread

ENOUGH_SECONDS = 90


def mishaps(outcomes: Iterable[object], *expected: type[Exception]) -> list[object]:
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, expected)]


def rating(comment: int, who: Who, value: Value, clock: StoppedClock) -> Act:
    return lambda own: commands.rate_comment(own, comment_id=comment, who=who, value=value, clock=clock)


def posting(thread: int, who: Who, clock: StoppedClock, stance: Stance = Stance.AGAINST) -> Act:
    return lambda own: commands.post_comment(
        own, thread_id=thread, who=who, text=TEXT, stance=stance, language="de", clock=clock
    )


def posting_number(thread: int, who: Who, clock: StoppedClock) -> Act:
    return lambda own: posting(thread, who, clock)(own).id  # type: ignore[attr-defined]


def replying_number(comment: int, who: Who, clock: StoppedClock) -> Act:
    return lambda own: replying(comment, who, clock)(own).id  # type: ignore[attr-defined]


def replying(comment: int, who: Who, clock: StoppedClock) -> Act:
    return lambda own: commands.reply(own, comment_id=comment, who=who, text=TEXT, language="de", clock=clock)


def test_eight_presses_of_the_same_button_leave_one_comment_and_one_reply(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    other = a_comment(session, round, clock=clock)
    commented = in_threads(crowd, [posting_number(round.thread_id, ada, clock)] * 8, threads=8)
    replied = in_threads(crowd, [replying_number(other, ada, clock)] * 8, threads=8)
    assert mishaps(commented + replied) == []
    assert len(set(commented)) == len(set(replied)) == 1
    thread = fresh_thread(session, round.thread_id)
    assert (thread.comments, thread.replies) == (2, 1)
    assert counters_that_differ(session) == []


@pytest.mark.parametrize("shows_interim", [False, True], ids=["sums hidden", "sums shown"])
def test_forty_raters_with_eight_clicks_each_leave_forty_ratings(
    session: Session, crowd: Engine, clock: StoppedClock, shows_interim: bool
) -> None:
    round = a_round(session, shows_interim=shows_interim)
    comment = a_comment(session, round, clock=clock)
    people = [Who(a_citizen(session).person_id) for _ in range(CROWD)]
    chance = random.Random(3)
    # The clicks of one person stand beside each other, so that they meet.
    acts = [rating(comment, who, chance.choice(list(Value)), clock) for who in people for _ in range(8)]
    assert mishaps(in_threads(crowd, acts)) == []
    session.rollback()
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == CROWD
    kept = fresh_comment(session, comment)
    assert kept.agree + kept.disagree + kept.passed == CROWD
    assert counters_that_differ(session) == []


def test_clicks_and_withdrawals_of_one_person_at_once_count_at_most_once(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock
) -> None:
    comment, who = a_comment(session, round, clock=clock), Who(a_citizen(session).person_id)

    def act(number: int) -> Act:
        if number % 3:
            return rating(comment, who, list(Value)[number % 3], clock)
        return lambda own: commands.unrate_comment(own, comment_id=comment, who=who, clock=clock)

    assert mishaps(in_threads(crowd, map(act, range(120)), threads=12)) == []
    kept = fresh_comment(session, comment)
    assert kept.agree + kept.disagree + kept.passed <= 1
    assert counters_that_differ(session) == []


def _decide(comments: Sequence[int], window_id: int, clock: StoppedClock, chance: random.Random) -> Act:
    """Withhold or publish one comment as moderation does: door, container, contribution, count again."""
    one = chance.choice(comments)
    outcome = chance.choice([State.WITHHELD, State.PUBLISHED])

    def act(own: Session) -> None:
        with transaction(own):
            hold_door(own, window_id, clock)
            commands.hold_container(own, one)
            version = own.execute(select(Contribution.version).where(Contribution.id == one)).scalar_one()
            reason = "spam" if outcome is State.WITHHELD else None
            set_state(own, contribution_id=one, state=outcome, reason_kind=reason, expected_version=version)
            own.flush()
            commands.count_again(own, one)

    return act


@pytest.mark.parametrize("shows_interim", [False, True], ids=["sums hidden", "sums shown"])
def test_no_counter_drifts_while_eight_post_beside_two_moderators(
    session: Session, crowd: Engine, clock: StoppedClock, shows_interim: bool
) -> None:
    round = a_round(session, shows_interim=shows_interim)
    threads = [subject.thread_id for subject in round.subjects]
    chance = random.Random(11)
    people = [a_citizen(session) for _ in range(8)]
    tops = [
        a_comment(session, round, clock=clock, thread_id=chance.choice(threads), who=chance.choice(people))
        for _ in range(6)
    ]
    replies = [a_reply(session, one, clock=clock, who=chance.choice(people)) for one in tops for _ in range(2)]

    def poster(who: Who) -> Iterator[Act]:
        for _ in range(12):
            one = chance.choice(tops + replies)
            yield chance.choice(
                [
                    posting(chance.choice(threads), who, clock, chance.choice(list(Stance))),
                    replying(chance.choice(tops), who, clock),
                    rating(one, Who(who.person_id), chance.choice(list(Value)), clock),
                    lambda own, one=one, who=who: commands.edit_comment(
                        own, comment_id=one, who=who, text=TEXT + " Neu.", stance=None, clock=clock
                    ),
                    lambda own, one=one, who=who: commands.withdraw_comment(own, comment_id=one, who=who, clock=clock),
                    # A new name touches every thread that shows the old one.
                    posting(chance.choice(threads), Who(who.person_id, f"Name {chance.random()}"), clock),
                ]
            )

    moderators = [[_decide(tops + replies, round.talk_window_id, clock, chance) for _ in range(20)] for _ in range(2)]
    streams = [list(poster(who)) for who in people] + moderators

    def stream(acts: list[Act]) -> Act:
        def run(own: Session) -> list[object]:
            outcomes: list[object] = []
            for act in acts:
                try:
                    outcomes.append(act(own))
                except Exception as refusal:
                    outcomes.append(refusal)
            return outcomes

        return run

    outcomes = [one for part in in_threads(crowd, map(stream, streams)) for one in part]  # type: ignore[attr-defined]
    from participation.contributions.facts import NotYours
    from participation.discussion.facts import OwnComment

    assert mishaps(outcomes, NoLongerThere, AlreadyAnswered, NotYours, OwnComment, ChangedMeanwhile) == []
    session.rollback()
    assert counters_that_differ(session) == []
    assert sum(fresh_thread(session, thread).comments for thread in threads) > 0


def test_of_an_edit_and_a_reaction_at_once_only_what_was_read_is_answered(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    """Whoever comes first: an answered text is the one that stood there, unless the answer came to the new one."""
    for number in range(12):
        comment, other = a_comment(session, round, clock=clock, who=ada), a_citizen(session)
        react = replying(comment, other, clock) if number % 2 else rating(comment, other, Value.AGREE, clock)

        def edit(own: Session, comment: int = comment) -> object:
            return commands.edit_comment(
                own, comment_id=comment, who=ada, text="Ein ganz anderer Text.", stance=None, clock=clock
            )

        edited, reacted = in_threads(crowd, [edit, react])
        assert not isinstance(reacted, Exception)
        session.rollback()
        version = session.get_one(Contribution, comment, populate_existing=True).version
        assert version == (1 if isinstance(edited, AlreadyAnswered) else 2)
    assert counters_that_differ(session) == []


@pytest.mark.parametrize("reaction", ["reply", "rating"])
def test_an_edit_waits_for_the_reaction_that_is_being_written_and_is_refused(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock, ada: Who, reaction: str
) -> None:
    comment, other = a_comment(session, round, clock=clock, who=ada), a_citizen(session)
    inside, may_commit = threading.Event(), threading.Event()

    def react(own: Session) -> None:
        with transaction(own):
            (replying(comment, other, clock) if reaction == "reply" else rating(comment, other, Value.PASS, clock))(own)
            inside.set()
            assert may_commit.wait(ENOUGH_SECONDS)

    def edit(own: Session) -> object:
        assert inside.wait(ENOUGH_SECONDS)
        return commands.edit_comment(
            own, comment_id=comment, who=ada, text="Anders als vorher.", stance=None, clock=clock
        )

    def let_go(own: Session) -> None:
        assert inside.wait(ENOUGH_SECONDS)
        time.sleep(0.4)
        may_commit.set()

    reacted, edited, _ = in_threads(crowd, [react, edit, let_go])
    assert not isinstance(reacted, Exception)
    assert isinstance(edited, AlreadyAnswered)
    session.rollback()
    assert session.get_one(Contribution, comment, populate_existing=True).text == TEXT


def test_a_decision_on_a_text_that_is_being_changed_is_refused(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    inside = threading.Event()

    def edit(own: Session) -> None:
        with transaction(own):
            commands.edit_comment(own, comment_id=comment, who=ada, text="Anders als vorher.", stance=None, clock=clock)
            inside.set()
            time.sleep(0.4)

    def decide(own: Session) -> None:
        assert inside.wait(ENOUGH_SECONDS)
        with transaction(own):
            hold_door(own, round.talk_window_id, clock)
            commands.hold_container(own, comment)
            set_state(own, contribution_id=comment, state=State.WITHHELD, reason_kind="spam", expected_version=1)

    _, decided = in_threads(crowd, [edit, decide])
    assert isinstance(decided, ChangedMeanwhile)
    session.rollback()
    assert session.get_one(Contribution, comment, populate_existing=True).state == State.PUBLISHED


# ── Nothing is written after the close ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.postgresql
@pytest.mark.parametrize("how", ["closed early", "the end passes"])
def test_none_of_forty_acts_that_wait_at_the_close_is_kept(
    session: Session, crowd: Engine, round: RoundWords, clock: StoppedClock, ada: Who, how: str
) -> None:
    clock.at = CLOSES - timedelta(microseconds=1)
    mine, others = a_comment(session, round, clock=clock, who=ada), a_comment(session, round, clock=clock)
    people = [a_citizen(session) for _ in range(CROWD - 2)]
    acts: list[Act] = [
        [posting(round.thread_id, who, clock), replying(others, who, clock), rating(mine, who, Value.AGREE, clock)][
            n % 3
        ]
        for n, who in enumerate(people)
    ]
    acts.append(
        lambda own: commands.edit_comment(own, comment_id=mine, who=ada, text=TEXT * 2, stance=None, clock=clock)
    )
    acts.append(lambda own: commands.withdraw_comment(own, comment_id=mine, who=ada, clock=clock))
    before = _figures(session)
    with Session(crowd) as closer, transaction(closer), ThreadPoolExecutor(1) as starter:
        take_doors(closer, [round.talk_window_id], clock)
        all_of_them = starter.submit(in_threads, crowd, acts)
        until = time.monotonic() + ENOUGH_SECONDS
        while waiting_at_doors(session) < CROWD and time.monotonic() < until:
            time.sleep(0.02)
        assert waiting_at_doors(session) == CROWD
        if how == "closed early":
            write_closed(closer, round.talk_window_id, clock())
        else:
            clock.at = CLOSES
        closer.commit()
        outcomes = all_of_them.result(ENOUGH_SECONDS)
    assert {type(one) for one in outcomes} == {WindowClosed}
    assert _figures(session) == before


def _figures(session: Session) -> tuple[int, ...]:
    session.rollback()
    return tuple(
        session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (Contribution, Comment, Rating)
    )
