"""The audit office draws a sample of the roll; that it did stands in the journal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import NotEntitled, Role
from participation.foundation.clock import StoppedClock
from participation.foundation.lots import draw
from participation.journal.models import JournalEntry
from participation.log.commands import sample_roll
from participation.log.facts import RollStillOpen, SampleUnfounded
from participation.voting.keys import KeyFolder
from tests.statements import Statements
from tests.world import RoundWords, a_round, an_official
from tests.world.log import close_vote
from tests.world.sign_in import post, signed_in
from tests.world.voting import a_vote


def test_a_sample_names_people_once_and_never_a_choice(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    for _ in range(5):
        a_vote(session, round, keys=keys, clock=clock)
    auditor = an_official(session, Role.AUDIT, audience_id=round.audience_id)
    why = {"reason": "Prüfung 4/26", "seed": "4 8 15"}
    with pytest.raises(RollStillOpen):
        sample_roll(session, contest_id=round.contest_id, by=auditor, number=3, clock=clock, **why)
    close_vote(session, round, keys=keys, clock=clock)
    drawn = sample_roll(session, contest_id=round.contest_id, by=auditor, number=3, clock=clock, **why)
    assert len({line.participant_id for line in drawn}) == 3
    assert all(line.email and line.kind == "account" for line in drawn)
    assert "dafuer" not in repr(drawn)
    entry = session.execute(select(JournalEntry).where(JournalEntry.act == "log:roll_sampled")).scalar_one()
    assert (entry.actor_id, entry.details) == (auditor, {"drawn": 3, "roll": 5, **why})
    assert sample_roll(session, contest_id=round.contest_id, by=auditor, number=3, clock=clock, **why) == drawn
    everybody = sample_roll(session, contest_id=round.contest_id, by=auditor, number=99, clock=clock, **why)
    assert len(everybody) == 5
    first = draw(
        seed="4 8 15", about=f"{round.contest_slug}/roll", names=[str(one.participant_id) for one in everybody]
    )
    assert {str(one.participant_id) for one in drawn} == set(first[:3])
    for missing in ({"reason": " ", "seed": "4"}, {"reason": "Prüfung", "seed": ""}):
        with pytest.raises(SampleUnfounded):
            sample_roll(session, contest_id=round.contest_id, by=auditor, number=3, clock=clock, **missing)


def test_the_audit_office_draws_one_on_a_page_that_nobody_keeps(
    app: Flask,
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    voter = a_vote(session, round, keys=keys, clock=clock)
    client = signed_in(app, session, an_official(session, Role.AUDIT, audience_id=round.audience_id))
    here = f"/verwaltung/stichproben/{round.contest_slug}"
    assert client.get(here).status_code == 404, "the vote still runs"
    close_vote(session, round, keys=keys, clock=clock)
    with statements() as seen:
        assert here in client.get("/verwaltung/stichproben").text
    assert len(seen) <= 3
    refused = post(client, here, reason="", seed="4 8 15", number="3")
    assert (refused.status_code, "4 8 15" in refused.text) == (422, True)
    drawn = post(client, here, reason="Prüfung 4/26", seed="4 8 15", number="3")
    address = session.execute(select(Person.email).where(Person.id == voter.person_id)).scalar_one()
    assert drawn.status_code == 200 and address in drawn.text and drawn.headers["Cache-Control"] == "no-store"
    other = signed_in(app, session, an_official(session, Role.AUDIT, audience_id=a_round(session).audience_id))
    assert other.get(here).status_code == 404


@pytest.mark.parametrize("role", [Role.STAFF, Role.MODERATOR])
def test_nobody_else_draws_one(session: Session, round: RoundWords, clock: StoppedClock, role: Role) -> None:
    somebody = an_official(session, role, audience_id=round.audience_id)
    with pytest.raises(NotEntitled):
        sample_roll(
            session, contest_id=round.contest_id, by=somebody, number=3, reason="Prüfung", seed="4", clock=clock
        )
    assert session.execute(select(JournalEntry).where(JournalEntry.act == "log:roll_sampled")).all() == []
