"""What citizens read on the pages of a round, and what they never see."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.rounds.commands import write_round
from participation.rounds.facts import Effect, PartDraft
from participation.rounds.models import Round
from participation.voting.keys import KeyFolder
from tests.world import (
    BEFORE,
    CLOSES,
    OPENS,
    RoundWords,
    a_concept_version,
    a_draft,
    a_moderator,
    a_person,
    a_round,
    an_admin,
)
from tests.world.discussion import a_comment
from tests.world.sign_in import signed_in
from tests.world.voting import a_vote

EARLY = StoppedClock(BEFORE)


@pytest.fixture
def round(session: Session, office: int, app: Flask) -> RoundWords:
    return a_round(session, office_id=office, keys=KeyFolder(app.extensions["settings"].key_dir))


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.status
    return unescape(answer.text).replace("\xa0", " ")


def test_a_round_says_what_it_is_about_who_decides_and_what_follows(client: FlaskClient, round: RoundWords) -> None:
    text = text_of(client, f"/runden/{round.slug}")
    for told in (
        "Worum es geht.",
        "Beschluss des Rates vom 1. Januar 2026.",
        "Die Reihenfolge.",
        "Der Rat der Stadt.",
        "Stufe: Konsultation",
        "Das Ergebnis ist eine Empfehlung. Wer davon abweicht, begründet das.",
        "01.05.2026, 08:00 Uhr",
        "bis 01.07.2026, 00:00 Uhr",
        "spätestens am 15.07.2026, 00:00 Uhr",
        "noch 29 Tage",
        "Offen bis 01.07.2026, 00:00 Uhr. Danach wird ausgezählt.",
        "Gut leben",
        "Handlungsfeld 2",
        "Zwischenstände bleiben bis zum Ergebnis verborgen.",
        "Beiträge erscheinen sofort.",
    ):
        assert told in text, told
    assert 'href="/netiquette"' in text


def test_a_round_without_a_mandate_says_so(
    client: FlaskClient, session: Session, office: int, keys: KeyFolder, version: int
) -> None:
    from participation.rounds.commands import publish_round

    made = write_round(session, office_id=office, draft=a_draft(version, mandate={"de": ""}), by=None, clock=EARLY)
    publish_round(session, round_id=made.id, by=None, clock=EARLY, keys=keys)
    assert "kein Auftrag genannt" in text_of(client, f"/runden/{made.slug}")


def test_a_handlungsfeld_shows_its_text_its_goals_the_vote_and_the_talk(
    client: FlaskClient, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    a_comment(session, round, clock=clock, text="Mehr Bäume am Ring, bitte.")
    text = text_of(client, round.home)
    assert "<strong>vorhat</strong>" in text and "Ein Ziel." in text and "Mehr Bäume am Ring, bitte." in text
    assert text.index('id="abstimmung"') < text.index('id="diskussion"')
    assert f'data-copy="http://localhost{round.home}"' in text


def test_english_pages_speak_english_and_mark_what_is_german(client: FlaskClient, round: RoundWords) -> None:
    answer = client.get(round.home, headers={"Accept-Language": "en-GB"})
    assert '<html lang="en">' in answer.text and "What the city <strong>plans</strong>." in answer.text
    assert '<span lang="de">Ein Ziel.</span>' in answer.text


def test_who_voted_finds_a_mark_and_nobody_else_does(
    app: Flask, session: Session, round: RoundWords, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=KeyFolder(app.extensions["settings"].key_dir), clock=clock)
    mine = text_of(signed_in(app, session, who.person_id), f"/runden/{round.slug}")
    assert mine.count("abgestimmt") == 1
    for other in (app.test_client(), signed_in(app, session, a_person(session))):
        assert "abgestimmt" not in text_of(other, f"/runden/{round.slug}")


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (OPENS - timedelta(days=3), "Es beginnt am 01.05.2026, 08:00 Uhr."),
        (OPENS - timedelta(days=3), "noch 3 Tage bis zum Beginn"),
        (OPENS, "Läuft"),
        (CLOSES - timedelta(milliseconds=1), "weniger als eine Minute"),
        (CLOSES, "Es wird ausgezählt. Das Ergebnis kommt bis zum 15.07.2026, 00:00 Uhr."),
        (CLOSES + timedelta(days=15), "Es wird ausgezählt. Zugesagt war das Ergebnis bis zum 15.07.2026, 00:00 Uhr."),
    ],
)
def test_the_page_follows_the_clock(
    client: FlaskClient, round: RoundWords, clock: StoppedClock, at: object, words: str
) -> None:
    clock.at = at  # type: ignore[assignment]
    assert words in text_of(client, f"/runden/{round.slug}") and words in text_of(client, round.home)


def test_between_two_parts_the_page_says_when_it_goes_on(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    now, day = clock(), timedelta(days=1)
    round = a_round(session, opens=now - 9 * day, closes=now - day, vote_opens=now + day, vote_closes=now + 9 * day)
    text = text_of(client, f"/runden/{round.slug}")
    assert "Zwischen zwei Phasen" in text and "Weiter geht es am 02.06.2026, 12:00 Uhr." in text


def test_the_rule_sheet_is_public_and_has_the_fingerprint_that_the_page_quotes(
    client: FlaskClient, round: RoundWords
) -> None:
    import hashlib

    answer = client.get(f"/runden/{round.slug}/regelblatt")
    assert answer.mimetype == "application/json"
    sha256 = hashlib.sha256(answer.data).hexdigest()
    assert sha256[:12] in text_of(client, f"/runden/{round.slug}")


def test_where_an_imported_round_came_from_stands_before_what_it_is_about(
    client: FlaskClient, session: Session, round: RoundWords
) -> None:
    with transaction(session):
        session.get_one(Round, round.id).note = {"de": "Übernommen aus **Polis**."}
    text = text_of(client, f"/runden/{round.slug}")
    assert "Übernommen aus <strong>Polis</strong>." in text and text.index("Polis") < text.index("Leitthema 1")


def test_a_round_with_talk_alone_has_no_vote(
    client: FlaskClient, session: Session, office: int, keys: KeyFolder, version: int
) -> None:
    from participation.rounds.commands import publish_round

    told = a_draft(version, vote=None, talk=PartDraft(OPENS, CLOSES, Effect.INFORMS))
    made = write_round(session, office_id=office, draft=told, by=None, clock=EARLY)
    publish_round(session, round_id=made.id, by=None, clock=EARLY, keys=keys)
    text = text_of(client, f"/runden/{made.slug}/handlungsfelder/feld-1")
    assert 'id="abstimmung"' not in text and 'id="diskussion"' in text
    assert "Was aus der Abstimmung folgt" not in text_of(client, f"/runden/{made.slug}")


@pytest.mark.parametrize(
    "path", ["/runden/nichts", "/runden/nichts/handlungsfelder/feld-1", "/runden/nichts/regelblatt"]
)
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_handlungsfeld_of_another_round_is_not_found(
    client: FlaskClient, session: Session, round: RoundWords
) -> None:
    larger = a_round(session, handlungsfelder=4)
    assert client.get(f"/runden/{larger.slug}/handlungsfelder/feld-4").status_code == 200
    assert client.get(f"/runden/{round.slug}/handlungsfelder/feld-4").status_code == 404


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
SECRET = "Was noch niemand wissen darf"


@pytest.fixture
def secret(session: Session, office: int, staff: UUID) -> Round:
    """A draft whose every text would be recognised."""
    version = a_concept_version(session, office_id=office, frozen=False)
    texts = {name: {"de": SECRET, "en": SECRET} for name in ("title", "summary", "mandate", "influence", "decided_by")}
    return write_round(session, office_id=office, draft=a_draft(version, **texts), by=staff, clock=EARLY)


@pytest.mark.parametrize("who", ["visitor", "citizen", "moderator", "admin", "own staff"])
def test_a_draft_is_on_no_public_page_for_anybody(
    app: Flask, session: Session, round: RoundWords, secret: Round, staff: UUID, who: str
) -> None:
    people = {
        "citizen": lambda: a_person(session),
        "moderator": lambda: a_moderator(session, round),
        "admin": lambda: an_admin(session),
        "own staff": lambda: staff,
    }
    client = app.test_client() if who == "visitor" else signed_in(app, session, people[who]())
    hidden = f"/runden/{secret.slug}"
    for path in (hidden, f"{hidden}/handlungsfelder/feld-1", f"{hidden}/regelblatt", f"{hidden}/ergebnis"):
        answer = client.get(path)
        assert answer.status_code == 404 and SECRET not in answer.text, path
    for path in ("/", f"/runden/{round.slug}", round.home, "/meine-beteiligung"):
        assert SECRET not in client.get(path).text, path


def test_a_window_published_later_hides_the_round_until_then(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    round = a_round(session, opens=clock() + timedelta(days=9), published=clock() + timedelta(days=1))
    assert client.get(f"/runden/{round.slug}").status_code == 404 and round.slug not in client.get("/").text
    clock.advance(timedelta(days=1))
    assert client.get(f"/runden/{round.slug}").status_code == 200 and round.slug in client.get("/").text


def test_the_shortened_address_leads_to_all_rounds(client: FlaskClient) -> None:
    answer = client.get("/runden")
    assert (answer.status_code, answer.location) == (303, "/")
