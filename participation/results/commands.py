"""Counting a round once, after everything is closed, releasing the result, and recounting every stored figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, why_not_act
from participation.discussion.commands import open_sums
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note
from participation.results import queries
from participation.results.facts import (
    FIGURES_VERSION,
    AlreadyCounted,
    AlreadyReleased,
    BallotsUnsound,
    NotCounted,
    StillOpen,
    sums_of,
)
from participation.results.models import Result
from participation.rounds.facts import NoSuchRound
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.voting import count
from participation.voting.facts import chosen_option
from participation.voting.ledger import commitment, sha256_of
from participation.voting.models import Ballot, Contest, Option, Question, RollEntry
from participation.voting.queries import Turnout, turnout
from participation.windows.commands import hold_door, take_doors, write_closed
from participation.windows.facts import State as WindowState


def count_round(session: Session, *, round_id: int, by: UUID | None, clock: Clock) -> Result:
    """Count a round, once, and write down when its windows closed.

    All doors of the round are taken alone, so whatever was in flight is in or out before the count begins.

    :param by: the official, or None where the shell acts
    :raises NoSuchRound: if there is none
    :raises NotEntitled: unless ``by`` is staff of the round
    :raises StillOpen: while a window is open or still to come
    :raises AlreadyCounted: the second time
    :raises BallotsUnsound: if a ballot holds what its question does not offer
    """
    with transaction(session):
        found = _round(session, round_id)
        now, times = take_doors(session, _windows(session, round_id), clock)
        _check_staff(session, found, by, now)
        if any(window.state(now) is not WindowState.CLOSED for window in times.values()):
            raise StillOpen()
        for window_id, window in times.items():
            write_closed(session, window_id, window.ends_at)
        figures = _figures(session, found, now)
        values = {"figures": figures, "figures_sha256": sha256_of(figures), "counted_at": now, "counted_by": by}
        row = insert(session, Result).values(round_id=round_id, **values)
        made = row.on_conflict_do_nothing(index_elements=["round_id"]).returning(Result.round_id)
        if session.execute(made).scalar_one_or_none() is None:
            raise AlreadyCounted()
        _write_counted(session, found, now)
        details = {"figures_sha256": values["figures_sha256"], "subjects": len(figures["subjects"])}
        office_id = office_of(session, found.audience_id)
        about = f"round:{round_id}"
        note(session, act="results:counted", actor=by, office_id=office_id, about=about, now=now, details=details)
        return session.get_one(Result, round_id)


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
        result.released_by = by
        details = {"figures_sha256": result.figures_sha256}
        office_id = office_of(session, found.audience_id)
        about = f"round:{round_id}"
        note(session, act="results:released", actor=by, office_id=office_id, about=about, now=now, details=details)


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
    mine = select(Contest).join(Part, Part.window_id == Contest.window_id).where(Part.round_id == round_id)
    return session.execute(mine.execution_options(populate_existing=True)).scalar_one_or_none()


def _check_staff(session: Session, found: Round, by: UUID | None, now: datetime) -> None:
    if by is None:
        return
    reason = why_not_act(session, person_id=by, role=Role.STAFF, audience_id=found.audience_id, now=now)
    if reason is not None:
        raise reason


def _write_counted(session: Session, found: Round, now: datetime) -> None:
    found.counted_at = now
    found.version += 1
    contest = _contest(session, found.id)
    if contest is not None:
        contest.counted_at = now
    session.flush()


def _write_released(session: Session, found: Round, now: datetime) -> None:
    """The condition on the row decides between two who release at once."""
    sealed = update(Round).where(Round.id == found.id, Round.released_at.is_(None))
    if not affected(session, sealed.values(released_at=now, version=Round.version + 1)):
        raise AlreadyReleased()
    windows = select(Part.window_id).where(Part.round_id == found.id)
    session.execute(update(Contest).where(Contest.window_id.in_(windows)).values(released_at=now))


# ── Counting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _figures(session: Session, found: Round, now: datetime) -> dict[str, Any]:
    contest = _contest(session, found.id)
    took_part = turnout(session, contest_id=contest.id) if contest is not None else None
    votes = _votes(session, contest, took_part) if contest is not None and took_part is not None else {}
    subjects = [
        {"slug": subject.slug, "title": subject.title, "vote": votes.get(subject.question_id), "talk": talk}
        for subject, talk in queries.talks(session, round_id=found.id, now=now)
    ]
    return {
        "version": FIGURES_VERSION,
        "round": found.slug,
        "title": found.title,
        "rule_sheet_sha256": found.rule_sheet_sha256,
        "counted_at": now.isoformat(),
        "contest": _about(contest, took_part) if contest is not None and took_part is not None else None,
        "subjects": subjects,
        "talk": sums_of(subjects),
    }


def _about(contest: Contest, took_part: Turnout) -> dict[str, Any]:
    return {
        "slug": contest.slug,
        "method": contest.method,
        "rules_sha256": contest.rules_sha256,
        "participants": took_part.participants,
    }


def _votes(session: Session, contest: Contest, took_part: Turnout) -> dict[int | None, dict[str, Any]]:
    """Return of each question its options with their votes, how many ballots that are, and how many took part."""
    offered = _offered(session, contest.id)
    labels = {slug: options for _, slug, options in offered}
    tally = _tally(session, contest.id, {slug: list(options) for slug, options in labels.items()})
    return {
        question_id: {
            "options": [
                {"slug": option, "label": label, "votes": tally[slug][option]} for option, label in options.items()
            ],
            "ballots": sum(tally[slug].values()),
            "participants": took_part.by_question[slug],
        }
        for question_id, slug, options in offered
    }


def _offered(session: Session, contest_id: int) -> list[tuple[int, str, dict[str, dict[str, str]]]]:
    rows = session.execute(
        select(Question.id, Question.slug, Option.slug.label("option"), Option.label)
        .join(Option, Option.question_id == Question.id)
        .where(Question.contest_id == contest_id)
        .order_by(Question.position, Option.position)
    ).all()
    options: dict[tuple[int, str], dict[str, dict[str, str]]] = {}
    for row in rows:
        options.setdefault((row.id, row.slug), {})[row.option] = row.label
    return [(*question, offered) for question, offered in options.items()]


def _tally(session: Session, contest_id: int, options: dict[str, list[str]]) -> count.Tally:
    grouped = (
        select(Question.slug, Ballot.choice, func.count())
        .join(Question, Question.id == Ballot.question_id)
        .where(Question.contest_id == contest_id)
        .group_by(Question.slug, Ballot.choice)
    )
    try:
        return count.approval((count.Votes(*row) for row in session.execute(grouped)), options)
    except count.InvalidChoice as wrong:
        raise BallotsUnsound() from wrong


# ── Recounting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def recount(session: Session) -> list[str]:
    """Return what differs between stored figures and the rows they were made of, one sentence each; nothing if all fit.

    Proved are: counters of threads and comments, roll against ballots, choices, commitments, hashes of rules and of
    figures, and the votes in each result.
    """
    found = list(counters_that_differ(session))
    for contest in session.execute(select(Contest).order_by(Contest.id)).scalars().all():
        found += _rules_that_differ(session, contest)
        found += _rolls_that_differ(session, contest)
        found += _ballots_that_differ(session, contest)
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
    offered: dict[str, set[str | None]] = {slug: set(options) for _, slug, options in _offered(session, contest.id)}
    rows = (
        select(Question.slug, Ballot.nonce, Ballot.choice, Ballot.commitment)
        .join(Question, Question.id == Ballot.question_id)
        .where(Question.contest_id == contest.id)
        .execution_options(yield_per=5000)
    )
    for slug, nonce, choice, promise in session.execute(rows):
        name = f"ballot {promise.hex()[:16]} of {contest.slug}/{slug}"
        if chosen_option(choice) not in offered.get(slug, set()):
            yield f"{name}: the choice is not offered"
        if commitment(contest=contest.slug, question=slug, nonce=nonce, choice=choice) != promise:
            yield f"{name}: the commitment does not fit"


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
        votes = {vote["slug"]: vote for vote in _named(session, contest, took_part)}
    except BallotsUnsound:
        yield f"{name}: cannot be counted again, a ballot is invalid"
        return
    for subject in figures["subjects"]:
        if subject["vote"] is not None and subject["vote"] != votes.get(subject["slug"], {}).get("vote"):
            yield f"{name}, {subject['slug']}: the votes published are not those that the ballots give"
    if figures["contest"] != _about(contest, took_part):
        yield f"{name}: participants or rules published are not those of the contest"


def _named(session: Session, contest: Contest, took_part: Turnout) -> Iterator[dict[str, Any]]:
    votes = _votes(session, contest, took_part)
    placed = select(Subject.slug, SubjectPart.question_id).join(Subject, Subject.id == SubjectPart.subject_id)
    for slug, question_id in session.execute(placed.where(SubjectPart.question_id.in_(votes))).all():
        yield {"slug": slug, "vote": votes[question_id]}
