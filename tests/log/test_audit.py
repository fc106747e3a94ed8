"""The audit office draws a sample of the roll; that it did stands in the journal."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled, Role
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.log.commands import sample_roll
from participation.voting.keys import KeyFolder
from tests.world import RoundWords, an_official
from tests.world.voting import a_vote


def test_a_sample_names_people_once_and_never_a_choice(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    for _ in range(5):
        a_vote(session, round, keys=keys, clock=clock)
    auditor = an_official(session, Role.AUDIT, audience_id=round.audience_id)
    drawn = sample_roll(session, contest_id=round.contest_id, by=auditor, number=3, clock=clock)
    assert len({line.participant_id for line in drawn}) == 3
    assert all(line.email and line.kind == "account" for line in drawn)
    assert "dafuer" not in repr(drawn)
    entry = session.execute(select(JournalEntry).where(JournalEntry.act == "log:roll_sampled")).scalar_one()
    assert (entry.actor_id, entry.details) == (auditor, {"drawn": 3, "roll": 5})
    everybody = sample_roll(session, contest_id=round.contest_id, by=auditor, number=99, clock=clock)
    assert len(everybody) == 5


@pytest.mark.parametrize("role", [Role.STAFF, Role.MODERATOR])
def test_nobody_else_draws_one(session: Session, round: RoundWords, clock: StoppedClock, role: Role) -> None:
    somebody = an_official(session, role, audience_id=round.audience_id)
    with pytest.raises(NotEntitled):
        sample_roll(session, contest_id=round.contest_id, by=somebody, number=3, clock=clock)
    assert session.execute(select(JournalEntry).where(JournalEntry.act == "log:roll_sampled")).all() == []
