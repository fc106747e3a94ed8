"""One voter, two web servers, sixty-four posts at the same moment: one ballot."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock, system_clock
from participation.foundation.config import Settings
from participation.voting.keys import KeyFolder
from tests.processes import PATIENCE, Voter, web_server
from tests.world import RoundWords, a_round
from tests.world.voting import ballots_and_roll

THREADS = 32


@pytest.fixture
def round(session: Session, settings: Settings, clock: StoppedClock) -> RoundWords:
    """A round that is open now, since the servers have the true time."""
    clock.at = now = system_clock()
    return a_round(session, opens=now - timedelta(days=1), closes=now + timedelta(days=1), keys=KeyFolder.of(settings))


def test_sixty_four_posts_of_one_voter_to_two_servers_leave_one_ballot(
    app: Flask, session: Session, settings: Settings, round: RoundWords
) -> None:
    path = f"/abstimmungen/{round.contest_slug}/{round.subjects[0].question_slug}"
    voter, statuses = Voter(app, session, round.home), []
    with ExitStack() as stack:
        ports = [stack.enter_context(web_server(settings)).port for _ in range(2)]
        barrier = threading.Barrier(2 * THREADS)

        def press(port: int) -> None:
            barrier.wait(PATIENCE)
            statuses.append(voter.post(port, f"{path}/stimme", choice="dafuer")[0])

        threads = [threading.Thread(target=press, args=(ports[number % 2],)) for number in range(2 * THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE)
        receipts = {voter.get(port, f"{path}/beleg/datei") for port in ports}
    assert statuses == [303] * (2 * THREADS)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert len(receipts) == 1 and next(iter(receipts))[0] == 200
