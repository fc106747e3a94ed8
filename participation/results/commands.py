"""Counting a round once, after everything is closed, releasing the result, and recounting every stored figure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, why_not_act
from participation.discussion.commands import open_sums
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.foundation.lots import draw
from participation.journal.commands import note
from participation.log.commands import close_windows
from participation.log.queries import logs_that_differ
from participation.results import queries
from participation.results.facts import (
    FIGURES_VERSION,
    AlreadyCounted,
    AlreadyReleased,
    BallotsUnsound,
    How,
    NoSeed,
    NoSuchTie,
    NotAnOrder,
    NotCounted,
    OtherwiseSettled,
    StillOpen,
    TieSettled,
    drawn_about,
    sums_of,
)
from participation.results.models import ContestArchive, Result, TieDecision
from participation.rounds.facts import SHORTEST_REASON, NoSuchRound, ReasonMissing
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.voting import count
from participation.voting.facts import Asked, Method
from participation.voting.keys import KeyFolder
from participation.voting.ledger import canonical, commitment, sha256_of
from participation.voting.models import Ballot, Contest, Option, Question, RollEntry
from participation.voting.queries import Turnout, turnout
from participation.windows.commands import hold_door, take_doors
from participation.windows.facts import State as WindowState

FEW_CHOICES = 10
"""So many different choices are counted side by side."""


@dataclass(frozen=True)
class _Counted:
    """The contest of a round, who took part, and the figures of each question by its id."""

    contest: Contest
    took_part: Turnout
    votes: dict[int, dict[str, Any]]


def count_round(session: Session, *, round_id: int, by: UUID | None, keys: KeyFolder, clock: Clock) -> Result | None:
    """Count a round, once, and write down when its windows closed.

    All doors of the round are taken alone, so whatever was in flight is in or out before the count begins.

    :param by: the official, or None where the shell acts
    :returns: the result, or None where a tie has to be settled first; it is written down then, and all stays closed
    :raises NoSuchRound: if there is none
    :raises NotEntitled: unless ``by`` is staff of the round
    :raises StillOpen: while a window is open or still to come
    :raises SigningKeyLost: if the log of the vote cannot be finished
    :raises LogBroken: if it does not continue what was signed last
    :raises AlreadyCounted: the second time
    :raises BallotsUnsound: if a ballot holds what its question does not offer
    """
    with transaction(session):
        found = _round(session, round_id)
        now, times = take_doors(session, _windows(session, round_id), clock)
        _check_staff(session, found, by, now)
        if any(window.state(now) is not WindowState.CLOSED for window in times.values()):
            raise StillOpen()
        ends = {key: window.ends_at for key, window in times.items() if window.closed_at is None}
        close_windows(session, ends, keys=keys, now=now)
        counted = _count(session, round_id)
        if counted is not None and _tied(session, found, counted, by, now):
            return None
        figures = _figures(session, found, counted, now)
        values = {"figures": figures, "figures_sha256": sha256_of(figures), "counted_at": now, "counted_by": by}
        row = insert(session, Result).values(round_id=round_id, **values)
        made = row.on_conflict_do_nothing(index_elements=["round_id"]).returning(Result)
        result: Result | None = session.execute(made).scalar_one_or_none()
        if result is None:
            raise AlreadyCounted()
        _write_counted(session, found, counted, now)
        details = {"figures_sha256": values["figures_sha256"], "subjects": len(figures["subjects"])}
        _note(session, found, "results:counted", actor=by, now=now, details=details)
        return result


def release_round(session: Session, *, round_id: int, by: UUID | None, clock: Clock) -> None:
    """Make a counted result public, for good, with the sums in its threads.

    :raises NoSuchRound: if there is none
    :raises NotEntitled: unless ``by`` is staff of the round
    :raises NotCounted: before the count
    :raises AlreadyReleased: the second time
    """
    with transaction(session):
        found = _round(session, round_id)
        now = clock()
        for window_id in sorted(_windows(session, round_id)):
            now = hold_door(session, window_id, clock)
        _check_staff(session, found, by, now)
        result = session.get(Result, round_id, with_for_update=True, populate_existing=True)
        if result is None:
            raise NotCounted()
        open_sums(session, _threads(session, round_id))
        _write_released(session, found, now)
        _want_archive(session, round_id, now)
        result.released_by = by
        details = {"figures_sha256": result.figures_sha256}
        _note(session, found, "results:released", actor=by, now=now, details=details)


def _note(session: Session, found: Round, act: str, **told: Any) -> None:
    office_id = office_of(session, found.audience_id)
    note(session, act=act, office_id=office_id, about=f"round:{found.id}", **told)


def _round(session: Session, round_id: int) -> Round:
    found = session.get(Round, round_id, populate_existing=True)
    if found is None:
        raise NoSuchRound()
    return found


def _windows(session: Session, round_id: int) -> list[int]:
    return list(session.execute(select(Part.window_id).where(Part.round_id == round_id)).scalars())


def _threads(session: Session, round_id: int) -> list[int]:
    threads = select(SubjectPart.thread_id).join(Subject, Subject.id == SubjectPart.subject_id)
    found = session.execute(threads.where(Subject.round_id == round_id, SubjectPart.thread_id.is_not(None)))
    return [thread_id for thread_id in found.scalars() if thread_id is not None]


def _contest(session: Session, round_id: int) -> Contest | None:
    return session.execute(_contests(), {"round": round_id}).scalar_one_or_none()


@lru_cache(maxsize=1)
def _contests() -> Select[Contest]:
    """Return the statement, built once, as those below: around a count, building them takes longer than asking."""
    mine = select(Contest).join(Part, Part.window_id == Contest.window_id).where(Part.round_id == bindparam("round"))
    return mine.execution_options(populate_existing=True)


def _check_staff(session: Session, found: Round, by: UUID | None, now: datetime) -> None:
    if by is None:
        return
    reason = why_not_act(session, person_id=by, role=Role.STAFF, audience_id=found.audience_id, now=now)
    if reason is not None:
        raise reason


def _write_counted(session: Session, found: Round, counted: _Counted | None, now: datetime) -> None:
    found.counted_at = now
    found.version += 1
    if counted is not None:
        counted.contest.counted_at = now
    session.flush()


def _write_released(session: Session, found: Round, now: datetime) -> None:
    """The condition on the row decides between two who release at once."""
    sealed = update(Round).where(Round.id == found.id, Round.released_at.is_(None))
    if not affected(session, sealed.values(released_at=now, version=Round.version + 1)):
        raise AlreadyReleased()
    windows = select(Part.window_id).where(Part.round_id == found.id)
    session.execute(update(Contest).where(Contest.window_id.in_(windows)).values(released_at=now))


def _want_archive(session: Session, round_id: int, now: datetime) -> None:
    """Let the worker make the archive, if there was a vote that keeps a log."""
    contest = _contest(session, round_id)
    if contest is not None and contest.log_key is not None:
        row = insert(session, ContestArchive).values(contest_id=contest.id, wanted_at=now, done=0)
        session.execute(row.on_conflict_do_nothing(index_elements=["contest_id"]))


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _count(session: Session, round_id: int) -> _Counted | None:
    contest = _contest(session, round_id)
    if contest is None:
        return None
    took_part = turnout(session, contest_id=contest.id)
    return _Counted(contest, took_part, _votes(session, contest, took_part))


def _figures(session: Session, found: Round, counted: _Counted | None, now: datetime) -> dict[str, Any]:
    votes = counted.votes if counted is not None else {}
    talks = queries.talks(session, round_id=found.id, now=now)
    subjects = [
        {"slug": subject.slug, "title": subject.title, "vote": votes.get(subject.question_id or 0), "talk": talk}
        for subject, talk in talks
    ]
    return {
        "version": FIGURES_VERSION,
        "round": found.slug,
        "title": found.title,
        "rule_sheet_sha256": found.rule_sheet_sha256,
        "counted_at": now.isoformat(),
        "contest": _about(counted.contest, counted.took_part) if counted is not None else None,
        "subjects": subjects,
        "votes": _votes_apart(session, votes, {subject.question_id for subject, _ in talks}),
        "talk": sums_of(subjects),
    }


def _about(contest: Contest, took_part: Turnout) -> dict[str, Any]:
    return {
        "slug": contest.slug,
        "method": contest.method,
        "rules_sha256": contest.rules_sha256,
        "participants": took_part.participants,
    }


def _votes_apart(
    session: Session, votes: Mapping[int, dict[str, Any]], of_subjects: set[int | None]
) -> list[dict[str, Any]]:
    """Return the figures of questions that ask about the round as a whole, not about one subject."""
    apart = [question_id for question_id in votes if question_id not in of_subjects]
    if not apart:
        return []
    asked = select(Question).where(Question.id.in_(apart)).order_by(Question.position)
    return [
        {"question": question.slug, "title": question.title, "terms": question.terms, **votes[question.id]}
        for question in session.execute(asked).scalars()
    ]


def _votes(session: Session, contest: Contest, took_part: Turnout) -> dict[int, dict[str, Any]]:
    """Return the figures of each question: what the method counts, its options named, and how many took part."""
    offered = _offered(session, contest.id)
    counted = _tally(session, contest, {question_id: slug for question_id, slug, _ in offered})
    return {
        question_id: {
            **counted[slug],
            "options": [{**option, "label": labels.get(option["slug"], {})} for option in counted[slug]["options"]],
            "participants": took_part.by_question[slug],
        }
        for question_id, slug, labels in offered
    }


def _offered(session: Session, contest_id: int) -> list[tuple[int, str, dict[str, dict[str, str]]]]:
    options: dict[tuple[int, str], dict[str, dict[str, str]]] = {}
    for row in session.execute(_offers(), {"contest": contest_id}):
        options.setdefault((row.id, row.slug), {})[row.option] = row.label
    return [(*question, offered) for question, offered in options.items()]


@lru_cache(maxsize=1)
def _offers() -> Select[*tuple[Any, ...]]:
    return (
        select(Question.id, Question.slug, Option.slug.label("option"), Option.label)
        .join(Option, Option.question_id == Question.id)
        .where(Question.contest_id == bindparam("contest"))
        .order_by(Question.position, Option.position)
    )


def _asked(contest: Contest) -> dict[str, Asked]:
    """Return how each question is answered, by the frozen rules; nothing of rules that are not those published."""
    rules = contest.rules
    if rules is None or sha256_of(rules) != contest.rules_sha256:
        return {}
    return {question["slug"]: Asked.of(rules, question["slug"]) for question in rules["questions"]}


def _tally(session: Session, contest: Contest, slugs: Mapping[int, str]) -> dict[str, count.Figures]:
    asked = _asked(contest)
    try:
        return count.count(asked, _cast(session, slugs, asked), _decisions(session, contest.id))
    except count.InvalidChoice as wrong:
        raise BallotsUnsound() from wrong


def _cast(session: Session, slugs: Mapping[int, str], asked: Mapping[str, Asked]) -> list[count.Votes]:
    """Return how often each choice was made on each of these questions."""
    possible = {canonical(option) for one in asked.values() if one.method is Method.APPROVAL for option in one.options}
    if 0 < len(possible) <= FEW_CHOICES:
        votes = _cast_of(session, slugs, sorted(possible))
        if votes is not None:
            return votes
    # Grouped by the ballots' own columns, so that no row has to be joined.
    grouped = select(Ballot.question_id, Ballot.choice, func.count()).where(Ballot.question_id.in_(slugs))
    grouped = grouped.group_by(Ballot.question_id, Ballot.choice)
    return [count.Votes(slugs[row[0]], row[1], row[2]) for row in session.execute(grouped)]


def _cast_of(session: Session, slugs: Mapping[int, str], possible: Sequence[str]) -> list[count.Votes] | None:
    """Count the few choices that Zustimmung has; None where a ballot holds another one.

    Ballots lie in the order of their questions, so this is one pass over them, and grouping by choice sorts them all.
    Of a single question nothing is grouped at all, which spares PostgreSQL a part of the work.
    """
    if len(slugs) == 1:
        [only] = slugs
        counted = [(only, *session.execute(_numbers(tuple(possible)), {"question": only}).one())]
    else:
        counted = [tuple(row) for row in session.execute(_grouped(tuple(possible)), {"questions": list(slugs)})]
    votes = []
    for question_id, whole, *found in counted:
        if sum(found) != whole:
            return None
        named = zip(possible, found, strict=True)
        votes += [count.Votes(slugs[question_id], choice, number) for choice, number in named if number]
    return votes


@lru_cache(maxsize=16)
def _numbers(possible: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Return the statement for how many ballots a question has, and how many of each choice."""
    return select(*_columns(possible)).where(Ballot.question_id == bindparam("question"))


@lru_cache(maxsize=16)
def _grouped(possible: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """Return the same for several questions, the question first."""
    mine = Ballot.question_id.in_(bindparam("questions", expanding=True))
    return select(Ballot.question_id, *_columns(possible)).where(mine).group_by(Ballot.question_id)


def _columns(possible: Sequence[str]) -> list[ColumnElement[int]]:
    return [func.count(), *(func.count().filter(Ballot.choice == choice) for choice in possible)]


# ── Ties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def settle_tie(
    session: Session,
    *,
    tie_id: int,
    how: How,
    reason: str,
    by: UUID | None,
    clock: Clock,
    order: Sequence[str] = (),
    seed: str = "",
) -> None:
    """Write down for good how a tie is settled; the next count goes on with it.

    :param reason: who decided and on what grounds, or where the seed of the lots was published; ten characters at least
    :param order: of a decision by staff: all that tied, best placed first
    :param seed: of lots: text that nobody could choose, published with the result
    :raises NoSuchTie: if there is none
    :raises NotEntitled: unless ``by`` is staff of the round
    :raises OtherwiseSettled: if the rule sheet names the other way
    :raises ReasonMissing: for fewer than ten characters
    :raises NotAnOrder: unless the order names each of what tied once
    :raises NoSeed: for lots without a seed of one line
    :raises TieSettled: the second time
    """
    with transaction(session):
        tie, question, found = _tie(session, tie_id)
        now = clock()
        _check_staff(session, found, by, now)
        if question.terms.get("ties") not in {None, how}:
            raise OtherwiseSettled()
        if len(reason.strip()) < SHORTEST_REASON:
            raise ReasonMissing()
        tied, contest = json.loads(tie.between), session.get_one(Contest, question.contest_id)
        drawn = how is How.LOT
        placed = _drawn(contest.slug, question.slug, tied, seed) if drawn else list(order)
        if sorted(placed) != sorted(tied):
            raise NotAnOrder()
        values = {"placed": canonical(placed), "how": how, "seed": seed.strip() if drawn else None}
        said = {"reason": reason.strip(), "decided_by": by, "decided_at": now}
        settled = update(TieDecision).where(TieDecision.id == tie_id, TieDecision.how.is_(None))
        if not affected(session, settled.values(**values, **said)):
            raise TieSettled()
        details = {**values, "question": question.slug, "tied": tied}
        _note(session, found, "results:tie_settled", actor=by, now=now, details=details)


def _drawn(contest: str, question: str, tied: list[str], seed: str) -> list[str]:
    line = seed.strip()
    if not line or len(line.splitlines()) > 1:
        raise NoSeed()
    return draw(seed=line, about=drawn_about(contest, question, tied), names=tied)


def _tie(session: Session, tie_id: int) -> tuple[TieDecision, Question, Round]:
    rows = (
        select(TieDecision, Question, Round)
        .join(Question, Question.id == TieDecision.question_id)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Part, Part.window_id == Contest.window_id)
        .join(Round, Round.id == Part.round_id)
        .where(TieDecision.id == tie_id)
    )
    found = session.execute(rows).one_or_none()
    if found is None:
        raise NoSuchTie()
    return found[0], found[1], found[2]


def _tied(session: Session, found: Round, counted: _Counted, by: UUID | None, now: datetime) -> bool:
    """Write down where the count had to stop, and return whether it had to."""
    stopped = {question_id: count.undecided(figures) for question_id, figures in counted.votes.items()}
    ties = {question_id: tie for question_id, tie in stopped.items() if tie is not None}
    for question_id, tie in ties.items():
        values = {"kind": tie["kind"], "between": canonical(tie["between"]), "in_round": tie.get("round")}
        row = insert(session, TieDecision).values(question_id=question_id, found_at=now, **values)
        new = row.on_conflict_do_nothing(index_elements=["question_id", "between"]).returning(TieDecision.id)
        if session.execute(new).scalar_one_or_none() is not None:
            _note(session, found, "results:tied", actor=by, now=now, details=values)
    return bool(ties)


def _settled(session: Session, contest_id: int) -> list[tuple[str, TieDecision]]:
    return [(row[0], row[1]) for row in session.execute(_settlements(), {"contest": contest_id})]


@lru_cache(maxsize=1)
def _settlements() -> Select[str, TieDecision]:
    return (
        select(Question.slug, TieDecision)
        .join(TieDecision, TieDecision.question_id == Question.id)
        .where(Question.contest_id == bindparam("contest"), TieDecision.how.is_not(None))
        .execution_options(populate_existing=True)
    )


def _decisions(session: Session, contest_id: int) -> dict[str, dict[tuple[str, ...], count.Decision]]:
    decided: dict[str, dict[tuple[str, ...], count.Decision]] = {}
    for slug, tie in _settled(session, contest_id):
        placed = tuple(json.loads(tie.placed or "[]"))
        decision = count.Decision(placed, tie.how or "", tie.seed, tie.reason)
        decided.setdefault(slug, {})[tuple(json.loads(tie.between))] = decision
    return decided


# ── Recounting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def recount(session: Session) -> list[str]:
    """Return what differs between stored figures and the rows they were made of, one sentence each; nothing if all fit.

    Proved are: counters of threads and comments, roll against ballots, choices, commitments, logs and their
    checkpoints, hashes of rules and of figures, lots that were drawn, and the votes in each result by whatever way
    they were cast.
    """
    found = list(counters_that_differ(session))
    for contest in session.execute(select(Contest).order_by(Contest.id)).scalars().all():
        found += _rules_that_differ(session, contest)
        found += _rolls_that_differ(session, contest)
        found += _ballots_that_differ(session, contest)
        found += _lots_that_differ(session, contest)
    found += logs_that_differ(session)
    for counted, result in session.execute(
        select(Round, Result).outerjoin(Result, Result.round_id == Round.id).order_by(Round.id)
    ).all():
        found += _results_that_differ(session, counted, result)
    return found


def _rules_that_differ(session: Session, contest: Contest) -> Iterator[str]:
    if contest.rules is None:
        return
    if sha256_of(contest.rules) != contest.rules_sha256:
        yield f"contest {contest.slug}: the rules are not those of rules_sha256"
    asked = {one["slug"]: [option["slug"] for option in one["options"]] for one in contest.rules["questions"]}
    if asked != {slug: list(options) for _, slug, options in _offered(session, contest.id)}:
        yield f"contest {contest.slug}: questions or options are not those of the rules"


def _rolls_that_differ(session: Session, contest: Contest) -> Iterator[str]:
    ballots = select(func.count(Ballot.voter_tag)).where(Ballot.question_id == Question.id).scalar_subquery()
    roll = select(func.count(RollEntry.participant_id)).where(RollEntry.question_id == Question.id).scalar_subquery()
    rows = select(Question.slug, ballots, roll).where(Question.contest_id == contest.id).order_by(Question.position)
    for slug, cast, entered in session.execute(rows).all():
        if cast != entered:
            yield f"question {contest.slug}/{slug}: {cast} ballots, but {entered} entries in the roll"


def _ballots_that_differ(session: Session, contest: Contest) -> Iterator[str]:
    """Ballots have no number, so the commitment names the one that is wrong."""
    asked = _asked(contest)
    rows = (
        select(Question.slug, Ballot.nonce, Ballot.choice, Ballot.commitment)
        .join(Question, Question.id == Ballot.question_id)
        .where(Question.contest_id == contest.id)
        .execution_options(yield_per=5000)
    )
    for slug, nonce, choice, promise in session.execute(rows):
        name = f"ballot {promise.hex()[:16]} of {contest.slug}/{slug}"
        if not count.holds(choice, asked.get(slug)):
            yield f"{name}: the choice is not offered"
        if commitment(contest=contest.slug, question=slug, nonce=nonce, choice=choice) != promise:
            yield f"{name}: the commitment does not fit"


def _lots_that_differ(session: Session, contest: Contest) -> Iterator[str]:
    for slug, tie in _settled(session, contest.id):
        tied = json.loads(tie.between)
        about = drawn_about(contest.slug, slug, tied)
        if tie.how == How.LOT and json.loads(tie.placed or "[]") != draw(seed=tie.seed or "", about=about, names=tied):
            yield f"question {contest.slug}/{slug}: the lots drawn about {', '.join(tied)} come out otherwise"


def _results_that_differ(session: Session, counted: Round, result: Result | None) -> Iterator[str]:
    name = f"round {counted.slug}"
    if counted.rule_sheet is not None and sha256_of(counted.rule_sheet) != counted.rule_sheet_sha256:
        yield f"{name}: the rule sheet is not that of rule_sheet_sha256"
    if (counted.counted_at is None) != (result is None):
        yield f"{name}: counted_at and the result do not agree"
    if result is None:
        return
    if sha256_of(result.figures) != result.figures_sha256:
        yield f"{name}: the figures are not those of figures_sha256"
        return
    if result.figures["rule_sheet_sha256"] != counted.rule_sheet_sha256:
        yield f"{name}: the figures quote another rule sheet"
    contest = _contest(session, counted.id)
    if contest is not None:
        yield from _votes_that_differ(session, name, contest, result.figures)


def _votes_that_differ(session: Session, name: str, contest: Contest, figures: dict[str, Any]) -> Iterator[str]:
    took_part = turnout(session, contest_id=contest.id)
    try:
        votes = _named(session, contest, took_part)
    except BallotsUnsound:
        yield f"{name}: cannot be counted again, a ballot is invalid"
        return
    for subject in figures["subjects"]:
        if subject["vote"] is not None and subject["vote"] != votes.get(subject["slug"]):
            yield f"{name}, {subject['slug']}: the votes published are not those that the ballots give"
    for vote in figures.get("votes", []):
        if vote not in votes.values():
            yield f"{name}, {vote['question']}: the votes published are not those that the ballots give"
    if figures["contest"] != _about(contest, took_part):
        yield f"{name}: participants or rules published are not those of the contest"


def _named(session: Session, contest: Contest, took_part: Turnout) -> dict[str, dict[str, Any]]:
    """Return the votes by the slug of what they are about: a subject, or the question itself."""
    votes = _votes(session, contest, took_part)
    placed = select(SubjectPart.question_id, Subject.slug).join(Subject, Subject.id == SubjectPart.subject_id)
    subjects = {row[0]: row[1] for row in session.execute(placed.where(SubjectPart.question_id.in_(votes)))}
    named = {slug: votes[question_id] for question_id, slug in subjects.items() if question_id is not None}
    return named | {vote["question"]: vote for vote in _votes_apart(session, votes, set(subjects))}
