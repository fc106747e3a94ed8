"""`make bench`: the bars P1, P3, P4, P5 and P8, each beside a page that does nothing, a raw loop or a GROUP BY; and single times."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from tests import engines
from tests.bench.measure import Client, Figures, alternate, ratio, together
from tests.bench.polis import import_time
from tests.bench.ranked import ranking_time
from tests.bench.votes import end_of_a_vote
from tests.bench.world import PASSWORD, fill

VOTERS = 4
BARS = {
    "P1 list of 1,000 Handlungsfelder": ("list", "hello", 0.15),
    "P3 the same Handlungsfeld again, unchanged": ("again", "hello", 0.4),
    "P4 Handlungsfeld, 20 of 5,000 comments": ("field", "hello", 0.12),
    "P1 the same, rendered anew each time": ("list anew", "hello", 0.15),
    "P4 the same, rendered anew each time": ("field anew", "hello", 0.12),
    "P5 a vote, beside hello world": ("vote", "hello", 0.08),
    "P5 a vote, beside a raw upsert": ("vote", "upsert", 0.05),
}


def main() -> None:
    """Fill a database, serve it, measure, and print."""
    with tempfile.TemporaryDirectory() as folder, engines.databases(Path(folder)) as store:
        url = store.migrated()
        try:
            _measure(Path(folder), url)
        finally:
            store.drop(url)
        end_of_a_vote(Path(folder), store)
        ranking_time()
        import_time(Path(folder), store)


def _measure(folder: Path, url: str) -> None:
    print("Filling the database …", flush=True)
    engine = engines.engine_for(url)
    with Session(engine) as session:
        big, small, addresses = fill(session, KeyFolder(folder / "keys"), voters=VOTERS)
    engine.dispose()
    with _server(folder, url) as (port, process):
        visitor = Client(port, {"Accept-Encoding": "identity"})
        mark = visitor.get(big.home).headers["ETag"]
        knows = Client(port, {"If-None-Match": mark})
        voters = [_Voter(port, address, big.home) for address in addresses]
        anew = count()
        homes = cycle([(big.contest_slug, subject.question_slug) for subject in big.subjects])
        figures = alternate(
            {
                "hello": lambda: visitor.get("/hello"),
                "list": lambda: visitor.get(f"/runden/{big.slug}"),
                "field": lambda: visitor.get(big.home),
                "list anew": lambda: visitor.get(f"/runden/{big.slug}?{next(anew)}"),
                "field anew": lambda: visitor.get(f"{big.home}?{next(anew)}"),
                "again": lambda: knows.get(big.home, 304),
                "vote": lambda: voters[0].vote(*next(homes)),
                "upsert": _raw_upsert(folder, url),
            },
            process,
        )
        _print(figures)
        _print_crowd(voters, [(made.contest_slug, made.subjects[0].question_slug) for made in small])


class _Voter:
    """Somebody signed in who votes for one thing, then against it, and so on."""

    def __init__(self, port: int, address: str, page: str) -> None:
        self.client = Client(port)
        form = self.client.get("/anmelden")
        self._keep(form)
        fields = {"csrf_token": _token(form.body), "email": address, "password": PASSWORD}  # type: ignore[attr-defined]
        self._keep(self.client.post("/anmelden", urlencode(fields)))
        signed_in = self.client.get(page)
        self._keep(signed_in)
        self.token = _token(signed_in.body)  # type: ignore[attr-defined]
        self.choices = cycle(list(Choice))

    def _keep(self, answer: object) -> None:
        for line in answer.headers.get_all("Set-Cookie") or ():  # type: ignore[attr-defined]
            self.client.headers["Cookie"] = line.split(";")[0]

    def vote(self, contest: str, question: str) -> None:
        """Cast a ballot, each time another."""
        fields = {"csrf_token": self.token, "choice": next(self.choices)}
        self.client.post(f"/abstimmungen/{contest}/{question}/stimme", urlencode(fields))


def _token(body: bytes) -> str:
    found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', body)
    if found is None:
        raise SystemExit("a page carries no token")
    return found.group(1).decode()


def _raw_upsert(folder: Path, url: str) -> Callable[[], object]:
    """Return one durable upsert, as bare as the engine's own driver does it."""
    keys = cycle(range(1000))
    # Each time another value: SQLite writes nothing where a row is overwritten with what it holds.
    text = "INSERT INTO raw VALUES ({0}, {0}) ON CONFLICT (k) DO UPDATE SET v = raw.v + 1"
    if url.startswith("sqlite"):
        lite = sqlite3.connect(folder / "raw.sqlite3", isolation_level=None)
        lite.execute("PRAGMA journal_mode=WAL")
        lite.execute("PRAGMA synchronous=FULL")
        lite.execute("CREATE TABLE raw (k integer PRIMARY KEY, v integer)")
        return lambda: lite.execute(text.format("?"), [key := next(keys), key])
    import psycopg

    big = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    big.execute("CREATE TABLE raw (k integer PRIMARY KEY, v integer)")
    return lambda: big.execute(text.format("%s"), [key := next(keys), key])


@contextmanager
def _server(folder: Path, url: str) -> Iterator[tuple[int, int]]:
    port = _free_port()
    environ = os.environ | {
        "PARTICIPATION_ENV": "test",
        "SECRET_KEY": "k" * 32,
        "VAR_DIR": str(folder),
        "KEY_DIR": str(folder / "keys"),
        "DATABASE_URL": url.replace("+psycopg", ""),
    }
    server = subprocess.Popen([sys.executable, "-m", "tests.bench.server", str(port)], env=environ)
    try:
        _until_served(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(10)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _until_served(port: int) -> None:
    for _ in range(100):
        try:
            Client(port).get("/hello")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


def _print(figures: dict[str, Figures]) -> None:
    print(f"\n{'':22}{'a second':>10}{'server ms':>12}")
    for name, figure in figures.items():
        print(f"{name:22}{figure.rate:10.0f}{figure.processor:12.2f}")
    print(f"\n{'bar (median of the rounds)':46}{'ratio':>8}{'wanted':>9}")
    for title, (name, beside, wanted) in BARS.items():
        reached = ratio(figures, name, beside)
        print(f"{title:46}{reached:8.3f}{wanted:9.2f}  {'ok' if reached >= wanted else 'MISSED'}")


def _print_crowd(voters: list[_Voter], contests: list[tuple[str, str]]) -> None:
    """Print how much is lost where all vote on one contest instead of each on another."""
    pairs = list(zip(voters, contests, strict=True))
    one = [lambda voter=voter: voter.vote(*contests[0]) for voter in voters]  # type: ignore[misc]
    spread = [lambda voter=voter, where=where: voter.vote(*where) for voter, where in pairs]  # type: ignore[misc]
    shares = sorted(together(one) / together(spread) for _ in range(5))
    print(
        f"{'P5 all on one contest, beside spread':46}{shares[2]:8.3f}{0.5:9.2f}  {'ok' if shares[2] >= 0.5 else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
