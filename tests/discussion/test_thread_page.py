"""What a page of a thread shows to whom, in how many statements, and where the next one begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.audiences.models import Participant
from participation.contributions.models import Contribution
from participation.discussion.commands import withdraw_comment
from participation.discussion.facts import NothingSaid, Order, Stance, Value
from participation.discussion.models import Comment
from participation.discussion.queries import (
    FIRST_REPLIES,
    PAGE,
    PAGE_OF_REPLIES,
    ThreadPage,
    comment_page,
    place_of,
    thread_page,
)
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.windows.facts import WindowNotPublished
from participation.windows.models import Window
from tests.statements import Statements
from tests.world import BEFORE, RoundWords, a_citizen
from tests.world.discussion import a_comment, a_rating, a_reply, decide, premoderate


@pytest.fixture
def look(session: Session, round: RoundWords, clock: StoppedClock) -> Callable[..., ThreadPage]:
    def look(viewer: UUID | None = None, **how: object) -> ThreadPage:
        session.rollback()
        return thread_page(session, thread_id=round.thread_id, viewer=viewer, now=clock(), **how)  # type: ignore[arg-type]

    return look


def ids(page: ThreadPage) -> list[int]:
    return [line.id for line in page.rows]


def bulk(session: Session, round: RoundWords, thread_id: int, number: int, replies: int = 0) -> list[int]:
    """Add many comments by one imported participant, with replies to the last of them."""
    with transaction(session):
        author = Participant(id=uuid4(), audience_id=round.audience_id, kind="imported")
        session.add(author)
        session.flush()
        first = (session.query(Contribution.id).order_by(Contribution.id.desc()).limit(1).scalar() or 0) + 1
        made = list(range(first, first + number + replies))
        written = {"kind": "comment", "participant_id": author.id, "window_id": round.talk_window_id}
        written |= {"language": "de", "state": "published", "netiquette_version": 1, "created_at": BEFORE}
        session.execute(insert(Contribution), [{"id": one, "text": f"Text {one}", **written} for one in made])
        session.execute(insert(Comment), [{"id": one, "thread_id": thread_id} for one in made[:number]])
        if replies:
            below = {"thread_id": thread_id, "parent_id": made[number - 1], "level": 1, "parent_level": 0}
            session.execute(insert(Comment), [{"id": one, **below} for one in made[number:]])
            session.get_one(Comment, made[number - 1]).replies = replies
        return made


# ── Paging and order ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST])
def test_paging_shows_each_comment_once(
    session: Session, round: RoundWords, look: Callable[..., ThreadPage], order: Order
) -> None:
    made = bulk(session, round, round.thread_id, 2 * PAGE + 3)
    seen, after = [], None
    while True:
        page = look(order=order, after=after)
        assert len(page.rows) <= PAGE
        seen += ids(page)
        after = page.after
        if after is None:
            break
    assert seen == (made if order is Order.OLDEST else made[::-1])


def test_a_full_last_page_leads_nowhere(session: Session, round: RoundWords, look: Callable[..., ThreadPage]) -> None:
    bulk(session, round, round.thread_id, PAGE)
    assert look().after is None


def test_by_support_the_most_agreed_comes_first_across_pages(
    session: Session, open_sums: RoundWords, clock: StoppedClock
) -> None:
    made = bulk(session, open_sums, open_sums.thread_id, PAGE + 5)
    with transaction(session):
        for place, one in enumerate(made):
            session.get_one(Comment, one).agree = place % 4
    seen, after = [], None
    for _ in range(2):
        page = thread_page(
            session, thread_id=open_sums.thread_id, viewer=None, now=clock(), order=Order.SUPPORT, after=after
        )
        seen += ids(page)
        after = page.after
    assert after is None
    assert seen == sorted(made, key=lambda one: (-(made.index(one) % 4), -one))


def test_hidden_sums_give_no_order_by_support(
    session: Session, round: RoundWords, clock: StoppedClock, look: Callable[..., ThreadPage]
) -> None:
    liked, other = a_comment(session, round, clock=clock), a_comment(session, round, clock=clock)
    a_rating(session, liked, clock=clock)
    page = look(order=Order.SUPPORT)
    assert (page.order, ids(page)) == (Order.NEWEST, [other, liked])
    assert all(line.sums is None for line in page.rows)
    assert page.stances is None


def test_sums_that_are_shown_are_those_of_the_rows(
    session: Session, open_sums: RoundWords, clock: StoppedClock
) -> None:
    comment = a_comment(session, open_sums, clock=clock, stance=Stance.QUESTION)
    for value in (Value.AGREE, Value.AGREE, Value.PASS):
        a_rating(session, comment, clock=clock, value=value)
    page = thread_page(session, thread_id=open_sums.thread_id, viewer=None, now=clock())
    sums = page.rows[0].sums
    assert sums is not None
    assert (sums.agree, sums.disagree, sums.passed) == (2, 0, 1)
    assert page.stances == {Stance.IN_FAVOUR: 0, Stance.AGAINST: 0, Stance.QUESTION: 1, Stance.NEUTRAL: 0}


def test_a_stance_can_be_chosen(
    session: Session, round: RoundWords, clock: StoppedClock, look: Callable[..., ThreadPage]
) -> None:
    a_comment(session, round, clock=clock, stance=Stance.IN_FAVOUR)
    against = a_comment(session, round, clock=clock, stance=Stance.AGAINST)
    assert ids(look(stance=Stance.AGAINST)) == [against]


@pytest.mark.parametrize("after", ["", "x", "-", "9" * 40, "1-", "-1", "٣", "1e3", "0x1"])
@pytest.mark.parametrize("order", list(Order))
def test_a_token_that_is_none_begins_somewhere_and_breaks_nothing(
    session: Session, open_sums: RoundWords, clock: StoppedClock, after: str, order: Order
) -> None:
    a_comment(session, open_sums, clock=clock)
    thread_page(session, thread_id=open_sums.thread_id, viewer=None, now=clock(), order=order, after=after)


def test_what_is_not_published_is_not_there(
    session: Session, round: RoundWords, clock: StoppedClock, look: Callable[..., ThreadPage]
) -> None:
    comment = a_comment(session, round, clock=clock)
    with transaction(session):
        session.get_one(Window, round.talk_window_id).published_at = None
    with pytest.raises(WindowNotPublished):
        look()
    with pytest.raises(WindowNotPublished):
        comment_page(session, comment_id=comment, viewer=None, now=clock())


# ── Replies ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_five_replies_are_shown_and_the_rest_announced(
    session: Session, round: RoundWords, look: Callable[..., ThreadPage]
) -> None:
    *_, comment = bulk(session, round, round.thread_id, 2)
    replies = bulk(session, round, round.thread_id, 1, replies=FIRST_REPLIES + 2)
    line = look().rows[0]
    assert line.id == replies[0] != comment
    assert [answer.id for answer in line.answers] == replies[1 : FIRST_REPLIES + 1]
    assert line.more_answers == 2


def test_the_page_of_a_comment_pages_through_all_its_replies(
    session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    comment, *replies = bulk(session, round, round.thread_id, 1, replies=PAGE_OF_REPLIES + 3)
    first = comment_page(session, comment_id=comment, viewer=None, now=clock())
    second = comment_page(session, comment_id=comment, viewer=None, now=clock(), after=first.after)
    assert [a.id for page in (first, second) for a in page.rows[0].answers] == replies
    assert second.after is None
    last = place_of(session, comment_id=replies[-1])
    found = comment_page(session, comment_id=comment, viewer=None, now=clock(), after=last.after)
    assert replies[-1] in [answer.id for answer in found.rows[0].answers]


# ── Who sees what ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_waits_is_seen_by_its_author_alone(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    public = a_comment(session, round, clock=clock)
    premoderate(session, round.thread_id)
    held = a_comment(session, round, clock=clock, who=ada, text="Das liest die Moderation noch.")
    reply = a_reply(session, public, clock=clock, who=ada)
    mine = look(ada.person_id)
    assert ids(mine) == [held, public]
    assert [answer.id for answer in mine.rows[1].answers] == [reply]
    for viewer in (None, a_citizen(session).person_id):
        others = look(viewer)
        assert ids(others) == [public]
        assert others.rows[0].answers == ()
        assert (others.comments, others.replies) == (1, 0)
        with pytest.raises(NothingSaid):
            comment_page(session, comment_id=held, viewer=viewer, now=clock())


def test_of_what_was_withheld_a_trace_stays_with_the_rule(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada, text="Das darf niemand mehr lesen.")
    decide(session, comment, "withheld", reason="persons")
    line = look().rows[0]
    assert (line.id, line.is_tombstone, line.reason_kind) == (comment, True, "persons")
    assert (line.text, line.author, line.stance, line.sums, line.rating) == ("", None, None, None, None)
    assert look().comments == 0
    mine = look(ada.person_id).rows[0]
    assert (mine.is_tombstone, mine.text) == (False, "Das darf niemand mehr lesen.")


def test_no_trace_tells_the_stance_of_what_was_withheld(
    session: Session, round: RoundWords, clock: StoppedClock, look: Callable[..., ThreadPage]
) -> None:
    decide(session, a_comment(session, round, clock=clock, stance=Stance.AGAINST), "withheld", reason="spam")
    assert look(stance=Stance.AGAINST).rows == ()


def test_what_was_withdrawn_leaves_a_trace_only_where_somebody_answered(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    answered, lonely = (a_comment(session, round, clock=clock, who=ada) for _ in range(2))
    reply = a_reply(session, answered, clock=clock)
    for comment in (answered, lonely):
        withdraw_comment(session, comment_id=comment, who=ada, clock=clock)
    for viewer in (None, ada.person_id):
        page = look(viewer)
        assert [(line.id, line.is_tombstone, line.text) for line in page.rows] == [(answered, True, "")]
        assert [answer.id for answer in page.rows[0].answers] == [reply]
    withdraw_comment(session, comment_id=reply, who=Who(_author_of(session, reply)), clock=clock)
    assert look().rows == ()


def _author_of(session: Session, comment: int) -> UUID:
    author = session.get_one(Participant, session.get_one(Contribution, comment).participant_id).person_id
    assert author is not None
    return author


def test_what_was_held_back_before_an_import_leaves_no_trace(
    session: Session, round: RoundWords, look: Callable[..., ThreadPage]
) -> None:
    kept, gone = bulk(session, round, round.thread_id, 2)
    decide(session, gone, "withheld", reason="imported")
    assert ids(look()) == [kept]


def test_what_is_sealed_is_seen_by_nobody(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    for state in ("published", "withheld"):
        comment = a_comment(session, round, clock=clock, who=ada)
        decide(session, comment, state, reason="spam" if state == "withheld" else None)
        with transaction(session):
            session.get_one(Contribution, comment).sealed = True
    assert look().rows == look(ada.person_id).rows == ()


def test_each_sees_their_own_ratings_only(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    comment = a_comment(session, round, clock=clock)
    reply = a_reply(session, comment, clock=clock)
    a_rating(session, comment, clock=clock, who=ada, value=Value.PASS)
    a_rating(session, reply, clock=clock, who=ada, value=Value.AGREE)
    a_rating(session, comment, clock=clock, value=Value.DISAGREE)
    mine = look(ada.person_id).rows[0]
    assert (mine.rating, mine.answers[0].rating) == (Value.PASS, Value.AGREE)
    assert look().rows[0].rating is None
    assert look(a_citizen(session).person_id).rows[0].rating is None


def test_an_erased_author_is_named_as_such(
    session: Session, round: RoundWords, clock: StoppedClock, ada: Who, look: Callable[..., ThreadPage]
) -> None:
    comment = a_comment(session, round, clock=clock, who=ada)
    with transaction(session):
        author = session.get_one(Participant, session.get_one(Contribution, comment).participant_id)
        author.shown_as, author.person_id, author.erased_at = None, None, clock()
    line = look().rows[0]
    assert (line.author, line.is_erased) == (None, True)


# ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("number", [10, 1000])
def test_a_page_takes_three_statements_however_much_was_said(
    session: Session,
    round: RoundWords,
    clock: StoppedClock,
    ada: Who,
    look: Callable[..., ThreadPage],
    statements: Callable[[], AbstractContextManager[Statements]],
    number: int,
) -> None:
    a_comment(session, round, clock=clock, who=ada)
    bulk(session, round, round.thread_id, number, replies=number)
    for viewer in (None, ada.person_id):
        with statements() as seen:
            page = look(viewer)
        assert len(page.rows) == min(PAGE, number + 1)
        assert len(seen) == 3, str(seen)


@pytest.mark.sqlite
@pytest.mark.parametrize("order", Order)
def test_no_page_reads_a_whole_table(
    session: Session,
    round: RoundWords,
    clock: StoppedClock,
    ada: Who,
    look: Callable[..., ThreadPage],
    statements: Callable[[], AbstractContextManager[Statements]],
    order: Order,
) -> None:
    """For a visitor too, who has rated nothing: every rating was read for every comment once."""
    a_rating(session, a_comment(session, round, clock=clock, who=ada), clock=clock)
    for viewer in (None, ada.person_id):
        with statements() as seen:
            look(viewer, order=order, stance=Stance.AGAINST)
            look(viewer, order=order)
        for statement in seen:
            open_places = (None,) * statement.count("?")
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", open_places)
            steps = [row.detail for row in plan]
            assert not [step for step in steps if re.match("SCAN (?!anon|.subquery)", step)], steps
