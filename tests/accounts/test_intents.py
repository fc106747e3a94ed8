"""What a visitor typed is kept, offered after signing in, and gone once it was sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts import commands
from participation.accounts.facts import typed_lines
from participation.accounts.models import Intent
from participation.contributions.models import Contribution
from participation.foundation.clock import StoppedClock
from tests.world import RoundWords, a_person, a_round
from tests.world.accounts import PASSWORD, link_to, with_password
from tests.world.sign_in import post, signed_in

TEXT = "Mehr Bänke <b>am</b> Ruhrufer,\nbitte."


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


def comment(client: FlaskClient, round: RoundWords, text: str = TEXT, **headers: str) -> str:
    """Send a comment as a visitor and return where that leads."""
    path = f"/diskussion/{round.thread_id}/kommentare"
    fields = {"text": text, "stance": "in_favour", "shown_as": "Ruhr Fan"}
    answer = client.post(path, data=fields, headers={"Referer": f"http://localhost{round.home}", **headers})
    assert answer.status_code == 303
    return answer.location


def number_in(location: str) -> str:
    found = re.fullmatch(r"/anmelden\?vorhaben=([0-9a-f-]{36})", location)
    assert found, location
    return found[1]


def fields_of(page: str) -> tuple[str, list[tuple[str, str]]]:
    """Return where the form of the page goes and its hidden fields."""
    form = re.search(r'<form class="form" method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form
    import html

    names = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2])
    return form[1], [(html.unescape(name), html.unescape(value)) for name, value in names]


def published(session: Session) -> list[str]:
    session.rollback()
    return list(session.execute(select(Contribution.text)).scalars())


def kept(session: Session) -> int:
    session.rollback()
    return len(session.execute(select(Intent.id)).all())


def test_a_comment_written_before_registering_is_sent_from_another_device(
    app: Flask, session: Session, round: RoundWords
) -> None:
    phone, desktop = app.test_client(), app.test_client()
    number = number_in(comment(phone, round))
    assert "aufgehoben" in phone.get(f"/anmelden?vorhaben={number}").text
    post(phone, "/registrieren", email="neu@example.org", agreed="y", vorhaben=number)
    entered = post(desktop, link_to(session, "neu@example.org"))
    assert entered.location == f"/fortsetzen/{number}"
    page = desktop.get(entered.location).text
    assert "Mehr Bänke &lt;b&gt;am&lt;/b&gt; Ruhrufer" in page
    path, fields = fields_of(page)
    assert published(session) == []
    sent = desktop.post(path, data=dict(fields))
    assert sent.status_code == 303
    assert sent.location.startswith(round.home)
    assert published(session) == [TEXT]
    assert kept(session) == 0


def test_signing_in_by_password_leads_to_what_was_typed(app: Flask, session: Session, round: RoundWords) -> None:
    email = with_password(session, a_person(session))
    client = app.test_client()
    number = number_in(comment(client, round))
    answer = post(client, "/anmelden", email=email, password=PASSWORD, vorhaben=number)
    assert answer.location == f"/fortsetzen/{number}"


def test_what_is_refused_is_kept(app: Flask, session: Session, round: RoundWords, clock: StoppedClock) -> None:
    visitor = app.test_client()
    number = number_in(comment(visitor, round))
    client = signed_in(app, session, a_person(session))
    path, fields = fields_of(client.get(f"/fortsetzen/{number}").text)
    clock.advance(timedelta(hours=1))
    assert client.post(path, data={**dict(fields), "stance": ""}).status_code == 422
    assert kept(session) == 1
    assert client.post(path, data=dict(fields)).status_code == 303
    assert kept(session) == 0


def test_the_back_button_does_not_send_twice(app: Flask, session: Session, round: RoundWords) -> None:
    number = number_in(comment(app.test_client(), round))
    client = signed_in(app, session, a_person(session))
    path, fields = fields_of(client.get(f"/fortsetzen/{number}").text)
    client.post(path, data=dict(fields))
    again = client.post(path, data=dict(fields))
    assert again.status_code == 410 and 'kern-btn--primary" href="/meine-beteiligung"' in again.text
    assert client.get(f"/fortsetzen/{number}").status_code == 410
    assert published(session) == [TEXT]


def test_what_was_bound_to_somebody_is_closed_to_others(app: Flask, session: Session, round: RoundWords) -> None:
    email = with_password(session, a_person(session))
    client = app.test_client()
    number = number_in(comment(client, round))
    post(client, "/anmelden", email=email, password=PASSWORD, vorhaben=number)
    stranger = signed_in(app, session, a_person(session))
    assert stranger.get(f"/fortsetzen/{number}").status_code == 410
    assert post(stranger, f"/fortsetzen/{number}/loeschung").status_code == 303
    assert kept(session) == 1


def test_one_may_drop_it(app: Flask, session: Session, round: RoundWords) -> None:
    number = number_in(comment(app.test_client(), round))
    client = signed_in(app, session, a_person(session))
    answer = post(client, f"/fortsetzen/{number}/loeschung")
    assert (answer.status_code, answer.location) == (303, round.home)
    assert kept(session) == 0


def test_a_day_later_it_is_gone(app: Flask, session: Session, round: RoundWords, clock: StoppedClock) -> None:
    number = number_in(comment(app.test_client(), round))
    clock.advance(timedelta(days=1, seconds=1))
    commands.forget_old(session, clock=clock)
    email = with_password(session, a_person(session))
    client = app.test_client()
    answer = post(client, "/anmelden", email=email, password=PASSWORD, vorhaben=number)
    assert (answer.status_code, answer.location) == (303, "/")


def test_of_a_vote_only_the_page_is_kept(client: FlaskClient, session: Session, round: RoundWords) -> None:
    path = f"/abstimmungen/{round.contest_slug}/{round.subjects[0].question_slug}/stimme"
    referrer = {"Referer": f"http://localhost{round.home}"}
    answer = client.post(path, data={"choice": "dafuer"}, headers=referrer)
    assert answer.status_code == 303
    assert answer.location == f"/anmelden?next={round.home}%23abstimmung&nochmal=1"
    assert kept(session) == 0
    assert "dafuer" not in answer.location
    assert "nicht gespeichert" in client.get(answer.location).text


@pytest.mark.parametrize("path", ["/konto/passwort", "/konto/sprache"])
def test_of_the_account_nothing_is_kept(client: FlaskClient, session: Session, path: str) -> None:
    assert client.post(path, data={"new_password": "ein langer Satz"}).status_code == 303
    assert kept(session) == 0


def test_passwords_and_tokens_are_never_kept(client: FlaskClient, session: Session, round: RoundWords) -> None:
    path = f"/diskussion/{round.thread_id}/kommentare"
    client.post(path, data={"text": "a", "password": "geheim", "old_password": "geheim", "csrf_token": "geheim"})
    session.rollback()
    assert session.execute(select(Intent.fields)).scalar_one()["fields"] == [["text", "a"]]


def test_what_another_site_sends_is_not_kept(client: FlaskClient, session: Session, round: RoundWords) -> None:
    location = comment(client, round, Origin="https://example.com", Referer="https://example.com/page")
    assert location == "/anmelden?next=/&nochmal=1"
    assert kept(session) == 0


def test_too_much_is_not_kept(client: FlaskClient, session: Session, round: RoundWords) -> None:
    assert "vorhaben" not in comment(client, round, text="x" * 60_000)
    assert kept(session) == 0


def test_odd_signs_are_kept_as_they_were_typed(app: Flask, session: Session, round: RoundWords) -> None:
    text = 'Null \x00 "Anführung" \u2028 </form> 🌳'
    number = number_in(comment(app.test_client(), round, text=text))
    client = signed_in(app, session, a_person(session))
    page = client.get(f"/fortsetzen/{number}")
    assert page.status_code == 200
    assert dict(fields_of(page.text)[1])["text"] == text.replace("\x00", "")


@pytest.mark.parametrize("number", ["x", "0", "00000000-0000-0000-0000-000000000000", "\x00", "' OR 1=1"])
def test_a_number_that_leads_nowhere_is_no_error(app: Flask, session: Session, number: str) -> None:
    email = with_password(session, a_person(session))
    assert (
        post(app.test_client(), "/registrieren", email="n@example.org", agreed="y", vorhaben=number).status_code == 303
    )
    client = app.test_client()
    answer = post(client, "/anmelden", email=email, password=PASSWORD, vorhaben=number)
    assert (answer.status_code, answer.location) == (303, "/")


def test_pages_for_visitors_set_no_cookie(client: FlaskClient, session: Session, round: RoundWords) -> None:
    for path in ("/", round.home, f"/runden/{round.slug}", "/netiquette", "/impressum"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert not answer.headers.getlist("Set-Cookie"), path
        assert "csrf_token" not in answer.text, path


def test_the_language_can_be_switched_on_the_way_in(client: FlaskClient, round: RoundWords) -> None:
    number = number_in(comment(client, round))
    for page in (
        client.get(f"/anmelden?vorhaben={number}"),
        post(client, "/anmelden", email="kein", password="", vorhaben=number),
        post(client, "/registrieren", email="kein", vorhaben=number),
    ):
        back = re.search(r'<input type="hidden" name="next" value="([^"]+)">', page.text)
        assert back
        assert number in client.get(back[1]).text


def test_a_mistyped_address_does_not_lose_what_was_typed(client: FlaskClient, round: RoundWords) -> None:
    number = number_in(comment(client, round))
    sent = post(client, "/registrieren", email="neu@exmaple.org", agreed="y", vorhaben=number)
    assert f'/anmelden?vorhaben={number}"' in client.get(sent.location).text


def test_what_officials_typed_is_shown_before_it_is_sent() -> None:
    fields = (("seen", ""), ("title_de", "Mehr Schatten"), ("text_de", "Die Stadt pflanzt."), ("title_en", ""))
    assert [line.value for line in typed_lines(fields)] == ["Mehr Schatten", "Die Stadt pflanzt."]
