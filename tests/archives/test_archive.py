"""After the release the archive is made in the background, passes its own verifier, and anybody can download it."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from participation.archives.commands import make_archive, want_lost
from participation.archives.facts import LEASE, ArchiveUnsound
from participation.archives.jobs import make_archives
from participation.archives.queries import due
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.journal.models import JournalEntry
from participation.log.commands import make_anonymous
from participation.log.models import Checkpoint, LogLeaf
from participation.results.commands import count_round, release_round
from participation.results.models import ContestArchive
from participation.voting import verify
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, Option, RollEntry
from tests.tampering import without_triggers
from tests.world import CLOSES, RoundWords, a_round
from tests.world.log import enough_votes
from tests.world.voting import a_vote


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    """The folder of the application's own keys."""
    return KeyFolder.of(settings)


@pytest.fixture
def released(session: Session, keys: KeyFolder, clock: StoppedClock) -> RoundWords:
    """A round with fifty votes on one question and three on the other, counted and released."""
    round = a_round(session, keys=keys)
    for who in enough_votes(session, round, keys=keys, clock=clock)[:3]:
        a_vote(session, round, keys=keys, clock=clock, who=who, choice=Choice.AGAINST)
    clock.at = CLOSES + timedelta(hours=1)
    count_round(session, round_id=round.id, by=None, keys=keys, clock=clock)
    release_round(session, round_id=round.id, by=None, clock=clock)
    return round


def _path(round: RoundWords, end: str = "archiv") -> str:
    return f"/abstimmungen/{round.slug}/{end}"


def test_the_archive_is_made_checked_and_offered(
    app: Flask, client: FlaskClient, session: Session, released: RoundWords, tmp_path: Path
) -> None:
    assert "wird gerade erstellt" in client.get(_path(released)).text
    assert client.get(_path(released, "archiv.zip")).status_code == 404
    made = app.test_cli_runner().invoke(args=["archives", "make"])
    assert made.exit_code == 0, made.output
    row = session.execute(select(ContestArchive)).scalar_one()
    answer = client.get(_path(released, "archiv.zip"))
    assert row.sha256 and row.sha256 in client.get(_path(released)).text
    file = tmp_path / "contest.zip"
    file.write_bytes(answer.data)
    assert (row.size, row.done) == (len(answer.data), 100)
    assert verify.examine(file).failures == []
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert {"rules.json", "log.txt", "ballots.jsonl", "results.json", "verify.py"} <= set(names)


def test_before_the_release_there_is_none(
    client: FlaskClient, session: Session, keys: KeyFolder, clock: StoppedClock
) -> None:
    round = a_round(session, keys=keys)
    assert client.get(_path(round)).status_code == 404
    assert due(session, now=clock()) == []


def test_one_worker_at_a_time_makes_it(
    session: Session, released: RoundWords, keys: KeyFolder, clock: StoppedClock, tmp_path: Path
) -> None:
    session.execute(update(ContestArchive).values(begun_at=clock()))
    session.commit()
    names = {"contest_id": released.contest_id, "folder": tmp_path / "archives", "keys": keys, "clock": clock}
    assert not make_archive(session, **names)  # type: ignore[arg-type]
    clock.advance(LEASE)
    assert make_archive(session, **names)  # type: ignore[arg-type]
    assert not make_archive(session, **names)  # type: ignore[arg-type]


def test_an_archive_that_does_not_pass_is_not_published(
    session: Session, released: RoundWords, keys: KeyFolder, clock: StoppedClock, tmp_path: Path
) -> None:
    with without_triggers(session):
        one = select(Ballot.commitment).where(Ballot.choice == '"dafuer"').limit(1).scalar_subquery()
        session.execute(update(Ballot).where(Ballot.commitment == one).values(choice='"enthaltung"'))
    folder = tmp_path / "archives"
    with pytest.raises(ArchiveUnsound):
        make_archive(session, contest_id=released.contest_id, folder=folder, keys=keys, clock=clock)
    assert list(folder.iterdir()) == []
    session.rollback()
    row = session.execute(select(ContestArchive)).scalar_one()
    assert (row.made_at, row.trouble is not None) == (None, True)


def test_an_archive_whose_file_is_gone_is_made_again_and_the_page_says_so_until_then(
    app: Flask, client: FlaskClient, session: Session, released: RoundWords, settings: Settings
) -> None:
    runner, file = app.test_cli_runner(), settings.archive_dir / f"contest-{released.slug}.zip"
    runner.invoke(args=["archives", "make"])
    first = client.get(_path(released, "archiv.zip")).data
    file.write_bytes(first[:-1])
    away = client.get(_path(released, "archiv.zip"))
    assert (away.status_code, "neu erstellt" in away.text) == (503, True) and away.headers["Retry-After"]
    assert "wird gerade neu erstellt" in client.get(_path(released)).text
    file.unlink()
    assert "made" in runner.invoke(args=["archives", "make"]).output
    assert client.get(_path(released, "archiv.zip")).data == first
    assert "andere Prüfsumme" not in client.get(_path(released)).text
    assert runner.invoke(args=["archives", "make"]).output == ""


def test_an_archive_made_again_that_differs_is_named_openly(
    app: Flask,
    client: FlaskClient,
    session: Session,
    released: RoundWords,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = "f" * 64
    app.test_cli_runner().invoke(args=["archives", "make"])
    session.execute(update(ContestArchive).values(sha256=before))
    session.commit()
    next(settings.archive_dir.iterdir()).unlink()
    with app.app_context():
        make_archives()
    assert f"differs: {session.execute(select(ContestArchive.sha256)).scalar_one()}, not {before}" in caplog.text
    seen = client.get(_path(released)).text
    assert "andere Prüfsumme als das frühere" in seen and before in seen
    entry = session.execute(select(JournalEntry).where(JournalEntry.act == "archives:made_otherwise")).scalar_one()
    row = session.execute(select(ContestArchive)).scalar_one()
    assert entry.details == {"before": before, "now": row.sha256} and row.sha256 in seen


def test_made_twice_from_rows_in_another_order_and_under_other_tags_it_is_the_same_to_the_byte(
    session: Session, released: RoundWords, keys: KeyFolder, clock: StoppedClock, tmp_path: Path
) -> None:
    made = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        want_lost(session, folder=folder)
        assert make_archive(session, contest_id=released.contest_id, folder=folder, keys=keys, clock=clock)
        made.append((folder / f"contest-{released.slug}.zip").read_bytes())
        _turn_over(session)
        clock.advance(timedelta(weeks=5))
        make_anonymous(session, contest_id=released.contest_id, objection=timedelta(0), by=None, keys=keys, clock=clock)
    assert made[0] == made[1]
    assert session.execute(select(ContestArchive.earlier_sha256)).scalar_one() is None


def _turn_over(session: Session) -> None:
    """Lay the rows of a vote anew in the reverse of their order."""
    for table in (Ballot, RollEntry, LogLeaf, Checkpoint, Option):
        with without_triggers(session):
            rows = [row._asdict() for row in session.execute(select(*table.__table__.columns))]
            session.execute(delete(table))
            session.execute(insert(table), rows[::-1])


def test_the_audit_office_gets_all_ballots(app: Flask, released: RoundWords, tmp_path: Path) -> None:
    file = tmp_path / "pruefung.zip"
    done = app.test_cli_runner().invoke(args=["archives", "whole", released.slug, str(file)])
    assert done.exit_code == 0, done.output
    assert verify.examine(file).failures == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_cannot_be_written_for_the_audit_office_leaves_one_line_and_no_file(
    app: Flask, session: Session, released: RoundWords, keys: KeyFolder, tmp_path: Path
) -> None:
    file, runner, counted = tmp_path / "pruefung" / "whole.zip", app.test_cli_runner(), released.slug
    sealed = a_round(session, keys=keys).slug

    def told(slug: str) -> str:
        done = runner.invoke(args=["archives", "whole", slug, str(file)])
        assert (done.exit_code, type(done.exception), done.output.count("\n")) == (1, SystemExit, 1)
        return done.output

    assert "No such file" in told(counted)
    file.parent.mkdir()
    file.write_text("the one before")
    assert "noch nicht ausgezählt" in told(sealed)
    with without_triggers(session):
        session.execute(delete(RollEntry))
    assert "entries in the roll" in told(counted)
    assert [one.read_text() for one in file.parent.iterdir()] == ["the one before"]
