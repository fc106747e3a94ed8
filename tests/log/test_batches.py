"""What waits is written in batches among which nobody stands out, each with a signed checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.letters.models import Letter
from participation.log.commands import keep_copies, mail_checkpoints, write_batch
from participation.log.facts import FEWEST, PAUSE, LogBroken
from participation.log.models import Checkpoint
from participation.voting.commands import cast_ballot, forget, withdraw_ballot
from participation.voting.facts import Choice, SigningKeyLost
from participation.voting.keys import KeyFolder
from participation.voting.ledger import kept
from participation.voting.merkle import Tree, leaf_hash
from participation.voting.models import Ballot, Contest
from participation.voting.notes import Verifier, open_checkpoint
from tests.crowds import in_threads
from tests.tampering import without_triggers
from tests.world import RoundWords, a_citizen
from tests.world.log import checkpoints_of, close_vote, enough_votes, leaves_of, waiting
from tests.world.voting import a_vote


def batch(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> int | None:
    return write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)


def commitments(session: Session) -> set[bytes]:
    session.rollback()
    return {bytes(one) for one in session.execute(select(Ballot.commitment)).scalars()}


def test_a_vote_waits_and_changing_or_withdrawing_it_leaves_no_trace(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    assert waiting(session) == [("cast", *commitments(session))]
    a_vote(session, round, keys=keys, clock=clock, who=who, choice=Choice.AGAINST)
    assert waiting(session) == [("cast", *commitments(session))]
    a_vote(session, round, keys=keys, clock=clock, who=who, choice=Choice.AGAINST)
    assert len(waiting(session)) == 1
    withdraw_ballot(session, question_id=round.question_id, who=who, keys=keys, clock=clock)
    assert waiting(session) == []


def test_what_is_logged_and_changes_leaves_a_void(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    first, second, third, *_ = enough_votes(session, round, keys=keys, clock=clock)
    assert batch(session, round, keys, clock) == FEWEST
    logged = commitments(session)
    a_vote(session, round, keys=keys, clock=clock, who=first, choice=Choice.AGAINST)
    withdraw_ballot(session, question_id=round.question_id, who=second, keys=keys, clock=clock)
    forget(session, third.person_id, clock, keys)
    now = commitments(session)
    assert waiting(session) == sorted(
        [*(("cast", new) for new in now - logged), *(("void", gone) for gone in logged - now)]
    )
    assert len(logged - now) == 3


def test_forty_nine_wait_and_fifty_are_written(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    voters = [a_vote(session, round, keys=keys, clock=clock) for _ in range(FEWEST - 1)]
    for who in voters:
        other = round.subjects[1].question_id
        cast_ballot(session, question_id=other, who=who, choice=Choice.FOR, keys=keys, clock=clock)
    assert batch(session, round, keys, clock) is None
    a_vote(session, round, keys=keys, clock=clock)
    assert batch(session, round, keys, clock) == FEWEST
    assert len(waiting(session)) == FEWEST - 1, "the other question still waits"


def test_a_batch_says_nothing_of_the_order_of_voting(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    batch(session, round, keys, clock)
    leaves = leaves_of(session, round)
    assert leaves == sorted(leaves, key=leaf_hash)


def test_ten_minutes_lie_between_two_batches(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    assert batch(session, round, keys, clock) == FEWEST
    enough_votes(session, round, keys=keys, clock=clock)
    clock.advance(PAUSE - timedelta(seconds=1))
    assert batch(session, round, keys, clock) is None
    clock.advance(timedelta(seconds=1))
    assert batch(session, round, keys, clock) == 2 * FEWEST


def test_each_checkpoint_is_signed_and_of_the_tree(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    for _ in range(2):
        enough_votes(session, round, keys=keys, clock=clock)
        batch(session, round, keys, clock)
        clock.advance(PAUSE)
    contest = session.get_one(Contest, round.contest_id)
    assert contest.rules is not None and contest.rules["log_key"] == contest.log_key
    verifier = Verifier.of(contest.log_key or "")
    assert verifier.name == f"beteiligung.example/abstimmungen/{round.slug}" == contest.rules["origin"]
    tree = Tree(leaves_of(session, round))
    for checkpoint in checkpoints_of(session, round):
        signed = open_checkpoint(checkpoint.note, verifier)
        assert (signed.size, signed.root) == (checkpoint.size, tree.root(checkpoint.size))
    assert kept(leaves_of(session, round)) == commitments(session)


def test_many_workers_at_once_write_one_batch(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    sizes = in_threads(crowd, [lambda own: batch(own, round, keys, clock)] * 8)
    assert sorted(sizes, key=str) == [FEWEST, *[None] * 7]


def test_votes_changed_while_batches_are_written_are_all_in_the_log_at_the_end(
    session: Session, crowd: Engine, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    voters = enough_votes(session, round, keys=keys, clock=clock)

    def change(number: int) -> Callable[[Session], object]:
        who, choice = voters[number % len(voters)], list(Choice)[number // len(voters) % 3]
        return lambda own: cast_ballot(
            own, question_id=round.question_id, who=who, choice=choice, keys=keys, clock=clock
        )

    def write(own: Session) -> object:
        clock.advance(PAUSE)
        return batch(own, round, keys, clock)

    acts = [write if number % 12 == 0 else change(number) for number in range(240)]
    assert [one for one in in_threads(crowd, acts, threads=16) if isinstance(one, Exception)] == []
    close_vote(session, round, keys=keys, clock=clock)
    assert kept(leaves_of(session, round)) == commitments(session)
    assert len(commitments(session)) == FEWEST


# ── Signing is refused ────────────────────────────────────────────────────────────────────────────────────────────────
def test_without_the_signing_key_nothing_is_written_and_nothing_lost(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    file = keys.path / f"{round.slug}.signing-key"
    before = file.read_bytes()
    for content in (None, b"x" * 32):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(SigningKeyLost):
            batch(session, round, keys, clock)
    assert len(waiting(session)) == FEWEST
    file.write_bytes(before)
    assert batch(session, round, keys, clock) == FEWEST


def test_a_log_that_was_changed_is_not_continued(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    batch(session, round, keys, clock)
    with without_triggers(session):
        session.execute(update(Checkpoint).values(peaks=bytes(32 * 3)))
    enough_votes(session, round, keys=keys, clock=clock)
    clock.advance(PAUSE)
    with pytest.raises(LogBroken):
        batch(session, round, keys, clock)


def test_a_database_set_back_signs_no_second_history(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    batch(session, round, keys, clock)
    assert (keep_copies(session, keys=keys), keep_copies(session, keys=keys)) == (1, 0)
    assert keys.kept_checkpoint(round.slug) == checkpoints_of(session, round)[0].note
    with without_triggers(session):
        session.execute(delete(Checkpoint))
    enough_votes(session, round, keys=keys, clock=clock)
    clock.advance(PAUSE)
    with pytest.raises(LogBroken):
        batch(session, round, keys, clock)


# ── Witnesses ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_first_and_the_last_checkpoint_are_mailed_once_to_each_witness(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    witnesses = ("rat@example.org", "pruefung@example.org")
    for _ in range(3):
        enough_votes(session, round, keys=keys, clock=clock)
        batch(session, round, keys, clock)
        mail_checkpoints(session, witnesses=witnesses, clock=clock)
        clock.advance(PAUSE)
    a_vote(session, round, keys=keys, clock=clock, who=a_citizen(session))
    close_vote(session, round, keys=keys, clock=clock)
    for _ in range(2):
        mail_checkpoints(session, witnesses=witnesses, clock=clock)
    notes = [letter.facts["note"] for letter in session.execute(select(Letter).order_by(Letter.id)).scalars()]
    first, *_, last = (checkpoint.note for checkpoint in checkpoints_of(session, round))
    assert notes == [first, first, last, last]
    assert session.execute(select(func.count()).select_from(Letter)).scalar_one() == 4


def test_the_last_checkpoint_is_mailed_at_the_close_however_old_it_is(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    witnesses = ("rat@example.org",)
    for _ in range(2):
        enough_votes(session, round, keys=keys, clock=clock)
        batch(session, round, keys, clock)
        mail_checkpoints(session, witnesses=witnesses, clock=clock)
        clock.advance(PAUSE)
    clock.advance(timedelta(days=9))
    close_vote(session, round, keys=keys, clock=clock)
    mail_checkpoints(session, witnesses=witnesses, clock=clock)
    notes = [letter.facts["note"] for letter in session.execute(select(Letter).order_by(Letter.id)).scalars()]
    assert notes == [checkpoint.note for checkpoint in checkpoints_of(session, round)]
