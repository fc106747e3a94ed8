"""One voter, two web servers, sixty-four posts at the same moment: one ballot."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock, system_clock
from participation.foundation.config import Settings
from participation.voting.keys import KeyFolder
from tests.engines import ROOT
from tests.world import RoundWords, a_person, a_round
from tests.world.sign_in import signed_in
from tests.world.voting import ballots_and_roll

THREADS = 32
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def web_server(settings: Settings, *, threads: int = 8) -> Iterator[int]:
    """Run the application in a process of its own; gives the port."""
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PARTICIPATION_ENV": "test",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
        "VAR_DIR": str(settings.var_dir),
        "BASE_URL": settings.base_url,
    }
    serve = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", f"--threads={threads}"]
    process = subprocess.Popen([*serve, "--connection-limit=1000", "wsgi:app"], cwd=ROOT, env=environ)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


class Voter:
    """Somebody signed in, who speaks to any of the servers with the same cookie and token."""

    def __init__(self, app: Flask, session: Session, home: str) -> None:
        client = signed_in(app, session, a_person(session))
        html = client.get(home).text
        found = re.search(r'name="csrf_token" value="([^"]+)"', html)
        assert found
        self.token = found[1]
        cookie = client.get_cookie("sitzung")
        assert cookie is not None
        self.cookie = f"sitzung={cookie.value}"

    def post(self, port: int, path: str, **fields: str) -> tuple[int, str]:
        return self._ask(port, "POST", path, urlencode({"csrf_token": self.token} | fields))

    def get(self, port: int, path: str) -> tuple[int, str]:
        return self._ask(port, "GET", path, None)

    def _ask(self, port: int, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text


@pytest.fixture
def round(session: Session, settings: Settings) -> RoundWords:
    # The servers have the true time.
    now = system_clock()
    return a_round(
        session,
        opens=now - timedelta(days=1),
        closes=now + timedelta(days=1),
        keys=KeyFolder.of(settings),
    )


def test_sixty_four_posts_of_one_voter_to_two_servers_leave_one_ballot(
    app: Flask, session: Session, settings: Settings, round: RoundWords, clock: StoppedClock
) -> None:
    path = f"/abstimmungen/{round.contest_slug}/{round.subjects[0].question_slug}"
    clock.at = system_clock()
    voter = Voter(app, session, round.home)
    statuses: list[int] = []
    with ExitStack() as stack:
        ports = [stack.enter_context(web_server(settings)) for _ in range(2)]
        barrier = threading.Barrier(2 * THREADS)

        def press(port: int) -> None:
            barrier.wait(PATIENCE)
            statuses.append(voter.post(port, f"{path}/stimme", choice="dafuer")[0])

        threads = [threading.Thread(target=press, args=(ports[number % 2],)) for number in range(2 * THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE)
        receipts = {voter.get(port, f"{path}/beleg/datei") for port in ports}
    assert statuses == [303] * (2 * THREADS)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert len(receipts) == 1 and next(iter(receipts))[0] == 200
