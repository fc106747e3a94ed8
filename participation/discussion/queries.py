"""Reading threads: a page of one as one person sees it, and the counters against their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, bindparam, case, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from participation.audiences.facts import NOBODY, Admission, NotAdmitted
from participation.audiences.facts import Kind as ParticipantKind
from participation.audiences.models import Audience, Participant
from participation.contributions.facts import Signal, State
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public, signals_of
from participation.discussion.facts import Brake, Braked, NothingSaid, Order, Stance, Value, brake_at
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.facts import Fact, Holding
from participation.foundation.model import Moment
from participation.foundation.paging import key_from
from participation.windows.facts import State as WindowState
from participation.windows.facts import WindowNotPublished, WindowTimes, why_shut
from participation.windows.models import Window

PAGE = 20
FIRST_REPLIES = 5
PAGE_OF_REPLIES = 50

Rows = Select[*tuple[Any, ...]]
TIMES = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
STANCE_COUNTERS = {one: getattr(Thread, one) for one in Stance}


@dataclass(frozen=True)
class Sums:
    """How a comment was rated."""

    agree: int
    disagree: int
    passed: int


@dataclass(frozen=True)
class CommentLine:
    """A comment or reply as one person sees it. Of a tombstone there is no text, author, stance or rating."""

    id: int
    parent_id: int | None
    stance: Stance | None
    text: str
    language: str
    state: State
    reason_kind: str | None
    """Slug of the broken rule, or ``imported``."""
    author: str | None
    is_erased: bool
    is_imported: bool
    is_own: bool
    is_tombstone: bool
    """Whether only a trace is left to see."""
    at: datetime
    edited: bool
    can_be_edited: bool
    """Whether it is one's own and nobody reacted to it; whether the window is open is for the page to know."""
    duplicate_of: int | None
    """A contribution that says the same, as moderation found."""
    rewording: bool
    """Whether moderation waits for its author to find other words."""
    sums: Sums | None
    """None while sums are hidden."""
    replies: int
    """Public replies, all of them."""
    rating: Value | None
    """What the person who looks said of it."""
    key: str
    """Where the next page begins if this is the last line."""
    answers: tuple[CommentLine, ...] = ()
    all_answers: bool = False
    signals: tuple[Signal, ...] = ()
    """Why it is read before it is public; told to its author alone, as long as it waits."""

    @property
    def more_answers(self) -> int:
        """How many public replies are not shown here."""
        shown = sum(answer.state is State.PUBLISHED for answer in self.answers)
        return 0 if self.all_answers else max(0, self.replies - shown)


@dataclass(frozen=True)
class ThreadPage:
    """Part of a thread, and what the person who looks may do there."""

    id: int
    home: str
    version: int
    premoderated: bool
    """Whether moderation reads everything first, by the round's rules or by a brake."""
    brake: Braked | None
    """The emergency brake that holds now."""
    shows_sums: bool
    comments: int
    replies: int
    stances: dict[Stance, int] | None
    """None while sums are hidden."""
    state: WindowState
    opens_at: datetime
    ends_at: datetime
    why_not: Fact | None
    """Why nothing can be written now; None also for a visitor who would only have to sign in."""
    shown_as: str | None
    """The name of the person who looks, if they have one in this audience."""
    rows: tuple[CommentLine, ...]
    after: str | None
    paged: bool
    order: Order
    stance: Stance | None


@dataclass(frozen=True)
class Place:
    """Where a comment or reply is to be seen."""

    comment_id: int
    top_id: int
    """The comment that a reply answers, else itself."""
    home: str
    after: str | None
    """The page of replies that it stands on, None for the first."""
    state: State
    premoderated: bool


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
    """Return twenty comments of a thread with up to five replies each, as this person may see them.

    Three statements, however many comments there are. Comments are ordered by support only where sums are shown.

    :param viewer: the person who looks, or None
    :param after: ``after`` of the page before
    :raises NothingSaid: if there is no such thread
    :raises WindowNotPublished: while nobody may know of it
    """
    head = _head(session, thread_id, viewer, now)
    order = order if head.thread.shows_sums or order is not Order.SUPPORT else Order.NEWEST
    lines = _comments(session, head, after=after, order=order, stance=stance)
    kept = lines[:PAGE]
    answers = _first_replies(session, head, [line.id for line in kept])
    return _page(
        head,
        _explained(session, [replace(line, answers=tuple(answers.get(line.id, ()))) for line in kept]),
        after=kept[-1].key if len(lines) > PAGE else None,
        paged=after is not None,
        order=order,
        stance=stance,
    )


def comment_page(
    session: Session, *, comment_id: int, viewer: UUID | None, now: datetime, after: str | None = None
) -> ThreadPage:
    """Return one comment with its replies, fifty a page.

    :raises NothingSaid: if there is none that this person may see, or it is a reply itself
    :raises WindowNotPublished: while nobody may know of it
    """
    head, line = _one(session, comment_id, viewer, now, Comment.level == 0)
    wanted = _visible().where(Comment.parent_id == comment_id, Comment.id > (key_from(after) or 0))
    rows = session.execute(wanted.order_by(Comment.id).limit(PAGE_OF_REPLIES + 1), head.bound)
    answers = [_line(row, head) for row in rows]
    kept = tuple(answers[:PAGE_OF_REPLIES])
    return _page(
        head,
        _explained(session, [replace(line, answers=kept, all_answers=True)]),
        after=kept[-1].key if len(answers) > PAGE_OF_REPLIES else None,
        paged=after is not None,
    )


def one_comment(session: Session, *, comment_id: int, viewer: UUID | None, now: datetime) -> ThreadPage:
    """Return one comment or reply by itself.

    :raises NothingSaid: if there is none that this person may see
    :raises WindowNotPublished: while nobody may know of it
    """
    head, line = _one(session, comment_id, viewer, now)
    return _page(head, _explained(session, [line]))


def place_of(session: Session, *, comment_id: int) -> Place:
    """Return where a comment or reply is to be seen, whoever may see it.

    :raises NothingSaid: if there is none
    """
    siblings = Comment.__table__.alias("sibling")
    earlier = select(func.count()).where(siblings.c.parent_id == Comment.parent_id, siblings.c.id < Comment.id)
    found = session.execute(
        select(
            *(Comment.parent_id, Thread.home, Thread.premoderated, Contribution.state),
            earlier.correlate(Comment).scalar_subquery().label("earlier"),
        )
        .join(Thread, Thread.id == Comment.thread_id)
        .join(Contribution, Contribution.id == Comment.id)
        .where(Comment.id == comment_id)
    ).one_or_none()
    if found is None:
        raise NothingSaid()
    after = str(comment_id - 1) if found.earlier >= PAGE_OF_REPLIES else None
    top_id = found.parent_id or comment_id
    return Place(comment_id, top_id, found.home, after, State(found.state), found.premoderated)


@dataclass(frozen=True)
class _Head:
    """A thread and the person who looks at it."""

    thread: Row[Any]
    times: WindowTimes
    now: datetime
    participant_id: UUID | None

    @property
    def bound(self) -> dict[str, Any]:
        """What the statements about its comments leave open."""
        return {"thread": self.thread.id, "me": self.participant_id or NOBODY, "now": self.now}


def _head(session: Session, thread_id: int, viewer: UUID | None, now: datetime) -> _Head:
    found = session.execute(_heads(), {"thread": thread_id, "person": viewer or NOBODY}).one_or_none()
    if found is None:
        raise NothingSaid()
    times = WindowTimes(*found[-len(TIMES) :])
    if times.state(now) is WindowState.DRAFT:
        raise WindowNotPublished()
    return _Head(found, times, now, found.participant_id)


@lru_cache(maxsize=1)
def _heads() -> Rows:
    """Return the statement for a thread and the person who looks at it, built once."""
    mine = and_(Participant.audience_id == Window.audience_id, Participant.person_id == bindparam("person"))
    return (
        select(
            *(Thread.id, Thread.home, Thread.version, Thread.premoderated, Thread.shows_sums),
            *(Thread.comments, Thread.replies, *STANCE_COUNTERS.values()),
            *(Thread.brake, Thread.brake_since, Thread.brake_until, Thread.brake_reason),
            *(Audience.admission, Participant.id.label("participant_id"), Participant.shown_as, *TIMES),
        )
        .join(Window, Window.id == Thread.window_id)
        .join(Audience, Audience.id == Window.audience_id)
        .outerjoin(Participant, mine)
        .where(Thread.id == bindparam("thread"))
    )


def _page(
    head: _Head,
    lines: Sequence[CommentLine],
    *,
    after: str | None = None,
    paged: bool = False,
    order: Order = Order.OLDEST,
    stance: Stance | None = None,
) -> ThreadPage:
    thread, times = head.thread, head.times
    brake = brake_at(thread.brake, thread.brake_since, thread.brake_until, thread.brake_reason, head.now)
    not_admitted = None if thread.admission == Admission.REGISTERED else NotAdmitted()
    return ThreadPage(
        id=thread.id,
        home=thread.home,
        version=thread.version,
        premoderated=thread.premoderated or (brake is not None and brake.kind is Brake.HELD),
        brake=brake,
        shows_sums=thread.shows_sums,
        comments=thread.comments,
        replies=thread.replies,
        stances={one: int(getattr(thread, one)) for one in Stance} if thread.shows_sums else None,
        state=times.state(head.now),
        opens_at=times.opens_at,
        ends_at=times.ends_at,
        why_not=why_shut(times, head.now) or not_admitted,
        shown_as=thread.shown_as,
        rows=tuple(lines),
        after=after,
        paged=paged,
        order=order,
        stance=stance,
    )


def _one(
    session: Session, comment_id: int, viewer: UUID | None, now: datetime, *more: ColumnElement[bool]
) -> tuple[_Head, CommentLine]:
    thread_id = session.execute(select(Comment.thread_id).where(Comment.id == comment_id)).scalar_one_or_none()
    if thread_id is None:
        raise NothingSaid()
    head = _head(session, thread_id, viewer, now)
    row = session.execute(_visible().where(Comment.id == comment_id, *more), head.bound).one_or_none()
    if row is None:
        raise NothingSaid()
    return head, _line(row, head)


@lru_cache(maxsize=2)
def _visible(*, traces: bool = True) -> Rows:
    """Select the comments of a thread that one person may see, and what left a trace; built once.

    Everybody sees what is public, its author besides what waits or was withheld. A trace stays of what moderation
    here withheld, and wherever somebody answered; what was held back before an import never stood here.
    """
    mine = Contribution.participant_id == bindparam("me")
    own = and_(mine, Contribution.state.in_((State.HELD, State.WITHHELD)), Contribution.sealed.is_(False))
    decided_here = and_(Contribution.state == State.WITHHELD, Contribution.reason_kind != "imported")
    gone = Contribution.state.in_((State.WITHHELD, State.WITHDRAWN, State.HELD))
    trace = and_(Contribution.sealed.is_(False), or_(decided_here, and_(gone, Comment.replies > 0)))
    # For a visitor too this is a look into the key: joined on »false«, SQLite read every rating for every comment.
    rated = and_(Rating.comment_id == Comment.id, Rating.participant_id == bindparam("me"))
    public = is_public(bindparam("now", type_=Moment()))
    return (
        select(
            *(Comment.id, Comment.parent_id, Comment.stance),
            *(Comment.agree, Comment.disagree, Comment.passed, Comment.replies),
            *(Contribution.text, Contribution.language, Contribution.state, Contribution.reason_kind),
            *(Contribution.rewording, Contribution.duplicate_of),
            *(Contribution.participant_id, Contribution.created_at, Contribution.edited_at),
            *(Participant.shown_as, Participant.kind, Participant.erased_at, Rating.value),
        )
        .join(Contribution, Contribution.id == Comment.id)
        .join(Window, Window.id == Contribution.window_id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .outerjoin(Rating, rated)
        .where(Comment.thread_id == bindparam("thread"), or_(public, own, trace if traces else false()))
    )


def _comments(
    session: Session, head: _Head, *, after: str | None, order: Order, stance: Stance | None
) -> list[CommentLine]:
    """Return one line more than fits on a page, from the last row seen on; a token that is none begins at the start."""
    first, _, second = (after or "").partition("-")
    key, tie = key_from(first), key_from(second)
    wanted = _some(order, chosen=stance is not None, continued=key is not None)
    bound = head.bound | {"stance": stance, "key": key, "tie": tie or 0}
    return [_line(row, head, order) for row in session.execute(wanted, bound)]


@lru_cache(maxsize=16)
def _some(order: Order, *, chosen: bool, continued: bool) -> Rows:
    """Return the statement for a page of comments, built once for each way to look at them.

    :param chosen: whether only one stance is wanted; it shows no traces, which would tell what they chose
    :param continued: whether a page went before
    """
    wanted = _visible(traces=not chosen and order is not Order.SUPPORT).where(Comment.level == 0)
    if chosen:
        wanted = wanted.where(Comment.stance == bindparam("stance"))
    if continued:
        wanted = wanted.where(_later(order))
    match order:
        case Order.OLDEST:
            wanted = wanted.order_by(Comment.id)
        case Order.SUPPORT:
            wanted = wanted.order_by(Comment.agree.desc(), Comment.id.desc())
        case _:
            wanted = wanted.order_by(Comment.id.desc())
    return wanted.limit(PAGE + 1)


def _later(order: Order) -> ColumnElement[bool]:
    key, tie = bindparam("key", type_=BigInteger()), bindparam("tie", type_=BigInteger())
    if order is Order.SUPPORT:
        return tuple_(Comment.agree, Comment.id) < tuple_(key, tie)
    return Comment.id > key if order is Order.OLDEST else Comment.id < key


def _first_replies(session: Session, head: _Head, parents: Sequence[int]) -> dict[int, list[CommentLine]]:
    """Return the first five visible replies of each comment, in one statement."""
    if not parents:
        return {}
    answers: dict[int, list[CommentLine]] = {}
    for row in session.execute(_replies(), head.bound | {"parents": parents}):
        answers.setdefault(row.parent_id, []).append(_line(row, head))
    return answers


@lru_cache(maxsize=1)
def _replies() -> Rows:
    place = func.row_number().over(partition_by=Comment.parent_id, order_by=Comment.id).label("place")
    answered = Comment.parent_id.in_(bindparam("parents", expanding=True))
    numbered = _visible().where(answered).add_columns(place).subquery()
    return select(numbered).where(numbered.c.place <= FIRST_REPLIES).order_by(numbered.c.id)


def _line(row: Row[Any], head: _Head, order: Order = Order.OLDEST) -> CommentLine:
    own = head.participant_id is not None and row.participant_id == head.participant_id
    state = State(row.state)
    readable = state is State.PUBLISHED or (own and state is not State.WITHDRAWN)
    untouched = not (row.agree or row.disagree or row.passed or row.replies)
    return CommentLine(
        id=row.id,
        parent_id=row.parent_id,
        stance=Stance(row.stance) if row.stance and readable else None,
        text=row.text if readable else "",
        language=row.language,
        state=state,
        reason_kind=row.reason_kind,
        author=row.shown_as if readable else None,
        is_erased=row.erased_at is not None,
        is_imported=row.kind == ParticipantKind.IMPORTED,
        is_own=own,
        is_tombstone=not readable,
        at=row.created_at,
        edited=row.edited_at is not None,
        can_be_edited=own and state in (State.HELD, State.PUBLISHED) and (untouched or row.rewording),
        duplicate_of=row.duplicate_of if readable else None,
        rewording=row.rewording,
        sums=Sums(row.agree, row.disagree, row.passed) if head.thread.shows_sums and readable else None,
        replies=row.replies,
        rating=Value(row.value) if row.value and readable else None,
        key=f"{row.agree}-{row.id}" if order is Order.SUPPORT else str(row.id),
    )


def _explained(session: Session, lines: Sequence[CommentLine]) -> list[CommentLine]:
    """Say of one's own lines that wait why they do; one statement, and none where nothing waits."""
    answers = [answer for line in lines for answer in line.answers]
    waiting = [line.id for line in (*lines, *answers) if line.is_own and line.state is State.HELD]
    signals = signals_of(session, waiting)

    def told(line: CommentLine) -> CommentLine:
        return replace(line, signals=signals.get(line.id, ()), answers=tuple(told(answer) for answer in line.answers))

    return [told(line) for line in lines] if signals else list(lines)


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


# ── Counters against their rows ───────────────────────────────────────────────────────────────────────────────────────
def counters_that_differ(session: Session) -> list[str]:
    """Count everything again from the rows and return one line for each stored counter that is wrong.

    The database compares, so that only what differs travels.
    """
    return [*_threads_that_differ(session), *_ratings_that_differ(session), *_replies_that_differ(session)]


def _threads_that_differ(session: Session) -> list[str]:
    seen = and_(Contribution.state == State.PUBLISHED, Contribution.sealed.is_(False))
    top = and_(seen, Comment.level == 0)
    counted = {"comments": _number(top), "replies": _number(and_(seen, Comment.level == 1))}
    counted |= {str(stance): _number(and_(top, Comment.stance == stance)) for stance in Stance}
    rows = (
        select(Thread.id)
        .outerjoin(Comment, Comment.thread_id == Thread.id)
        .outerjoin(Contribution, Contribution.id == Comment.id)
        .group_by(Thread.id)
        .order_by(Thread.id)
    )
    return _differing(
        session, rows, "thread", {name: (getattr(Thread, name), number) for name, number in counted.items()}
    )


def _ratings_that_differ(session: Session) -> list[str]:
    given = {"agree": Value.AGREE, "disagree": Value.DISAGREE, "passed": Value.PASS}
    rows = select(Comment.id).outerjoin(Rating, Rating.comment_id == Comment.id).group_by(Comment.id)
    figures = {name: (getattr(Comment, name), _number(Rating.value == value)) for name, value in given.items()}
    return _differing(session, rows.order_by(Comment.id), "comment", figures)


def _replies_that_differ(session: Session) -> list[str]:
    answer, seen = Comment.__table__.alias("answer"), Contribution.__table__.alias("seen")
    is_seen = and_(seen.c.id == answer.c.id, seen.c.state == State.PUBLISHED, seen.c.sealed.is_(False))
    rows = (
        select(Comment.id)
        .outerjoin(answer, answer.c.parent_id == Comment.id)
        .outerjoin(seen, is_seen)
        .group_by(Comment.id)
        .order_by(Comment.id)
    )
    return _differing(session, rows, "comment", {"replies": (Comment.replies, func.count(seen.c.id))})


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _differing(
    session: Session, rows: Rows, thing: str, figures: dict[str, tuple[Any, ColumnElement[int]]]
) -> list[str]:
    """Return a line for each figure, stored and counted, that is not what it should be."""
    columns = [column for pair in figures.values() for column in pair]
    wrong = rows.add_columns(*columns).having(or_(*(stored != counted for stored, counted in figures.values())))
    return [
        f"{thing}:{row[0]} {name}: {stored} stored, {counted} counted"
        for row in session.execute(wrong)
        for name, stored, counted in zip(figures, row[1::2], row[2::2], strict=True)
        if stored != counted
    ]
