"""Reading results: figures of the talk as of now, and pages for everybody and for the round's staff."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from participation.concepts.models import HandlungsfeldVersion
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment
from participation.foundation.facts import Holding
from participation.foundation.model import Moment
from participation.results.facts import (
    BEST,
    MOST_NAMED,
    How,
    NoSuchTie,
    NotReleased,
    Supported,
    TieKind,
    best_supported,
    drawn_about,
    sums_of,
)
from participation.results.models import ContestArchive, Result, TieDecision
from participation.rounds.facts import State
from participation.rounds.models import Part, Subject, SubjectPart
from participation.rounds.queries import DraftPage, RoundHead, draft_page, round_head
from participation.voting.models import Contest, Option, Question
from participation.windows.models import Window

Figures = dict[str, Any]
WITHOUT = "without"
"""The side of comments that came without a stance."""

SIDES = (Stance.IN_FAVOUR, Stance.AGAINST, WITHOUT)


@dataclass(frozen=True)
class SubjectRow:
    """A subject of a round with its thread and its question."""

    slug: str
    title: dict[str, str]
    thread_id: int | None
    question_id: int | None


@dataclass(frozen=True)
class Quote:
    """What a comment says, and in which language."""

    text: str
    language: str


@dataclass(frozen=True)
class Figured:
    """The figures as they were counted and, of the talk, as they are now."""

    figures: Figures
    sha256: str
    counted_at: datetime
    today: Figures
    """The same parts of the talk, where later decisions of the moderators may have changed something."""
    quotes: dict[int, Quote]
    """Texts of the comments that are named, as far as they are public now."""
    archive: str | None = None
    """The contest whose archive is there or being made; None before the release and without a log."""

    @property
    def changed(self) -> frozenset[str]:
        """The subjects whose talk has other figures now."""
        then = talk_of(self.figures)
        return frozenset(slug for slug, talk in self.today.items() if talk != then.get(slug))

    @property
    def sums_today(self) -> Figures:
        """The sums of the talk as they are now."""
        return sums_of({"talk": talk} for talk in self.today.values())

    @property
    def ballots(self) -> int:
        """How many votes were cast on all questions together."""
        of_subjects = sum(subject["vote"]["ballots"] for subject in self.figures["subjects"] if subject["vote"])
        return int(of_subjects + sum(vote["ballots"] for vote in self.votes))

    @property
    def votes(self) -> list[Figures]:
        """The votes on questions about the round as a whole; results of earlier releases have none."""
        return list(self.figures.get("votes", []))


@dataclass(frozen=True)
class ResultPage:
    """The result of a public round; ``figured`` is None as long as it is sealed."""

    head: RoundHead
    figured: Figured | None


@dataclass(frozen=True)
class TieLine:
    """A tie at which a count had to stop; ``how`` is None until it is settled."""

    id: int
    question: dict[str, str]
    kind: TieKind
    in_round: int | None
    options: dict[str, dict[str, str]]
    """What ties, by its slug, in the order of the options."""
    about: str
    """What lots would be drawn about."""
    ways: tuple[How, ...]
    """How it may be settled, by the rules of the question."""
    how: How | None
    order: tuple[str, ...]
    seed: str | None
    reason: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class StaffPage:
    """The result as the round's own staff sees it: from the count on, with the ties that it met."""

    round: DraftPage
    state: State
    figured: Figured | None
    ties: tuple[TieLine, ...]

    @property
    def open_ties(self) -> tuple[TieLine, ...]:
        """The ties that keep the count from its end."""
        return tuple(tie for tie in self.ties if tie.how is None)

    def tie(self, tie_id: int) -> TieLine:
        """Return one of its ties.

        :raises NoSuchTie: if it has no such tie
        """
        for one in self.ties:
            if one.id == tie_id:
                return one
        raise NoSuchTie()


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def result_page(session: Session, *, slug: str, now: datetime) -> ResultPage:
    """Return a public round with its result, if that is released.

    :raises NoSuchRound: if there is none, or it is not public yet
    """
    head = round_head(session, slug=slug, now=now)
    if head.state is not State.RELEASED:
        return ResultPage(head, None)
    return ResultPage(head, figured(session, round_id=head.id, now=now))


def released_figures(session: Session, *, slug: str, now: datetime) -> tuple[RoundHead, Figured]:
    """Return what a download holds.

    :raises NoSuchRound: if there is no such round, or it is not public yet
    :raises NotReleased: as long as the result is sealed
    """
    found = result_page(session, slug=slug, now=now)
    if found.figured is None:
        raise NotReleased()
    return found.head, found.figured


def staff_page(session: Session, *, slug: str, person_id: UUID, now: datetime) -> StaffPage:
    """Return a round of one's own with its figures, once they are counted.

    :raises NoSuchRound: if there is none that this person runs
    """
    found = draft_page(session, slug=slug, person_id=person_id, now=now)
    state = found.outlook(now).state
    over = state in {State.COUNTING, State.RELEASED}
    if not over:
        return StaffPage(found, state, None, ())
    return StaffPage(found, state, figured(session, round_id=found.id, now=now), ties_of(session, round_id=found.id))


def ties_of(session: Session, *, round_id: int) -> tuple[TieLine, ...]:
    """Return the ties that the count of a round met, in the order it met them; two statements."""
    rows = session.execute(
        select(TieDecision, Question, Contest.slug.label("contest"))
        .join(Question, Question.id == TieDecision.question_id)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Part, Part.window_id == Contest.window_id)
        .where(Part.round_id == round_id)
        .order_by(TieDecision.id)
    ).all()
    labels: dict[tuple[int, str], dict[str, str]] = {}
    if rows:
        offered = select(Option).where(Option.question_id.in_({row[1].id for row in rows}))
        labels = {(one.question_id, one.slug): one.label for one in session.execute(offered).scalars()}
    return tuple(_tie_line(tie, question, contest, labels) for tie, question, contest in rows)


def _tie_line(
    tie: TieDecision, question: Question, contest: str, labels: dict[tuple[int, str], dict[str, str]]
) -> TieLine:
    tied, promised = json.loads(tie.between), question.terms.get("ties")
    return TieLine(
        id=tie.id,
        question=question.title,
        kind=TieKind(tie.kind),
        in_round=tie.in_round,
        options={slug: labels[question.id, slug] for slug in tied},
        about=drawn_about(contest, question.slug, tied),
        ways=(How(promised),) if promised else tuple(How),
        how=How(tie.how) if tie.how else None,
        order=tuple(json.loads(tie.placed or "[]")),
        seed=tie.seed,
        reason=tie.reason,
        decided_at=tie.decided_at,
    )


def figured(session: Session, *, round_id: int, now: datetime) -> Figured | None:
    """Return what was counted, or None before that. Who may see it is the caller's business."""
    counted = select(Result.figures, Result.figures_sha256, Result.counted_at, _archived().label("archive"))
    found = session.execute(counted.where(Result.round_id == round_id)).one_or_none()
    if found is None:
        return None
    today = {subject.slug: talk for subject, talk in talks(session, round_id=round_id, now=now)}
    named = comments_named(found.figures) | comments_named({"subjects": [{"talk": talk} for talk in today.values()]})
    return Figured(
        figures=found.figures,
        sha256=found.figures_sha256,
        counted_at=found.counted_at,
        today=today,
        quotes=_quotes(session, named, now),
        archive=found.archive,
    )


def _archived() -> ScalarSelect[str]:
    """Return the contest of a result's round for which an archive is wanted."""
    contest = select(Contest.slug).join(ContestArchive, ContestArchive.contest_id == Contest.id)
    of_round = contest.join(Part, Part.window_id == Contest.window_id).where(Part.round_id == Result.round_id)
    return of_round.correlate(Result).scalar_subquery()


def talk_of(figures: Figures) -> Figures:
    """Return what the figures say of the talk, by subject."""
    return {subject["slug"]: subject["talk"] for subject in figures["subjects"]}


def comments_named(figures: Figures) -> set[int]:
    """Return the comments that figures name."""
    talks = [subject["talk"] for subject in figures["subjects"] if subject["talk"] is not None]
    return {one["comment"] for talk in talks for side in talk["best"].values() for one in side["comments"]}


# ── The talk as of now ────────────────────────────────────────────────────────────────────────────────────────────────
def subjects_of(session: Session, round_id: int) -> list[SubjectRow]:
    """Return the subjects of a round in their order."""
    rows = session.execute(_subjects(), {"round": round_id})
    return [SubjectRow(slug, title or {"de": slug}, *ids) for slug, title, *ids in rows]


@lru_cache(maxsize=1)
def _subjects() -> Select[*tuple[Any, ...]]:
    """Return the statement, built once: building it takes longer than asking."""
    talk, vote = aliased(SubjectPart), aliased(SubjectPart)
    return (
        select(Subject.slug, HandlungsfeldVersion.title, talk.thread_id, vote.question_id)
        .outerjoin(HandlungsfeldVersion, HandlungsfeldVersion.id == Subject.handlungsfeld_version_id)
        .outerjoin(talk, and_(talk.subject_id == Subject.id, talk.thread_id.is_not(None)))
        .outerjoin(vote, and_(vote.subject_id == Subject.id, vote.question_id.is_not(None)))
        .where(Subject.round_id == bindparam("round"))
        .order_by(Subject.position)
    )


def talks(session: Session, *, round_id: int, now: datetime) -> list[tuple[SubjectRow, Figures | None]]:
    """Return each subject of a round with the figures of its talk as they are now; three statements.

    Counted is what is public: comments and replies, comments by stance, ratings that public comments and replies
    got, and the best-supported comments of each side.
    """
    subjects = subjects_of(session, round_id)
    threads = {subject.thread_id for subject in subjects if subject.thread_id is not None}
    sums = _sums(session, threads, now)
    # Where nobody agreed with anything, no comment is among the best supported.
    best = _best(session, threads, now) if any(one["ratings"][Value.AGREE] for one in sums.values()) else {}
    return [(subject, _talk(subject.thread_id, sums, best)) for subject in subjects]


def _talk(thread_id: int | None, sums: dict[int, Figures], best: dict[int, list[Supported]]) -> Figures | None:
    if thread_id is None:
        return None
    return {**sums.get(thread_id, _nothing()), "best": best_supported(best.get(thread_id, []))}


def _nothing() -> Figures:
    stances = dict.fromkeys((*map(str, Stance), WITHOUT), 0)
    return {"comments": 0, "replies": 0, "stances": stances, "ratings": dict.fromkeys(map(str, Value), 0)}


def _sums(session: Session, threads: Iterable[int], now: datetime) -> dict[int, Figures]:
    sums: dict[int, Figures] = {}
    for row in session.execute(_summing(), {"threads": sorted(threads), "now": now}):
        one = sums.setdefault(row.thread_id, _nothing())
        if row.level == 0:
            one["comments"] += row.number
            one["stances"][row.side] += row.number
        else:
            one["replies"] += row.number
        for name, number in zip(Value, (row.agree, row.disagree, row.passed), strict=True):
            one["ratings"][name] += int(number)
    return sums


@lru_cache(maxsize=1)
def _summing() -> Select[*tuple[Any, ...]]:
    side = func.coalesce(Comment.stance, WITHOUT)
    return (
        select(
            Comment.thread_id,
            Comment.level,
            side.label("side"),
            func.count().label("number"),
            func.sum(Comment.agree).label("agree"),
            func.sum(Comment.disagree).label("disagree"),
            func.sum(Comment.passed).label("passed"),
        )
        .join(Contribution, Contribution.id == Comment.id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Comment.thread_id.in_(bindparam("threads", expanding=True)), is_public(bindparam("now", type_=Moment())))
        .group_by(Comment.thread_id, Comment.level, side)
    )


def _best(session: Session, threads: Iterable[int], now: datetime) -> dict[int, list[Supported]]:
    """Ranks are equal for ties; one more row than can be named is read, so that a longer tie is noticed."""
    side = func.coalesce(Comment.stance, WITHOUT)
    sides = (Comment.thread_id, side)
    ranked = (
        select(
            Comment.thread_id,
            Comment.id,
            side.label("side"),
            Comment.agree,
            Comment.disagree,
            Comment.passed,
            func.count().over(partition_by=(*sides, Comment.agree)).label("tied"),
            func.rank().over(partition_by=sides, order_by=Comment.agree.desc()).label("place"),
            func.row_number().over(partition_by=sides, order_by=(Comment.agree.desc(), Comment.id)).label("line"),
        )
        .join(Contribution, Contribution.id == Comment.id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Comment.thread_id.in_(threads), Comment.level == 0, Comment.agree > 0, side.in_(SIDES), is_public(now))
        .subquery()
    )
    first = select(ranked).where(ranked.c.place <= BEST, ranked.c.line <= MOST_NAMED + 1)
    best: dict[int, list[Supported]] = {}
    for row in session.execute(first.order_by(ranked.c.thread_id, _in_order(ranked.c.side), ranked.c.line)):
        one = Supported(row.id, row.side, row.agree, row.disagree, row.passed, row.tied)
        best.setdefault(row.thread_id, []).append(one)
    return best


def _in_order(side: ColumnElement[str]) -> ColumnElement[int]:
    return case({str(name): place for place, name in enumerate(SIDES)}, value=side)


def _quotes(session: Session, comments: set[int], now: datetime) -> dict[int, Quote]:
    if not comments:
        return {}
    rows = (
        select(Contribution.id, Contribution.text, Contribution.language)
        .join(Window, Window.id == Contribution.window_id)
        .where(Contribution.id.in_(comments), is_public(now))
    )
    return {row.id: Quote(row.text, row.language) for row in session.execute(rows)}


# ── Tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────
COMMENT_COLUMNS = (
    "source_id",
    "state",
    "agree",
    "disagree",
    "pass",
    "id",
    "handlungsfeld",
    "answers",
    "stance",
    "reason",
    "language",
    "handed_in_at",
    "text",
)


def comment_rows(session: Session, *, round_id: int, now: datetime, public_only: bool) -> Iterator[tuple[object, ...]]:
    """Yield the comments of a round as lines of ``COMMENT_COLUMNS``, as they are read from the database.

    Ratings of withheld and withdrawn comments stay in the audit; texts only of what is public.

    :param public_only: for everybody; else all states, for the audit
    """
    public = is_public(now)
    rows = (
        select(
            Contribution.source_key,
            Contribution.state,
            Comment.agree,
            Comment.disagree,
            Comment.passed,
            Comment.id,
            Subject.slug,
            Comment.parent_id,
            Comment.stance,
            Contribution.reason_kind,
            Contribution.language,
            Contribution.created_at,
            case((public, Contribution.text), else_=None),
        )
        .join(Contribution, Contribution.id == Comment.id)
        .join(Window, Window.id == Contribution.window_id)
        .join(SubjectPart, SubjectPart.thread_id == Comment.thread_id)
        .join(Subject, Subject.id == SubjectPart.subject_id)
        .where(Subject.round_id == round_id, *((public,) if public_only else ()))
        .order_by(Subject.position, Comment.id)
        .execution_options(yield_per=1000)
    )
    for row in session.execute(rows):
        yield tuple(one.isoformat() if isinstance(one, datetime) else one for one in row)


def figure_rows(figured: Figured) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the figures as a table, one line for each subject: the names of the columns, and the lines.

    Columns that end in ``_today`` hold the talk as it is now.
    """
    subjects = figured.figures["subjects"]
    options = list(dict.fromkeys(one["slug"] for subject in subjects for one in _options(subject)))
    talk = ("comments", "replies", *_nothing()["stances"], *(f"ratings_{name}" for name in Value))
    header = ("handlungsfeld", "title", *options, "ballots", "participants", *talk, *(f"{name}_today" for name in talk))
    lines = []
    for subject in subjects:
        votes = {one["slug"]: one["votes"] for one in _options(subject)}
        vote = subject["vote"] or {}
        lines.append(
            (
                subject["slug"],
                subject["title"]["de"],
                *(votes.get(option) for option in options),
                vote.get("ballots"),
                vote.get("participants"),
                *_talk_cells(subject["talk"]),
                *_talk_cells(figured.today.get(subject["slug"])),
            )
        )
    return header, lines


def _options(subject: Figures) -> list[Figures]:
    return subject["vote"]["options"] if subject["vote"] and "votes" in subject["vote"]["options"][0] else []


VOTE_COLUMNS = ("question", "round", "option", "label", "measure", "to", "value")


def vote_rows(figured: Figured) -> Iterator[tuple[object, ...]]:
    """Yield the votes as lines of ``VOTE_COLUMNS``: one number a line, whatever the method.

    Of Rangfolge there are tallies of each round, and where the ballots of what left went (``to`` is empty where they
    are exhausted).
    """
    asked = [(subject["slug"], subject["vote"]) for subject in figured.figures["subjects"] if subject["vote"]]
    for question, vote in [*asked, *((vote["question"], vote) for vote in figured.votes)]:
        labels = {option["slug"]: option["label"]["de"] for option in vote["options"]}
        for option in vote["options"]:
            for measure, value in _measures(option):
                yield question, None, option["slug"], labels[option["slug"]], measure, None, value
        for number, one in enumerate(vote.get("rounds", []), 1):
            for slug, tally in one["tally"].items():
                yield question, number, slug, labels[slug], "tally", None, tally
            for went in one["transfers"]:
                yield question, number, went["from"], labels[went["from"]], "transfer", went["to"], went["votes"]
        for measure in ("ballots", "participants", "none", "points", "sum", "spent"):
            if measure in vote:
                yield question, None, None, None, measure, None, vote[measure]


def _measures(option: Figures) -> Iterator[tuple[str, object]]:
    for measure, value in option.items():
        if isinstance(value, dict):
            yield from ((f"{measure}_{name}", one) for name, one in value.items() if measure != "label")
        elif measure != "slug":
            yield measure, int(value) if isinstance(value, bool) else value


def _talk_cells(talk: Figures | None) -> list[object]:
    known = talk or _nothing()
    cells = [known["comments"], known["replies"], *known["stances"].values(), *known["ratings"].values()]
    return cells if talk is not None else [None] * len(cells)


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return which rounds a person counted or released, and which ties they settled, in office."""
    acts = select(Result.round_id, Result.counted_at, Result.counted_by, Result.released_by)
    mine = acts.where(or_(Result.counted_by == person_id, Result.released_by == person_id)).order_by(Result.round_id)
    settled = select(TieDecision).where(TieDecision.decided_by == person_id).order_by(TieDecision.id)
    ties = [
        Holding(
            room="results",
            kind="tie_decision",
            text=tie.reason,
            facts={"question": tie.question_id, "decided_at": tie.decided_at.isoformat() if tie.decided_at else None},
        )
        for tie in session.execute(settled).scalars()
    ]
    return ties + [
        Holding(
            room="results",
            kind="result",
            facts={
                "round": act.round_id,
                "counted_at": act.counted_at.isoformat() if act.counted_by == person_id else None,
                "released": act.released_by == person_id,
            },
        )
        for act in session.execute(mine)
    ]
