"""Reading threads."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment, Rating, Thread


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
        .outerjoin(
            seen, (seen.c.id == answer.c.id) & (seen.c.state == State.PUBLISHED) & seen.c.sealed.is_(literal(False))
        )
        .where(Comment.level == 0)
        .group_by(Comment.id, Comment.replies)
        .order_by(Comment.id)
    )
    return [
        f"comment:{comment_id} replies: {stored} stored, {number} counted"
        for comment_id, stored, number in session.execute(counted)
        if stored != number
    ]
