"""Votes while servers die, while PostgreSQL dies, and when everything is sent three times.

Each client keeps a ledger of what was acknowledged. The standing line at the end: lost = 0, wrong = 0, double = 0,
roll = ballots, and the archive passes its verifier.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from shutil import which

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.app import create_app
from participation.archives.commands import make_archive
from participation.audiences.models import Participant
from participation.foundation.clock import StoppedClock, system_clock
from participation.foundation.config import Settings
from participation.results.commands import count_round, recount, release_round
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot
from participation.voting.verify import examine
from participation.windows.models import Window
from tests.engines import engine_for, migrate, settings_for
from tests.processes import PATIENCE, Voter, web_server
from tests.world import RoundWords, a_round
from tests.world.voting import ballots_and_roll

pytestmark = pytest.mark.drill

VOTERS = 48
CLIENTS = 12
A_SECOND = 150
"""Posts that all clients together aim at."""


@dataclass
class Ledger:
    """What the server said to whom."""

    acknowledged: dict[Voter, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    """Connections that ended without an answer."""
    began: float = field(default_factory=time.monotonic)

    def line(self) -> str:
        """Return what was answered, how often, and how many answers came a second."""
        rate = self.statuses.total() / (time.monotonic() - self.began)
        answers = " ".join(f"{status}={number}" for status, number in sorted(self.statuses.items()))
        return f"{answers} broken={self.broken} a_second={rate:.0f}"


@dataclass
class Town:
    """An installation with an open round and people who are signed in."""

    app: Flask
    session: Session
    settings: Settings
    round: RoundWords
    voters: list[Voter]

    @property
    def path(self) -> str:
        """Where a vote is posted to."""
        return f"/abstimmungen/{self.round.contest_slug}/{self.round.subjects[0].question_slug}/stimme"


def a_town(app: Flask, session: Session, settings: Settings, clock: StoppedClock) -> Town:
    clock.at = now = system_clock()
    keys = KeyFolder.of(settings)
    round = a_round(session, opens=now - timedelta(days=1), closes=now + timedelta(days=1), keys=keys)
    return Town(app, session, settings, round, [Voter(app, session, round.home) for _ in range(VOTERS)])


@pytest.fixture
def town(app: Flask, session: Session, settings: Settings, clock: StoppedClock) -> Town:
    return a_town(app, session, settings, clock)


def press_until_said(town: Town, ledger: Ledger, voter: Voter, choice: str, ports: list[int]) -> None:
    """Post a choice again and again, as people do, until it is acknowledged."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            status, _ = voter.post(random.choice(ports), town.path, choice=choice)
        except (OSError, HTTPException):
            ledger.broken += 1
            time.sleep(0.05)
            continue
        ledger.statuses[status] += 1
        if status == 303:
            ledger.acknowledged[voter] = choice
            return
        time.sleep(0.2)
    raise AssertionError("never acknowledged")


def vote_all_along(town: Town, ports: list[int], until_done: Callable[[], None]) -> Ledger:
    """Let everybody vote and change their votes while something happens; return the ledger."""
    ledger, over, failures = Ledger(), threading.Event(), []

    def client(mine: list[Voter]) -> None:
        try:
            while not over.is_set():
                for voter in mine:
                    press_until_said(town, ledger, voter, random.choice(list(Choice)), ports)
                    time.sleep(CLIENTS / A_SECOND)
        except AssertionError as failure:
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(town.voters[number::CLIENTS],)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        until_done()
    finally:
        over.set()
        for thread in threads:
            thread.join(2 * PATIENCE)
    assert failures == []
    return ledger


def standing_line(drill: str, town: Town, ledger: Ledger, clock: StoppedClock, folder: Path) -> None:
    """Compare ledger, roll and ballots, and print the line; then close, count, release, and let the verifier look."""
    answers = ledger.line()
    session, keys = town.session, KeyFolder.of(town.settings)
    session.rollback()
    lost = wrong = 0
    for voter, choice in ledger.acknowledged.items():
        me = select(Participant.id).where(Participant.person_id == voter.person_id)
        participant = session.execute(me).scalar_one_or_none()
        kept = None
        if participant is not None:
            question = town.round.subjects[0].question_slug
            tag = keys.tag(contest=town.round.contest_slug, question=question, participant_id=participant)
            kept = session.execute(select(Ballot.choice).where(Ballot.voter_tag == tag)).scalar_one_or_none()
        lost, wrong = lost + (kept is None), wrong + (kept not in (None, f'"{choice}"'))
    ballots, roll = ballots_and_roll(session, town.round.question_id)
    double = ballots - len(ledger.acknowledged)
    print(f"\n{drill}: lost={lost} wrong={wrong} double={double} roll={roll} ballots={ballots} {answers}")
    assert (lost, wrong, double, roll) == (0, 0, 0, ballots)
    clock.at = session.execute(select(Window.closes_at)).scalars().all()[0] + timedelta(hours=1)
    count_round(session, round_id=town.round.id, by=None, keys=keys, clock=clock)
    release_round(session, round_id=town.round.id, by=None, clock=clock)
    assert recount(session) == []
    assert make_archive(session, contest_id=town.round.contest_id, folder=folder, keys=keys, clock=clock)
    (archive,) = folder.iterdir()
    assert examine(archive).failures == []


def test_a_web_worker_is_killed_three_times(town: Town, clock: StoppedClock, tmp_path: Path) -> None:
    with ExitStack() as stack:
        webs = [stack.enter_context(web_server(town.settings)) for _ in range(2)]

        def kill_three_times() -> None:
            for _ in range(3):
                time.sleep(3)
                webs[0].kill()
                time.sleep(1)
                webs[0].start()
            time.sleep(2)

        ledger = vote_all_along(town, [web.port for web in webs], kill_three_times)
    assert ledger.broken > 0, "nobody noticed"
    assert set(ledger.statuses) <= {303, 503}
    standing_line("F1", town, ledger, clock, tmp_path / "archives")


def test_everything_is_sent_three_times_and_shuffled(town: Town, clock: StoppedClock, tmp_path: Path) -> None:
    ledger, home = Ledger(), town.path.removesuffix("/stimme")
    chosen = {voter: random.choice(list(Choice)) for voter in town.voters}
    posts = [voter for voter in town.voters for _ in range(3)]
    random.shuffle(posts)
    with web_server(town.settings) as web:
        receipts: dict[Voter, set[str]] = {voter: set() for voter in town.voters}
        for voter in posts:
            press_until_said(town, ledger, voter, chosen[voter], [web.port])
            for page in (town.round.home, f"{home}/beleg", town.round.home):
                assert voter.get(web.port, page)[0] == 200
            receipts[voter].add(voter.get(web.port, f"{home}/beleg/datei")[1])
    assert {len(one) for one in receipts.values()} == {1}, "the receipt changed"
    assert len({next(iter(one)) for one in receipts.values()}) == VOTERS
    standing_line("F9", town, ledger, clock, tmp_path / "archives")


# ── PostgreSQL dies ───────────────────────────────────────────────────────────────────────────────────────────────────
class Cluster:
    """A PostgreSQL of this drill's own, that can be killed."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.data, self.programs, self.port = folder / "data", programs, 54397
        folder.chmod(0o755)
        self.data.mkdir()
        subprocess.run(["chown", "postgres", self.data], check=True)
        self._run("initdb", "-A", "trust", "-D", self.data)
        self.start()

    def start(self) -> None:
        """Start, and return once it answers."""
        options = f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "-D", self.data, "-l", self.data / "log", "-o", options, "start")

    def kill(self) -> None:
        """End the postmaster and all its children as a power cut would."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        subprocess.run(["kill", "-9", str(pid), *children], check=False)
        time.sleep(1)

    def stop(self) -> None:
        """End it."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: object) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self.programs / program), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """PostgreSQL, if this machine has it and we may run it as its user.

    Not below the folder of pytest: the next pytest that starts closes that to every other user.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or which("runuser") is None:
        pytest.skip("needs the programs of PostgreSQL and runuser")
    with tempfile.TemporaryDirectory() as folder:
        made = Cluster(Path(folder), found[-1])
        yield made
        made.stop()


@pytest.mark.postgresql
def test_postgresql_is_killed_under_load(cluster: Cluster, clock: StoppedClock, tmp_path: Path) -> None:
    url = f"postgresql://postgres@127.0.0.1:{cluster.port}/postgres"
    migrate(url, tmp_path)
    settings, engine = settings_for(url, tmp_path, port=8000), engine_for(url, pool_pre_ping=True)
    app = create_app(settings, clock=clock)
    with Session(engine) as session:
        town = a_town(app, session, settings, clock)
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()
        session.rollback()
        engine.dispose()

        def kill_and_start() -> None:
            for _ in range(2):
                time.sleep(4)
                cluster.kill()
                time.sleep(2)
                cluster.start()
            time.sleep(3)

        with web_server(settings) as web:
            ledger = vote_all_along(town, [web.port], kill_and_start)
        assert set(ledger.statuses) <= {303, 503}, ledger.statuses
        assert ledger.statuses[503] > 0, "nobody noticed"
        standing_line("F3", town, ledger, clock, tmp_path / "archives")
    engine.dispose()
