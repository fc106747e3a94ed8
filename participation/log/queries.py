"""Reading logs: what is due, checkpoints, proofs, and which keys do not fit their contests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Person
from participation.audiences.facts import Role
from participation.audiences.models import Participant
from participation.audiences.queries import audiences_where
from participation.foundation.paging import Page, cut
from participation.log.facts import Found, NoLog, NoReceipts, NoSuchContest, ReceiptsOver
from participation.log.logic import Slip
from participation.log.models import Checkpoint, LogLeaf
from participation.voting.facts import NoBallot, NoSuchQuestion
from participation.voting.keys import KeyFolder
from participation.voting.ledger import LeafKind, LogUnsound, cast_leaf, kept, receipt, void_leaf
from participation.voting.merkle import Tree
from participation.voting.models import Ballot, Contest, PendingLeaf, Question, RollEntry
from participation.voting.notes import NoteUnsound, Proof, Verifier, open_checkpoint, prove
from participation.windows.facts import State, WindowClosed, WindowNotPublished, WindowTimes, why_shut
from participation.windows.models import Window

PAGE_SIZE = 50
TIMES = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)

_trees: dict[str, Tree] = {}
"""The log of each contest as a tree, by its key; it grows with the log, since leaves never change."""
_growing = Lock()


@dataclass(frozen=True)
class CheckpointLine:
    """A signed state of the log."""

    size: int
    signed_at: datetime


@dataclass(frozen=True)
class LogHead:
    """What everybody may know of the log of a contest."""

    contest_id: int
    slug: str
    log_key: str
    origin: str
    receipts: bool
    state: State
    ends_at: datetime
    anonymous_at: datetime | None


@dataclass(frozen=True)
class Receipt:
    """What a voter keeps of a ballot, with the proof as soon as a checkpoint covers it."""

    contest: str
    question: str
    home: str
    title: dict[str, str]
    text: str
    """Canonical JSON: contest, question, check number, nonce and choice."""
    proof: str | None


@dataclass(frozen=True)
class Finding:
    """What checking a receipt found, and the proof where it is included."""

    found: Found
    slip: Slip
    title: dict[str, str] | None = None
    place: int | None = None
    """Which entry of the log it is, counted from one."""
    size: int | None = None
    signed_at: datetime | None = None
    proof: str | None = None
    """It names contest, question and check number, so that it can be checked by itself; never the choice."""

    @property
    def entry(self) -> str:
        """What stands in the log for the ballot, letter by letter."""
        return cast_leaf(self.slip.commitment).decode()


@dataclass(frozen=True)
class ToMail:
    """A checkpoint that goes to the witnesses."""

    contest_id: int
    slug: str
    log_key: str
    size: int
    note: str
    is_last: bool


@dataclass(frozen=True)
class SampleLine:
    """Somebody who took part, for the audit office; the address is None once they are erased."""

    participant_id: UUID
    kind: str
    email: str | None


def with_waiting(session: Session) -> list[int]:
    """Return the contests on which something waits for the log."""
    waiting = select(Question.contest_id).join(PendingLeaf, PendingLeaf.question_id == Question.id).distinct()
    return sorted(session.execute(waiting).scalars())


def to_make_anonymous(session: Session, *, objection: timedelta, now: datetime, keys: KeyFolder) -> list[int]:
    """Return the contests whose objection period is over and whose tags or key are still there."""
    over = (
        select(Contest.id, Contest.slug, Contest.anonymous_at)
        .join(Window, Window.id == Contest.window_id)
        .where(Window.closed_at <= now - objection, Contest.rules_sha256.is_not(None))
        .order_by(Contest.id)
    )
    there = keys.contests()
    return [row.id for row in session.execute(over) if row.anonymous_at is None or row.slug in there]


def last_checkpoints(session: Session) -> list[tuple[str, int, str]]:
    """Return slug, size and note of the last checkpoint of each log."""
    size = _of_contest(func.max)
    newest = (
        select(Contest.slug, Checkpoint.size, Checkpoint.note)
        .join(Checkpoint, Checkpoint.contest_id == Contest.id)
        .where(Checkpoint.size == size)
    )
    return [(row.slug, row.size, row.note) for row in session.execute(newest.order_by(Contest.id))]


def _of_contest(which: Any) -> ScalarSelect[int]:
    signed = aliased(Checkpoint)
    return select(which(signed.size)).where(signed.contest_id == Contest.id).correlate(Contest).scalar_subquery()


def size_of(checkpoint: str) -> int:
    """Return how large the log is that a checkpoint of ours signs."""
    return int(checkpoint.split("\n")[1])


def checkpoints_to_mail(session: Session, *, since: datetime) -> list[ToMail]:
    """Return the first checkpoint of each log, and the last one of what is closed, signed or closed since then."""
    first, last = _of_contest(func.min), _of_contest(func.max)
    rows = session.execute(
        select(
            Contest.id,
            Contest.slug,
            Contest.log_key,
            Checkpoint.size,
            Checkpoint.note,
            (Checkpoint.size == first).label("is_first"),
            ((Checkpoint.size == last) & Window.closed_at.is_not(None)).label("is_last"),
        )
        .join(Checkpoint, Checkpoint.contest_id == Contest.id)
        .join(Window, Window.id == Contest.window_id)
        # The last one may be older than the close, where nothing waited for it.
        .where(or_(Checkpoint.signed_at >= since, Window.closed_at >= since))
        .order_by(Contest.id, Checkpoint.size)
    )
    return [
        ToMail(row.id, row.slug, row.log_key or "", row.size, row.note, bool(row.is_last))
        for row in rows
        if row.is_first or row.is_last
    ]


def key_gaps(session: Session, *, keys: KeyFolder) -> list[str]:
    """Return what does not fit between the contests and the folder of keys, one sentence each."""
    return [*_lost_keys(session, keys), *_keys_of_nothing(session, keys)]


def _lost_keys(session: Session, keys: KeyFolder) -> Iterator[str]:
    there, signing = keys.contests(), keys.signed_contests()
    frozen = select(Contest.slug, Contest.log_key, Contest.anonymous_at).where(Contest.rules_sha256.is_not(None))
    for slug, log_key, anonymous_at in session.execute(frozen.order_by(Contest.id)):
        if anonymous_at is None and slug not in there:
            yield f"contest {slug} lacks its key: its ballots can be neither changed nor withdrawn"
        if anonymous_at is not None and slug in there:
            yield f"contest {slug} is called anonymous, but its key is still there"
        if log_key is not None and slug not in signing:
            yield f"contest {slug} lacks its signing key: its log cannot be continued or closed"


def _keys_of_nothing(session: Session, keys: KeyFolder) -> Iterator[str]:
    known = set(session.execute(select(Contest.slug)).scalars())
    for slug in sorted((keys.contests() | keys.signed_contests()) - known):
        yield f"key {slug} belongs to no contest here: taken back, or the key of another database"


def contest_id_of(session: Session, slug: str) -> int | None:
    """Return the contest of a name."""
    return session.execute(select(Contest.id).where(Contest.slug == slug)).scalar_one_or_none()


def participants_of(session: Session, *, contest_id: int) -> list[UUID]:
    """Return everybody on the roll of a contest, once each."""
    entered = select(RollEntry.participant_id).join(Question, Question.id == RollEntry.question_id)
    return list(session.execute(entered.where(Question.contest_id == contest_id).distinct()).scalars())


def sample_lines(session: Session, participant_ids: Sequence[UUID]) -> list[SampleLine]:
    """Return who these participants are."""
    named = select(Participant.id, Participant.kind, Person.email).outerjoin(Person, Person.id == Participant.person_id)
    rows = session.execute(named.where(Participant.id.in_(participant_ids)).order_by(Participant.id))
    return [SampleLine(row.id, row.kind, row.email) for row in rows]


@dataclass(frozen=True)
class AuditLine:
    """A closed contest whose roll somebody may audit."""

    id: int
    slug: str
    title: dict[str, str]
    closed_at: datetime
    roll: int
    """People on its roll, each once."""


def audited_contests(session: Session, *, person_id: UUID, now: datetime) -> list[AuditLine]:
    """Return the closed contests whose roll a person may audit, the last closed first."""
    roll = select(func.count(RollEntry.participant_id.distinct())).join(Question, Question.id == RollEntry.question_id)
    people = roll.where(Question.contest_id == Contest.id).correlate(Contest).scalar_subquery()
    closed = (
        select(Contest.id, Contest.slug, Contest.rules, Window.closed_at, people.label("people"))
        .join(Window, Window.id == Contest.window_id)
        .where(
            Window.closed_at.is_not(None),
            Window.audience_id.in_(audiences_where(person_id=person_id, role=Role.AUDIT, now=now)),
        )
        .order_by(Window.closed_at.desc(), Contest.id.desc())
    )
    return [
        AuditLine(row.id, row.slug, (row.rules or {}).get("title") or {"de": row.slug}, row.closed_at, row.people)
        for row in session.execute(closed)
    ]


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def log_head(session: Session, *, contest: str, now: datetime) -> LogHead:
    """Return the log of a published contest.

    :raises NoSuchContest: if there is none that anybody may know of
    :raises NoLog: if it keeps none
    """
    found = session.execute(
        select(Contest.id, Contest.log_key, Contest.receipts, Contest.anonymous_at, *TIMES)
        .join(Window, Window.id == Contest.window_id)
        .where(Contest.slug == contest)
    ).one_or_none()
    if found is None or WindowTimes(*found[-4:]).state(now) is State.DRAFT:
        raise NoSuchContest()
    if found.log_key is None:
        raise NoLog()
    times = WindowTimes(*found[-4:])
    return LogHead(
        contest_id=found.id,
        slug=contest,
        log_key=found.log_key,
        origin=Verifier.of(found.log_key).name,
        receipts=found.receipts,
        state=times.state(now),
        ends_at=times.ends_at,
        anonymous_at=found.anonymous_at,
    )


def checkpoints(
    session: Session, *, contest_id: int, before: int | None, size: int = PAGE_SIZE
) -> Page[CheckpointLine]:
    """Return a page of checkpoints, the newest first."""
    lines = select(Checkpoint.size, Checkpoint.signed_at).where(Checkpoint.contest_id == contest_id)
    if before is not None:
        lines = lines.where(Checkpoint.size < before)
    rows = session.execute(lines.order_by(Checkpoint.size.desc()).limit(size + 1))
    return cut([CheckpointLine(*row) for row in rows], size, key=lambda line: line.size)


def checkpoint_note(session: Session, *, contest_id: int, size: int) -> str | None:
    """Return a checkpoint as it was signed, or None."""
    one = select(Checkpoint.note).where(Checkpoint.contest_id == contest_id, Checkpoint.size == size)
    return session.execute(one).scalar_one_or_none()


def own_receipt(
    session: Session, *, contest: str, question: str, person_id: UUID, now: datetime, keys: KeyFolder
) -> Receipt:
    """Return the receipt of a person's own ballot, for them alone and only until the close.

    :raises NoSuchQuestion: if there is none
    :raises NoReceipts: if the rules offer none
    :raises ReceiptsOver: once the vote is over
    :raises WindowNotOpenYet: before it begins
    :raises NoBallot: if they did not vote
    :raises KeyLost: if the contest's key is not there
    """
    asked = session.execute(_asked(contest, question)).one_or_none()
    if asked is None:
        raise NoSuchQuestion()
    reason = why_shut(WindowTimes(*asked[-4:]), now)
    if isinstance(reason, WindowNotPublished):
        raise reason
    if not asked.receipts or asked.log_key is None:
        raise NoReceipts()
    if isinstance(reason, WindowClosed):
        raise ReceiptsOver(**reason.values)
    if reason is not None:
        raise reason
    ballot = _own_ballot(session, asked, person_id, keys)
    text = receipt(contest=contest, question=question, nonce=ballot.nonce, choice=ballot.choice)
    proof = _proof(session, asked.contest_id, asked.log_key, ballot.commitment, text)
    return Receipt(contest, question, asked.home, asked.title, text, proof[0].text if proof else None)


def check_receipt(session: Session, *, head: LogHead, text: str) -> Finding:
    """Say what the log knows of a receipt.

    :raises ReceiptUnreadable: if the text is none
    """
    slip = Slip.of(text)
    if slip.contest != head.slug:
        return Finding(Found.ELSEWHERE, slip)
    titled = select(Question.id, Question.title).where(Question.contest_id == head.contest_id)
    question = session.execute(titled.where(Question.slug == slip.question)).one_or_none()
    if question is None or not slip.fits:
        return Finding(Found.CHANGED, slip)
    proof = _proof(session, head.contest_id, head.log_key, slip.commitment, slip.bare)
    if proof is None:
        found = Found.WAITING if _waits(session, question.id, slip.commitment) else Found.UNKNOWN
        return Finding(found, slip, question.title)
    found = Found.VOID if _index(session, head.contest_id, void_leaf(slip.commitment)) is not None else Found.INCLUDED
    place, size, signed_at = proof[0].index + 1, proof[1].size, proof[1].signed_at
    return Finding(found, slip, question.title, place, size, signed_at, proof[0].text)


def _asked(contest: str, question: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Question.id,
            Question.slug,
            Question.home,
            Question.title,
            Question.contest_id,
            Contest.slug.label("contest"),
            Contest.receipts,
            Contest.log_key,
            Window.audience_id,
            *TIMES,
        )
        .join(Contest, Contest.id == Question.contest_id)
        .join(Window, Window.id == Contest.window_id)
        .where(Contest.slug == contest, Question.slug == question)
    )


def _own_ballot(session: Session, asked: Row[Any], person_id: UUID, keys: KeyFolder) -> Row[bytes, str, bytes]:
    me = select(Participant.id).where(Participant.audience_id == asked.audience_id, Participant.person_id == person_id)
    participant = session.execute(me).scalar_one_or_none()
    if participant is None:
        raise NoBallot()
    tag = keys.tag(contest=asked.contest, question=asked.slug, participant_id=participant)
    mine = select(Ballot.nonce, Ballot.choice, Ballot.commitment)
    found = session.execute(mine.where(Ballot.question_id == asked.id, Ballot.voter_tag == tag)).one_or_none()
    if found is None:
        raise NoBallot()
    return found


def _proof(
    session: Session, contest_id: int, log_key: str, promise: bytes, extra: str
) -> tuple[Proof, Checkpoint] | None:
    """Return the proof that a cast stands in the log, under the newest checkpoint; None while it does not."""
    index = _index(session, contest_id, cast_leaf(promise))
    newest = select(Checkpoint).where(Checkpoint.contest_id == contest_id).order_by(Checkpoint.size.desc()).limit(1)
    last = session.execute(newest).scalar_one_or_none()
    if index is None or last is None:
        return None
    tree = _tree(session, contest_id, log_key, last)
    return prove(tree, index=index, checkpoint=last.note, extra=extra.encode()), last


def _index(session: Session, contest_id: int, leaf: bytes) -> int | None:
    place = select(LogLeaf.index).where(LogLeaf.contest_id == contest_id, LogLeaf.leaf == leaf)
    return session.execute(place).scalar_one_or_none()


def _waits(session: Session, question_id: int, promise: bytes) -> bool:
    waiting = select(PendingLeaf.kind).where(
        PendingLeaf.question_id == question_id,
        PendingLeaf.commitment == promise,
        PendingLeaf.kind == LeafKind.CAST,
    )
    return session.execute(waiting).first() is not None


def _tree(session: Session, contest_id: int, log_key: str, last: Checkpoint) -> Tree:
    """Return the tree of a log up to its last checkpoint at least; built anew where the one in memory is another."""
    root = open_checkpoint(last.note, Verifier.of(log_key)).root
    with _growing:
        tree = _grown(session, contest_id, _trees.get(log_key) or Tree())
        if tree.size < last.size or tree.root(last.size) != root:
            tree = _grown(session, contest_id, Tree())
        _trees[log_key] = tree
        return tree


def _grown(session: Session, contest_id: int, tree: Tree) -> Tree:
    more = select(LogLeaf.leaf).where(LogLeaf.contest_id == contest_id, LogLeaf.index >= tree.size)
    tree.extend(bytes(leaf) for leaf in session.execute(more.order_by(LogLeaf.index)).scalars())
    return tree


# ── Recounting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def logs_that_differ(session: Session) -> Iterator[str]:
    """Return what does not fit between logs, checkpoints and ballots, one sentence each."""
    kept_logs = select(Contest.id, Contest.slug, Contest.log_key, Contest.rules, Window.closed_at)
    joined = kept_logs.join(Window, Window.id == Contest.window_id).where(Contest.log_key.is_not(None))
    for row in session.execute(joined.order_by(Contest.id)).all():
        name = f"contest {row.slug}"
        if (row.rules or {}).get("log_key") != row.log_key:
            yield f"{name}: the key of the log is not that of the rules"
        leaves = list(_leaves(session, row.id))
        if [index for index, _ in leaves] != list(range(len(leaves))):
            yield f"{name}: the log has gaps"
            continue
        log = [leaf for _, leaf in leaves]
        yield from _checkpoints_that_differ(session, name, row, log)
        yield from _ballots_not_in_log(session, name, row.id, log)


def _leaves(session: Session, contest_id: int) -> Iterator[tuple[int, bytes]]:
    lines = select(LogLeaf.index, LogLeaf.leaf).where(LogLeaf.contest_id == contest_id).order_by(LogLeaf.index)
    return ((index, bytes(leaf)) for index, leaf in session.execute(lines))


def _checkpoints_that_differ(session: Session, name: str, row: Row[Any], log: list[bytes]) -> Iterator[str]:
    tree, verifier, last = Tree(log), Verifier.of(row.log_key), None
    signed = select(Checkpoint.size, Checkpoint.note).where(Checkpoint.contest_id == row.id).order_by(Checkpoint.size)
    for size, note in session.execute(signed):
        last = size
        try:
            checkpoint = open_checkpoint(note, verifier)
        except NoteUnsound:
            yield f"{name}: the checkpoint of {size} is not signed by the contest's key"
            continue
        if checkpoint.size != size or size > tree.size or tree.root(size) != checkpoint.root:
            yield f"{name}: the log is not that of its checkpoint of {size}"
    if last != (len(log) or None) and not (last == 0 and not log):
        yield f"{name}: the last checkpoint is of {last}, but the log has {len(log)} entries"
    if row.closed_at is not None and last is None:
        yield f"{name}: closed without a last checkpoint"


def _ballots_not_in_log(session: Session, name: str, contest_id: int, log: list[bytes]) -> Iterator[str]:
    try:
        standing = kept(log)
    except LogUnsound as wrong:
        yield f"{name}: {wrong}"
        return
    mine = Question.contest_id == contest_id
    waiting = select(PendingLeaf.kind, PendingLeaf.commitment).join(Question, Question.id == PendingLeaf.question_id)
    for kind, promise in session.execute(waiting.where(mine)):
        (standing.add if kind == LeafKind.CAST else standing.discard)(bytes(promise))
    ballots = select(Ballot.commitment).join(Question, Question.id == Ballot.question_id).where(mine)
    cast = {bytes(promise) for promise in session.execute(ballots).scalars()}
    for promise in sorted(cast - standing):
        yield f"{name}: ballot {promise.hex()[:16]} is not in the log"
    for promise in sorted(standing - cast):
        yield f"{name}: ballot {promise.hex()[:16]} is in the log, but not there"
