"""Alternating rounds of requests over kept connections, and the medians of their ratios."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 7
SECONDS = 0.8
"""How long one round of one subject lasts."""


@dataclass(frozen=True)
class Figures:
    """What a subject did: requests a second, and milliseconds of the server's processor for one."""

    rates: tuple[float, ...]
    processor: float

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates)


class Client:
    """One kept connection."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = headers or {}

    def get(self, path: str, status: int = 200) -> http.client.HTTPResponse:
        """Ask for a page and read all of it."""
        return self._send("GET", path, None, status)

    def post(self, path: str, body: str, status: int = 303) -> http.client.HTTPResponse:
        """Send a form."""
        return self._send("POST", path, body, status)

    def _send(self, method: str, path: str, body: str | None, status: int) -> http.client.HTTPResponse:
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        self.connection.request(method, path, body, {**self.headers, **kind})
        answer = self.connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        if answer.status != status:
            raise SystemExit(f"{method} {path} answered {answer.status}, not {status}")
        return answer


def alternate(subjects: dict[str, Callable[[], object]], server: int | None = None) -> dict[str, Figures]:
    """Run the subjects by turns, so that a slow moment of the machine meets all of them.

    :param subjects: what to do once, by name
    :param server: process id of the server whose processor time is noted
    """
    rates: dict[str, list[float]] = {name: [] for name in subjects}
    used: dict[str, list[float]] = {name: [] for name in subjects}
    for act in subjects.values():
        act()
    for _ in range(ROUNDS):
        for name, act in subjects.items():
            before = _processor(server)
            done, took = _for_a_while(act)
            rates[name].append(done / took)
            used[name].append((_processor(server) - before) * 1000 / done)
    return {name: Figures(tuple(rates[name]), statistics.median(used[name])) for name in subjects}


def alternate_together(crowds: dict[str, list[Callable[[], object]]]) -> dict[str, list[float]]:
    """Run crowds by turns, each all at the same time; return what each does a second, round by round."""
    rates: dict[str, list[float]] = {name: [] for name in crowds}
    for _ in range(ROUNDS):
        for name, acts in crowds.items():
            rates[name].append(together(acts))
    return rates


def together(acts: list[Callable[[], object]]) -> float:
    """Let several clients act at the same time and return how much they do a second."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(done / took for done, took in pool.map(_for_a_while, acts))


def ratio(figures: dict[str, Figures], name: str, beside: str) -> float:
    """Return the median, over the rounds, of one subject's rate by the other's."""
    pairs = zip(figures[name].rates, figures[beside].rates, strict=True)
    return statistics.median(one / other for one, other in pairs)


def _for_a_while(act: Callable[[], object]) -> tuple[int, float]:
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        act()
        done += 1
    return done, time.perf_counter() - began


def _processor(process: int | None) -> float:
    if process is None:
        return time.process_time()
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
