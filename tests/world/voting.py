"""Words about voting: the keys of a round's contest, and votes cast."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.foundation.clock import Clock
from participation.voting.commands import cast_ballot
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, RollEntry
from tests.world import FIRST_KEYS, RoundWords, a_citizen


def keys_of(round: RoundWords, folder: Path) -> KeyFolder:
    """Make the key of a round's contest in a folder, and bring the one that signs its log there."""
    keys = KeyFolder(folder)
    keys.make(round.contest_slug)
    signing = f"{round.contest_slug}.signing-key"
    if not (folder / signing).exists():
        shutil.copy(FIRST_KEYS.path / signing, folder / signing)
    return keys


def a_vote(
    session: Session,
    round: RoundWords,
    *,
    keys: KeyFolder,
    clock: Clock,
    choice: str = Choice.FOR,
    who: Who | None = None,
) -> Who:
    """Cast a ballot on the first question of a round, by somebody new if nobody is named."""
    who = who or a_citizen(session)
    cast_ballot(session, question_id=round.question_id, who=who, choice=choice, keys=keys, clock=clock)
    return who


def ballots_and_roll(session: Session, question_id: int) -> tuple[int, int]:
    """Return how many ballots lie on a question, and how many entries its roll has."""
    session.rollback()
    ballots = select(func.count()).select_from(Ballot).where(Ballot.question_id == question_id)
    roll = select(func.count()).select_from(RollEntry).where(RollEntry.question_id == question_id)
    return session.execute(ballots).scalar_one(), session.execute(roll).scalar_one()
