"""Opening contests, freezing their rules, casting and withdrawing ballots."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from participation.accounts.facts import TERMS_VERSION
from participation.audiences.commands import join_unnamed
from participation.audiences.facts import Who
from participation.audiences.models import Participant
from participation.audiences.queries import participant_id
from participation.foundation.clock import Clock, berlin
from participation.foundation.db import affected, insert_on, is_postgresql, run, transaction
from participation.voting.facts import (
    LABELS,
    RESERVED_NAMES,
    Asked,
    Method,
    NameReserved,
    NoBallot,
    RulesFrozen,
)
from participation.voting.keys import KeyFolder
from participation.voting.ledger import NONCE_BYTES, LeafKind, canonical, commitment, sha256_of
from participation.voting.logic import tidied, why_invalid, why_unfit
from participation.voting.models import Ballot, Contest, Option, PendingLeaf, Question, RollEntry
from participation.voting.notes import Signer
from participation.voting.queries import QuestionPlace, place_of
from participation.windows.commands import hold_door, pass_door
from participation.windows.facts import State, WindowTimes
from participation.windows.models import Window


@dataclass(frozen=True)
class Standing:
    """A ballot as it stands."""

    question_id: int
    choice: Any
    """A JSON value: of Zustimmung the slug of the chosen option."""
    commitment: bytes


# ── Before the opening ────────────────────────────────────────────────────────────────────────────────────────────────
def open_contest(
    session: Session, *, slug: str, window_id: int, method: Method = Method.APPROVAL, receipts: bool = True
) -> Contest:
    """Add a contest without questions; the window alone says when it is public and open.

    :param slug: small letters, digits and hyphens; with it the contest's key is found for good
    :param receipts: whether voters are offered a receipt; not where votes are worth buying
    """
    with transaction(session):
        contest = Contest(slug=slug, window_id=window_id, method=method, receipts=receipts)
        session.add(contest)
        session.flush()
        return contest


def add_question(
    session: Session,
    *,
    contest_id: int,
    slug: str,
    home: str,
    position: int,
    title: dict[str, str],
    options: Mapping[str, dict[str, str]] | None = None,
    terms: Mapping[str, Any] | None = None,
    costs: Mapping[str, int] | None = None,
) -> Question:
    """Add a question with its options, in the order given; those of Zustimmung if none are named.

    :param home: the path of the page that shows it
    :param terms: what the contest's method leaves open, as docs/ways-to-vote.md tells
    :param costs: of a budget, what each option costs
    :raises RulesFrozen: once the contest's rules are frozen
    :raises NameReserved: if a page of every contest has that name
    """
    if slug in RESERVED_NAMES:
        raise NameReserved(name=slug)
    with transaction(session):
        contest = session.get_one(Contest, contest_id, with_for_update=True)
        if contest.rules_sha256 is not None:
            raise RulesFrozen()
        names = {"contest_id": contest_id, "slug": slug, "home": home, "position": position, "title": title}
        question = Question(**names, terms=dict(terms or {}))
        session.add(question)
        session.flush()
        for place, (name, label) in enumerate((options or LABELS).items(), 1):
            cost = (costs or {}).get(name)
            session.add(Option(question_id=question.id, slug=str(name), position=place, label=label, cost=cost))
        session.flush()
        return question


def freeze_rules(session: Session, *, contest_id: int, rules: Mapping[str, Any], keys: KeyFolder) -> str:
    """Write down for good what is asked and how it is counted, make the keys, and return the rules' SHA-256.

    Method, questions, options, and with which key the log is signed are added to the rules. Keys left from a
    publishing that failed are used.

    :param rules: JSON in whole numbers, texts, lists and objects. ``effect_sentence`` (a marked msgid),
        ``decided_by`` and ``title`` (texts with variants) are shown on the contest's own pages, which lead to ``home``,
        the page of what the vote belongs to, and after the release to ``result``.
    :raises RulesFrozen: if they are frozen already
    :raises UnfitTerms: if the terms of a question do not hold together
    """
    with transaction(session):
        contest = session.get_one(Contest, contest_id, with_for_update=True)
        if contest.rules_sha256 is not None:
            raise RulesFrozen()
        asked = {"contest": contest.slug, "method": contest.method, "receipts": contest.receipts}
        contest.log_key = _log_key(contest.slug, keys)
        log = {"origin": keys.origin(contest.slug), "log_key": contest.log_key}
        frozen = {**rules, **asked, **log, "questions": _asked(session, contest_id)}
        _check_fit(frozen)
        contest.rules, contest.rules_sha256 = frozen, sha256_of(frozen)
        session.flush()
        keys.make(contest.slug)
        return contest.rules_sha256


def remove_contest(session: Session, *, contest_id: int) -> None:
    """Take a contest back to nothing, before it opens. Its key stays for the next time.

    :raises sqlalchemy.exc.IntegrityError: if something was written on it already
    """
    with transaction(session):
        questions = select(Question.id).where(Question.contest_id == contest_id)
        session.execute(delete(Option).where(Option.question_id.in_(questions)))
        session.execute(delete(Question).where(Question.contest_id == contest_id))
        session.execute(delete(Contest).where(Contest.id == contest_id))


# ── Voting ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def cast_ballot(
    session: Session,
    *,
    question_id: int,
    who: Who,
    choice: Any,
    keys: KeyFolder,
    clock: Clock,
    place: QuestionPlace | None = None,
) -> Standing:
    """Cast or change a ballot and return it as it stands. The same choice again changes nothing.

    :param choice: a JSON value in the shape of the contest's method, as docs/ways-to-vote.md tells
    :param place: of that question, if the caller has read it; it never changes, so it may be read before the door
    :raises WindowNotOpenYet: before the vote begins
    :raises WindowClosed: once it is over, measured after the lock
    :raises NotAdmitted: if the audience does not admit the person
    :raises NoSuchOption: if the question does not offer the choice; or another :class:`Unprocessable` that names
        what is wrong with it
    :raises NoSuchQuestion: if there is no such question
    :raises KeyLost: if the contest's key is not there
    """
    with transaction(session):
        question = place or place_of(session, question_id=question_id)
        now = pass_door(session, question.window_id, clock)
        chosen = tidied(choice, question.asked)
        reason = why_invalid(chosen, question.asked)
        if reason is not None:
            raise reason
        participant = join_unnamed(
            session, audience_id=question.audience_id, who=who, terms_version=TERMS_VERSION, now=now
        )
        _enter_roll(session, question_id, participant, now)
        tag = keys.tag(contest=question.contest, question=question.slug, participant_id=participant)
        return _put(session, question, tag, chosen)


def withdraw_ballot(session: Session, *, question_id: int, who: Who, keys: KeyFolder, clock: Clock) -> None:
    """Take a ballot back, with the entry in the roll.

    :raises WindowNotOpenYet: before the vote begins
    :raises WindowClosed: once it is over, measured after the lock
    :raises NoBallot: if there is none
    :raises NoSuchQuestion: if there is no such question
    :raises KeyLost: if the contest's key is not there
    """
    with transaction(session):
        question = place_of(session, question_id=question_id)
        pass_door(session, question.window_id, clock)
        participant = participant_id(session, audience_id=question.audience_id, person_id=who.person_id)
        if participant is None or not _remove(session, question, participant, keys):
            raise NoBallot()


def forget(session: Session, person_id: UUID, clock: Clock, keys: KeyFolder) -> None:
    """Withdraw a person's ballots from contests that are open; roll and ballots of closed ones stay.

    To be called before the person is emptied, with the person's row locked so that no vote of theirs slips in: else
    deleting the account and registering again gives a second vote.

    :raises KeyLost: if the key of an open contest is not there
    """
    with transaction(session):
        entries = session.execute(_entries_of(person_id)).all()
        for window_id in sorted({entry.window_id for entry in entries}):
            now = hold_door(session, window_id, clock)
            if _is_open(session, window_id, now):
                for entry in entries:
                    if entry.window_id == window_id:
                        _remove(session, entry, entry.participant_id, keys)


def _log_key(contest: str, keys: KeyFolder) -> str:
    keys.make_signing_key(contest)
    return Signer(keys.origin(contest), keys.signing_seed(contest)).verifier_key


def _check_fit(rules: Mapping[str, Any]) -> None:
    for question in rules["questions"]:
        unfit = why_unfit(Asked.of(rules, question["slug"]))
        if unfit is not None:
            raise unfit


def _asked(session: Session, contest_id: int) -> list[dict[str, Any]]:
    questions = session.execute(
        select(Question).where(Question.contest_id == contest_id).order_by(Question.position)
    ).scalars()
    return [
        {"slug": question.slug, "title": question.title, "options": _labels(session, question.id)}
        | ({"terms": question.terms} if question.terms else {})
        for question in questions.all()
    ]


def _labels(session: Session, question_id: int) -> list[dict[str, Any]]:
    offered = select(Option.slug, Option.label, Option.cost).where(Option.question_id == question_id)
    return [
        {"slug": slug, "label": label} | ({"cost": cost} if cost is not None else {})
        for slug, label, cost in session.execute(offered.order_by(Option.position))
    ]


def _entries_of(person_id: UUID) -> Select[*tuple[Any, ...]]:
    question = (Question.id, Question.slug, Contest.slug.label("contest"), Contest.window_id, Contest.log_key)
    return (
        select(*question, RollEntry.participant_id)
        .join(Contest, Contest.id == Question.contest_id)
        .join(Window, Window.id == Contest.window_id)
        .join(RollEntry, RollEntry.question_id == Question.id)
        .join(Participant, Participant.id == RollEntry.participant_id)
        .where(Participant.person_id == person_id, Window.closed_at.is_(None))
        .order_by(Question.id)
    )


def _is_open(session: Session, window_id: int, now: datetime) -> bool:
    """Read the window anew: it may have been closed while its door was waited for."""
    facts = select(Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    times = WindowTimes(*session.execute(facts.where(Window.id == window_id)).one())
    return times.state(now) is State.OPEN


def _enter_roll(session: Session, question_id: int, participant: UUID, now: datetime) -> None:
    """Enter somebody once, and hold the entry until the commit.

    An entry that is there is written over with itself instead of left alone (DO NOTHING), because only so it is
    locked: else a withdrawal in between leaves a ballot without an entry.
    """
    entry = {"question_id": question_id, "participant_id": participant, "took_part_on": berlin(now).date()}
    run(session, _entering(is_postgresql(session)), **entry)


@lru_cache(maxsize=2)
def _entering(on_postgresql: bool) -> Any:
    entry, key = insert_on(on_postgresql, RollEntry.__table__), ["question_id", "participant_id"]
    return entry.on_conflict_do_update(index_elements=key, set_={"took_part_on": RollEntry.took_part_on})


def _put(session: Session, question: QuestionPlace, tag: bytes, choice: Any) -> Standing:
    """Insert or change the ballot under a tag. A new nonce comes with each new choice, and only then."""
    written = canonical(choice)
    known = run(session, _known(), question=question.id, tag=tag).one_or_none()
    if known is not None and known.choice == written:
        return Standing(question.id, choice, known.commitment)
    nonce = secrets.token_bytes(NONCE_BYTES)
    promise = commitment(contest=question.contest, question=question.slug, nonce=nonce, choice=written)
    values = {"nonce": nonce, "choice": written, "commitment": promise}
    run(session, _putting(is_postgresql(session)), question_id=question.id, voter_tag=tag, **values)
    _tell_log(session, question, cast=promise, void=known.commitment if known is not None else None)
    return Standing(question.id, choice, promise)


@lru_cache(maxsize=1)
def _known() -> Select[*tuple[Any, ...]]:
    mine = (Ballot.question_id == bindparam("question"), Ballot.voter_tag == bindparam("tag"))
    return select(Ballot.choice, Ballot.commitment).where(*mine).with_for_update()


@lru_cache(maxsize=2)
def _putting(on_postgresql: bool) -> Any:
    row = insert_on(on_postgresql, Ballot.__table__)
    written = {name: row.excluded[name] for name in ("nonce", "choice", "commitment")}
    return row.on_conflict_do_update(index_elements=["question_id", "voter_tag"], set_=written)


def _remove(session: Session, question: QuestionPlace | Row[Any], participant: UUID, keys: KeyFolder) -> bool:
    """Delete entry and ballot, the entry first: who waits for it sees both or neither."""
    entry = delete(RollEntry).where(RollEntry.question_id == question.id, RollEntry.participant_id == participant)
    if not affected(session, entry):
        return False
    tag = keys.tag(contest=question.contest, question=question.slug, participant_id=participant)
    gone = delete(Ballot).where(Ballot.question_id == question.id, Ballot.voter_tag == tag)
    promise = session.execute(gone.returning(Ballot.commitment)).scalar_one_or_none()
    if promise is not None:
        _tell_log(session, question, void=promise)
    return True


def _tell_log(
    session: Session, question: QuestionPlace | Row[Any], *, void: bytes | None, cast: bytes | None = None
) -> None:
    """Let the next batch of the log know what is cast now and what counts no more.

    What was cast and still waits simply vanishes; whoever writes a batch meanwhile holds its row, so it is waited for.
    """
    if question.log_key is None:
        return
    leaves = [(cast, LeafKind.CAST)] if cast is not None else []
    if void is not None and not _vanishes(session, question.id, void):
        leaves.append((void, LeafKind.VOID))
    if leaves:
        rows = [{"question_id": question.id, "commitment": promise, "kind": kind} for promise, kind in leaves]
        session.connection().execute(_waiting(), rows)


def _vanishes(session: Session, question_id: int, promise: bytes) -> bool:
    return bool(run(session, _vanishing(), question=question_id, promise=promise, kind=LeafKind.CAST).rowcount)


@lru_cache(maxsize=1)
def _vanishing() -> Any:
    mine = (PendingLeaf.question_id == bindparam("question"), PendingLeaf.commitment == bindparam("promise"))
    return delete(PendingLeaf).where(*mine, PendingLeaf.kind == bindparam("kind"))


@lru_cache(maxsize=1)
def _waiting() -> Any:
    return insert(PendingLeaf)
