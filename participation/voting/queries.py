"""Reading contests: the card of a question, who took part, and one's own choice until the close."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from participation.audiences.facts import NOBODY, Admission, NotAdmitted
from participation.audiences.models import Audience, Participant
from participation.foundation.db import run
from participation.foundation.facts import Fact, Holding
from participation.voting.facts import Asked, KeyLost, Method, NoBallot, NoSuchQuestion
from participation.voting.keys import KeyFolder
from participation.voting.logic import rule_of
from participation.voting.models import Ballot, Contest, Option, Question, RollEntry
from participation.windows.facts import State, WindowNotPublished, WindowTimes, why_shut
from participation.windows.models import Window

TIMES = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)


@dataclass(frozen=True)
class OptionLine:
    """One possible answer."""

    slug: str
    label: dict[str, str]
    cost: int | None = None


@dataclass(frozen=True)
class QuestionPlace:
    """Where a question belongs and how it is answered. Nothing of it changes once people can vote."""

    id: int
    slug: str
    contest: str
    window_id: int
    audience_id: int
    log_key: str | None
    home: str
    """The path of the page that shows it."""
    asked: Asked


@dataclass(frozen=True)
class Answered:
    """How a question is answered, what it offers, and what one person chose."""

    asked: Asked
    options: tuple[OptionLine, ...]
    choice: Any | None
    """A JSON value in the shape of the method; of Zustimmung the slug of an option."""

    @property
    def rule(self) -> tuple[str, dict[str, int]]:
        """What one can do, a marked msgid and its values."""
        return rule_of(self.asked)

    @property
    def picked(self) -> tuple[tuple[OptionLine, Any], ...]:
        """The options that were chosen, each with what it got: points, a label of the scale, a rank, else its cost."""
        offered = {option.slug: option for option in self.options}
        match self.choice:
            case str():
                return tuple((offered[one], None) for one in (self.choice,) if one in offered)
            case dict() if self.asked.method is Method.IMPORTANCE:
                labels = {step["value"]: step["label"] for step in self.asked.terms["scale"]}
                return tuple(
                    (option, labels[self.choice[slug]]) for slug, option in offered.items() if slug in self.choice
                )
            case dict():
                return tuple((option, self.choice[slug]) for slug, option in offered.items() if slug in self.choice)
            case list() if self.asked.method is Method.RANKING:
                return tuple((offered[slug], rank) for rank, slug in enumerate(self.choice, 1))
            case list():
                return tuple((offered[slug], offered[slug].cost) for slug in self.choice)
        return ()


@dataclass(frozen=True)
class QuestionCard(Answered):
    """A question as one person may see it. ``choice`` is their own, and None once the vote is over."""

    question_id: int
    contest: str
    slug: str
    home: str
    title: dict[str, str]
    number: int
    """Which question of its contest this is, from 1."""
    count: int
    """How many questions the contest has."""
    state: State
    opens_at: datetime
    ends_at: datetime
    has_voted: bool
    why_not: Fact | None
    """Why nobody, or this person, can vote now; None also for a visitor who would only have to sign in."""
    result: str | None
    """The path of the result, once it is released."""
    receipts: bool = False
    """Whether voters are offered a receipt."""
    keeps_log: bool = True
    """Whether the contest will have an archive."""


@dataclass(frozen=True)
class QuestionLine:
    """A question in the list of its contest."""

    question_id: int
    slug: str
    home: str
    title: dict[str, str]
    position: int
    has_voted: bool


@dataclass(frozen=True)
class ContestCard:
    """A contest with all its questions, as one person may see it."""

    contest_id: int
    slug: str
    state: State
    opens_at: datetime
    ends_at: datetime
    rules: dict[str, Any]
    result: str | None
    """The path of the result, once it is released."""
    questions: tuple[QuestionLine, ...]
    keeps_log: bool
    anonymous_at: datetime | None
    """When the key was destroyed; until then ballots are confidential, not anonymous."""


@dataclass(frozen=True)
class VoteLine:
    """That a person voted, never how."""

    question_id: int
    contest: str
    slug: str
    home: str
    title: dict[str, str]
    took_part_on: date
    is_open: bool
    """Whether the vote can still be changed, and the own choice be seen."""
    ends_at: datetime


@dataclass(frozen=True)
class Turnout:
    """How many took part: in the whole contest, and on each question by its slug."""

    participants: int
    by_question: dict[str, int]


def question_place(session: Session, *, contest: str, question: str) -> QuestionPlace:
    """Return the question that an address names.

    :raises NoSuchQuestion: if there is none
    """
    return _placed(run(session, _named(), contest=contest, question=question).all())


def place_of(session: Session, *, question_id: int) -> QuestionPlace:
    """Return the same of a question that is known by its id.

    :raises NoSuchQuestion: if there is none
    """
    return _placed(run(session, _numbered(), question=question_id).all())


def _placed(rows: Sequence[Row[Any]]) -> QuestionPlace:
    if not rows:
        raise NoSuchQuestion()
    one = rows[0]
    return QuestionPlace(
        one.id, one.slug, one.contest, one.window_id, one.audience_id, one.log_key, one.home, _asked(rows)
    )


@lru_cache(maxsize=1)
def _named() -> Select[*tuple[Any, ...]]:
    return _places().where(Contest.slug == bindparam("contest"), Question.slug == bindparam("question"))


@lru_cache(maxsize=1)
def _numbered() -> Select[*tuple[Any, ...]]:
    return _places().where(Question.id == bindparam("question"))


def _places() -> Select[*tuple[Any, ...]]:
    where = (Question.id, Question.slug, Contest.slug.label("contest"), Contest.window_id, Window.audience_id)
    asked = (Contest.log_key, Question.home, Contest.method, Question.terms, Option.slug.label("option"), Option.cost)
    return (
        select(*where, *asked)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Window, Window.id == Contest.window_id)
        .join(Option, Option.question_id == Question.id)
        .order_by(Option.position)
    )


def question_at(session: Session, *, contest: str, number: int) -> int | None:
    """Return the question at a place in its contest, counted from 1, or None past the end."""
    ordered = select(Question.id).join(Contest, Contest.id == Question.contest_id).where(Contest.slug == contest)
    place = ordered.order_by(Question.position).offset(max(number, 1) - 1).limit(1)
    return session.execute(place).scalar_one_or_none()


def question_card(
    session: Session, *, question_id: int, viewer: UUID | None, now: datetime, keys: KeyFolder
) -> QuestionCard:
    """Return a question with its options, its state, and what the viewer did there.

    Three statements at most; one for a visitor. Without the contest's key the card shows that one voted, not how.

    :param viewer: the person who looks, or None for a visitor
    :raises NoSuchQuestion: if there is none
    """
    rows = session.execute(_question(question_id)).all()
    if not rows:
        raise NoSuchQuestion()
    first = rows[0]
    times = WindowTimes(*first[-5:-1])
    participant = _took_part(session, first.audience_id, question_id, viewer)
    why_not, choice = why_shut(times, now) or _why_not_admitted(first), None
    if times.state(now) is State.OPEN:
        try:
            choice = _choice(session, first, participant, keys)
        except KeyLost as lost:
            why_not = lost
    return QuestionCard(
        question_id=question_id,
        contest=first.contest,
        slug=first.slug,
        home=first.home,
        title=first.title,
        number=first.number,
        count=first.questions,
        asked=_asked(rows),
        options=_options(rows),
        state=times.state(now),
        opens_at=times.opens_at,
        ends_at=times.ends_at,
        has_voted=participant is not None,
        choice=choice,
        why_not=why_not,
        result=first.result if _is_released(first.released_at, now) else None,
        receipts=first.receipts and first.log_key is not None,
        keeps_log=first.log_key is not None,
    )


def contest_card(session: Session, *, contest: str, viewer: UUID | None, now: datetime) -> ContestCard:
    """Return a published contest with its questions, and on which of them the viewer voted.

    :raises NoSuchQuestion: if there is none
    :raises WindowNotPublished: while nobody may know of it
    """
    found = session.execute(
        select(
            Contest.id,
            Contest.rules,
            Contest.released_at,
            Contest.log_key,
            Contest.anonymous_at,
            Window.audience_id,
            *TIMES,
        )
        .join(Window, Window.id == Contest.window_id)
        .where(Contest.slug == contest)
    ).one_or_none()
    if found is None:
        raise NoSuchQuestion()
    times = WindowTimes(*found[-4:])
    if times.state(now) is State.DRAFT:
        raise WindowNotPublished()
    return ContestCard(
        contest_id=found.id,
        slug=contest,
        state=times.state(now),
        opens_at=times.opens_at,
        ends_at=times.ends_at,
        rules=found.rules or {},
        result=(found.rules or {}).get("result") if _is_released(found.released_at, now) else None,
        questions=_lines(session, found.id, found.audience_id, viewer),
        keeps_log=found.log_key is not None,
        anonymous_at=found.anonymous_at,
    )


def votes_of(session: Session, *, person_id: UUID, now: datetime) -> list[VoteLine]:
    """Return on which questions a person voted, newest contest first."""
    rows = session.execute(_votes(person_id).order_by(Contest.id.desc(), Question.position)).all()
    return [_vote_line(row, WindowTimes(*row[-4:]), now) for row in rows]


def own_choice(session: Session, *, question_id: int, person_id: UUID, now: datetime, keys: KeyFolder) -> Answered:
    """Return what a person chose, for them alone and only until the close.

    :raises NoSuchQuestion: if there is none
    :raises WindowClosed: once the vote is over, and before it begins
    :raises NoBallot: if they did not vote
    :raises KeyLost: if the contest's key is not there
    """
    rows = session.execute(_question(question_id)).all()
    if not rows:
        raise NoSuchQuestion()
    first = rows[0]
    reason = why_shut(WindowTimes(*first[-5:-1]), now)
    if reason is not None:
        raise reason
    participant = _took_part(session, first.audience_id, question_id, person_id)
    choice = _choice(session, first, participant, keys)
    if choice is None:
        raise NoBallot()
    return Answered(_asked(rows), _options(rows), choice)


def turnout(session: Session, *, contest_id: int) -> Turnout:
    """Return how many took part. For results, which decide who may see it."""
    by_question = session.execute(_rolls(), {"contest": contest_id}).all()
    if len(by_question) == 1:
        # Nobody is on the roll of a question twice.
        return Turnout(by_question[0][1], {row[0]: row[1] for row in by_question})
    everybody = select(func.count(RollEntry.participant_id.distinct())).join(
        Question, Question.id == RollEntry.question_id
    )
    participants = session.execute(everybody.where(Question.contest_id == contest_id)).scalar_one()
    return Turnout(participants, {row[0]: row[1] for row in by_question})


@lru_cache(maxsize=1)
def _rolls() -> Select[*tuple[Any, ...]]:
    """Counted along the roll's own key, question by question: joined and grouped it took as long as the ballots."""
    roll = select(func.count()).select_from(RollEntry).where(RollEntry.question_id == Question.id).scalar_subquery()
    return select(Question.slug, roll).where(Question.contest_id == bindparam("contest"))


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return what voting holds about a person: on what they voted, and on which day."""
    rows = session.execute(_votes(person_id).order_by(Contest.id, Question.position)).all()
    return [
        Holding(
            room="voting",
            kind="roll_entry",
            facts={
                "contest": row.contest,
                "question": row.slug,
                "title": row.title,
                "took_part_on": row.took_part_on.isoformat(),
            },
        )
        for row in rows
    ]


# ── Parts of these ────────────────────────────────────────────────────────────────────────────────────────────────────
def _question(question_id: int) -> Select[*tuple[Any, ...]]:
    """One row for each option; the window's four times lie before the last column."""
    other = aliased(Question)
    count = select(func.count(other.id)).where(other.contest_id == Question.contest_id)
    number = count.where(other.position <= Question.position)
    return (
        select(
            Question.id,
            Contest.slug.label("contest"),
            Question.slug,
            Question.home,
            Question.title,
            number.scalar_subquery().label("number"),
            count.scalar_subquery().label("questions"),
            Contest.method,
            Contest.receipts,
            Contest.log_key,
            Question.terms,
            Option.slug.label("option"),
            Option.label,
            Option.cost,
            Contest.released_at,
            Contest.rules["result"].as_string().label("result"),
            Window.audience_id,
            *TIMES,
            Audience.admission,
        )
        .select_from(Question)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Option, Option.question_id == Question.id)
        .join(Window, Window.id == Contest.window_id)
        .join(Audience, Audience.id == Window.audience_id)
        .where(Question.id == question_id)
        .order_by(Option.position)
    )


def _asked(rows: Sequence[Row[Any]]) -> Asked:
    """Return how a question is answered, from one row for each of its options."""
    costs = {row.option: row.cost for row in rows if row.cost is not None}
    return Asked(Method(rows[0].method), tuple(row.option for row in rows), rows[0].terms, costs)


def _options(rows: Sequence[Row[Any]]) -> tuple[OptionLine, ...]:
    return tuple(OptionLine(row.option, row.label, row.cost) for row in rows)


def _votes(person_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Question.id,
            Contest.slug.label("contest"),
            Question.slug,
            Question.home,
            Question.title,
            RollEntry.took_part_on,
            *TIMES,
        )
        .join(Contest, Contest.id == Question.contest_id)
        .join(Window, Window.id == Contest.window_id)
        .join(RollEntry, RollEntry.question_id == Question.id)
        .join(Participant, Participant.id == RollEntry.participant_id)
        .where(Participant.person_id == person_id)
    )


def _vote_line(row: Row[Any], times: WindowTimes, now: datetime) -> VoteLine:
    return VoteLine(
        question_id=row.id,
        contest=row.contest,
        slug=row.slug,
        home=row.home,
        title=row.title,
        took_part_on=row.took_part_on,
        is_open=times.state(now) is State.OPEN,
        ends_at=times.ends_at,
    )


def _took_part(session: Session, audience_id: int, question_id: int, person_id: UUID | None) -> UUID | None:
    """Return the participant that a person is, if they are on the roll of a question."""
    if person_id is None:
        return None
    entry = (
        select(Participant.id)
        .join(RollEntry, RollEntry.participant_id == Participant.id)
        .where(
            Participant.audience_id == audience_id,
            Participant.person_id == person_id,
            RollEntry.question_id == question_id,
        )
    )
    return session.execute(entry).scalar_one_or_none()


def _choice(session: Session, question: Row[Any], participant: UUID | None, keys: KeyFolder) -> Any | None:
    if participant is None:
        return None
    tag = keys.tag(contest=question.contest, question=question.slug, participant_id=participant)
    found = select(Ballot.choice).where(Ballot.question_id == question.id, Ballot.voter_tag == tag)
    choice = session.execute(found).scalar_one_or_none()
    return json.loads(choice) if choice is not None else None


def _is_released(released_at: datetime | None, now: datetime) -> bool:
    return released_at is not None and released_at <= now


def _why_not_admitted(row: Row[Any]) -> Fact | None:
    return None if row.admission == Admission.REGISTERED else NotAdmitted()


def _lines(session: Session, contest_id: int, audience_id: int, viewer: UUID | None) -> tuple[QuestionLine, ...]:
    somebody = viewer or NOBODY
    mine = select(Participant.id).where(Participant.audience_id == audience_id, Participant.person_id == somebody)
    entry = and_(RollEntry.question_id == Question.id, RollEntry.participant_id == mine.scalar_subquery())
    voted = RollEntry.participant_id.is_not(None)
    rows = (
        select(Question.id, Question.slug, Question.home, Question.title, Question.position, voted)
        .outerjoin(RollEntry, entry)
        .where(Question.contest_id == contest_id)
        .order_by(Question.position)
    )
    return tuple(QuestionLine(*row) for row in session.execute(rows))
