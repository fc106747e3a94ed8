"""Writing the log of a contest: batches of what waits, signed checkpoints, the close, and cutting the link to people.

Doors come first, then the row of the contest: whoever holds it is the one who signs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, why_not_act
from participation.foundation.clock import Clock
from participation.foundation.db import is_postgresql, transaction
from participation.foundation.facts import Fact
from participation.foundation.lots import draw
from participation.journal.commands import note
from participation.letters.commands import post_letter
from participation.log import queries
from participation.log.facts import FEWEST, PAUSE, LogBroken, NoLog, RollStillOpen, SampleUnfounded, StillContestable
from participation.log.models import Checkpoint, LogLeaf
from participation.voting.facts import SigningKeyLost
from participation.voting.keys import KeyFolder
from participation.voting.ledger import LeafKind, batch_order, cast_leaf, void_leaf
from participation.voting.merkle import Tree
from participation.voting.models import Ballot, Contest, PendingLeaf, Question
from participation.voting.notes import LogForked, Signer, Verifier, grow_checkpoint
from participation.windows.commands import hold_door, take_doors, write_closed
from participation.windows.queries import audience_of, times_of

AT_A_TIME = 1000
"""Rows per INSERT."""

HASH_BYTES = 32

WRITTEN_ANEW = {
    "roll_entry": ("question_id", "participant_id", "took_part_on"),
    "ballot": ("question_id", "voter_tag", "nonce", "choice", "commitment", "kind"),
}
"""Tables that are written anew at the close, with their columns; the first two are the primary key."""

LETTER = "log/letters/checkpoint"
LETTERS_FOR = timedelta(days=7)
"""So long after its signature a checkpoint is still mailed; letters are deleted after three months."""


# ── While a vote runs ─────────────────────────────────────────────────────────────────────────────────────────────────
def write_due(session: Session, *, keys: KeyFolder, witnesses: Sequence[str], clock: Clock) -> list[tuple[int, Fact]]:
    """Write the batches that are due, lay copies into the second place, and mail first and last checkpoints.

    :returns: the contests whose log could not be continued, and why; they stop none of the others
    """
    troubles = []
    for contest_id in queries.with_waiting(session):
        try:
            write_batch(session, contest_id=contest_id, keys=keys, clock=clock)
        except Fact as fact:
            troubles.append((contest_id, fact))
    keep_copies(session, keys=keys)
    mail_checkpoints(session, witnesses=witnesses, clock=clock)
    return troubles


def write_batch(session: Session, *, contest_id: int, keys: KeyFolder, clock: Clock) -> int | None:
    """Append what waits, if enough does and the last batch is long enough ago; return the log's new size, or None.

    Only questions on which fifty casts wait are written. A participant has one such cast at most on a question, so
    these are fifty people, among whom nobody stands out. All others wait on, at the longest until the close.

    :raises SigningKeyLost: if the key is not there or is another
    :raises LogBroken: if the log does not continue what was signed last
    """
    with transaction(session):
        contest = session.get_one(Contest, contest_id)
        now = hold_door(session, contest.window_id, clock)
        last = _be_the_signer(session, contest)
        if contest.log_key is None or times_of(session, contest.window_id).closed_at is not None:
            return None
        if last is not None and now < last.signed_at + PAUSE:
            return None
        leaves = _take_ripe(session, contest_id)
        return _append(session, contest, last, leaves, keys=keys, now=now).size if leaves else None


def keep_copies(session: Session, *, keys: KeyFolder) -> int:
    """Lay the last checkpoint of each log into the second place, where it is not yet; return how many were new.

    A copy is only ever replaced by a larger checkpoint.
    """
    new = 0
    for slug, size, signed in queries.last_checkpoints(session):
        kept = keys.kept_checkpoint(slug)
        if kept is None or queries.size_of(kept) < size:
            keys.keep_checkpoint(slug, signed)
            new += 1
    session.rollback()
    return new


def mail_checkpoints(session: Session, *, witnesses: Sequence[str], clock: Clock) -> None:
    """Put letters with the first and the last checkpoint of each contest into the outbox, once for each address."""
    if not witnesses:
        return
    with transaction(session):
        now = clock()
        for line in queries.checkpoints_to_mail(session, since=now - LETTERS_FOR):
            facts = {"slug": line.slug, "size": line.size, "note": line.note, "key": line.log_key, "last": line.is_last}
            about = f"checkpoint:{line.contest_id}:{line.size}:{'last' if line.is_last else 'first'}"
            for address in witnesses:
                post_letter(
                    session, template=LETTER, to_address=address, language="de", about=about, now=now, facts=facts
                )


# ── The close ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def close_windows(session: Session, ends: Mapping[int, datetime], *, keys: KeyFolder, now: datetime) -> None:
    """Write down that windows are over, after finishing what was voted on in them.

    To be called with all these doors taken. Of each contest that is not closed yet the rest of the log is appended
    and its last checkpoint signed; then roll and ballots are written anew in the order of their keys, so that neither
    transaction ids nor the order of rows tell who cast which ballot. From ``closed_at`` on triggers refuse changes.

    :param ends: when each window ended
    :raises SigningKeyLost: if the key is not there or is another
    :raises LogBroken: if the log does not continue what was signed last
    """
    for window_id, ended_at in sorted(ends.items()):
        contest = _open_contest_of(session, window_id)
        if contest is not None:
            _finish_log(session, contest, keys=keys, now=now)
            _write_anew(session, contest.id)
        write_closed(session, window_id, ended_at)


def _open_contest_of(session: Session, window_id: int) -> Contest | None:
    if times_of(session, window_id).closed_at is not None:
        return None
    return session.execute(select(Contest).where(Contest.window_id == window_id)).scalar_one_or_none()


def _finish_log(session: Session, contest: Contest, *, keys: KeyFolder, now: datetime) -> None:
    if contest.log_key is None:
        return
    last = _be_the_signer(session, contest)
    leaves = _take_all(session, contest.id)
    if leaves or last is None:
        _append(session, contest, last, leaves, keys=keys, now=now)


def _write_anew(session: Session, contest_id: int) -> None:
    mine = "question_id IN (SELECT id FROM question WHERE contest_id = :contest)"
    for table, columns in WRITTEN_ANEW.items():
        names, kept = ", ".join(columns), f"kept_{table}"
        contest = {"contest": contest_id}
        session.execute(
            text(f"CREATE TEMPORARY TABLE {kept} AS SELECT {names} FROM {table} WHERE {mine}").bindparams(**contest)
        )
        session.execute(text(f"DELETE FROM {table} WHERE {mine}"), contest)
        in_order = ", ".join(columns[:2])
        session.execute(text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {kept} ORDER BY {in_order}"))
        session.execute(text(f"DROP TABLE {kept}"))
        if is_postgresql(session):
            # Else the count that follows is planned for a table of which nothing is known yet.
            session.execute(text(f"ANALYZE {table}"))


# ── After the objection period ────────────────────────────────────────────────────────────────────────────────────────
def make_due_anonymous(
    session: Session, *, objection: timedelta, keys: KeyFolder, clock: Clock
) -> tuple[list[int], list[tuple[int, Exception]]]:
    """Destroy keys and tags of the contests whose objection period is over.

    :returns: these, and the contests of which that failed, and why; they stop none of the others and stay due
    """
    done: list[int] = []
    troubles: list[tuple[int, Exception]] = []
    for contest_id in queries.to_make_anonymous(session, objection=objection, now=clock(), keys=keys):
        try:
            make_anonymous(session, contest_id=contest_id, objection=objection, by=None, keys=keys, clock=clock)
            done.append(contest_id)
        except (Fact, OSError, DBAPIError) as trouble:
            troubles.append((contest_id, trouble))
    return done, troubles


def make_anonymous(
    session: Session, *, contest_id: int, objection: timedelta, by: UUID | None, keys: KeyFolder, clock: Clock
) -> bool:
    """Destroy the key of a contest and all tags with it; say whether that happened now.

    The key goes first: where the rest fails, the page goes on saying »vertraulich«, which is less than is true.

    :param objection: how long after the close
    :param by: the official, or None where the worker acts
    :raises StillContestable: before that
    """
    with transaction(session):
        contest = session.get_one(Contest, contest_id, populate_existing=True)
        now, times = take_doors(session, [contest.window_id], clock)
        closed_at = times[contest.window_id].closed_at
        until = (closed_at or times[contest.window_id].closes_at) + objection
        if closed_at is None or now < until:
            raise StillContestable(until=until)
        there = keys.destroy(contest.slug)
        if contest.anonymous_at is not None:
            return False
        contest.anonymous_at = now
        session.flush()
        ballots = _forget_tags(session, contest_id)
        office_id = office_of(session, audience_of(session, contest.window_id))
        details = {"ballots": ballots, "key_was_there": there}
        about = f"contest:{contest_id}"
        note(session, act="log:made_anonymous", actor=by, office_id=office_id, about=about, now=now, details=details)
        return True


def _forget_tags(session: Session, contest_id: int) -> int:
    """Give each ballot a new tag at random, and return how many there are."""
    halves = func.uuid_send(func.gen_random_uuid()), func.uuid_send(func.gen_random_uuid())
    at_random = func.sha256(halves[0].concat(halves[1])) if is_postgresql(session) else func.randomblob(HASH_BYTES)
    mine = Ballot.question_id.in_(select(Question.id).where(Question.contest_id == contest_id))
    done = session.execute(
        update(Ballot).where(mine).values(voter_tag=at_random), execution_options={"synchronize_session": False}
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


# ── Audit ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def sample_roll(
    session: Session, *, contest_id: int, by: UUID, number: int, reason: str, seed: str, clock: Clock
) -> list[queries.SampleLine]:
    """Draw lots among all on the roll of a contest, so that the audit office can see whether they exist.

    The same seed draws the same people from the same roll (:mod:`participation.foundation.lots`, about
    ``<contest>/roll``), so whoever audits cannot pick. All of it stands in the journal but who was drawn.

    :param by: somebody who audits this audience or its office
    :param number: how many; all of them where there are fewer
    :param seed: one line that nobody could choose, such as the numbers of a lottery
    :raises NotEntitled: unless ``by`` does
    :raises SampleUnfounded: without a reason, or a seed of one line
    :raises RollStillOpen: before the vote is closed
    """
    reason, seed = reason.strip(), seed.strip()
    if not reason or len(seed.splitlines()) != 1:
        raise SampleUnfounded()
    with transaction(session):
        now, contest = clock(), session.get_one(Contest, contest_id)
        audience_id = audience_of(session, contest.window_id)
        why_not = why_not_act(session, person_id=by, role=Role.AUDIT, audience_id=audience_id, now=now)
        if why_not is not None:
            raise why_not
        if times_of(session, contest.window_id).closed_at is None:
            raise RollStillOpen()
        everybody = [str(one) for one in queries.participants_of(session, contest_id=contest_id)]
        drawn = draw(seed=seed, about=f"{contest.slug}/roll", names=everybody)[:number]
        details = {"drawn": len(drawn), "roll": len(everybody), "reason": reason, "seed": seed}
        office_id, about = office_of(session, audience_id), f"contest:{contest_id}"
        note(session, act="log:roll_sampled", actor=by, office_id=office_id, about=about, now=now, details=details)
        return queries.sample_lines(session, [UUID(one) for one in drawn])


# ── Parts of these ────────────────────────────────────────────────────────────────────────────────────────────────────
def _be_the_signer(session: Session, contest: Contest) -> Checkpoint | None:
    """Hold the contest so that nobody else signs, and return the last checkpoint as it is then."""
    session.execute(select(Contest.id).where(Contest.id == contest.id).with_for_update(key_share=True))
    newest = select(Checkpoint).where(Checkpoint.contest_id == contest.id).order_by(Checkpoint.size.desc()).limit(1)
    return session.execute(newest.execution_options(populate_existing=True)).scalar_one_or_none()


def _take_ripe(session: Session, contest_id: int) -> list[bytes]:
    """Take the leaves of questions on which enough casts wait. Those that somebody changes just now are passed over."""
    casts = (
        select(PendingLeaf.question_id)
        .join(Question, Question.id == PendingLeaf.question_id)
        .where(Question.contest_id == contest_id, PendingLeaf.kind == LeafKind.CAST)
        .group_by(PendingLeaf.question_id)
        .having(func.count() >= FEWEST)
    )
    ripe = session.execute(casts).scalars().all()
    if not ripe:
        return []
    rows = select(PendingLeaf.question_id, PendingLeaf.commitment, PendingLeaf.kind)
    held = rows.where(PendingLeaf.question_id.in_(ripe)).with_for_update(skip_locked=True)
    found = session.execute(held).all()
    left = Counter(row.question_id for row in found if row.kind == LeafKind.CAST)
    return _take(session, [row for row in found if left[row.question_id] >= FEWEST])


def _take_all(session: Session, contest_id: int) -> list[bytes]:
    questions = select(Question.id).where(Question.contest_id == contest_id)
    rows = select(PendingLeaf.question_id, PendingLeaf.commitment, PendingLeaf.kind)
    return _take(session, session.execute(rows.where(PendingLeaf.question_id.in_(questions))).all())


def _take(session: Session, rows: Sequence[Row[int, bytes, str]]) -> list[bytes]:
    if rows:
        one = delete(PendingLeaf).where(
            PendingLeaf.question_id == bindparam("question"),
            PendingLeaf.commitment == bindparam("promise"),
            PendingLeaf.kind == bindparam("of_kind"),
        )
        named = [{"question": row.question_id, "promise": row.commitment, "of_kind": row.kind} for row in rows]
        session.connection().execute(one, named)
    return [cast_leaf(row.commitment) if row.kind == LeafKind.CAST else void_leaf(row.commitment) for row in rows]


def _append(
    session: Session,
    contest: Contest,
    last: Checkpoint | None,
    leaves: Iterable[bytes],
    *,
    keys: KeyFolder,
    now: datetime,
) -> Checkpoint:
    """Append leaves in an order that tells nothing of time, and sign how the log is then."""
    _check_copy(session, contest, last, keys)
    size = last.size if last is not None else 0
    tree = Tree.resumed(size, _cut(last.peaks)) if last is not None else Tree()
    ordered = batch_order(leaves)
    tree.extend(ordered)
    try:
        signed = grow_checkpoint(signer_of(contest, keys), last=last.note if last is not None else None, tree=tree)
    except LogForked as forked:
        raise LogBroken() from forked
    rows = [{"contest_id": contest.id, "index": index, "leaf": leaf} for index, leaf in enumerate(ordered, size)]
    for start in range(0, len(rows), AT_A_TIME):
        session.execute(insert(LogLeaf), rows[start : start + AT_A_TIME])
    peaks = b"".join(tree.peaks())
    made = Checkpoint(contest_id=contest.id, size=tree.size, note=signed, peaks=peaks, signed_at=now)
    session.add(made)
    session.flush()
    return made


def _check_copy(session: Session, contest: Contest, last: Checkpoint | None, keys: KeyFolder) -> None:
    """See that the checkpoint in the second place is one of ours: a database set back would sign a second history."""
    kept = keys.kept_checkpoint(contest.slug)
    if kept is None:
        return
    ours = select(Checkpoint.note).where(Checkpoint.contest_id == contest.id, Checkpoint.note == kept)
    if last is None or session.execute(ours).first() is None:
        raise LogBroken()


def signer_of(contest: Contest, keys: KeyFolder) -> Signer:
    """Return who signs for a contest, under the name that was frozen with its rules.

    :raises NoLog: if the contest keeps none
    :raises SigningKeyLost: if the key is not there or is another
    """
    if contest.log_key is None:
        raise NoLog()
    signer = Signer(Verifier.of(contest.log_key).name, keys.signing_seed(contest.slug))
    if signer.verifier_key != contest.log_key:
        raise SigningKeyLost()
    return signer


def _cut(peaks: bytes) -> list[bytes]:
    return [peaks[start : start + HASH_BYTES] for start in range(0, len(peaks), HASH_BYTES)]
