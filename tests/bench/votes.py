"""How long the end of a large vote takes: closing, counting, its archive, and checking that."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from participation.archives.commands import make_archive
from participation.audiences.facts import Kind
from participation.audiences.models import Participant
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.results.commands import count_round, release_round
from participation.voting import verify
from participation.voting.archive import archive_name
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.ledger import NONCE_BYTES, LeafKind, canonical, commitment
from participation.voting.models import Ballot, PendingLeaf, RollEntry
from tests.engines import Databases, engine_for
from tests.world import CLOSES, OPENS, RoundWords, a_round
from tests.world.log import close_vote

VOTES = 100_000
TIMES = 5
MOST_TO_GROUP_BY = 2.0
MOST_TO_BUILD = 30.0
MOST_TO_VERIFY = 10.0


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


def end_of_a_vote(folder: Path, store: Databases) -> None:
    """Fill one question with ballots that all wait for the log, end the vote, and print each time beside its bar."""
    url = store.migrated()
    engine, keys, clock = engine_for(url), KeyFolder(folder / "keys-of-many"), StoppedClock(CLOSES)
    with Session(engine) as session:
        made = a_round(session, handlungsfelder=1, keys=keys)
        _fill(session, made, keys)
        closing = _seconds(lambda: close_vote(session, made, keys=keys, clock=clock))
        grouping, counting = _beside(session, made, keys, clock)
        count_round(session, round_id=made.id, by=None, keys=keys, clock=clock)
        release_round(session, round_id=made.id, by=None, clock=clock)
        contest = {"contest_id": made.contest_id, "folder": folder, "keys": keys, "clock": clock}
        making = _seconds(lambda: make_archive(session, **contest))
    verifying = _seconds(lambda: _check(folder / archive_name(made.contest_slug)))
    engine.dispose()
    store.drop(url)
    ratio = statistics.median(one / other for one, other in zip(counting, grouping, strict=True))
    print(f"\n{f'{VOTES:,} ballots on one question':52}{'reached':>8}{'wanted':>15}")
    _print("P8 counting, beside one GROUP BY", ratio, MOST_TO_GROUP_BY, "times")
    _print("   counting", statistics.median(counting))
    _print("   the GROUP BY", statistics.median(grouping))
    _print("   before it, once: log and rewriting at the close", closing)
    _print("archive built", making - verifying, MOST_TO_BUILD)
    _print("archive verified", verifying, MOST_TO_VERIFY)


def _fill(session: Session, made: RoundWords, keys: KeyFolder) -> None:
    chance = Random(8)
    question = made.subjects[0]
    people = [uuid4() for _ in range(VOTES)]
    ballots = []
    for person in people:
        choice, nonce = canonical(str(chance.choice(list(Choice)))), secrets.token_bytes(NONCE_BYTES)
        names = {"contest": made.contest_slug, "question": question.question_slug}
        promise = commitment(**names, nonce=nonce, choice=choice)
        ballots.append((keys.tag(**names, participant_id=person), nonce, choice, promise))
    mine = {"question_id": question.question_id}
    with transaction(session):
        kind = {"audience_id": made.audience_id, "kind": Kind.IMPORTED}
        session.execute(insert(Participant), [{"id": person, **kind} for person in people])
        entries = ({**mine, "participant_id": person, "took_part_on": OPENS.date()} for person in people)
        session.execute(insert(RollEntry), list(entries))
        columns = ("voter_tag", "nonce", "choice", "commitment")
        session.execute(insert(Ballot), [mine | dict(zip(columns, one, strict=True)) for one in ballots])
        leaves = [mine | {"commitment": one[3], "kind": LeafKind.CAST} for one in ballots]
        session.execute(insert(PendingLeaf), leaves)


def _beside(
    session: Session, made: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> tuple[list[float], list[float]]:
    """Group and count by turns; each count is taken back, so that the next does all of it again.

    Both are measured in one process, on one connection, on the tables as the close left them, with statements that
    were built before and rows that were touched before. Grouped is as one would by hand, one question by its choice.
    Counted is all that stands between taking the doors and the commit, what it writes included.
    """
    grouped = select(Ballot.choice, func.count()).where(Ballot.question_id == made.question_id).group_by(Ballot.choice)
    grouping, counting = [], []
    # The first turn is not measured: statements are built and rows touched for the first time in it.
    for _ in range(1 + TIMES):
        session.rollback()
        grouping.append(_seconds(lambda: session.execute(grouped).all()))
        session.rollback()
        with suppress(_TakenBack), transaction(session):
            counting.append(_seconds(lambda: _count(session, made, keys, clock)))
            raise _TakenBack
    return grouping[1:], counting[1:]


def _count(session: Session, made: RoundWords, keys: KeyFolder, clock: StoppedClock) -> None:
    count_round(session, round_id=made.id, by=None, keys=keys, clock=clock)
    # The line in the journal waits for the commit, which does not come.
    session.flush()


def _check(file: Path) -> None:
    report = verify.examine(file)
    if report.failures:
        raise SystemExit("; ".join(report.failures))


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _print(title: str, reached: float, most: float | None = None, unit: str = "s") -> None:
    verdict = "" if most is None else f"{most:9.2f}  {'ok' if reached <= most else 'MISSED'}"
    print(f"{title:52}{reached:8.3f} {unit:5}{verdict}")
