"""Voting by its pages: a click is saved at once, a visitor's choice never, and a question stands by itself too."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from participation.accounts.models import Intent
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.results.commands import count_round, release_round
from participation.rounds.models import Round
from participation.voting import commands
from participation.voting.models import Ballot
from tests.world import CLOSES, OPENS, RoundWords, a_person, a_round, a_staff_member
from tests.world.sign_in import post, signed_in
from tests.world.voting import ballots_and_roll, keys_of


@pytest.fixture
def round(session: Session, settings: Settings) -> RoundWords:
    """An open round whose key the application finds."""
    made = a_round(session)
    keys_of(made, settings.key_dir)
    return made


@pytest.fixture
def person(session: Session) -> UUID:
    return a_person(session)


@pytest.fixture
def citizen(app: Flask, session: Session, person: UUID) -> FlaskClient:
    return signed_in(app, session, person)


def _path(round: RoundWords, number: int = 0) -> str:
    return f"/abstimmungen/{round.contest_slug}/{round.subjects[number].question_slug}"


def _pressed(html: str) -> list[str]:
    return re.findall(r'value="(\w+)" aria-pressed="true"', html)


def test_a_click_is_saved_and_leads_back_to_the_page_it_came_from(
    session: Session, round: RoundWords, citizen: FlaskClient
) -> None:
    answer = post(citizen, f"{_path(round)}/stimme", choice="dagegen")
    assert (answer.status_code, answer.location) == (303, f"{round.home}#abstimmung")
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    page = citizen.get(round.home).get_data(as_text=True)
    assert _pressed(page) == ["dagegen"]
    assert "Gespeichert: Dagegen." in page


def test_the_vote_can_be_changed_and_withdrawn(session: Session, round: RoundWords, citizen: FlaskClient) -> None:
    post(citizen, f"{_path(round)}/stimme", choice="dafuer")
    post(citizen, f"{_path(round)}/stimme", choice="enthaltung")
    assert _pressed(citizen.get(_path(round)).get_data(as_text=True)) == ["enthaltung"]
    for _ in range(2):
        answer = post(citizen, f"{_path(round)}/ruecknahme")
        assert (answer.status_code, answer.location) == (303, f"{round.home}#abstimmung")
    assert ballots_and_roll(session, round.question_id) == (0, 0)
    assert _pressed(citizen.get(_path(round)).get_data(as_text=True)) == []


def test_the_page_says_what_counts(round: RoundWords, citizen: FlaskClient) -> None:
    page = citizen.get(_path(round)).get_data(as_text=True).replace("\xa0", " ")
    for words in (
        "Ein Konto, eine Stimme.",
        "Jeder Klick wird sofort gespeichert.",
        "vertraulich",
        "01.07.2026, 00:00 Uhr",
        "Das Ergebnis ist eine Empfehlung.",
        "Der Rat der Stadt.",
    ):
        assert words in page, words
    assert "geheim" not in page


@pytest.mark.parametrize("fields", [{}, {"choice": ""}, {"choice": "vielleicht"}, {"choice": "x" * 5000}])
def test_a_choice_that_is_none_shows_the_question_again(
    session: Session, round: RoundWords, citizen: FlaskClient, fields: dict[str, str]
) -> None:
    answer = post(citizen, f"{_path(round)}/stimme", **fields)
    assert answer.status_code == 422
    assert "Bitte wählen Sie eine der angebotenen Möglichkeiten." in answer.get_data(as_text=True)
    assert ballots_and_roll(session, round.question_id) == (0, 0)


@pytest.mark.parametrize("act", ["stimme", "ruecknahme"])
def test_of_a_visitors_vote_only_the_page_is_kept(app: Flask, session: Session, round: RoundWords, act: str) -> None:
    visitor = app.test_client()
    answer = visitor.post(f"{_path(round)}/{act}", data={"choice": "dafuer"})
    assert answer.status_code in {302, 303}
    assert "dafuer" not in answer.headers["Location"] + answer.get_data(as_text=True)
    assert "dafuer" not in repr([row.__dict__ for row in session.execute(select(Intent)).scalars()])
    assert ballots_and_roll(session, round.question_id) == (0, 0)


def test_a_visitor_sees_the_buttons_and_where_to_sign_in(app: Flask, round: RoundWords) -> None:
    page = app.test_client().get(_path(round))
    html = page.get_data(as_text=True)
    assert page.status_code == 200
    assert html.count('name="choice"') == 3
    assert f"/anmelden?next={round.home}" in html
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    ("moment", "words"),
    [(OPENS, None), (CLOSES, "ist seit 01.07.2026, 00:00 Uhr beendet")],
    ids=["first moment", "end"],
)
def test_after_the_end_there_are_no_buttons(
    round: RoundWords, citizen: FlaskClient, clock: StoppedClock, moment: Any, words: str | None
) -> None:
    post(citizen, f"{_path(round)}/stimme", choice="dafuer")
    clock.at = moment
    html = citizen.get(_path(round)).get_data(as_text=True)
    assert html.count('name="choice"') == (3 if words is None else 0)
    if words:
        assert words in html.replace("\xa0", " ")
        assert "Sie haben abgestimmt." in html
        assert "dafuer" not in html.lower().replace("dafür", "")
        late = post(citizen, f"{_path(round)}/stimme", choice="dagegen")
        assert late.status_code == 409


def test_a_draft_is_not_there(app: Flask, session: Session, round: RoundWords, clock: StoppedClock) -> None:
    clock.at = clock.at.replace(year=2025)
    paths = [_path(round), f"/abstimmungen/{round.contest_slug}", f"/abstimmungen/{round.contest_slug}/karten/1"]
    assert {app.test_client().get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize("path", ["/abstimmungen/nichts", "/abstimmungen/nichts/da", "/abstimmungen/nichts/karten/1"])
def test_what_is_not_there_is_missing(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


# ── One by one ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_one_goes_from_card_to_card_and_each_tap_is_saved(
    session: Session, round: RoundWords, citizen: FlaskClient
) -> None:
    cards = f"/abstimmungen/{round.contest_slug}/karten"
    first = citizen.get(f"{cards}/1").get_data(as_text=True)
    assert "1 von 2" in first and "Überspringen" in first and "Aufhören" in first
    answer = post(citizen, f"{_path(round)}/stimme?karte=1", choice="dafuer")
    assert (answer.status_code, answer.location) == (303, f"{cards}/2")
    assert "2 von 2" in citizen.get(answer.location).get_data(as_text=True)
    answer = post(citizen, f"{_path(round, 1)}/stimme?karte=2", choice="dagegen")
    assert "Sie haben zu allen Fragen abgestimmt." in citizen.get(answer.location).get_data(as_text=True)
    answer = post(citizen, f"{_path(round, 1)}/ruecknahme?karte=2")
    assert answer.location == f"{cards}/2"
    overview = citizen.get(f"/abstimmungen/{round.contest_slug}").get_data(as_text=True)
    assert "Sie haben zu 1 von 2 Fragen abgestimmt." in overview
    assert f"{cards}/2" in overview


def test_no_address_leads_a_vote_elsewhere(round: RoundWords, citizen: FlaskClient) -> None:
    answer = post(citizen, f"{_path(round)}/stimme?karte=https://example.org&next=//example.org", choice="dafuer")
    assert answer.location == f"{round.home}#abstimmung"


# ── When something fails ──────────────────────────────────────────────────────────────────────────────────────────────
def test_without_the_key_the_page_says_that_nothing_was_saved(
    session: Session, round: RoundWords, citizen: FlaskClient, settings: Settings
) -> None:
    (settings.key_dir / f"{round.contest_slug}.key").unlink()
    answer = post(citizen, f"{_path(round)}/stimme", choice="dafuer")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert ballots_and_roll(session, round.question_id) == (0, 0)
    assert citizen.get(round.home).status_code == 200


def test_a_busy_database_offers_the_same_vote_again(
    session: Session, round: RoundWords, citizen: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with monkeypatch.context() as moment:
        moment.setattr(commands, "_enter_roll", busy)
        answer = post(citizen, f"{_path(round)}/stimme", choice="dagegen")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Traceback" not in html and "INSERT" not in html
    assert f'action="{_path(round)}/stimme"' in html
    again = dict(re.findall(r'name="(\w+)" value="([^"]*)"', html))
    assert citizen.post(f"{_path(round)}/stimme", data=again).status_code == 303
    assert session.execute(select(Ballot.choice)).scalar_one() == '"dagegen"'


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_vote_takes_at_most_ten_statements(round: RoundWords, citizen: FlaskClient, statements: Any) -> None:
    for choice in ("dafuer", "dagegen", "dagegen"):
        with statements() as seen:
            assert post(citizen, f"{_path(round)}/stimme", choice=choice).status_code == 303
        assert len(seen) <= 10, str(seen)
        assert not any("role_grant" in one for one in seen), "a vote asks for no roles"


@pytest.mark.parametrize("end", ["", "/karten/1", "/feld-1"])
def test_pages_take_few_statements(round: RoundWords, citizen: FlaskClient, statements: Any, end: str) -> None:
    post(citizen, f"{_path(round)}/stimme", choice="dafuer")
    with statements() as seen:
        assert citizen.get(f"/abstimmungen/{round.contest_slug}{end}").status_code == 200
    assert len(seen) <= 8, str(seen)


@pytest.mark.parametrize("end", ["", "/feld-1", "/karten/1"])
def test_each_page_of_a_vote_names_the_round_and_leads_back_to_it(
    client: FlaskClient, round: RoundWords, session: Session, end: str
) -> None:
    title = session.get_one(Round, round.id).title["de"]
    page = client.get(f"/abstimmungen/{round.contest_slug}{end}").text
    assert re.search(rf'href="/runden/{round.slug}"[^>]*>[^<]*{title}', page)
    assert '<a href="/" aria-current="true">' in page


@pytest.mark.parametrize("end", ["", "/feld-1", "/karten/1"])
def test_once_the_result_is_released_each_page_of_a_vote_leads_there(
    client: FlaskClient, round: RoundWords, session: Session, settings: Settings, clock: StoppedClock, end: str
) -> None:
    path, result = f"/abstimmungen/{round.contest_slug}{end}", f'href="/runden/{round.slug}/ergebnis"'
    by = a_staff_member(session, office_id=round.office_id)
    clock.at = CLOSES
    count_round(session, round_id=round.id, by=by, clock=clock, keys=keys_of(round, settings.key_dir))
    before = client.get(path).text
    assert result not in before and "nach der Auszählung" in before
    release_round(session, round_id=round.id, by=by, clock=clock)
    after = client.get(path).text
    assert result in after and "nach der Auszählung" not in after
