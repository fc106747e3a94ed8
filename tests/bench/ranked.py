"""How long counting a real election by instant run-off takes."""

from __future__ import annotations

import time

from participation.voting.count import count_question
from participation.voting.facts import Asked, Method
from tests.engines import ROOT

BALLINA = ROOT.parent / "shared" / "data" / "ranked" / "nswla_00058-00000003_Ballina2015.soi"
SECONDS = 10


def ranking_time() -> None:
    """Read and count Ballina 2015 and print who won, in which round, and the time beside its bar."""
    if not BALLINA.is_file():
        print("Counting of Ballina 2015: left out, ../shared/data is missing")
        return
    began = time.perf_counter()
    lines = BALLINA.read_text().splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("# ALTERNATIVE NAME")]
    orders = [line.split(": ") for line in lines if not line.startswith("#")]
    ballots = [([names[int(number) - 1] for number in order.split(",")], int(times)) for times, order in orders]
    figures = count_question(Asked(Method.RANKING, tuple(names)), ballots, {})
    took = time.perf_counter() - began
    winner, last = figures["winner"], figures["rounds"][-1]
    print(
        f"\nBallina 2015: {winner} with {last['tally'][winner]:,} of {last['active']:,} in round {len(figures['rounds'])},"
        f" {took:.2f} s (wanted: under {SECONDS})  {'ok' if took < SECONDS else 'MISSED'}"
    )
