"""Writing in threads: comments, replies, ratings, with counters kept in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from participation.accounts.facts import TERMS_VERSION
from participation.audiences import commands as audiences
from participation.audiences.facts import Who
from participation.audiences.models import Participant
from participation.contributions import commands as contributions
from participation.contributions.facts import Hint, Kind, NoLongerThere, Signal, State, why_unfit
from participation.contributions.models import Contribution
from participation.discussion.facts import (
    AlreadyAnswered,
    Brake,
    Braked,
    MovedMeanwhile,
    NothingSaid,
    OwnComment,
    RepliesEndHere,
    Stance,
    Value,
    brake_at,
    why_too_soon,
)
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.clock import Clock, berlin
from participation.foundation.db import insert as upsert
from participation.foundation.db import transaction
from participation.windows.commands import pass_door
from participation.windows.models import Window

SENT_AGAIN = timedelta(minutes=10)
"""So long the same words in the same place are taken for the same press of a button."""

AT_A_TIME = 1000
"""Rows per INSERT of an import."""

Imported = tuple[int, UUID, Value, date]
"""A rating that was given elsewhere: comment, participant, value, day."""

IMPORTED_COLUMNS = ("comment_id", "participant_id", "value", "rated_on")


# ── Threads ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def open_thread(session: Session, *, window_id: int, home: str, premoderated: bool, shows_sums: bool) -> Thread:
    """Add a thread; the caller's transaction commits it.

    :param home: the path of the page that shows it
    """
    thread = Thread(window_id=window_id, home=home, premoderated=premoderated, shows_sums=shows_sums)
    session.add(thread)
    session.flush()
    return thread


def remove_thread(session: Session, *, thread_id: int) -> None:
    """Remove a thread in which nobody wrote; the caller's transaction commits it.

    :raises sqlalchemy.exc.IntegrityError: if somebody did
    """
    session.execute(delete(Thread).where(Thread.id == thread_id))


def open_sums(session: Session, thread_ids: Iterable[int]) -> None:
    """Show sums in these threads from now on, since the result is released."""
    for thread_id in sorted(thread_ids):
        thread = hold_thread(session, thread_id)
        thread.shows_sums = True
        thread.version += 1


def set_brake(thread: Thread, braked: Braked | None) -> None:
    """Pull the emergency brake of a locked thread, or release it; whoever writes waits for the lock and finds it so."""
    thread.brake = braked.kind if braked else None
    thread.brake_since = braked.since if braked else None
    thread.brake_until = braked.until if braked else None
    thread.brake_reason = braked.reason if braked else None
    thread.version += 1


def _braked(thread: Thread, now: datetime) -> Brake | None:
    found = brake_at(thread.brake, thread.brake_since, thread.brake_until, thread.brake_reason, now)
    return found.kind if found else None


def _is_read_first(thread: Thread, now: datetime) -> bool:
    """Say whether moderation reads everything in a locked thread before it is public."""
    return thread.premoderated or _braked(thread, now) is Brake.HELD


def _wait_for_turn(session: Session, thread: Thread, author: Participant, now: datetime) -> None:
    """Refuse who wrote in a locked thread a moment ago, while it is in slow mode; withdrawing does not shorten that.

    :raises SlowedDown: with the moment from which they can write again
    """
    if _braked(thread, now) is not Brake.SLOW:
        return
    written = select(func.max(Contribution.created_at)).join(Comment, Comment.id == Contribution.id)
    mine = (Comment.thread_id == thread.id, Contribution.participant_id == author.id)
    refusal = why_too_soon(session.execute(written.where(*mine)).scalar(), now)
    if refusal is not None:
        raise refusal


# ── Comments and replies ──────────────────────────────────────────────────────────────────────────────────────────────
def post_comment(
    session: Session,
    *,
    thread_id: int,
    who: Who,
    text: str,
    stance: Stance,
    language: str,
    clock: Clock,
    noticed: Collection[Signal] = (),
    read: Collection[Hint] | None = None,
) -> Comment:
    """Add a comment, public at once or held for moderation as the thread's rule and signals say.

    The same sent again within ten minutes returns the comment that is there.

    :param text: plain text, 10 to 5,000 characters after trimming
    :param noticed: signals that the page noticed: a burst, a crowd
    :param read: the hints that the author has read; None asks for none
    :raises ReadFirst: if there is something to point out before; nothing is kept
    :raises WindowClosed: or WindowNotOpenYet, measured after the lock
    :raises WritingPaused: while two officials paused them from writing in this round
    :raises SlowedDown: if the thread is in slow mode and they wrote there less than ten minutes ago
    :raises NotAdmitted: if the audience does not admit them
    :raises NameMissing: if no name was ever chosen in this audience
    """
    with transaction(session):
        window_id = _window_of_thread(session, thread_id)
        now = pass_door(session, window_id, clock)
        author = _join_by_name(session, window_id, who, thread_id, now)
        signals = _weigh(session, window_id, author, text, language, noticed=noticed, read=read)
        thread = hold_thread(session, thread_id)
        said = _said_just_now(session, thread_id, author=author, text=text, stance=stance, now=now)
        if said is not None:
            return said
        _wait_for_turn(session, thread, author, now)
        written = _contribute(session, thread, author=author, text=text, language=language, now=now, signals=signals)
        comment = Comment(id=written.id, thread_id=thread_id, stance=stance)
        return _add(session, thread, comment, written)


def reply(
    session: Session,
    *,
    comment_id: int,
    who: Who,
    text: str,
    language: str,
    clock: Clock,
    noticed: Collection[Signal] = (),
    read: Collection[Hint] | None = None,
) -> Comment:
    """Answer a public comment, one level deep, without a stance.

    The same sent again within ten minutes returns the reply that is there.

    :raises RepliesEndHere: if it is a reply itself
    :raises NoLongerThere: if it is not public any more
    :raises WindowClosed: and all that ``post_comment`` raises
    """
    with transaction(session):
        parent = _comment(session, comment_id)
        window_id = _window_of_thread(session, parent.thread_id)
        now = pass_door(session, window_id, clock)
        author = _join_by_name(session, window_id, who, parent.thread_id, now)
        signals = _weigh(session, window_id, author, text, language, noticed=noticed, read=read)
        thread = hold_thread(session, parent.thread_id)
        parent = _comment(session, comment_id, lock=True)
        _stay(thread, parent)
        if parent.level:
            raise RepliesEndHere()
        if contributions.locked(session, comment_id).state != State.PUBLISHED:
            raise NoLongerThere()
        said = _said_just_now(session, thread.id, author=author, text=text, parent_id=comment_id, now=now)
        if said is not None:
            return said
        _wait_for_turn(session, thread, author, now)
        written = _contribute(session, thread, author=author, text=text, language=language, now=now, signals=signals)
        answer = Comment(id=written.id, thread_id=thread.id, level=1, parent_id=comment_id, parent_level=0, stance=None)
        return _add(session, thread, answer, written, parent)


def _said_just_now(
    session: Session,
    thread_id: int,
    *,
    author: Participant,
    text: str,
    now: datetime,
    stance: Stance | None = None,
    parent_id: int | None = None,
) -> Comment | None:
    """Return what this press of a button wrote already: a second click and the back button say nothing new.

    The thread is locked, so of several presses at once the first writes and the others see it. What was withdrawn may
    be said again.
    """
    same = (
        select(Comment)
        .join(Contribution, Contribution.id == Comment.id)
        .where(
            Contribution.participant_id == author.id,
            Contribution.created_at > now - SENT_AGAIN,
            Contribution.state != State.WITHDRAWN,
            Contribution.text == text.strip(),
            Comment.thread_id == thread_id,
            Comment.parent_id.is_not_distinct_from(parent_id),
            Comment.stance.is_not_distinct_from(stance),
        )
    )
    return session.execute(same.order_by(Comment.id).limit(1)).scalar_one_or_none()


def _weigh(
    session: Session,
    window_id: int,
    author: Participant,
    text: str,
    language: str,
    *,
    noticed: Collection[Signal] = (),
    read: Collection[Hint] | None,
    but: int | None = None,
) -> tuple[Signal, ...]:
    """Ask for signals, of a text that can be taken; one that cannot is refused for that first."""
    if why_unfit(text) is not None or author.shown_as is None:
        return ()
    return contributions.weigh(
        session,
        author=author,
        window_id=window_id,
        text=text,
        language=language,
        noticed=noticed,
        read=read,
        but=but,
    )


def _contribute(
    session: Session,
    thread: Thread,
    *,
    author: Participant,
    text: str,
    language: str,
    now: datetime,
    signals: Collection[Signal],
) -> Contribution:
    return contributions.contribute(
        session,
        kind=Kind.COMMENT,
        window_id=thread.window_id,
        author=author,
        text=text,
        language=language,
        held=_is_read_first(thread, now),
        now=now,
        signals=signals,
    )


def _add(
    session: Session, thread: Thread, comment: Comment, written: Contribution, parent: Comment | None = None
) -> Comment:
    """Add the comment's own row and count it if it is public; the thread and the parent are locked."""
    session.add(comment)
    session.flush()
    _count(thread, comment, parent, by=int(written.state == State.PUBLISHED))
    return comment


def edit_comment(
    session: Session,
    *,
    comment_id: int,
    who: Who,
    text: str,
    stance: Stance | None,
    clock: Clock,
    read: Collection[Hint] | None = None,
) -> Comment:
    """Change one's own comment while nobody answered or rated it, or since moderation asked for other words.

    The new text is weighed like a new comment.

    :param read: the hints that the author has read; None asks for none
    :raises ReadFirst: if there is something to point out before; nothing is changed
    :raises AlreadyAnswered: once somebody did
    :raises NotYours: if somebody else wrote it
    :raises NoLongerThere: if it was withheld or withdrawn
    :raises WindowClosed: outside the thread's window
    """
    with transaction(session):
        thread, comment, (written, author), now = _own_under_lock(session, comment_id, who, clock)
        if not written.rewording:
            # Other words that moderation itself asked for may still be sent; it reads them first.
            contributions.check_pause(session, author, now)
            if _was_answered(session, comment_id):
                raise AlreadyAnswered()
        signals = _weigh(session, thread.window_id, author, text, written.language, read=read, but=comment_id)
        was_public = written.state == State.PUBLISHED
        _count(thread, comment, _parent(session, comment), by=-int(was_public))
        if comment.level == 0 and stance is not None:
            comment.stance = stance
        held = _is_read_first(thread, now)
        contributions.revise(session, written, text=text, held=held, now=now, signals=signals)
        _count(thread, comment, _parent(session, comment), by=int(written.state == State.PUBLISHED))
        return comment


def withdraw_comment(session: Session, *, comment_id: int, who: Who, clock: Clock) -> None:
    """Take one's own comment back; a tombstone stays where somebody answered.

    :raises NotYours: if somebody else wrote it
    :raises NoLongerThere: if moderation withheld it
    :raises WindowClosed: outside the thread's window
    """
    with transaction(session):
        thread, comment, (written, _), _ = _own_under_lock(session, comment_id, who, clock)
        was_public = written.state == State.PUBLISHED
        contributions.withdraw(written)
        _count(thread, comment, _parent(session, comment), by=-int(was_public))


def _own_under_lock(
    session: Session, comment_id: int, who: Who, clock: Clock
) -> tuple[Thread, Comment, tuple[Contribution, Participant], datetime]:
    placed = select(Thread.id, Thread.window_id).join(Comment, Comment.thread_id == Thread.id)
    place = session.execute(placed.where(Comment.id == comment_id)).one_or_none()
    if place is None:
        raise NothingSaid()
    now = pass_door(session, place.window_id, clock)
    thread = hold_thread(session, place.id)
    comment = _comment(session, comment_id, lock=True)
    _stay(thread, comment)
    return thread, comment, contributions.own(session, contribution_id=comment_id, who=who), now


def _was_answered(session: Session, comment_id: int) -> bool:
    """Say whether anybody reacted, held replies included: they were written to this text."""
    rated = exists().where(Rating.comment_id == comment_id)
    answered = exists().where(Comment.parent_id == comment_id)
    return bool(session.execute(select(rated | answered)).scalar_one())


# ── Ratings ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def rate_comment(session: Session, *, comment_id: int, who: Who, value: Value, clock: Clock) -> None:
    """Say what one thinks of a public comment of somebody else; the last click holds.

    :raises OwnComment: if one wrote it oneself
    :raises NoLongerThere: if it is not public any more
    :raises WindowClosed: outside the thread's window
    """
    with transaction(session):
        comment, participant_id, now = _to_rate(session, comment_id, who, clock)
        before = _rating_of(session, comment_id, participant_id)
        row = upsert(session, Rating).values(
            comment_id=comment_id, participant_id=participant_id, value=value, rated_on=berlin(now).date()
        )
        session.execute(
            row.on_conflict_do_update(
                index_elements=["comment_id", "participant_id"], set_={"value": value, "rated_on": berlin(now).date()}
            )
        )
        _shift(comment, before, -1)
        _shift(comment, value, +1)


def unrate_comment(session: Session, *, comment_id: int, who: Who, clock: Clock) -> None:
    """Take one's rating back. Where there is none nothing changes.

    :raises NoLongerThere: if the comment is not public any more
    :raises WindowClosed: outside the thread's window
    """
    with transaction(session):
        comment, participant_id, _ = _to_rate(session, comment_id, who, clock)
        before = _rating_of(session, comment_id, participant_id)
        session.execute(delete(Rating).where(Rating.comment_id == comment_id, Rating.participant_id == participant_id))
        _shift(comment, before, -1)


def _to_rate(session: Session, comment_id: int, who: Who, clock: Clock) -> tuple[Comment, UUID, datetime]:
    """Pass the door, join, and lock what is about to change.

    That is the comment alone, so that raters of different comments do not wait for each other. Only where sums are
    shown while people rate, the thread's page changes too. The setting is frozen as long as the door is open.
    """
    thread_id = _comment(session, comment_id).thread_id
    window_id, shows_sums = session.execute(
        select(Thread.window_id, Thread.shows_sums).where(Thread.id == thread_id)
    ).one()
    now = pass_door(session, window_id, clock)
    participant = _join(session, window_id, who, now)
    if shows_sums:
        hold_thread(session, thread_id).version += 1
    comment = _comment(session, comment_id, lock=True)
    state, author = session.execute(
        select(Contribution.state, Contribution.participant_id).where(Contribution.id == comment_id)
    ).one()
    if author == participant.id:
        raise OwnComment()
    if state != State.PUBLISHED:
        raise NoLongerThere()
    return comment, participant.id, now


def _rating_of(session: Session, comment_id: int, participant_id: UUID) -> Value | None:
    mine = select(Rating.value).where(Rating.comment_id == comment_id, Rating.participant_id == participant_id)
    value = session.execute(mine).scalar_one_or_none()
    return Value(value) if value else None


COUNTER = {Value.AGREE: "agree", Value.DISAGREE: "disagree", Value.PASS: "passed"}


def _shift(comment: Comment, value: Value | None, by: int) -> None:
    if value is not None:
        setattr(comment, COUNTER[value], getattr(comment, COUNTER[value]) + by)


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _count(thread: Thread, comment: Comment, parent: Comment | None, *, by: int) -> None:
    """Move the counters of what is public; the thread's row is locked. Whatever happened, pages look different now."""
    thread.version += 1
    if parent is None:
        thread.comments += by
        if comment.stance is not None:
            setattr(thread, comment.stance, getattr(thread, comment.stance) + by)
    else:
        thread.replies += by
        parent.replies += by


def hold_container(session: Session, contribution_id: int, also: int | None = None) -> None:
    """Lock the thread of a comment, and the one it goes to, before moderation locks the comment itself."""
    _hold_thread_of(session, contribution_id, also)


def count_again(session: Session, contribution_id: int) -> None:
    """Count a comment's thread and parent again from their rows, after a decision of moderation.

    A visible reply of a withheld comment stays counted as a reply; the page shows it under the tombstone.
    """
    comment = _comment(session, contribution_id)
    _count_thread(session, hold_thread(session, comment.thread_id))
    if comment.parent_id is not None:
        parent = _comment(session, comment.parent_id, lock=True)
        parent.replies = _public_replies(session, Comment.parent_id == parent.id)


def hold_containers(session: Session, contribution_ids: Collection[int]) -> None:
    """Lock the threads of some comments in the order of their ids, before moderation locks the comments themselves.

    Moderation may move a comment between reading and locking; then its thread is locked where it is now.
    """
    here = select(Comment.thread_id).where(Comment.id.in_(contribution_ids)).distinct()
    held: set[int] = set()
    while missing := sorted(set(session.execute(here).scalars()) - held):
        rows = select(Thread.id).where(Thread.id.in_(missing)).order_by(Thread.id).with_for_update(key_share=True)
        held.update(session.execute(rows).scalars())


def count_all_again(session: Session, contribution_ids: Collection[int]) -> None:
    """Count the threads and parents of some comments again, under the lock of their threads.

    Statements follow the number of threads, not of comments.
    """
    mine = Comment.id.in_(contribution_ids)
    for thread_id in sorted(set(session.execute(select(Comment.thread_id).where(mine)).scalars())):
        _count_thread(session, hold_thread(session, thread_id))
    above = select(Comment.parent_id).where(mine, Comment.parent_id.is_not(None))
    rows = select(Comment).where(Comment.id.in_(above)).order_by(Comment.id).with_for_update(key_share=True)
    parents = session.execute(rows.execution_options(populate_existing=True)).scalars().all()
    counted = (
        select(Comment.parent_id, func.count())
        .join(Contribution, Contribution.id == Comment.id)
        .where(Comment.parent_id.in_([one.id for one in parents]), *_seen())
        .group_by(Comment.parent_id)
    )
    replies = {row[0]: row[1] for row in session.execute(counted)} if parents else {}
    for parent in parents:
        parent.replies = replies.get(parent.id, 0)


def move_comment(session: Session, comment_id: int, thread_id: int) -> int:
    """Move a comment with its replies to another thread of the same window; return the thread it comes from.

    Both threads are locked and counted again. Ratings stay with their comments.

    :raises RepliesEndHere: for a reply, which goes where its comment goes
    """
    comment = _comment(session, comment_id)
    if comment.level:
        raise RepliesEndHere()
    before = comment.thread_id
    moved = update(Comment).where(or_(Comment.id == comment_id, Comment.parent_id == comment_id))
    session.execute(moved.values(thread_id=thread_id).execution_options(synchronize_session=False))
    session.expire_all()
    for counted in sorted({before, thread_id}):
        _count_thread(session, hold_thread(session, counted))
    return before


def _count_thread(session: Session, thread: Thread) -> None:
    stances = _public_comments(session, thread.id)
    thread.comments = sum(stances.values())
    for stance in Stance:
        setattr(thread, stance, stances.get(stance, 0))
    thread.replies = _public_replies(session, Comment.thread_id == thread.id)
    thread.version += 1


def _public_comments(session: Session, thread_id: int) -> dict[str | None, int]:
    counted = (
        select(Comment.stance, func.count())
        .join(Contribution, Contribution.id == Comment.id)
        .where(Comment.thread_id == thread_id, Comment.level == 0, *_seen())
        .group_by(Comment.stance)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def _public_replies(session: Session, where: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(Comment).join(Contribution, Contribution.id == Comment.id)
    return session.execute(counted.where(where, Comment.level == 1, *_seen())).scalar_one()


def _seen() -> tuple[ColumnElement[bool], ...]:
    return (Contribution.state == State.PUBLISHED, Contribution.sealed.is_(False))


# ── Rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _comment(session: Session, comment_id: int, *, lock: bool = False) -> Comment:
    """Return a comment, read again and locked where its counters may change.

    :raises NothingSaid: if there is none
    """
    row = select(Comment).where(Comment.id == comment_id)
    if lock:
        row = row.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.execute(row).scalar_one_or_none()
    if found is None:
        raise NothingSaid()
    return found


def _parent(session: Session, comment: Comment) -> Comment | None:
    return None if comment.parent_id is None else _comment(session, comment.parent_id, lock=True)


def hold_thread(session: Session, thread_id: int) -> Thread:
    """Return a thread, read again, with its row locked until the commit."""
    row = select(Thread).where(Thread.id == thread_id).with_for_update(key_share=True)
    return session.execute(row.execution_options(populate_existing=True)).scalar_one()


def _stay(thread: Thread, comment: Comment) -> None:
    """Refuse to go on where moderation moved the comment between reading it and locking its thread."""
    if comment.thread_id != thread.id:
        raise MovedMeanwhile()


def _hold_thread_of(session: Session, comment_id: int, also: int | None = None) -> Thread:
    """Lock the thread of a comment, and another one with it, in the order of their ids.

    Moderation may move the comment between reading and locking; then the thread is locked where it is now.
    """
    here = select(Comment.thread_id).where(Comment.id == comment_id)
    held: set[int] = set()
    while (thread_id := session.execute(here).scalar_one_or_none()) not in held:
        if thread_id is None:
            raise NothingSaid()
        for wanted in sorted({thread_id, also or thread_id} - held):
            hold_thread(session, wanted)
            held.add(wanted)
    return hold_thread(session, thread_id)


def _join(session: Session, window_id: int, who: Who, now: datetime) -> Participant:
    """Join the window's audience, right after its door, so that all acts lock in the same order."""
    audience_id = session.execute(select(Window.audience_id).where(Window.id == window_id)).scalar_one()
    return audiences.join(session, audience_id=audience_id, who=who, terms_version=TERMS_VERSION, now=now)


def _join_by_name(session: Session, window_id: int, who: Who, thread_id: int, now: datetime) -> Participant:
    """Join with an act that may bring another name; then every thread that shows the old one looks different.

    Those threads are locked in the order of their ids, the one that is about to be written in among them.
    """
    before = None if who.shown_as is None else _name_shown(session, window_id, who)
    author = _join(session, window_id, who, now)
    # Before anything is pointed out in a text that cannot be sent.
    contributions.check_pause(session, author, now)
    if before is not None and before != author.shown_as:
        _touch(session, _threads_of(session, who.person_id), also_hold=thread_id)
    return author


def _name_shown(session: Session, window_id: int, who: Who) -> str | None:
    mine = select(Participant.shown_as).join(Window, Window.audience_id == Participant.audience_id)
    return session.execute(mine.where(Window.id == window_id, Participant.person_id == who.person_id)).scalar()


def _window_of_thread(session: Session, thread_id: int) -> int:
    window_id = session.execute(select(Thread.window_id).where(Thread.id == thread_id)).scalar_one_or_none()
    if window_id is None:
        raise NothingSaid()
    return window_id


# ── What comes from elsewhere ─────────────────────────────────────────────────────────────────────────────────────────
def import_comments(session: Session, *, thread_id: int, comment_ids: Iterable[int]) -> None:
    """Give imported contributions their place in a thread, without a stance; the counters follow with the ratings.

    To be called inside the import's transaction.
    """
    rows = [{"id": comment_id, "thread_id": thread_id} for comment_id in comment_ids]
    for start in range(0, len(rows), AT_A_TIME):
        session.execute(insert(Comment), rows[start : start + AT_A_TIME])


def import_ratings(
    session: Session, *, thread_id: int, ratings: Iterable[Imported], tell: Callable[[int], object]
) -> int:
    """Insert ratings by the thousand, then count the whole thread from its rows; return how many there were.

    Rules of the platform they come from hold: there people may have rated what they wrote themselves.

    :param tell: is told how many more are done, for a progress bar
    """
    number, left = 0, iter(ratings)
    while some := [dict(zip(IMPORTED_COLUMNS, one, strict=True)) for one in islice(left, AT_A_TIME)]:
        session.execute(insert(Rating), some)
        number += len(some)
        tell(len(some))
    _count_ratings(session, thread_id)
    _count_thread(session, hold_thread(session, thread_id))
    return number


def _count_ratings(session: Session, thread_id: int) -> None:
    for value, column in COUNTER.items():
        rows = select(func.count()).where(Rating.comment_id == Comment.id, Rating.value == value)
        counted = rows.correlate(Comment).scalar_subquery()
        session.execute(update(Comment).where(Comment.thread_id == thread_id).values({column: counted}))
    session.expire_all()


# ── Names and erasing ─────────────────────────────────────────────────────────────────────────────────────────────────
def change_shown_name(session: Session, *, person_id: UUID, name: str, clock: Clock) -> None:
    """Change the name beside contributions; threads that show it look different from now on.

    :raises NameNotUsable: if the name cannot stand there
    """
    with transaction(session):
        contributions.change_shown_name(session, person_id=person_id, name=name, clock=clock)
        _touch(session, _threads_of(session, person_id))


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Withdraw a person's ratings where the talk still runs; threads that show something of them look different then.

    Else deleting and registering again would give a second rating. Where the talk is over, ratings stay counted. What
    they wrote, contributions forget. The caller holds the doors of the windows and the person's row.
    """
    with transaction(session):
        ratings = session.execute(_open_ratings(person_id, clock())).all()
        counted = {rating.thread_id for rating in ratings if rating.shows_sums}
        _touch(session, _threads_of(session, person_id) | counted)
        for rating in ratings:
            comment = _comment(session, rating.comment_id, lock=True)
            _shift(comment, _rating_of(session, rating.comment_id, rating.participant_id), -1)
            session.execute(
                delete(Rating).where(
                    Rating.comment_id == rating.comment_id, Rating.participant_id == rating.participant_id
                )
            )


def _open_ratings(person_id: UUID, now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(Rating.comment_id, Rating.participant_id, Comment.thread_id, Thread.shows_sums)
        .join(Participant, Participant.id == Rating.participant_id)
        .join(Comment, Comment.id == Rating.comment_id)
        .join(Thread, Thread.id == Comment.thread_id)
        .join(Window, Window.id == Thread.window_id)
        .where(Participant.person_id == person_id, Window.closed_at.is_(None), Window.closes_at > now)
        .order_by(Rating.comment_id)
    )


def _threads_of(session: Session, person_id: UUID) -> set[int]:
    """Return the threads that show something of a person."""
    shown = (
        select(Comment.thread_id)
        .join(Contribution, Contribution.id == Comment.id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Participant.person_id == person_id)
        .distinct()
    )
    return set(session.execute(shown).scalars())


def _touch(session: Session, thread_ids: set[int], *, also_hold: int | None = None) -> None:
    """Raise the version of threads whose pages look different, locked in the order of their ids."""
    for thread_id in sorted(thread_ids | ({also_hold} if also_hold is not None else set())):
        thread = hold_thread(session, thread_id)
        thread.version += int(thread_id in thread_ids)
