"""`make bench`: the bars P1, P3, P4, P5 and P8, each beside a page that does nothing, a raw loop or a GROUP BY; and single times.

Pages are asked for by one client alone. Votes are measured both ways: one voter alone says what one vote takes, and the
bar P5 is held for them; several at once say how many votes the server bears, beside as many clients that ask the same
server for hello world, and as many connections that upsert.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from tests import engines
from tests.bench.measure import Client, Figures, alternate, alternate_together, ratio, together
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
    "P5 a vote, beside a raw upsert loop": ("vote", "upsert", 0.05),
}
"""What is measured with one client, beside what, and how much is wanted."""


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
        places = [(big.contest_slug, subject.question_slug) for subject in big.subjects]
        homes, upserts = cycle(places), _raw_upserts(folder, url, VOTERS)
        figures = alternate(
            {
                "hello": lambda: visitor.get("/hello"),
                "list": lambda: visitor.get(f"/runden/{big.slug}"),
                "field": lambda: visitor.get(big.home),
                "list anew": lambda: visitor.get(f"/runden/{big.slug}?{next(anew)}"),
                "field anew": lambda: visitor.get(f"{big.home}?{next(anew)}"),
                "again": lambda: knows.get(big.home, 304),
                "vote": lambda: voters[0].vote(*next(homes)),
                "upsert": upserts[0],
            },
            process,
        )
        _print(figures)
        _print_votes(voters, [Client(port) for _ in voters], upserts, places)
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


def _raw_upserts(folder: Path, url: str, number: int) -> list[Callable[[], object]]:
    """Return durable upserts, as bare as the engine's own driver does them, each on a connection of its own.

    Only one on SQLite, where several connections that write wait for one another and all together do less.
    """
    # Each time another value: SQLite writes nothing where a row is overwritten with what it holds.
    text = "INSERT INTO raw VALUES ({0}, {0}) ON CONFLICT (k) DO UPDATE SET v = raw.v + 1"
    if url.startswith("sqlite"):
        lite = sqlite3.connect(folder / "raw.sqlite3", isolation_level=None, check_same_thread=False)
        lite.execute("PRAGMA journal_mode=WAL")
        lite.execute("PRAGMA synchronous=FULL")
        lite.execute("CREATE TABLE raw (k integer PRIMARY KEY, v integer)")
        return [partial(_upsert, lite, text.format("?"), cycle(range(1000)))]
    import psycopg

    several = [psycopg.connect(url.replace("+psycopg", ""), autocommit=True) for _ in range(number)]
    several[0].execute("CREATE TABLE raw (k integer PRIMARY KEY, v integer)")
    return [
        partial(_upsert, one, text.format("%s"), cycle(range(place * 1000, (place + 1) * 1000)))
        for place, one in enumerate(several)
    ]


def _upsert(connection: Any, text: str, keys: Iterator[int]) -> None:
    key = next(keys)
    connection.execute(text, [key, key])


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
        _print_bar(title, reached, wanted)


def _print_bar(title: str, reached: float, wanted: float | None) -> None:
    verdict = "" if wanted is None else f"{wanted:9.2f}  {'ok' if reached >= wanted else 'MISSED'}"
    print(f"{title:46}{reached:8.3f}{verdict}")


def _print_votes(
    voters: list[_Voter], readers: list[Client], upserts: list[Callable[[], object]], places: list[tuple[str, str]]
) -> None:
    """Print how many votes a second several people cast at once, beside as many readers and as many raw loops."""
    step = len(places) // len(voters)
    homes = [cycle(places[number * step :] + places[: number * step]) for number in range(len(voters))]
    rates = alternate_together(
        {
            "votes": [partial(_vote, voter, home) for voter, home in zip(voters, homes, strict=True)],
            "hello": [partial(reader.get, "/hello") for reader in readers],
            "upserts": upserts,
        }
    )
    for beside, what in (("hello", "hello world"), ("upserts", "raw upserts")):
        reached = statistics.median(one / other for one, other in zip(rates["votes"], rates[beside], strict=True))
        _print_bar(f"   votes of {len(voters)} at once, beside {what}", reached, None)
    said = ", ".join(f"{statistics.median(rounds):.0f} {name}" for name, rounds in rates.items())
    print(f"   a second: {said}")


def _vote(voter: _Voter, homes: Iterator[tuple[str, str]]) -> None:
    voter.vote(*next(homes))


def _print_crowd(voters: list[_Voter], contests: list[tuple[str, str]]) -> None:
    """Print how much is lost where all vote on one contest instead of each on another."""
    pairs = list(zip(voters, contests, strict=True))
    one = [lambda voter=voter: voter.vote(*contests[0]) for voter in voters]  # type: ignore[misc]
    spread = [lambda voter=voter, where=where: voter.vote(*where) for voter, where in pairs]  # type: ignore[misc]
    shares = sorted(together(one) / together(spread) for _ in range(5))
    _print_bar("P5 all on one contest, beside spread", shares[2], 0.5)


if __name__ == "__main__":
    main()
