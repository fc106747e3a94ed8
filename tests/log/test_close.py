"""At the close the log is finished, rows lie in the order of their keys, and from then on nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.foundation.db import is_postgresql, transaction
from participation.journal.models import JournalEntry
from participation.log import jobs as log_jobs
from participation.log.commands import make_anonymous, write_batch
from participation.log.facts import StillContestable
from participation.log.models import Checkpoint, LogLeaf
from participation.log.queries import key_gaps, to_make_anonymous
from participation.results.commands import count_round, recount
from participation.voting.facts import Choice, SigningKeyLost
from participation.voting.keys import KeyFolder
from participation.voting.ledger import kept
from participation.voting.models import Ballot, Contest, Option, PendingLeaf, Question, RollEntry
from participation.windows.commands import take_doors, write_closed
from participation.windows.models import Window
from tests.tampering import without_triggers
from tests.world import CLOSES, RoundWords, a_round
from tests.world.log import checkpoints_of, close_vote, enough_votes, leaves_of, waiting
from tests.world.voting import a_vote

OBJECTION = timedelta(weeks=4)


@pytest.fixture
def closed(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> RoundWords:
    """A round with three votes, closed."""
    for choice in Choice:
        a_vote(session, round, keys=keys, clock=clock, choice=choice)
    close_vote(session, round, keys=keys, clock=clock)
    return round


def test_the_close_writes_what_waits_and_signs_the_last_checkpoint(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    a_vote(session, round, keys=keys, clock=clock)
    close_vote(session, round, keys=keys, clock=clock)
    assert waiting(session) == []
    assert [checkpoint.size for checkpoint in checkpoints_of(session, round)] == [50, 51]
    assert kept(leaves_of(session, round)) == set(session.execute(select(Ballot.commitment)).scalars())


def test_a_vote_in_which_nobody_took_part_has_a_checkpoint_too(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    close_vote(session, round, keys=keys, clock=clock)
    close_vote(session, round, keys=keys, clock=clock)
    assert [checkpoint.size for checkpoint in checkpoints_of(session, round)] == [0]


def test_without_the_signing_key_nothing_is_closed(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(session, round, keys=keys, clock=clock)
    file = keys.path / f"{round.slug}.signing-key"
    file.rename(file.with_suffix(".away"))
    clock.at = CLOSES
    with pytest.raises(SigningKeyLost):
        count_round(session, round_id=round.id, by=None, keys=keys, clock=clock)
    assert session.execute(select(Window.closed_at)).scalars().all() == [None, None]
    file.with_suffix(".away").rename(file)
    count_round(session, round_id=round.id, by=None, keys=keys, clock=clock)
    assert recount(session) == []


def test_nobody_closes_around_the_log(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(session, round, keys=keys, clock=clock)
    with pytest.raises(DatabaseError, match="close_window_with_waiting_leaves"), transaction(session):
        take_doors(session, [round.vote_window_id], clock)
        write_closed(session, round.vote_window_id, clock())


# ── What a dump shows ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("table", "key"), [("roll_entry", "question_id, participant_id"), ("ballot", "question_id, voter_tag")]
)
def test_neither_transaction_nor_place_joins_roll_and_ballots(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, table: str, key: str
) -> None:
    voters = enough_votes(session, round, keys=keys, clock=clock)
    a_vote(session, round, keys=keys, clock=clock, who=voters[0], choice=Choice.AGAINST)
    by_place = text(f"SELECT {key} FROM {table} ORDER BY ctid")
    by_key = text(f"SELECT {key} FROM {table} ORDER BY {key}")
    transactions = text(f"SELECT count(DISTINCT xmin::text) FROM {table}")
    session.rollback()
    assert session.execute(by_place).all() != session.execute(by_key).all()
    assert session.execute(transactions).scalar_one() == len(voters)
    close_vote(session, round, keys=keys, clock=clock)
    assert session.execute(by_place).all() == session.execute(by_key).all()
    assert session.execute(transactions).scalar_one() == 1


# ── Nothing changes after the close ───────────────────────────────────────────────────────────────────────────────────
CHANGES: dict[str, Any] = {
    "roll_entry_insert": insert(RollEntry),
    "roll_entry_update": update(RollEntry).values(took_part_on=CLOSES.date()),
    "roll_entry_delete": delete(RollEntry),
    "ballot_insert": insert(Ballot),
    "ballot_update": update(Ballot).values(choice='"dagegen"'),
    "ballot_delete": delete(Ballot),
    "question_insert": insert(Question),
    "question_update": update(Question).values(title={"de": "Anders"}),
    "question_delete": delete(Question),
    "option_insert": insert(Option),
    "option_update": update(Option).values(label={"de": "Anders"}),
    "option_delete": delete(Option),
    "pending_leaf_insert": insert(PendingLeaf),
    "log_leaf_insert": insert(LogLeaf),
    "checkpoint_insert": insert(Checkpoint),
}


def _new_row(session: Session, closed: RoundWords, table: str) -> dict[str, Any]:
    somebody = session.execute(select(RollEntry.participant_id)).scalars().first()
    question, contest, title = closed.subjects[1].question_id, closed.contest_id, {"de": "Neu"}
    promise = {"commitment": b"c" * 32, "nonce": b"n" * 16, "choice": '"dafuer"', "kind": "account"}
    return {
        "roll_entry": {"question_id": question, "participant_id": somebody, "took_part_on": CLOSES.date()},
        "ballot": {"question_id": question, "voter_tag": b"t" * 32, **promise},
        "question": {"contest_id": contest, "slug": "neu", "home": "/", "position": 9, "title": title, "terms": {}},
        "option": {"question_id": question, "slug": "neu", "position": 9, "label": title},
        "pending_leaf": {"question_id": question, "commitment": b"c" * 32, "kind": "cast"},
        "log_leaf": {"contest_id": contest, "index": 99, "leaf": b"cast"},
        "checkpoint": {"contest_id": contest, "size": 99, "note": "", "peaks": b"", "signed_at": CLOSES},
    }[table]


@pytest.mark.parametrize("change", CHANGES)
def test_after_the_close_the_database_refuses(session: Session, closed: RoundWords, change: str) -> None:
    statement, table = CHANGES[change], change.removesuffix("_insert")
    if table != change:
        statement = statement.values(**_new_row(session, closed, table))
    with pytest.raises(DatabaseError, match=f"closed_{change}"), transaction(session):
        session.execute(statement)


def test_moving_a_ballot_out_of_a_closed_vote_is_refused_too(
    session: Session, closed: RoundWords, keys: KeyFolder
) -> None:
    other = a_round(session, keys=keys)
    for table in (Ballot, RollEntry):
        with pytest.raises(DatabaseError, match="closed_"), transaction(session):
            session.execute(update(table).values(question_id=other.question_id))


@pytest.mark.parametrize("table", ["log_leaf", "checkpoint"])
def test_the_log_only_grows(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, table: str
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    acts = {"update": f"UPDATE {table} SET contest_id = contest_id", "delete": f"DELETE FROM {table}"}
    if not is_postgresql(session):
        acts["replace_insert"] = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    for act, words in acts.items():
        with pytest.raises(DatabaseError, match=f"keep_{table}_{act}"), transaction(session):
            session.execute(text(words))


# ── Cutting the link ──────────────────────────────────────────────────────────────────────────────────────────────────
def _anonymous(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> bool:
    return make_anonymous(session, contest_id=round.contest_id, objection=OBJECTION, by=None, keys=keys, clock=clock)


def test_key_and_tags_go_together_after_the_objection_period(
    session: Session, closed: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    tags = select(Ballot.commitment, Ballot.voter_tag)
    before = dict(map(tuple, session.execute(tags).all()))
    clock.advance(OBJECTION - timedelta(seconds=1))
    with pytest.raises(StillContestable):
        _anonymous(session, closed, keys, clock)
    assert to_make_anonymous(session, objection=OBJECTION, now=clock(), keys=keys) == []
    clock.advance(timedelta(seconds=1))
    assert to_make_anonymous(session, objection=OBJECTION, now=clock(), keys=keys) == [closed.contest_id]
    assert _anonymous(session, closed, keys, clock)
    session.expire_all()
    after = dict(map(tuple, session.execute(tags).all()))
    assert after.keys() == before.keys()
    assert len({*before.values(), *after.values()}) == 6
    assert not (keys.path / f"{closed.slug}.key").exists()
    assert session.get_one(Contest, closed.contest_id).anonymous_at == clock()
    assert session.execute(select(JournalEntry.act)).scalars().all()[-1] == "log:made_anonymous"
    assert to_make_anonymous(session, objection=OBJECTION, now=clock(), keys=keys) == []
    assert not _anonymous(session, closed, keys, clock)
    assert recount(session) == []


def test_even_then_only_the_tag_may_change(
    session: Session, closed: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    clock.advance(OBJECTION)
    _anonymous(session, closed, keys, clock)
    changes: list[dict[str, Any]] = [{"choice": '"dagegen"'}, {"nonce": b"x" * 16}, {"kind": "paper"}]
    for change in changes:
        with pytest.raises(DatabaseError, match="closed_ballot_update"), transaction(session):
            session.execute(update(Ballot).values(**change))
    with pytest.raises(DatabaseError, match="keep_contest_anonymous_at"), transaction(session):
        session.execute(update(Contest).values(anonymous_at=None))


def test_nothing_is_called_anonymous_before_the_close(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    with pytest.raises(DatabaseError, match="anonymous_contest_is_closed"), transaction(session):
        session.execute(update(Contest).values(anonymous_at=clock()))


def test_a_key_that_came_back_from_a_backup_is_destroyed_again(
    session: Session, closed: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    file = keys.path / f"{closed.slug}.key"
    backup = file.read_bytes()
    clock.advance(OBJECTION)
    _anonymous(session, closed, keys, clock)
    file.write_bytes(backup)
    assert key_gaps(session, keys=keys) == [f"contest {closed.slug} is called anonymous, but its key is still there"]
    assert to_make_anonymous(session, objection=OBJECTION, now=clock(), keys=keys) == [closed.contest_id]
    _anonymous(session, closed, keys, clock)
    assert key_gaps(session, keys=keys) == []


def test_a_key_that_cannot_be_destroyed_stops_no_other_contest_and_is_named(
    session: Session, app: Flask, settings: Settings, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    keys = KeyFolder.of(settings)
    first, second = (a_round(session, keys=keys) for _ in range(2))
    for one in (first, second):
        close_vote(session, one, keys=keys, clock=clock)
    file = keys.path / f"{first.slug}.key"
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    clock.advance(OBJECTION)
    with app.app_context():
        log_jobs.make_anonymous()
    session.expire_all()
    assert session.get_one(Contest, second.contest_id).anonymous_at == clock()
    assert session.get_one(Contest, first.contest_id).anonymous_at is None
    assert f"contest {first.contest_id} is not made anonymous: [Errno" in caplog.text
    file.rmdir()
    file.with_suffix(".away").rename(file)
    done = app.test_cli_runner().invoke(args=["contests", "anonymise"])
    assert (done.exit_code, done.output) == (0, f"contest {first.contest_id}: anonym\n")


def test_a_folder_without_its_database_and_the_reverse_are_named(
    session: Session, round: RoundWords, keys: KeyFolder
) -> None:
    assert key_gaps(session, keys=keys) == []
    keys.make("markt-2019")
    (keys.path / f"{round.slug}.key").unlink()
    (keys.path / f"{round.slug}.signing-key").unlink()
    assert [line.split(":")[0] for line in key_gaps(session, keys=keys)] == [
        f"contest {round.slug} lacks its key",
        f"contest {round.slug} lacks its signing key",
        "key markt-2019 belongs to no contest here",
    ]


def test_a_contest_from_before_there_were_logs_is_closed_without_one(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    with without_triggers(session):
        session.execute(update(Contest).values(log_key=None))
    a_vote(session, round, keys=keys, clock=clock)
    assert waiting(session) == []
    close_vote(session, round, keys=keys, clock=clock)
    assert (leaves_of(session, round), checkpoints_of(session, round)) == ([], [])
