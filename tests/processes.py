"""The application in processes of its own, and people who speak to them by HTTP and keep a ledger."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy.orm import Session

from participation.foundation.config import Settings
from tests.engines import ROOT
from tests.world import a_person
from tests.world.sign_in import signed_in

PATIENCE = 60


class Web:
    """A web server on a port of its own, that can be killed and started again."""

    def __init__(self, settings: Settings, *, threads: int = 8) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.threads = threads
        self.environ = {
            "PATH": os.environ["PATH"],
            "PARTICIPATION_ENV": "test",
            "SECRET_KEY": settings.secret_key,
            "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
            "VAR_DIR": str(settings.var_dir),
            "BASE_URL": settings.base_url,
        }
        self.start()

    def start(self) -> None:
        """Start, and return once it answers."""
        listen = [f"--listen=127.0.0.1:{self.port}", f"--threads={self.threads}", "--connection-limit=1000"]
        command = [sys.executable, "-m", "waitress", *listen, "wsgi:app"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def _answers(self) -> bool:
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


@contextmanager
def web_server(settings: Settings, *, threads: int = 8) -> Iterator[Web]:
    """Run the application in a process of its own until the block ends."""
    web = Web(settings, threads=threads)
    try:
        yield web
    finally:
        web.stop()


class Voter:
    """Somebody signed in, who speaks to any of the servers with the same cookie and token."""

    def __init__(self, app: Flask, session: Session, home: str) -> None:
        self.person_id = a_person(session)
        client = signed_in(app, session, self.person_id)
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(home).text)
        cookie = client.get_cookie("sitzung")
        assert found and cookie is not None
        self.token, self.cookie = found[1], f"sitzung={cookie.value}"

    def post(self, port: int, path: str, **fields: str) -> tuple[int, str]:
        """Send a form; returns the status and the text."""
        return self._ask(port, "POST", path, urlencode({"csrf_token": self.token} | fields))

    def get(self, port: int, path: str) -> tuple[int, str]:
        """Open a page; returns the status and the text."""
        return self._ask(port, "GET", path, None)

    def _ask(self, port: int, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
