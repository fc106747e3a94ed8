"""Checkpoints for everybody, the own receipt behind a warning, and what checking one says."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.log.commands import write_batch
from participation.log.facts import LONGEST_RECEIPT
from participation.voting.commands import open_contest, withdraw_ballot
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.ledger import cast_leaf
from participation.voting.models import Contest
from participation.voting.notes import Proof, Verifier, open_checkpoint
from tests.tampering import without_triggers
from tests.world import RoundWords, a_citizen
from tests.world.log import checkpoints_of, close_vote, enough_votes
from tests.world.sign_in import signed_in
from tests.world.voting import a_vote


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    """The folder of the application's own keys."""
    return KeyFolder.of(settings)


@pytest.fixture
def voter(session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock) -> Who:
    """Somebody who voted against."""
    return a_vote(session, round, keys=keys, clock=clock, choice=Choice.AGAINST)


@pytest.fixture
def mine(app: Flask, session: Session, voter: Who) -> FlaskClient:
    """The voter's own browser."""
    return signed_in(app, session, voter.person_id)


def path(round: RoundWords, end: str) -> str:
    return f"/abstimmungen/{round.slug}/{end}"


def slip(mine: FlaskClient, round: RoundWords) -> str:
    return mine.get(path(round, f"{round.subjects[0].slug}/beleg/datei")).text


def checked(client: FlaskClient, round: RoundWords, text: str, status: int = 200) -> str:
    answer = client.post(path(round, "pruefen"), data={"receipt": text})
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


# ── Checkpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_everybody_reads_checkpoints_and_the_key(
    client: FlaskClient, session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    assert "Noch gibt es keinen Prüfpunkt" in client.get(path(round, "pruefpunkte")).text
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    assert path(round, "pruefpunkte/50.txt") in client.get(path(round, "pruefpunkte")).text
    note, key = client.get(path(round, "pruefpunkte/50.txt")), client.get(path(round, "schluessel.txt"))
    assert note.content_type == key.content_type == "text/plain; charset=utf-8"
    assert open_checkpoint(note.text, Verifier.of(key.text)).size == 50
    assert client.get(path(round, "pruefpunkte/51.txt")).status_code == 404


@pytest.mark.parametrize("end", ["pruefpunkte", "pruefen", "schluessel.txt"])
def test_a_contest_that_nobody_may_know_of_has_no_log(client: FlaskClient, end: str) -> None:
    assert client.get(f"/abstimmungen/gibt-es-nicht/{end}").status_code == 404


# ── The receipt ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_warning_comes_before_the_receipt(mine: FlaskClient, round: RoundWords) -> None:
    place = path(round, f"{round.subjects[0].slug}/beleg")
    number = json.loads(slip(mine, round))["commitment"]
    first, shown = mine.get(place), mine.get(f"{place}?zeigen=ja")
    for answer in (first, shown):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Wer die Prüfnummer kennt, kann Ihre Stimme lesen" in answer.text
        assert "Auf ihm steht, was Sie gewählt haben." in answer.text
    assert number not in first.text and number in shown.text
    assert shown.text.index("Wer die Prüfnummer kennt") < shown.text.index(number)


def test_the_receipt_is_the_voters_own(
    app: Flask, session: Session, mine: FlaskClient, client: FlaskClient, round: RoundWords
) -> None:
    place = path(round, f"{round.subjects[0].slug}/beleg/datei")
    assert json.loads(slip(mine, round))["choice"] == "dagegen"
    assert client.get(place).status_code == 303
    assert signed_in(app, session, a_citizen(session).person_id).get(place).status_code == 409


def test_after_the_close_no_receipt_is_shown(
    session: Session, mine: FlaskClient, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    close_vote(session, round, keys=keys, clock=clock)
    answer = mine.get(path(round, f"{round.subjects[0].slug}/beleg"))
    assert answer.status_code == 409
    assert "Einen Beleg, den Sie gespeichert haben, können Sie weiter prüfen." in answer.text


def test_a_contest_without_receipts_offers_none_and_says_why(
    session: Session, mine: FlaskClient, client: FlaskClient, round: RoundWords
) -> None:
    with without_triggers(session):
        session.execute(update(Contest).values(receipts=False))
    answer = mine.get(path(round, f"{round.subjects[0].slug}/beleg"))
    assert answer.status_code == 404 and "gibt keine Belege aus" in answer.text
    assert "gibt keine Belege aus, weil" in client.get(path(round, "pruefen")).text
    assert open_contest.__doc__ and "receipts" in open_contest.__doc__


def test_the_proof_is_checked_without_the_platform(
    session: Session, mine: FlaskClient, client: FlaskClient, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    proof = Proof.of(slip(mine, round))
    assert proof.extra is not None
    leaf = cast_leaf(bytes.fromhex(json.loads(proof.extra)["commitment"]))
    key = Verifier.of(client.get(path(round, "schluessel.txt")).text)
    assert proof.check(leaf, key).size == checkpoints_of(session, round)[-1].size


# ── Checking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_vote_waits_is_included_and_is_void_once_withdrawn(
    session: Session,
    voter: Who,
    mine: FlaskClient,
    client: FlaskClient,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
) -> None:
    text = slip(mine, round)
    assert "wartet auf den nächsten Prüfpunkt" in checked(client, round, text)
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    proven = slip(mine, round)
    place = f"Sie ist dort Eintrag {Proof.of(proven).index + 1} von 51."
    for form in (text, proven):
        told = checked(client, round, form)
        assert "Ihre Stimme steht im Protokoll" in told and place in told and "die auf Ihrem Beleg steht" in told
    bare = {name: value for name, value in json.loads(text).items() if name not in {"nonce", "choice"}}
    told = checked(client, round, json.dumps(bare))
    assert "die auf Ihrem Beleg steht" not in told and "Frage:" not in told
    withdraw_ballot(session, question_id=round.question_id, who=voter, keys=keys, clock=clock)
    close_vote(session, round, keys=keys, clock=clock)
    assert "Diese Stimme gilt nicht mehr" in checked(client, round, text)


def test_the_proof_of_the_check_names_its_entry_and_stands_alone_without_the_choice(
    session: Session, mine: FlaskClient, client: FlaskClient, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    text = slip(mine, round)
    enough_votes(session, round, keys=keys, clock=clock)
    write_batch(session, contest_id=round.contest_id, keys=keys, clock=clock)
    entry, proof = (unescape(found) for found in re.findall(r"<pre[^>]*>([^<]*)</pre>", checked(client, round, text)))
    assert entry == f"cast {json.loads(text)['commitment']}"
    key = Verifier.of(client.get(path(round, "schluessel.txt")).text)
    assert Proof.of(proof).check(entry.encode(), key).size == 51
    assert json.loads(Proof.of(proof).extra or "").keys() == {"contest", "question", "commitment"}
    assert "Ihre Stimme steht im Protokoll" in checked(client, round, proof)
    saved = client.post(path(round, "pruefen"), data={"receipt": text, "als": "datei"})
    assert (saved.text, saved.headers["Cache-Control"]) == (proof, "no-store")
    assert "attachment" in saved.headers["Content-Disposition"]


def test_what_is_not_there_is_said_plainly(
    session: Session,
    voter: Who,
    mine: FlaskClient,
    client: FlaskClient,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
) -> None:
    text = slip(mine, round)
    a_vote(session, round, keys=keys, clock=clock, who=voter, choice=Choice.FOR)
    assert "Diese Stimme ist nicht im Protokoll" in checked(client, round, text)
    elsewhere = json.loads(text) | {"contest": "eine-andere"}
    assert "gehört zu einer anderen Abstimmung" in checked(client, round, json.dumps(elsewhere))
    turned = json.loads(text) | {"choice": "dafuer"}
    assert "passt nicht zu sich selbst" in checked(client, round, json.dumps(turned))


def test_a_receipt_is_uploaded_as_a_file(mine: FlaskClient, client: FlaskClient, round: RoundWords) -> None:
    file = (io.BytesIO(slip(mine, round).encode()), "beleg.txt")
    answer = client.post(path(round, "pruefen"), data={"file": file}, content_type="multipart/form-data")
    assert "wartet auf den nächsten Prüfpunkt" in answer.text


ODD = '{"contest":"%s","question":"%s","commitment":"' + "00" * 32 + '"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        "null",
        '{"contest": 1}',
        "c2sp.org/tlog-proof@v1\nindex 0\n\nx\n",
        "[" * 5000,
        '{"contest":"a","question":"b","commitment":"zz"}',
        "ä\x00",
        ODD % ("\\ud800", "x"),
        ODD % ("a", "\\ud800"),
        ODD % ("a", "\\u0000"),
    ],
)
def test_what_is_no_receipt_is_named_and_kept(client: FlaskClient, round: RoundWords, text: str) -> None:
    html = checked(client, round, text, status=422)
    assert "kein Beleg" in html
    if text == "x":
        assert re.search(r"<textarea[^>]*>\s*x</textarea>", html)


def test_a_receipt_that_is_too_long_is_named_in_the_language_of_the_page(
    client: FlaskClient, round: RoundWords
) -> None:
    long = "x" * (LONGEST_RECEIPT + 1)
    assert "Bitte kürzen Sie »Text des Belegs« auf höchstens 20.000 Zeichen." in checked(
        client, round, long, status=422
    )
    answer = client.post(path(round, "pruefen"), data={"receipt": long}, headers={"Accept-Language": "en"})
    assert "Please shorten “Text of the receipt” to at most 20,000 characters." in answer.text


def test_nothing_of_a_receipt_is_logged(
    mine: FlaskClient, client: FlaskClient, round: RoundWords, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    text = slip(mine, round)
    caplog.clear()
    checked(client, round, text)
    number: Any = json.loads(text)["commitment"]
    assert number not in caplog.text
