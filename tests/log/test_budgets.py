"""What the public pages of a log cost: few statements, as many with a long log as with a short one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.archives.jobs import make_archives
from participation.audiences.facts import Who
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.log.commands import write_batch
from participation.log.facts import PAUSE
from participation.results.commands import count_round, release_round
from participation.voting import merkle
from participation.voting.keys import KeyFolder
from tests.statements import Statements
from tests.world import CLOSES, RoundWords
from tests.world.log import enough_votes
from tests.world.sign_in import signed_in
from tests.world.voting import a_vote

Noted = Callable[[], AbstractContextManager[Statements]]

VISITED = {"pruefpunkte": 2, "pruefpunkte/51.txt": 2, "schluessel.txt": 1, "pruefen": 1}
"""Statements of each page for visitors."""
RECEIPT = 8
"""Statements of the own receipt with its proof, the session's own included."""
CHECK = 6
"""Statements of checking a receipt."""


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    """The folder of the application's own keys."""
    return KeyFolder.of(settings)


@pytest.fixture
def voter(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> Who:
    """Somebody whose vote the first checkpoint covers."""
    who = a_vote(session, round, keys=keys, clock=clock)
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    return who


def cost(noted: Noted, client: FlaskClient, path: str, **sent: str) -> int:
    with noted() as seen:
        answer = client.post(path, data=sent) if sent else client.get(path)
    assert answer.status_code == 200, answer.text
    return len(seen)


def costs(noted: Noted, visitor: FlaskClient, voter: FlaskClient, round: RoundWords) -> dict[str, int]:
    base, own = f"/abstimmungen/{round.slug}", f"/abstimmungen/{round.slug}/{round.subjects[0].slug}/beleg"
    slip = voter.get(f"{own}/datei").text
    return {
        **{end: cost(noted, visitor, f"{base}/{end}") for end in VISITED},
        "counting": cost(noted, visitor, "/so-wird-gezaehlt"),
        "receipt": cost(noted, voter, f"{own}?zeigen=ja"),
        "file": cost(noted, voter, f"{own}/datei"),
        "check": cost(noted, visitor, f"{base}/pruefen", receipt=slip),
    }


def test_a_long_log_costs_no_more_statements_than_a_short_one(
    app: Flask,
    client: FlaskClient,
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
    voter: Who,
    statements: Noted,
) -> None:
    mine = signed_in(app, session, voter.person_id)
    short = costs(statements, client, mine, round)
    for _ in range(2):
        clock.advance(PAUSE)
        enough_votes(session, round, keys=keys, clock=clock)
        write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    long = costs(statements, client, mine, round)
    assert long == short
    assert {end: long[end] for end in VISITED} == VISITED
    assert long["counting"] == 0 and long["check"] <= CHECK
    assert max(long["receipt"], long["file"]) <= RECEIPT


def test_a_proof_reads_only_what_is_new_in_the_log(
    app: Flask,
    client: FlaskClient,
    session: Session,
    round: RoundWords,
    voter: Who,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/abstimmungen/{round.slug}"
    slip = signed_in(app, session, voter.person_id).get(f"{path}/{round.subjects[0].slug}/beleg/datei").text
    hashed: list[bytes] = []
    once = merkle.leaf_hash

    def noted(leaf: bytes) -> bytes:
        hashed.append(leaf)
        return once(leaf)

    monkeypatch.setattr(merkle, "leaf_hash", noted)
    assert "Ihre Stimme steht im Protokoll" in client.post(f"{path}/pruefen", data={"receipt": slip}).text
    assert len(hashed) <= 1


def test_the_page_of_an_archive_costs_one_statement(
    app: Flask,
    client: FlaskClient,
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
    voter: Who,
    statements: Noted,
) -> None:
    clock.at = CLOSES
    count_round(session, round_id=round.id, by=None, keys=keys, clock=clock)
    release_round(session, round_id=round.id, by=None, clock=clock)
    path = f"/abstimmungen/{round.slug}/archiv"
    assert cost(statements, client, path) == 1
    with app.app_context():
        make_archives()
    assert cost(statements, client, path) == 1
    assert cost(statements, client, f"{path}.zip") == 1
