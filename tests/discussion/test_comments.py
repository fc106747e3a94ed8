"""Comments, replies and ratings: who may do what, and what the counters say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import NameMissing, NameNotUsable, NotAdmitted, Who
from participation.audiences.models import Participant
from participation.contributions import commands as contributions
from participation.contributions.facts import (
    LONGEST_TEXT,
    NETIQUETTE_VERSION,
    NoLongerThere,
    NotYours,
    TextTooLong,
    TextTooShort,
)
from participation.contributions.models import Contribution
from participation.discussion import commands
from participation.discussion.facts import AlreadyAnswered, NothingSaid, OwnComment, RepliesEndHere, Stance, Value
from participation.discussion.models import Comment, Rating, Thread
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.world import RoundWords, a_citizen, a_person, a_round
from tests.world.discussion import (
    TEXT,
    a_comment,
    a_rating,
    a_reply,
    decide,
    everything,
    fresh_comment,
    fresh_thread,
    premoderate,
)


def counters(session: Session, thread_id: int) -> tuple[int, ...]:
    thread = fresh_thread(session, thread_id)
    return thread.comments, thread.replies, thread.in_favour, thread.against, thread.question, thread.neutral


def test_a_comment_is_public_at_once_and_counted(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    comment = a_comment(session, round, clock=clock, stance=Stance.QUESTION)
    a_reply(session, comment, clock=clock)
    assert counters(session, round.thread_id) == (1, 1, 0, 0, 1, 0)
    assert fresh_comment(session, comment).replies == 1
    assert session.get_one(Contribution, comment).netiquette_version == NETIQUETTE_VERSION


def test_where_moderation_reads_first_a_comment_waits_uncounted(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    premoderate(session, round.thread_id)
    comment = a_comment(session, round, clock=clock)
    assert session.get_one(Contribution, comment).state == "held"
    assert counters(session, round.thread_id) == (0, 0, 0, 0, 0, 0)
    decide(session, comment, "published")
    assert counters(session, round.thread_id) == (1, 0, 1, 0, 0, 0)


def test_the_first_contribution_of_a_round_needs_a_name(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    untouched = everything(session)
    with pytest.raises(NameMissing):
        a_comment(session, round, clock=clock, who=Who(ada.person_id))
    assert everything(session) == untouched
    a_comment(session, round, clock=clock, who=ada)
    a_comment(session, round, clock=clock, who=Who(ada.person_id))


def test_a_name_that_sounds_like_an_office_is_refused(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    with pytest.raises(NameNotUsable):
        a_comment(session, round, clock=clock, who=Who(a_person(session), "Stadt Bochum"))


def test_rating_needs_no_name(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    comment, rater = a_comment(session, round, clock=clock), Who(a_person(session))
    a_rating(session, comment, clock=clock, who=rater)
    shown = session.execute(select(Participant.shown_as).where(Participant.person_id == rater.person_id))
    assert shown.scalar_one() is None
    assert fresh_comment(session, comment).agree == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  zu kurz  ", TextTooShort),
        (" " * 40, TextTooShort),
        ("", TextTooShort),
        ("ü" * (LONGEST_TEXT + 1), TextTooLong),
    ],
)
def test_the_length_is_measured_after_trimming(
    session: Session, round: RoundWords, clock: StoppedClock, text: str, reason: type[Exception]
) -> None:
    with pytest.raises(reason):
        a_comment(session, round, clock=clock, text=text)


@pytest.mark.parametrize("text", ["zehn Zeich", "  zehn Zeich \n", "😀" * LONGEST_TEXT, "ü" * LONGEST_TEXT + "\n  "])
def test_a_text_of_the_shortest_and_of_the_greatest_length_is_taken(
    session: Session, round: RoundWords, clock: StoppedClock, text: str
) -> None:
    comment = a_comment(session, round, clock=clock, text=text)
    session.rollback()
    assert session.get_one(Contribution, comment, populate_existing=True).text == text.strip()


def test_the_same_sent_again_within_ten_minutes_is_one_comment_and_one_reply(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    answer = a_reply(session, comment, clock=clock, who=ada)
    clock.at += timedelta(minutes=10, seconds=-1)
    assert a_comment(session, round, clock=clock, who=ada, text=f" {TEXT}\n") == comment
    assert a_reply(session, comment, clock=clock, who=ada) == answer
    assert counters(session, round.thread_id) == (1, 1, 1, 0, 0, 0)
    assert counters_that_differ(session) == []


def test_another_stance_place_author_or_a_later_moment_is_something_new(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    first = a_comment(session, round, clock=clock, who=ada)
    others = [
        a_comment(session, round, clock=clock, who=ada, stance=Stance.AGAINST),
        a_comment(session, round, clock=clock, who=ada, thread_id=round.subjects[1].thread_id),
        a_comment(session, round, clock=clock),
        a_reply(session, first, clock=clock, who=ada),
    ]
    others.append(a_reply(session, others[0], clock=clock, who=ada))
    clock.at += timedelta(minutes=10)
    others.append(a_comment(session, round, clock=clock, who=ada))
    assert len({first, *others}) == 7


def test_what_was_withdrawn_may_be_said_again_and_what_was_withheld_is_not_written_anew(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    commands.withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    again = a_comment(session, round, clock=clock, who=ada)
    assert again != comment
    decide(session, again, "withheld", reason="spam")
    assert a_comment(session, round, clock=clock, who=ada) == again


def test_replies_go_one_level_deep(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    reply = a_reply(session, a_comment(session, round, clock=clock), clock=clock)
    with pytest.raises(RepliesEndHere):
        a_reply(session, reply, clock=clock)


@pytest.mark.parametrize("state", ["withheld", "withdrawn", "held"])
def test_what_is_not_public_is_neither_answered_nor_rated(
    session: Session, round: RoundWords, clock: StoppedClock, state: str
) -> None:
    comment = a_comment(session, round, clock=clock)
    decide(session, comment, state, reason="spam" if state == "withheld" else None)
    with pytest.raises(NoLongerThere):
        a_reply(session, comment, clock=clock)
    with pytest.raises(NoLongerThere):
        a_rating(session, comment, clock=clock)
    assert counters(session, round.thread_id) == (0, 0, 0, 0, 0, 0)


# ── Editing and withdrawing ───────────────────────────────────────────────────────────────────────────────────────────
def edit(session: Session, comment: int, who: Who, clock: StoppedClock, stance: Stance | None = None) -> None:
    commands.edit_comment(
        session, comment_id=comment, who=who, text="Ein ganz anderer Text.", stance=stance, clock=clock
    )


def test_an_untouched_comment_can_be_edited_and_its_stance_is_counted_anew(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada, stance=Stance.IN_FAVOUR)
    edit(session, comment, ada, clock, Stance.AGAINST)
    written = session.get_one(Contribution, comment)
    assert (written.text, written.version, written.edited_at) == ("Ein ganz anderer Text.", 2, clock())
    assert counters(session, round.thread_id) == (1, 0, 0, 1, 0, 0)


def test_an_edited_comment_waits_again_where_moderation_reads_first(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    premoderate(session, round.thread_id)
    comment = a_comment(session, round, clock=clock, who=ada)
    decide(session, comment, "published")
    edit(session, comment, ada, clock)
    assert session.get_one(Contribution, comment).state == "held"
    assert counters(session, round.thread_id) == (0, 0, 0, 0, 0, 0)


def test_after_a_reply_the_text_stays(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    a_reply(session, comment, clock=clock)
    with pytest.raises(AlreadyAnswered):
        edit(session, comment, ada, clock)


def test_after_a_rating_the_text_stays(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    a_rating(session, comment, clock=clock)
    with pytest.raises(AlreadyAnswered):
        edit(session, comment, ada, clock)


@pytest.mark.parametrize("state", ["withheld", "withdrawn"])
def test_what_is_gone_cannot_be_edited(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, state: str
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    decide(session, comment, state, reason="spam" if state == "withheld" else None)
    with pytest.raises(NoLongerThere):
        edit(session, comment, ada, clock)


def test_nobody_edits_or_withdraws_what_others_wrote(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock)
    untouched = everything(session)
    with pytest.raises(NotYours):
        edit(session, comment, ada, clock)
    with pytest.raises(NotYours):
        commands.withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    assert everything(session) == untouched


def test_withdrawing_takes_a_comment_out_of_the_counts_once(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    reply = a_reply(session, comment, clock=clock, who=ada)
    for _ in range(2):
        commands.withdraw_comment(session, comment_id=reply, who=ada, clock=clock)
    assert fresh_comment(session, comment).replies == 0
    for _ in range(2):
        commands.withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    assert counters(session, round.thread_id) == (0, 0, 0, 0, 0, 0)
    assert counters_that_differ(session) == []


def test_a_withheld_comment_cannot_be_withdrawn_from_its_decision(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    decide(session, comment, "withheld", reason="spam")
    with pytest.raises(NoLongerThere):
        commands.withdraw_comment(session, comment_id=comment, who=ada, clock=clock)


# ── Rating ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_last_click_holds(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock)
    for value in (Value.AGREE, Value.AGREE, Value.PASS, Value.DISAGREE):
        a_rating(session, comment, clock=clock, who=ada, value=value)
    kept = fresh_comment(session, comment)
    assert (kept.agree, kept.disagree, kept.passed) == (0, 1, 0)
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 1


def test_a_rating_can_be_taken_back(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock)
    a_rating(session, comment, clock=clock, who=ada)
    for _ in range(2):
        commands.unrate_comment(session, comment_id=comment, who=ada, clock=clock)
    assert fresh_comment(session, comment).agree == 0
    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 0


def test_nobody_rates_their_own_comment(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    with pytest.raises(OwnComment):
        a_rating(session, comment, clock=clock, who=ada)


def test_replies_can_be_rated(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    reply = a_reply(session, a_comment(session, round, clock=clock), clock=clock)
    a_rating(session, reply, clock=clock, value=Value.PASS)
    assert fresh_comment(session, reply).passed == 1


def test_who_is_not_admitted_writes_and_rates_nothing(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    from participation.audiences.models import Audience

    comment = a_comment(session, round, clock=clock)
    with transaction(session):
        session.get_one(Audience, round.audience_id).admission = "nobody"
    untouched = everything(session)
    with pytest.raises(NotAdmitted):
        a_comment(session, round, clock=clock, who=ada)
    with pytest.raises(NotAdmitted):
        a_rating(session, comment, clock=clock, who=ada)
    assert everything(session) == untouched


def test_what_nobody_said_is_not_there(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    for act in (commands.unrate_comment, commands.withdraw_comment):
        with pytest.raises(NothingSaid):
            act(session, comment_id=4711, who=ada, clock=clock)


# ── Counting again ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_decision_and_its_reversal_bring_all_counts_back(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock, stance=Stance.NEUTRAL)
    reply = a_reply(session, comment, clock=clock)
    a_rating(session, comment, clock=clock)
    before = counters(session, round.thread_id)
    for written in (comment, reply):
        decide(session, written, "withheld", reason="persons")
    assert counters(session, round.thread_id) == (0, 0, 0, 0, 0, 0)
    assert fresh_comment(session, comment).replies == 0
    for written in (comment, reply):
        decide(session, written, "published")
    assert counters(session, round.thread_id) == before
    assert (fresh_comment(session, comment).replies, fresh_comment(session, comment).agree) == (1, 1)


def test_a_recount_names_each_counter_that_is_wrong(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    comment = a_comment(session, round, clock=clock)
    a_reply(session, comment, clock=clock)
    a_rating(session, comment, clock=clock)
    assert counters_that_differ(session) == []
    with transaction(session):
        thread, counted = session.get_one(Thread, round.thread_id), session.get_one(Comment, comment)
        thread.neutral, thread.replies, counted.replies = 3, 5, 0
        session.execute(Rating.__table__.delete())
    assert counters_that_differ(session) == [
        f"thread:{round.thread_id} replies: 5 stored, 1 counted",
        f"thread:{round.thread_id} neutral: 3 stored, 0 counted",
        f"comment:{comment} agree: 1 stored, 0 counted",
        f"comment:{comment} replies: 0 stored, 1 counted",
    ]


def test_the_version_of_a_thread_follows_every_visible_change(
    session: Session, clock: StoppedClock, ada: Who, open_sums: RoundWords
) -> None:
    def version() -> int:
        return fresh_thread(session, open_sums.thread_id).version

    seen = [version()]
    comment = a_comment(session, open_sums, clock=clock, who=ada)
    seen.append(version())
    edit(session, comment, ada, clock)
    seen.append(version())
    a_rating(session, comment, clock=clock)
    seen.append(version())
    a_reply(session, comment, clock=clock)
    seen.append(version())
    commands.change_shown_name(session, person_id=ada.person_id, name="Ada Ö.", clock=clock)
    seen.append(version())
    a_comment(session, open_sums, clock=clock, who=Who(ada.person_id, "Ada"), thread_id=open_sums.subjects[1].thread_id)
    seen.append(version())
    commands.withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    seen.append(version())
    assert seen == sorted(set(seen))


def test_a_hidden_rating_leaves_the_version_of_the_thread_as_it_is(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, round, clock=clock)
    before = fresh_thread(session, round.thread_id).version
    a_rating(session, comment, clock=clock)
    assert fresh_thread(session, round.thread_id).version == before


# ── Erasing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_erasing_withdraws_ratings_where_the_talk_runs_and_keeps_them_where_it_is_over(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    over = a_round(session)
    running, ended = a_comment(session, round, clock=clock), a_comment(session, over, clock=clock)
    for comment in (running, ended):
        a_rating(session, comment, clock=clock, who=ada)
    with transaction(session):
        from participation.windows.models import Window

        session.get_one(Window, over.talk_window_id).closed_at = clock()
    commands.forget(session, ada.person_id, clock)
    assert fresh_comment(session, running).agree == 0
    assert fresh_comment(session, ended).agree == 1
    assert counters_that_differ(session) == []


def test_erasing_keeps_what_was_public_and_blanks_what_nobody_saw(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who
) -> None:
    public = a_comment(session, round, clock=clock, who=ada)
    premoderate(session, round.thread_id)
    held = a_comment(session, round, clock=clock, who=ada, text="Auch das liest noch niemand.")
    before = fresh_thread(session, round.thread_id).version
    commands.forget(session, ada.person_id, clock)
    contributions.forget(session, ada.person_id, clock)
    session.expire_all()
    assert session.get_one(Contribution, public).text
    waiting = session.get_one(Contribution, held)
    assert (waiting.state, waiting.text) == ("withdrawn", "")
    assert fresh_thread(session, round.thread_id).version > before
    assert counters_that_differ(session) == []


def test_people_of_one_name_stay_apart(session: Session, round: RoundWords, clock: StoppedClock, ada: Who) -> None:
    twin = a_citizen(session, shown_as="Ada Öztürk")
    comment = a_comment(session, round, clock=clock, who=ada)
    a_rating(session, comment, clock=clock, who=twin)
    assert fresh_comment(session, comment).agree == 1
