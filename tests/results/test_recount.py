"""What somebody changes behind the application's back is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy import Update, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import Executable

from participation.contributions.models import Contribution
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.clock import StoppedClock
from participation.log.models import Checkpoint, LogLeaf
from participation.results.commands import recount
from participation.results.models import Result
from participation.rounds.models import Round
from participation.voting.models import Ballot, Contest, Option, PendingLeaf, Question, RollEntry
from participation.voting.notes import Signer, sign_checkpoint
from tests.house import schema
from tests.tampering import without_triggers
from tests.world import CLOSES, RoundWords, a_moderator, a_round
from tests.world.moderation import publish, withhold
from tests.world.results import Lively, counted, released


def _first_ballot(session: Session, round: RoundWords) -> bytes:
    """Return the tag of a ballot in favour: tags are drawn anew each time, so the first of all may hold any choice."""
    in_favour = (Ballot.question_id == round.question_id, Ballot.choice == '"dafuer"')
    tags = select(Ballot.voter_tag).where(*in_favour).order_by(Ballot.voter_tag)
    return bytes(session.execute(tags.limit(1)).scalar_one())


def _of_first_ballot(session: Session, round: RoundWords) -> Update:
    return update(Ballot).where(
        Ballot.question_id == round.question_id, Ballot.voter_tag == _first_ballot(session, round)
    )


def _one_vote(session: Session, round: RoundWords) -> None:
    """Delete a ballot together with an entry of the roll, so that they still agree in number."""
    session.execute(delete(Ballot).where(Ballot.voter_tag == _first_ballot(session, round)))
    somebody = select(RollEntry.participant_id).where(RollEntry.question_id == round.question_id).limit(1)
    session.execute(
        delete(RollEntry).where(
            RollEntry.question_id == round.question_id, RollEntry.participant_id == somebody.scalar_subquery()
        )
    )


TAMPERING: dict[str, tuple[Callable[[Session, RoundWords], Executable | None], str]] = {
    "a ballot is gone": (
        lambda session, round: delete(Ballot).where(Ballot.voter_tag == _first_ballot(session, round)),
        "question {slug}/feld-1: 4 ballots, but 5 entries in the roll",
    ),
    "the roll is shorter": (
        lambda session, round: delete(RollEntry).where(RollEntry.question_id == round.subjects[1].question_id),
        "question {slug}/feld-2: 2 ballots, but 0 entries in the roll",
    ),
    "a vote is gone from both": (
        _one_vote,
        "round {slug}, feld-1: the votes published are not those that the ballots give",
    ),
    "a choice was turned": (
        lambda session, round: _of_first_ballot(session, round).values(choice='"enthaltung"'),
        "the commitment does not fit",
    ),
    "a choice was invented": (
        lambda session, round: _of_first_ballot(session, round).values(choice='"ja"'),
        "the choice is not offered",
    ),
    "figures were touched": (
        lambda session, round: update(Result).values(figures={}),
        "round {slug}: the figures are not those of figures_sha256",
    ),
    "a counter of a thread is off": (
        lambda session, round: update(Thread).where(Thread.id == round.thread_id).values(in_favour=7),
        "in_favour",
    ),
    "a counter of a comment is off": (lambda session, round: update(Comment).values(agree=Comment.agree + 1), "agree"),
    "a rating is gone": (
        lambda session, round: delete(Rating).where(
            Rating.comment_id == select(Rating.comment_id).limit(1).scalar_subquery()
        ),
        "comment",
    ),
    "a contribution was withheld by hand": (
        lambda session, round: update(Contribution).values(state="withheld", reason_kind="persons"),
        "comments",
    ),
    "an option was renamed": (
        lambda session, round: update(Option).where(Option.slug == "dagegen").values(slug="nie"),
        "contest {slug}: questions or options are not those of the rules",
    ),
    "a question was added": (
        lambda session, round: update(Question).where(Question.id == round.question_id).values(slug="anders"),
        "contest {slug}: questions or options are not those of the rules",
    ),
    "the rules were rewritten": (
        lambda session, round: text("UPDATE contest SET rules = '{\"questions\": []}'"),
        "contest {slug}: the rules are not those of rules_sha256",
    ),
    "the rule sheet was rewritten": (
        lambda session, round: update(Round).values(rule_sheet={"a": 1}, rule_sheet_sha256="0" * 64),
        "round {slug}: the rule sheet is not that of rule_sheet_sha256",
    ),
    "an entry of the log is gone": (
        lambda session, round: text('DELETE FROM log_leaf WHERE "index" = 3'),
        "contest {slug}: the log has gaps",
    ),
    "the last entry of the log is gone": (
        lambda session, round: text('DELETE FROM log_leaf WHERE "index" = (SELECT max("index") FROM log_leaf)'),
        "contest {slug}: the log is not that of its checkpoint of 7",
    ),
    "two entries of the log were exchanged for others": (
        lambda session, round: update(LogLeaf).where(LogLeaf.index == 0).values(leaf=b"cast " + b"0" * 64),
        "is not in the log",
    ),
    "the last checkpoint is gone": (
        lambda session, round: delete(Checkpoint),
        "contest {slug}: closed without a last checkpoint",
    ),
    "a checkpoint was signed by somebody else": (
        lambda session, round: update(Checkpoint).values(
            note=sign_checkpoint(Signer(f"localhost/abstimmungen/{round.slug}", bytes(32)), size=7, root=bytes(32))
        ),
        "contest {slug}: the checkpoint of 7 is not signed by the contest's key",
    ),
    "an option is gone": (
        lambda session, round: delete(Option).where(Option.slug == "enthaltung"),
        "contest {slug}: questions or options are not those of the rules",
    ),
    "the count was forgotten": (
        lambda session, round: update(Round).values(counted_at=None, released_at=None),
        "round {slug}: counted_at and the result do not agree",
    ),
}


@pytest.fixture
def released_round(session: Session, lively: Lively, clock: StoppedClock) -> RoundWords:
    """A round counted and released."""
    return released(session, lively, clock).round


def test_an_untouched_round_recounts(session: Session, released_round: RoundWords) -> None:
    assert recount(session) == []


def test_running_rounds_recount_too(session: Session, lively: Lively) -> None:
    assert recount(session) == []


def test_decisions_after_the_release_are_no_difference(
    session: Session, released_round: RoundWords, lively: Lively, clock: StoppedClock
) -> None:
    moderator = a_moderator(session, released_round)
    decision = withhold(session, lively.comments["trees"], by=moderator, clock=clock)
    assert recount(session) == []
    publish(session, lively.comments["trees"], by=moderator, clock=clock, last_seen=decision)
    assert recount(session) == []


@pytest.mark.parametrize("case", TAMPERING, ids=str)
def test_tampering_is_named(session: Session, released_round: RoundWords, case: str) -> None:
    tamper, sentence = TAMPERING[case]
    with without_triggers(session):
        statement = tamper(session, released_round)
        if statement is not None:
            session.execute(statement)
    named = recount(session)
    assert any(sentence.format(slug=released_round.slug) in line for line in named), named


def test_the_shell_says_so_by_its_exit_status(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    counted(session, lively, clock)
    shell = app.test_cli_runner()
    well = shell.invoke(args=["recount"])
    assert (well.exit_code, well.output) == (0, "Alles stimmt.\n")
    with without_triggers(session):
        session.execute(delete(Ballot).where(Ballot.voter_tag == _first_ballot(session, lively.round)))
    ill = shell.invoke(args=["recount"])
    assert ill.exit_code == 1
    assert f"question {lively.round.slug}/feld-1: 4 ballots, but 5 entries in the roll" in ill.output


def test_contests_without_ballots_recount(session: Session, lively: Lively) -> None:
    session.execute(delete(Ballot))
    session.execute(delete(RollEntry))
    session.execute(delete(PendingLeaf))
    session.commit()
    assert recount(session) == []
    assert session.execute(select(Contest.id)).all()


@pytest.mark.parametrize("table", ["contest", "round"])
def test_count_and_release_keep_their_moments(session: Session, released_round: RoundWords, table: str) -> None:
    for change in (
        "released_at = NULL",
        "released_at = :other",
        "released_at = NULL, counted_at = NULL",
        "counted_at = :other",
    ):
        with pytest.raises(IntegrityError, match=f"keep_{table}_moments"):
            session.execute(text(f"UPDATE {table} SET {change}"), {"other": CLOSES} if ":other" in change else {})
        session.rollback()


# ── SQLite deletes what stands in the way of a REPLACE ────────────────────────────────────────────────────────────────
FOR_THE_VOTE = {"ballot", "checkpoint", "contest", "journal_entry", "log_leaf", "question", "result", "round", "window"}


@pytest.mark.sqlite
def test_the_application_replaces_nothing_that_may_not_be_deleted(session: Session, released_round: RoundWords) -> None:
    """Also where no guard stands before the insert."""
    for name in (
        session.execute(text("SELECT name FROM sqlite_master WHERE name LIKE 'keep_%_replace_%'")).scalars().all()
    ):
        session.execute(text(f"DROP TRIGGER {name}"))
    kept = {line.split()[0] for line in schema.triggers(session.connection()) if line.endswith("_delete")}
    filled = {table for table in kept if session.execute(text(f'SELECT 1 FROM "{table}" LIMIT 1')).first()}
    assert filled >= FOR_THE_VOTE - {"contest", "round"}
    for table in filled:
        with pytest.raises(IntegrityError):
            session.execute(text(f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}" LIMIT 1'))


@pytest.mark.sqlite
@pytest.mark.parametrize("table", sorted(FOR_THE_VOTE))
def test_nobody_else_replaces_what_a_vote_rests_on(session: Session, released_round: RoundWords, table: str) -> None:
    """A shell of SQLite neither looks at the guards against deletion nor at foreign keys, unless it is told to."""
    other = a_round(session)
    moved = {
        "ballot": f"INSERT OR REPLACE INTO ballot SELECT {other.question_id}, voter_tag, nonce, choice, commitment, kind FROM ballot",
        "question": "UPDATE OR REPLACE question SET id = (SELECT min(id) FROM question)"
        f" WHERE contest_id = {other.contest_id}",
        "window": 'UPDATE OR REPLACE "window" SET id = (SELECT min(id) FROM "window") WHERE closed_at IS NULL',
    }
    itself = f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}" LIMIT 1'
    session.rollback()
    with closing(sqlite3.connect(session.get_bind().url.database)) as shell:  # type: ignore[union-attr]
        for statement in (itself, moved.get(table, itself)):
            with pytest.raises(sqlite3.IntegrityError, match=r"keep_.*_replace|closed_"):
                shell.execute(statement)
