"""Words about voting: the keys of a round's contest, and votes cast."""

from __future__ import annotations

import shutil
from pathlib import Path
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Kind, Who
from participation.audiences.models import Participant
from participation.foundation.clock import Clock, berlin
from participation.foundation.db import transaction
from participation.voting.commands import cast_ballot
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.ledger import NONCE_BYTES, LeafKind, canonical, commitment
from participation.voting.models import Ballot, Contest, PendingLeaf, Question, RollEntry
from participation.windows.commands import pass_door
from participation.windows.models import Window
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


def a_paper_ballot(session: Session, *, question_id: int, choice: str, keys: KeyFolder, clock: Clock) -> UUID:
    """Enter a ballot that came on paper, as the desk will: participant, roll, ballot, and the line for the log."""
    question = session.get_one(Question, question_id)
    contest = session.get_one(Contest, question.contest_id)
    audience = session.get_one(Window, contest.window_id).audience_id
    with transaction(session):
        now = pass_door(session, contest.window_id, clock)
        someone = Participant(audience_id=audience, kind=Kind.PAPER)
        session.add(someone)
        session.flush()
        entry = {"question_id": question_id, "participant_id": someone.id, "took_part_on": berlin(now).date()}
        tag = keys.tag(contest=contest.slug, question=question.slug, participant_id=someone.id)
        nonce, written = token_bytes(NONCE_BYTES), canonical(choice)
        promise = commitment(contest=contest.slug, question=question.slug, nonce=nonce, choice=written)
        ballot = {"nonce": nonce, "choice": written, "commitment": promise, "kind": Kind.PAPER}
        session.add(RollEntry(**entry))
        session.add(Ballot(question_id=question_id, voter_tag=tag, **ballot))
        session.add(PendingLeaf(question_id=question_id, commitment=promise, kind=LeafKind.CAST))
        return someone.id


def ballots_and_roll(session: Session, question_id: int) -> tuple[int, int]:
    """Return how many ballots lie on a question, and how many entries its roll has."""
    session.rollback()
    ballots = select(func.count()).select_from(Ballot).where(Ballot.question_id == question_id)
    roll = select(func.count()).select_from(RollEntry).where(RollEntry.question_id == question_id)
    return session.execute(ballots).scalar_one(), session.execute(roll).scalar_one()
