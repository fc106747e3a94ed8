"""Deleting the account beside a vote in flight, on PostgreSQL with real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.discussion.commands import rate_comment
from participation.discussion.facts import Value
from participation.discussion.models import Rating
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Fact
from participation.privacy.commands import erase
from participation.voting.commands import cast_ballot
from participation.voting.facts import Choice
from tests.world import a_citizen, a_round
from tests.world.moderation import a_comment
from tests.world.voting import ballots_and_roll, keys_of

pytestmark = pytest.mark.postgresql


@pytest.mark.parametrize("joined_before", [False, True])
def test_no_vote_outlives_the_account_it_was_cast_from(
    session: Session, new_session: Callable[[], Session], clock: StoppedClock, tmp_path: Path, joined_before: bool
) -> None:
    round = a_round(session)
    keys = keys_of(round, tmp_path / "keys")
    comment = a_comment(session, round, clock=clock)
    voting, rating, erasing = new_session(), new_session(), new_session()
    for _ in range(25):
        who = a_citizen(session)
        if joined_before:
            a_comment(session, round, clock=clock, who=who, held=True)
        session.rollback()
        barrier = threading.Barrier(3)

        def quietly(act: Callable[[], object], barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                act()
            except Fact:
                return

        with ThreadPoolExecutor(3) as threads:
            acts = [
                lambda who=who: cast_ballot(
                    voting, question_id=round.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock
                ),
                lambda who=who: rate_comment(rating, comment_id=comment, who=who, value=Value.AGREE, clock=clock),
                lambda who=who: erase(erasing, person_id=who.person_id, clock=clock, keys=keys),
            ]
            for future in [threads.submit(quietly, act) for act in acts]:
                future.result(timeout=60)
    assert ballots_and_roll(session, round.question_id) == (0, 0)
    assert counters_that_differ(session) == []

    assert session.execute(select(func.count()).select_from(Rating)).scalar_one() == 0
