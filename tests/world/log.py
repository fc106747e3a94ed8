"""Words about the log of a vote: enough voters for a batch, a closed vote."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from participation.log.commands import close_windows
from participation.log.facts import FEWEST
from participation.log.models import Checkpoint, LogLeaf
from participation.voting.keys import KeyFolder
from participation.voting.models import PendingLeaf
from participation.windows.commands import take_doors
from tests.world import RoundWords
from tests.world.voting import a_vote


def enough_votes(session: Session, round: RoundWords, *, keys: KeyFolder, clock: Clock) -> list[Who]:
    """Let as many people vote on the first question as a batch needs."""
    return [a_vote(session, round, keys=keys, clock=clock) for _ in range(FEWEST)]


def close_vote(session: Session, round: RoundWords, *, keys: KeyFolder, clock: Clock) -> None:
    """Close the windows of a round now, as whoever closes does."""
    with transaction(session):
        now, _ = take_doors(session, [round.vote_window_id, round.talk_window_id], clock)
        close_windows(session, dict.fromkeys((round.vote_window_id, round.talk_window_id), now), keys=keys, now=now)


def leaves_of(session: Session, round: RoundWords) -> list[bytes]:
    """Return the lines of the log of a round's vote."""
    session.rollback()
    lines = select(LogLeaf.leaf).where(LogLeaf.contest_id == round.contest_id).order_by(LogLeaf.index)
    return [bytes(leaf) for leaf in session.execute(lines).scalars()]


def checkpoints_of(session: Session, round: RoundWords) -> list[Checkpoint]:
    """Return the checkpoints of a round's vote, the oldest first."""
    session.rollback()
    signed = select(Checkpoint).where(Checkpoint.contest_id == round.contest_id).order_by(Checkpoint.size)
    return list(session.execute(signed).scalars())


def waiting(session: Session) -> list[tuple[str, bytes]]:
    """Return what waits for the log of any vote, sorted."""
    session.rollback()
    rows = session.execute(select(PendingLeaf.kind, PendingLeaf.commitment)).all()
    return sorted((row.kind, bytes(row.commitment)) for row in rows)
