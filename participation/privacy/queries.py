"""What a person did here: rounds, contributions and what became of them, ratings, and that they voted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from participation.audiences.models import Participant
from participation.audiences.queries import grants
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.facts import Holding
from participation.foundation.paging import Page, cut
from participation.moderation.queries import DecisionLine, decisions_on
from participation.reviews.queries import Look, looks_at
from participation.rounds.models import Round
from participation.voting.models import Contest, Question
from participation.voting.queries import VoteLine, votes_of
from participation.windows.models import Window

PAGE_SIZE = 20
NEWEST = 3
"""Contributions of each round on the first page."""


class Discloses(Protocol):
    """A room that can say what it holds about a person."""

    @property
    def held_about(self) -> Any:
        """Return a list of holdings, of a session and a person."""
        ...


@dataclass(frozen=True)
class OwnContribution:
    """Something a person handed in, and where it stands."""

    id: int
    audience_id: int
    state: State
    text: str
    language: str
    written_at: datetime
    stance: str | None
    is_reply: bool
    rewording: bool
    """Whether moderation waits for other words."""
    ends_at: datetime
    """When the talk ends or ended, after which nothing can be changed."""
    decisions: tuple[tuple[DecisionLine, Look | None], ...]
    """The decisions that hold, newest first, each with its reason and the second look that was asked for at it."""


@dataclass(frozen=True)
class OwnRound:
    """A round that a person took part in."""

    audience_id: int
    slug: str
    title: dict[str, str]
    shown_as: str | None
    contributions: int
    ratings: int
    newest: tuple[OwnContribution, ...] = ()
    votes: tuple[VoteLine, ...] = ()


@dataclass(frozen=True)
class OwnRating:
    """A rating that a person gave. ``text`` is None once the comment is not public any more."""

    comment_id: int
    value: str
    rated_on: date
    text: str | None
    language: str


@dataclass(frozen=True)
class Farewell:
    """What goes and what stays if the account is deleted now."""

    open_votes: int
    closed_votes: int
    open_ratings: int
    closed_ratings: int
    waiting: int
    """Contributions that nobody saw yet."""
    staying: int
    """Contributions that stay without the name."""
    roles: int


# ── Taking part ───────────────────────────────────────────────────────────────────────────────────────────────────────
def own_rounds(session: Session, *, person_id: UUID, now: datetime) -> tuple[OwnRound, ...]:
    """Return the rounds a person took part in, newest first, each with the newest contributions and all votes.

    Six statements, however many rounds.
    """
    rows = session.execute(_rounds(person_id)).all()
    newest = _newest(session, person_id)
    votes = votes_of(session, person_id=person_id, now=now)
    places = _audiences_of(session, [vote.question_id for vote in votes])
    return tuple(
        replace(
            OwnRound(*row),
            newest=tuple(one for one in newest if one.audience_id == row.audience_id),
            votes=tuple(vote for vote in votes if places[vote.question_id] == row.audience_id),
        )
        for row in rows
    )


def own_round(session: Session, *, person_id: UUID, slug: str) -> OwnRound | None:
    """Return one round a person took part in, without contributions and votes, or None."""
    row = session.execute(_rounds(person_id).where(Round.slug == slug)).one_or_none()
    return OwnRound(*row) if row else None


def _rounds(person_id: UUID) -> Select[*tuple[Any, ...]]:
    contributions = select(func.count()).where(Contribution.participant_id == Participant.id).correlate(Participant)
    ratings = select(func.count()).where(Rating.participant_id == Participant.id).correlate(Participant)
    return (
        select(
            Participant.audience_id,
            Round.slug,
            Round.title,
            Participant.shown_as,
            contributions.scalar_subquery(),
            ratings.scalar_subquery(),
        )
        .join(Round, Round.audience_id == Participant.audience_id)
        .where(Participant.person_id == person_id)
        .order_by(Round.id.desc())
    )


def _newest(session: Session, person_id: UUID) -> list[OwnContribution]:
    """Return the newest contributions of each round."""
    place = func.row_number().over(partition_by=Participant.id, order_by=Contribution.id.desc())
    ranked = (
        select(Contribution.id, place.label("place"))
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Participant.person_id == person_id)
        .subquery()
    )
    chosen = select(ranked.c.id).where(ranked.c.place <= NEWEST)
    rows = session.execute(_contributions(Contribution.id.in_(chosen))).all()
    return _with_decisions(session, rows)


def own_contributions(
    session: Session, *, person_id: UUID, audience_id: int, after: int | None = None, size: int = PAGE_SIZE
) -> Page[OwnContribution]:
    """Return a page of what a person handed in in one audience, newest first."""
    mine = _contributions(Participant.person_id == person_id, Participant.audience_id == audience_id)
    if after is not None:
        mine = mine.where(Contribution.id < after)
    rows = session.execute(mine.limit(size + 1)).all()
    return cut(_with_decisions(session, rows), size, key=lambda one: one.id)


def _contributions(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Contribution.id,
            Participant.audience_id,
            Contribution.state,
            Contribution.text,
            Contribution.language,
            Contribution.created_at,
            *(Contribution.rewording, Window.closes_at, Window.closed_at),
            Comment.stance,
            Comment.level,
        )
        .join(Participant, Participant.id == Contribution.participant_id)
        .join(Window, Window.id == Contribution.window_id)
        .outerjoin(Comment, Comment.id == Contribution.id)
        .where(*which)
        .order_by(Contribution.id.desc())
    )


def _with_decisions(session: Session, rows: Sequence[Any]) -> list[OwnContribution]:
    decided = decisions_on(session, [row.id for row in rows]) if rows else {}
    looks = looks_at(session, [one.id for told in decided.values() for one in told]) if decided else {}
    return [
        OwnContribution(
            id=row.id,
            audience_id=row.audience_id,
            state=State(row.state),
            text=row.text,
            language=row.language,
            written_at=row.created_at,
            stance=row.stance,
            is_reply=row.level == 1,
            rewording=row.rewording,
            ends_at=min(row.closes_at, row.closed_at or row.closes_at),
            decisions=tuple((one, looks.get(one.id)) for one in decided.get(row.id, ())),
        )
        for row in rows
    ]


def _audiences_of(session: Session, question_ids: Sequence[int]) -> dict[int, int]:
    if not question_ids:
        return {}
    found = (
        select(Question.id, Window.audience_id)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Window, Window.id == Contest.window_id)
        .where(Question.id.in_(question_ids))
    )
    return dict(session.execute(found).all())


def own_ratings(
    session: Session,
    *,
    person_id: UUID,
    audience_id: int,
    now: datetime,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> Page[OwnRating]:
    """Return a page of the ratings a person gave in one audience, those of the newest comments first."""
    mine = (
        select(Rating.comment_id, Rating.value, Rating.rated_on, Contribution.text, Contribution.language)
        .add_columns(is_public(now).label("is_public"))
        .join(Participant, Participant.id == Rating.participant_id)
        .join(Contribution, Contribution.id == Rating.comment_id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Participant.person_id == person_id, Participant.audience_id == audience_id)
        .order_by(Rating.comment_id.desc())
    )
    if after is not None:
        mine = mine.where(Rating.comment_id < after)
    rows = session.execute(mine.limit(size + 1)).all()
    lines = [
        OwnRating(row.comment_id, row.value, row.rated_on, row.text if row.is_public else None, row.language)
        for row in rows
    ]
    return cut(lines, size, key=lambda one: one.comment_id)


def own_vote(session: Session, *, person_id: UUID, question_id: int, now: datetime) -> VoteLine | None:
    """Return that a person voted on a question, or None if they did not."""
    votes = votes_of(session, person_id=person_id, now=now)
    return next((vote for vote in votes if vote.question_id == question_id), None)


# ── Disclosure and erasure ────────────────────────────────────────────────────────────────────────────────────────────
def disclosure(session: Session, *, person_id: UUID, rooms: Iterable[Discloses], now: datetime) -> list[Holding]:
    """Return everything that the rooms hold about a person, as far as it is not about to be told or taken back."""
    held = [holding for room in rooms for holding in room.held_about(session, person_id)]
    return [holding for holding in held if holding.told_from is None or holding.told_from <= now]


def farewell(session: Session, *, person_id: UUID, now: datetime) -> Farewell:
    """Return what a deletion would take and what it would leave."""
    votes = votes_of(session, person_id=person_id, now=now)
    open_votes = sum(vote.is_open for vote in votes)
    ratings = (
        select(_is_open(now).label("is_open"))
        .select_from(Rating)
        .join(Participant, Participant.id == Rating.participant_id)
        .join(Comment, Comment.id == Rating.comment_id)
        .join(Thread, Thread.id == Comment.thread_id)
        .join(Window, Window.id == Thread.window_id)
        .where(Participant.person_id == person_id)
    )
    rated = list(session.execute(ratings).scalars())
    written = dict(session.execute(_states(person_id)).all())
    waiting = written.get(State.HELD, 0) + written.get(State.WITHDRAWN, 0)
    return Farewell(
        open_votes=open_votes,
        closed_votes=len(votes) - open_votes,
        open_ratings=sum(map(bool, rated)),
        closed_ratings=sum(not one for one in rated),
        waiting=waiting,
        staying=sum(written.values()) - waiting,
        roles=len(grants(session, person_id=person_id, now=now)),
    )


def _is_open(now: datetime) -> ColumnElement[bool]:
    return (Window.opens_at <= now) & (Window.closes_at > now) & Window.closed_at.is_(None)


def _states(person_id: UUID) -> Select[str, int]:
    return (
        select(Contribution.state, func.count())
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Participant.person_id == person_id)
        .group_by(Contribution.state)
    )


def windows_of(session: Session, person_id: UUID) -> list[int]:
    """Return the windows in which a person may have done something, in the order in which doors are held."""
    found = select(Window.id).join(Participant, Participant.audience_id == Window.audience_id)
    return list(session.execute(found.where(Participant.person_id == person_id).order_by(Window.id)).scalars())
