"""After the close nothing that lies around joins a participant and a ballot: database, dump, logs, archive, backup."""

from __future__ import annotations

import logging
import os
import random
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from shutil import which
from statistics import correlation

import pytest
from flask import Flask
from sqlalchemy import MetaData, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.archives.commands import make_archive
from participation.audiences.models import Participant
from participation.foundation.clock import StoppedClock
from participation.foundation.web import session as db_session
from participation.log.commands import make_anonymous
from participation.results.commands import count_round, release_round
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, RollEntry
from tests.engines import ROOT, Databases, engine_for
from tests.world import CLOSES, RoundWords, a_citizen
from tests.world.voting import a_vote

VOTERS = 40


def _dump(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Return every table in the order in which the database itself hands out its rows."""
    session.rollback()
    found = MetaData()
    found.reflect(session.connection())
    return {table.name: [tuple(row) for row in session.execute(table.select())] for table in found.sorted_tables}


def _written(value: object) -> str:
    return value.hex() if isinstance(value, (bytes, memoryview)) else str(value).replace("-", "")


@pytest.fixture
def over(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> list[tuple[str, str]]:
    """Forty people voted, the round is released; the person and commitment of each vote, in the order of voting."""
    caplog.set_level(logging.DEBUG)
    chance, cast = random.Random(4), []
    for _ in range(VOTERS):
        who = a_vote(session, round, keys=keys, clock=clock, who=a_citizen(session), choice=chance.choice(list(Choice)))
        known = {commitment for _, commitment in cast}
        session.rollback()
        new = {bytes(one).hex() for one in session.execute(select(Ballot.commitment)).scalars()} - known
        me = select(Participant.id).where(Participant.person_id == who.person_id)
        cast.append((session.execute(me).scalar_one().hex, *new))
    clock.at = CLOSES
    count_round(session, round_id=round.id, by=None, keys=keys, clock=clock)
    release_round(session, round_id=round.id, by=None, clock=clock)
    return cast


def test_no_row_and_no_order_joins_person_and_ballot(session: Session, over: list[tuple[str, str]]) -> None:
    dump = _dump(session)
    people = {person for person, _ in over}
    secrets = {_written(value) for row in dump["ballot"] for value in row if isinstance(value, (bytes, memoryview))}
    for table, rows in dump.items():
        for row in rows:
            written = " ".join(map(_written, row))
            holds = any(person in written for person in people), any(secret in written for secret in secrets)
            assert holds != (True, True), f"{table} names a person and a ballot in one row"
    voted, drawn = [person for person, _ in over], [promise for _, promise in over]
    roll = [row.hex for row in session.execute(select(RollEntry.participant_id)).scalars()]
    ballots = [bytes(one).hex() for one in session.execute(select(Ballot.commitment)).scalars()]
    by_roll = [voted.index(person) for person in roll]
    by_ballot = [drawn.index(promise) for promise in ballots]
    assert by_roll != by_ballot
    assert roll == sorted(roll), "the roll lies in the order of its key"
    same_place = sum(one == other for one, other in zip(by_roll, by_ballot, strict=True))
    assert same_place <= 6, "by chance one or two lie at the same place"


# ── V4 on a dump ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.postgresql
@pytest.mark.skipif(which("pg_dump") is None, reason="needs pg_dump")
def test_a_dump_after_the_close_joins_no_person_and_no_ballot(
    session: Session, round: RoundWords, over: list[tuple[str, str]], keys: KeyFolder, clock: StoppedClock
) -> None:
    assert _joins(session, over) == []
    make_anonymous(session, contest_id=round.contest_id, objection=timedelta(0), by=None, keys=keys, clock=clock)
    assert _joins(session, over) == []


def _joins(session: Session, over: list[tuple[str, str]]) -> list[str]:
    """Return what in a dump, or in what PostgreSQL keeps beside its rows, could tell who cast what.

    A voter is known by the participant and by the account, a ballot by its commitment, its tag and its nonce. Looked
    at are each row, the order of rows, the transactions that wrote or locked them, numbers, and times.
    """
    dumped, people, votes = _pg_dump(session), _names_of_voters(session, over), _names_of_ballots(session, over)
    voters = {table: [_named(row, people) for row in rows] for table, rows in dumped.items()}
    ballots = {table: [_named(row, votes) for row in rows] for table, rows in dumped.items()}
    found = [f"a row of {table}" for table in dumped if any(map(all, zip(voters[table], ballots[table], strict=True)))]
    for (table, one), (other_table, other) in product(_once_each(voters), _once_each(ballots)):
        if abs(correlation(one, other)) > 0.8:
            found.append(f"the order of {table} and {other_table}")
    by_transaction = defaultdict[str, tuple[set[int], set[int]]](lambda: (set(), set()))
    for table in dumped:
        for *marks, row in session.execute(text(f'SELECT xmin::text, xmax::text, t::text FROM "{table}" t')):
            for mark in set(marks) - {"0"}:
                by_transaction[mark][0].update(_named(_plain(row), people))
                by_transaction[mark][1].update(_named(_plain(row), votes))
    everybody = set(range(VOTERS))
    found += [f"transaction {mark}" for mark, (a, b) in by_transaction.items() if a and b and not a == b == everybody]
    told = {table for table, rows in ballots.items() if any(rows)}
    assert {"ballot", "log_leaf"} <= told and len(list(_once_each(voters))) > 1
    return found + _numbers_and_times(session, told | {"roll_entry"})


def _pg_dump(session: Session) -> dict[str, list[str]]:
    """Return the rows of each table as pg_dump writes them, in its order."""
    session.rollback()
    address = session.connection().engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    whole = subprocess.run(["pg_dump", address], check=True, capture_output=True, text=True).stdout
    blocks = re.findall(r'^COPY public\."?(\w+)"? [^\n]*;\n(.*?)^\\\.$', whole, re.MULTILINE | re.DOTALL)
    return {table: list(map(_plain, rows.splitlines())) for table, rows in blocks}


def _plain(row: str) -> str:
    """Return a row with its bytes also as text, and numbers of participants without hyphens."""
    as_text = re.sub(
        r"x((?:[0-9a-f]{2})+)", lambda found: f"{found[1]} {bytes.fromhex(found[1]).decode('latin-1')}", row
    )
    return as_text.replace("-", "")


def _names_of_voters(session: Session, over: list[tuple[str, str]]) -> dict[str, int]:
    known = {participant: place for place, (participant, _) in enumerate(over)}
    accounts = session.execute(select(Participant.id, Participant.person_id).where(Participant.person_id.is_not(None)))
    return known | {person.hex: known[one.hex] for one, person in accounts if one.hex in known}


def _names_of_ballots(session: Session, over: list[tuple[str, str]]) -> dict[str, int]:
    known = {promise: place for place, (_, promise) in enumerate(over)}
    rows = session.execute(select(Ballot.commitment, Ballot.voter_tag, Ballot.nonce)).all()
    return known | {bytes(one).hex(): known[bytes(row[0]).hex()] for row in rows for one in row}


def _named(row: str, known: dict[str, int]) -> set[int]:
    return {known[word] for word in re.findall(r"[0-9a-f]{32,}", row) if word in known}


def _once_each(named: dict[str, list[set[int]]]) -> Iterator[tuple[str, list[int]]]:
    """Yield the tables that name each once, with the row in which each is named, in the order of voting."""
    for table, rows in named.items():
        places = {place: number for number, row in enumerate(rows) for place in row}
        if len(places) == sum(map(len, rows)) == VOTERS:
            yield table, [places[place] for place in range(VOTERS)]


def _numbers_and_times(session: Session, tables: set[str]) -> list[str]:
    columns = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND (data_type LIKE 'time%' OR column_default LIKE 'nextval%' OR is_identity = 'YES') AND table_name = ANY(:them)"
    )
    return list(session.execute(columns, {"them": list(tables)}).scalars())


# ── Logs, archive, backup ─────────────────────────────────────────────────────────────────────────────────────────────
def test_what_was_logged_and_archived_names_no_person(
    session: Session,
    round: RoundWords,
    over: list[tuple[str, str]],
    keys: KeyFolder,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    make_archive(session, contest_id=round.contest_id, folder=tmp_path / "archives", keys=keys, clock=clock)
    (archive,) = (tmp_path / "archives").iterdir()
    content, told = archive.read_bytes().decode("latin-1"), caplog.text.replace("-", "")
    tags = [bytes(tag).hex() for tag in session.execute(select(Ballot.voter_tag)).scalars()]
    for person, promise in over:
        assert person not in content and promise not in told
    assert not any(tag in content or tag in told for tag in tags)


@pytest.mark.postgresql
@pytest.mark.skipif(which("pg_dump") is None, reason="needs pg_dump")
def test_a_backup_of_a_running_vote_holds_it_in_the_order_of_keys(
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
    database_store: Databases,
    tmp_path: Path,
) -> None:
    for _ in range(8):
        a_vote(session, round, keys=keys, clock=clock)
    by_place = text("SELECT voter_tag FROM ballot ORDER BY ctid")
    session.rollback()
    voted = session.execute(by_place).scalars().all()
    address = session.connection().engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    elsewhere, file = database_store.empty(), tmp_path / "backup.sql"
    subprocess.run([ROOT / "docs/backup.sh", address, file], check=True, capture_output=True)
    restore = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", elsewhere, "-f", str(file)]
    subprocess.run(restore, check=True, capture_output=True)
    engine = engine_for(elsewhere)
    with Session(engine) as restored:
        kept = restored.execute(by_place).scalars().all()
        assert _dump(restored).keys() == _dump(session).keys()
        assert {table: len(rows) for table, rows in _dump(restored).items()} == {
            table: len(rows) for table, rows in _dump(session).items()
        }
    engine.dispose()
    database_store.drop(elsewhere)
    assert voted != sorted(voted) and kept == sorted(voted)


def _torn_by(tool: str, folder: Path, *, cut: int) -> dict[str, str]:
    """Return an environment in which a tool writes a file without its last bytes, and says nothing of it."""
    shim = folder / f"torn-{cut}" / tool
    shim.parent.mkdir()
    shim.write_text(f"""#!/bin/sh
"{which(tool)}" "$@" || exit $?
for one; do case "$one" in */data|*/whole) truncate -s -{cut} "$one" ;; esac; done
""")
    shim.chmod(0o755)
    return {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}"}


def test_a_torn_backup_is_refused_and_the_one_before_stays(
    session: Session, round: RoundWords, database_store: Databases, tmp_path: Path
) -> None:
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql and which("pg_dump") is None:
        pytest.skip("needs pg_dump")
    url, file = session.connection().engine.url, tmp_path / "backup"
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    session.rollback()
    backup = [ROOT / "docs/backup.sh", address, file]
    subprocess.run(backup, check=True, capture_output=True)
    before = file.read_bytes()
    for cut in (5, 200):
        torn = _torn_by("pg_dump" if postgresql else "python3", tmp_path, cut=cut)
        done = subprocess.run(backup, check=False, capture_output=True, text=True, env=torn)
        assert (done.returncode, done.stdout) == (1, "") and "torn" in done.stderr.splitlines()[-1]
    assert file.read_bytes() == before and [one.name for one in tmp_path.glob("backup*")] == ["backup"]


@pytest.mark.sqlite
def test_a_backup_on_sqlite_is_a_database(session: Session, round: RoundWords, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    address = session.connection().engine.url.render_as_string()
    subprocess.run([ROOT / "docs/backup.sh", address, file], check=True, capture_output=True)
    engine = engine_for(f"sqlite:///{file}")
    with Session(engine) as restored:
        assert _dump(restored) == _dump(session)
    engine.dispose()


def test_a_statement_that_fails_says_nothing_of_what_it_was_given(app: Flask) -> None:
    with app.app_context(), pytest.raises(DBAPIError) as failed:
        db_session().execute(text("SELECT :choice FROM nowhere"), {"choice": "eine-geheime-wahl"})
    assert "eine-geheime-wahl" not in str(failed.value)
