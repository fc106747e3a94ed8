"""Pages that everybody may see, the language switch, and what is said when something goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from wtforms import PasswordField

from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Fact, TooMany
from participation.foundation.forms import Form
from participation.front.facts import MISHAPS, TASKS, mishap, tasks_for
from participation.front.views import NEVER_REPEATED, bare
from tests import world
from tests.world.sign_in import signed_in

PUBLIC = ("/", "/impressum", "/datenschutz", "/barrierefreiheit", "/teilnahmebedingungen")


@pytest.mark.parametrize("address", PUBLIC)
def test_reading_sets_no_cookie_and_needs_no_token(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "csrf_token" not in answer.text


@pytest.mark.parametrize("address", PUBLIC)
def test_nothing_is_inline_and_nothing_foreign(client: FlaskClient, address: str) -> None:
    text = client.get(address).text
    assert " style=" not in text and "<style" not in text and " onclick" not in text
    assert "<script>" not in text and "http://" not in text and "https://" not in text


def test_the_start_page_says_so_when_nothing_runs(client: FlaskClient) -> None:
    assert "Zurzeit läuft keine Beteiligung" in client.get("/").text


def test_the_start_page_shows_what_runs_what_comes_and_what_is_over(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    now, week = clock(), timedelta(days=7)
    running = world.a_round(session, opens=now - week, closes=now + 2 * week, published=now - 2 * week)
    coming = world.a_round(session, opens=now + week, closes=now + 5 * week, published=now - week)
    over = world.a_round(session, opens=now - 5 * week, closes=now - week, published=now - 6 * week)
    draft = world.a_round(session, opens=now + week, closes=now + 5 * week, published=None)
    text = unescape(client.get("/").text)
    order = [text.index(f"/runden/{made.slug}") for made in (running, coming, over)]
    assert order == sorted(order)
    assert draft.slug not in text
    assert "noch 14 Tage" in text
    assert "Wird ausgezählt" in text


def test_the_language_is_kept_and_the_reader_comes_back(client: FlaskClient) -> None:
    answer = client.post("/sprache", data={"language": "en", "next": "/datenschutz"})
    assert (answer.status_code, answer.location) == (303, "/datenschutz")
    assert '<html lang="en">' in client.get("/").text
    client.post("/sprache", data={"language": "de", "next": "/"})
    assert '<html lang="de">' in client.get("/").text


def test_switching_the_language_keeps_the_part_that_is_read(client: FlaskClient, session: Session) -> None:
    path = f"{world.a_round(session).home}?reihenfolge=aelteste"
    assert f'name="next" value="{path}"' in client.get(path).text
    assert f'/anmelden?next={path.replace("?", "%3F").replace("=", "%3D")}"' in client.get(path).text


def test_after_a_mistake_the_language_switch_leads_to_the_page_it_was_made_on(client: FlaskClient) -> None:
    from_page = {"Referer": "http://localhost/datenschutz"}
    assert 'name="next" value="/datenschutz"' in client.post("/", headers=from_page).text
    assert 'name="next" value="/"' in client.post("/", headers={"Referer": "https://example.org/datenschutz"}).text


@pytest.mark.parametrize("elsewhere", ["//example.org", "/\\example.org", "https://example.org", "", "/\t/example.org"])
def test_the_language_switch_leads_nowhere_else(client: FlaskClient, elsewhere: str) -> None:
    assert client.post("/sprache", data={"language": "en", "next": elsewhere}).location == "/"


def test_a_language_that_we_do_not_speak_changes_nothing(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.post("/sprache", data={"language": "tlh"}).headers


def test_the_browsers_language_is_spoken_until_one_is_chosen(client: FlaskClient) -> None:
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text


def test_the_process_and_the_database_are_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 200


class Away(Exception):
    """Stands for a failure that nobody foresaw."""


class Busy(Fact):
    """A reason with a value in its sentence."""

    sentence = "Es warten %(many)s andere."
    way_out = ("front.home", "Nach vorn")


@pytest.fixture
def failing(app: Flask) -> Iterator[FlaskClient]:
    """A visitor of an application with pages that fail in every way."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/fehler/<int:status>")
    def fail(status: int) -> str:
        if status == 1:
            raise Away
        if status == 2:
            raise Busy(many=3)
        if status == 3:
            raise TooMany
        return abort(status)

    @app.post("/fehler/besetzt")
    def busy() -> object:
        return bare(503)

    yield app.test_client()


@pytest.mark.parametrize("status", sorted(set(MISHAPS) - {500, 503}))
def test_an_error_is_said_in_words_on_a_whole_page(failing: FlaskClient, status: int) -> None:
    answer = failing.get(f"/fehler/{status}")
    assert answer.status_code == status
    assert mishap(status).title in unescape(answer.text)
    assert "<main" in answer.text


@pytest.mark.parametrize("status", sorted(set(MISHAPS) - {500, 503}))
def test_htmx_gets_an_alert_to_put_into_the_page(failing: FlaskClient, status: int) -> None:
    answer = failing.get(f"/fehler/{status}", headers={"HX-Request": "true"})
    assert answer.status_code == status
    assert mishap(status).text in unescape(answer.text)
    assert "<html" not in answer.text and "kern-alert" in answer.text


def test_a_fact_is_worded_with_its_values_and_its_way_out(failing: FlaskClient) -> None:
    answer = failing.get("/fehler/2")
    assert answer.status_code == 409
    assert "Es warten 3 andere." in answer.text
    assert "Nach vorn" in answer.text
    assert failing.get("/fehler/3").status_code == 429


def test_a_failure_nobody_foresaw_tells_nothing_of_itself(failing: FlaskClient) -> None:
    answer = failing.get("/fehler/1")
    assert answer.status_code == 500
    assert "Hier ist ein Fehler passiert" in answer.text
    assert "Away" not in answer.text


def test_a_post_that_met_a_busy_server_can_be_sent_again_but_no_password_is_written_out(failing: FlaskClient) -> None:
    fields = {"body": 'Viel "Text" <b>\nmit Zeilen', "stance": "for", "password": "streng-geheim-12"}
    answer = failing.post("/fehler/besetzt", data=fields)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert 'action="/fehler/besetzt"' in answer.text
    assert fields["body"] in unescape(answer.text) and "<b>" not in answer.text
    assert "streng-geheim" not in answer.text


def test_a_busy_server_also_answers_a_post_that_cannot_be_read(app: Flask) -> None:
    with app.test_request_context("/irgendwo", method="POST", data={"body": "x" * 2_000_000}):
        answer = bare(503)
    assert answer.status_code == 503
    assert "<form" not in answer.get_data(as_text=True)


def test_the_error_pages_name_the_methods_that_would_work(client: FlaskClient) -> None:
    answer = client.get("/sprache")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_request_that_is_too_large_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/sprache", data={"next": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "zu groß" in answer.text


def test_officials_see_what_their_roles_are_good_for() -> None:
    assert {task.role for task in tasks_for(frozenset({"moderator", "admin"}))} == {"moderator", "admin"}
    assert tasks_for(frozenset({"citizen"})) == ()
    assert len(tasks_for(frozenset(task.role for task in TASKS))) == len(TASKS)


def test_what_was_typed_on_a_page_older_than_the_sign_in_is_sent_with_one_more_press(
    app: Flask, session: Session
) -> None:
    round = world.a_round(session)
    client = signed_in(app, session, world.a_person(session))
    fields = {"text": "Mehr <b>Bänke</b> am Ruhrufer, bitte.", "stance": "in_favour", "shown_as": "Ada"}
    path = f"/diskussion/{round.thread_id}/kommentare"
    here = {"Origin": "http://localhost"}
    refused = client.post(path, data={**fields, "csrf_token": "alt"}, headers=here)
    assert refused.status_code == 400
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', refused.text.split(path, 1)[1]))
    assert {name: unescape(value) for name, value in kept.items()} == fields | {"csrf_token": kept["csrf_token"]}
    assert client.post(path, data={**fields, "csrf_token": kept["csrf_token"]}, headers=here).status_code == 303
    from_elsewhere = client.post(path, data={**fields, "csrf_token": "alt"}, headers={"Origin": "https://example.org"})
    assert from_elsewhere.status_code == 400 and "Ruhrufer" not in from_elsewhere.text


def test_no_password_is_written_out_again() -> None:
    found, forms = set(), [Form]
    while forms:
        form = forms.pop()
        forms += form.__subclasses__()
        names = ((name, getattr(form, name)) for name in dir(form))
        found |= {name for name, field in names if getattr(field, "field_class", None) is PasswordField}
    assert {"password", "typed"} <= found <= NEVER_REPEATED
