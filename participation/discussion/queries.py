"""Reading threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, false, func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Kind as ParticipantKind
from participation.audiences.models import Participant
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.facts import Fact, Holding, Missing
from participation.foundation.paging import key_from
from participation.windows.facts import WindowTimes, why_shut
from participation.windows.models import Window

PAGE = 20
FIRST_REPLIES = 5
PAGE_OF_REPLIES = 50


Rows = Select[*tuple[Any, ...]]


class Order(StrEnum):
    """How comments are sorted. By support only where sums may be seen."""

    NEWEST = "neueste"
    OLDEST = "aelteste"
    SUPPORT = "zustimmung"


@dataclass(frozen=True)
class CommentLine:
    """A comment or reply as one person sees it. ``text``, ``author`` and ``stance`` are empty for a tombstone."""

    id: int
    parent_id: int | None
    stance: Stance | None
    text: str
    language: str
    state: State
    reason_kind: str | None
    author: str | None
    is_erased: bool
    is_imported: bool
    is_own: bool
    at: datetime
    edited: bool
    agree: int
    disagree: int
    passed: int
    replies: int
    """Public replies, all of them."""
    rating: Value | None
    """What the person who looks said of it."""
    answers: tuple[CommentLine, ...] = ()
    all_answers: bool = False

    @property
    def is_tombstone(self) -> bool:
        """Whether only a trace is left to see."""
        return self.state in (State.WITHHELD, State.WITHDRAWN, State.HELD) and not self.is_own

    @property
    def more_answers(self) -> int:
        """How many public replies are not shown here."""
        shown = sum(answer.state == State.PUBLISHED for answer in self.answers)
        return 0 if self.all_answers else max(0, self.replies - shown)


@dataclass(frozen=True)
class ThreadPage:
    """Part of a thread, and what the person who looks may do there."""

    id: int
    home: str
    version: int
    premoderated: bool
    shows_sums: bool
    comments: int
    replies: int
    stances: dict[Stance, int] | None
    """None while sums are sealed."""
    why_not: Fact | None
    """Why nothing can be written now."""
    ends_at: datetime
    shown_as: str | None
    """The name of the person who looks, if they have one in this audience."""
    rows: tuple[CommentLine, ...]
    after: str | None
    paged: bool
    order: Order
    stance: Stance | None


def counters_that_differ(session: Session) -> list[str]:
    """Count everything again from the rows and return one line for each stored counter that is wrong."""
    return [*_threads_that_differ(session), *_ratings_that_differ(session), *_replies_that_differ(session)]


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _threads_that_differ(session: Session) -> list[str]:
    seen = (Contribution.state == State.PUBLISHED) & Contribution.sealed.is_(False)
    top = seen & (Comment.level == 0)
    figures = {"comments": _number(top), "replies": _number(seen & (Comment.level == 1))}
    figures |= {stance: _number(top & (Comment.stance == stance)) for stance in Stance}
    counted = (
        select(Thread, *figures.values())
        .outerjoin(Comment, Comment.thread_id == Thread.id)
        .outerjoin(Contribution, Contribution.id == Comment.id)
        .group_by(Thread.id)
        .order_by(Thread.id)
    )
    return [
        f"thread:{thread.id} {name}: {getattr(thread, name)} stored, {number} counted"
        for thread, *numbers in session.execute(counted)
        for name, number in zip(figures, numbers, strict=True)
        if getattr(thread, name) != number
    ]


def _ratings_that_differ(session: Session) -> list[str]:
    figures = {"agree": Value.AGREE, "disagree": Value.DISAGREE, "passed": Value.PASS}
    counted = (
        select(
            Comment.id,
            Comment.agree,
            Comment.disagree,
            Comment.passed,
            *(_number(Rating.value == v) for v in figures.values()),
        )
        .outerjoin(Rating, Rating.comment_id == Comment.id)
        .group_by(Comment.id)
        .order_by(Comment.id)
    )
    return [
        f"comment:{comment_id} {name}: {stored} stored, {number} counted"
        for comment_id, *numbers in session.execute(counted)
        for name, stored, number in zip(figures, numbers[:3], numbers[3:], strict=True)
        if stored != number
    ]


def _replies_that_differ(session: Session) -> list[str]:
    answer, seen = Comment.__table__.alias("answer"), Contribution.__table__.alias("seen")
    counted = (
        select(Comment.id, Comment.replies, _number(seen.c.id.is_not(None)))
        .outerjoin(answer, answer.c.parent_id == Comment.id)
        .outerjoin(seen, (seen.c.id == answer.c.id) & (seen.c.state == State.PUBLISHED) & seen.c.sealed.is_(False))
        .where(Comment.level == 0)
        .group_by(Comment.id, Comment.replies)
        .order_by(Comment.id)
    )
    return [
        f"comment:{comment_id} replies: {stored} stored, {number} counted"
        for comment_id, stored, number in session.execute(counted)
        if stored != number
    ]


# ── A thread as one person sees it ────────────────────────────────────────────────────────────────────────────────────
def thread_page(
    session: Session,
    *,
    thread_id: int,
    viewer: UUID | None,
    now: datetime,
    after: str | None = None,
    order: Order = Order.NEWEST,
    stance: Stance | None = None,
) -> ThreadPage:
    """Return twenty comments of a thread with up to five replies each, as this person may see them: three statements.

    :param viewer: the person who looks, or None
    :param after: token of the page before
    :raises Missing: if there is no such thread
    """
    head = _head(session, thread_id, viewer)
    order = order if head.thread.shows_sums or order is not Order.SUPPORT else Order.NEWEST
    lines = _comments(session, head, now, after=after, order=order, stance=stance)
    kept, more = lines[:PAGE], len(lines) > PAGE
    answers = _first_replies(session, head, now, [line.id for line in kept])
    return ThreadPage(
        **_frame(head, now),
        rows=tuple(replace(line, answers=tuple(answers.get(line.id, ()))) for line in kept),
        after=_token(kept[-1], order) if more else None,
        paged=after is not None,
        order=order,
        stance=stance,
    )


def comment_page(
    session: Session, *, comment_id: int, viewer: UUID | None, now: datetime, after: str | None = None
) -> ThreadPage:
    """Return one comment with its replies, fifty a page; for a reply the comment that it answers.

    :raises Missing: if there is none that this person may see
    """
    found = session.execute(select(Comment.thread_id, Comment.parent_id).where(Comment.id == comment_id)).one_or_none()
    if found is None:
        raise Missing()
    top = found.parent_id or comment_id
    head = _head(session, found.thread_id, viewer)
    lines = [_line(row, head) for row in session.execute(_visible(head, now).where(Comment.id == top))]
    if not lines:
        raise Missing()
    key = key_from(after) or 0
    wanted = _visible(head, now).where(Comment.parent_id == top, Comment.id > key).order_by(Comment.id)
    answers = [_line(row, head) for row in session.execute(wanted.limit(PAGE_OF_REPLIES + 1))]
    kept = tuple(answers[:PAGE_OF_REPLIES])
    return ThreadPage(
        **_frame(head, now),
        rows=(replace(lines[0], answers=kept, all_answers=True),),
        after=str(kept[-1].id) if len(answers) > PAGE_OF_REPLIES else None,
        paged=after is not None,
        order=Order.OLDEST,
        stance=None,
    )


@dataclass(frozen=True)
class _Head:
    thread: Thread
    times: WindowTimes
    participant_id: UUID | None
    shown_as: str | None


def _head(session: Session, thread_id: int, viewer: UUID | None) -> _Head:
    mine = (Participant.audience_id == Window.audience_id) & (Participant.person_id == viewer)
    found = session.execute(
        select(Thread, Window, Participant.id, Participant.shown_as)
        .join(Window, Window.id == Thread.window_id)
        .outerjoin(Participant, mine if viewer is not None else false())
        .where(Thread.id == thread_id)
    ).one_or_none()
    if found is None:
        raise Missing()
    thread, window, participant_id, shown_as = found
    return _Head(thread, window.times, participant_id, shown_as)


def _frame(head: _Head, now: datetime) -> dict[str, Any]:
    thread = head.thread
    stances = {one: int(getattr(thread, one)) for one in Stance}
    return {
        "id": thread.id,
        "home": thread.home,
        "version": thread.version,
        "premoderated": thread.premoderated,
        "shows_sums": thread.shows_sums,
        "comments": thread.comments,
        "replies": thread.replies,
        "stances": stances if thread.shows_sums else None,
        "why_not": why_shut(head.times, now),
        "ends_at": head.times.ends_at,
        "shown_as": head.shown_as,
    }


def _visible(head: _Head, now: datetime) -> Rows:
    """Select the comments of a thread that this person may see, or see a tombstone of."""
    mine = Contribution.participant_id == head.participant_id if head.participant_id is not None else false()
    traces = (Contribution.state == State.WITHHELD) | ((Contribution.state == State.WITHDRAWN) & (Comment.replies > 0))
    rated = (Rating.comment_id == Comment.id) & (Rating.participant_id == head.participant_id)
    return (
        select(
            Comment,
            Contribution,
            Participant.shown_as,
            Participant.kind.label("author_kind"),
            Participant.erased_at,
            Rating.value,
        )
        .join(Contribution, Contribution.id == Comment.id)
        .join(Window, Window.id == Contribution.window_id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .outerjoin(Rating, rated if head.participant_id is not None else false())
        .where(Comment.thread_id == head.thread.id)
        .where(is_public(now) | ((traces | mine) & (Window.published_at <= now)))
    )


def _comments(
    session: Session, head: _Head, now: datetime, *, after: str | None, order: Order, stance: Stance | None
) -> list[CommentLine]:
    wanted = _visible(head, now).where(Comment.level == 0)
    if stance is not None:
        wanted = wanted.where(Comment.stance == stance)
    wanted = _after(wanted, after, order)
    match order:
        case Order.OLDEST:
            wanted = wanted.order_by(Comment.id)
        case Order.SUPPORT:
            wanted = wanted.order_by(Comment.agree.desc(), Comment.id.desc())
        case _:
            wanted = wanted.order_by(Comment.id.desc())
    return [_line(row, head) for row in session.execute(wanted.limit(PAGE + 1))]


def _after(wanted: Rows, after: str | None, order: Order) -> Rows:
    """Begin after the last row seen; a token that is none begins at the start."""
    first, _, second = (after or "").partition("-")
    key, tie = key_from(first), key_from(second)
    if key is None:
        return wanted
    if order is Order.SUPPORT:
        behind = (Comment.agree < key) | ((Comment.agree == key) & (Comment.id < (tie or 0)))
        return wanted.where(behind)
    return wanted.where(Comment.id > key if order is Order.OLDEST else Comment.id < key)


def _token(last: CommentLine, order: Order) -> str:
    return f"{last.agree}-{last.id}" if order is Order.SUPPORT else str(last.id)


def _first_replies(session: Session, head: _Head, now: datetime, parents: list[int]) -> dict[int, list[CommentLine]]:
    """Return the first five visible replies of each comment, in one statement."""
    if not parents:
        return {}
    visible = _visible(head, now).with_only_columns(
        Comment.id,
        func.row_number().over(partition_by=Comment.parent_id, order_by=Comment.id).label("place"),
    )
    numbered = visible.where(Comment.parent_id.in_(parents)).subquery()
    first = select(numbered.c.id).where(numbered.c.place <= FIRST_REPLIES)
    wanted = _visible(head, now).where(Comment.id.in_(first)).order_by(Comment.id)
    answers: dict[int, list[CommentLine]] = {}
    for row in session.execute(wanted):
        line = _line(row, head)
        answers.setdefault(line.parent_id or 0, []).append(line)
    return answers


def _line(row: Any, head: _Head) -> CommentLine:
    comment, written, shown_as, author_kind, erased_at, rating = row
    own = head.participant_id is not None and written.participant_id == head.participant_id
    readable = written.state == State.PUBLISHED or own
    return CommentLine(
        id=comment.id,
        parent_id=comment.parent_id,
        stance=Stance(comment.stance) if comment.stance and readable else None,
        text=written.text if readable else "",
        language=written.language,
        state=State(written.state),
        reason_kind=written.reason_kind,
        author=shown_as if readable else None,
        is_erased=erased_at is not None,
        is_imported=author_kind == ParticipantKind.IMPORTED,
        is_own=own,
        at=written.created_at,
        edited=written.edited_at is not None,
        agree=comment.agree,
        disagree=comment.disagree,
        passed=comment.passed,
        replies=comment.replies,
        rating=Value(rating) if rating else None,
    )


# ── What a person left here ───────────────────────────────────────────────────────────────────────────────────────────
def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return all ratings of a person; what they wrote lies in contributions."""
    found = session.execute(
        select(Rating.comment_id, Rating.value, Rating.rated_on)
        .join(Participant, Participant.id == Rating.participant_id)
        .where(Participant.person_id == person_id)
        .order_by(Rating.comment_id)
    )
    return [
        Holding("discussion", "rating", None, {"comment": comment_id, "value": value, "on": on.isoformat()})
        for comment_id, value, on in found
    ]
