"""Sessions end where they should (S8): at sign-out, by hand, with a new password, when the account is shut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts import commands, queries
from participation.accounts.models import Consent, Intent, MailLink, Person, SignIn
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.world import a_person
from tests.world.accounts import PASSWORD, letters_to, link_to, with_password
from tests.world.sign_in import post, signed_in, token_of

COOKIE = "sitzung"
NEW = "noch ein langer Satz"


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/konto").status_code == 200


def copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Return a client with the same cookie: somebody who copied it."""
    thief = app.test_client()
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    thief.set_cookie(COOKIE, cookie.value)
    return thief


def by_password(app: Flask, email: str, password: str = PASSWORD) -> FlaskClient:
    client = app.test_client()
    assert post(client, "/anmelden", email=email, password=password).status_code == 303
    return client


def test_signing_in_leaves_nothing_of_the_cookie_before(app: Flask, session: Session) -> None:
    email = with_password(session, a_person(session))
    victim = app.test_client()
    planted = token_of(victim)
    with victim.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    before = copy_of(app, victim)
    post(victim, "/anmelden", email=email, password=PASSWORD)
    with victim.session_transaction() as cookie:
        assert "planted" not in cookie
    assert not is_signed_in(before)
    assert victim.post("/konto/sprache", data={"csrf_token": planted, "language": "en"}).status_code == 400


def test_a_made_up_token_opens_nothing(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie(COOKIE, "eyJfdXNlcl9pZCI6IngifQ.aaaa.bbbb")
    assert not is_signed_in(client)


def test_a_cookie_copied_before_sign_out_is_worth_nothing_after(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    thief = copy_of(app, client)
    assert is_signed_in(thief)
    answer = post(client, "/abmelden")
    assert (answer.status_code, answer.location) == (303, "/")
    assert not is_signed_in(client)
    assert not is_signed_in(thief)


def test_signing_out_needs_the_token(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    assert client.post("/abmelden").status_code == 400
    assert is_signed_in(client)


def test_signing_out_twice_is_no_error(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    post(client, "/abmelden")
    answer = client.post("/abmelden")
    assert (answer.status_code, answer.location) == (303, "/anmelden")


def test_a_session_runs_out_after_thirty_days(app: Flask, session: Session, clock: StoppedClock) -> None:
    client = by_password(app, with_password(session, a_person(session)))
    clock.advance(timedelta(days=29, hours=23))
    assert is_signed_in(client)
    clock.advance(timedelta(hours=1))
    assert not is_signed_in(client)


def test_a_shut_account_is_signed_out_everywhere(app: Flask, session: Session, clock: StoppedClock) -> None:
    person_id = a_person(session)
    email = with_password(session, person_id)
    clients = [by_password(app, email), signed_in(app, session, person_id)]
    commands.disable_person(session, person_id=person_id, clock=clock)
    assert not any(is_signed_in(client) for client in clients)
    assert post(app.test_client(), "/anmelden", email=email, password=PASSWORD).status_code == 403
    commands.enable_person(session, person_id=person_id)
    assert not any(is_signed_in(client) for client in clients)
    assert is_signed_in(by_password(app, email))


def test_a_session_left_open_by_mistake_does_not_open_a_shut_account(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    person_id = a_person(session)
    client = signed_in(app, session, person_id)
    session.get_one(Person, person_id).disabled_at = clock()
    session.commit()
    assert not is_signed_in(client)


def test_a_shut_account_is_not_opened_by_a_link(app: Flask, session: Session, clock: StoppedClock) -> None:
    person_id = a_person(session, email="zu@example.org")
    post(app.test_client(), "/anmeldelink", email="zu@example.org")
    commands.disable_person(session, person_id=person_id, clock=clock)
    assert post(app.test_client(), link_to(session, "zu@example.org")).status_code == 403


def test_a_new_password_ends_all_other_sessions(app: Flask, session: Session) -> None:
    email = with_password(session, a_person(session))
    here, elsewhere = by_password(app, email), by_password(app, email)
    answer = post(here, "/konto/passwort", current_password=PASSWORD, new_password=NEW)
    assert answer.status_code == 303
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert post(app.test_client(), "/anmelden", email=email, password=PASSWORD).status_code == 422
    assert is_signed_in(by_password(app, email, NEW))
    assert letters_to(session, email)[-1].template == "accounts/letters/password_changed"


@pytest.mark.parametrize("typed", ["", "ein anderer langer Satz"])
def test_a_new_password_needs_the_present_one(app: Flask, session: Session, typed: str) -> None:
    email = with_password(session, a_person(session))
    client = by_password(app, email)
    answer = post(client, "/konto/passwort", current_password=typed, new_password=NEW)
    assert answer.status_code == 422
    assert "Das bisherige Passwort stimmt nicht" in answer.text
    assert is_signed_in(by_password(app, email))


def test_a_fresh_link_stands_for_a_forgotten_password(app: Flask, session: Session, clock: StoppedClock) -> None:
    email = with_password(session, a_person(session))
    client = app.test_client()
    post(client, "/anmeldelink", email=email)
    post(client, link_to(session, email))
    clock.advance(timedelta(minutes=61))
    assert post(client, "/konto/passwort", new_password=NEW).status_code == 422
    clock.advance(-timedelta(minutes=2))
    assert post(client, "/konto/passwort", new_password=NEW).status_code == 303
    assert is_signed_in(by_password(app, email, NEW))


def test_an_old_session_without_a_password_may_not_set_one(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    for typed in (NEW, ""):
        refused = post(client, "/konto/passwort", new_password=typed)
        assert refused.status_code == 422 and "Das Passwort ist nicht gespeichert." in refused.text
        assert 'href="#' not in refused.text.split('id="inhalt"')[1]


@pytest.mark.parametrize("password", ["kurz", "x" * 11, "x" * 257, ""])
def test_a_password_has_twelve_to_256_characters(app: Flask, session: Session, password: str) -> None:
    client = by_password(app, with_password(session, a_person(session)))
    answer = post(client, "/konto/passwort", current_password=PASSWORD, new_password=password)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


def test_one_ends_a_session_of_ones_own_and_no_other(app: Flask, session: Session) -> None:
    person_id, other_id = a_person(session), a_person(session)
    here, lost, other = (signed_in(app, session, one) for one in (person_id, person_id, other_id))
    numbers = session.execute(select(SignIn.id).order_by(SignIn.id)).scalars().all()
    post(here, f"/konto/anmeldungen/{numbers[1]}/ende")
    post(here, f"/konto/anmeldungen/{numbers[2]}/ende")
    assert is_signed_in(here)
    assert not is_signed_in(lost)
    assert is_signed_in(other)


def test_the_account_names_the_devices(app: Flask, session: Session) -> None:
    email = with_password(session, a_person(session))
    client = app.test_client()
    agent = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
    fields = {"csrf_token": token_of(client), "email": email, "password": PASSWORD}
    client.post("/anmelden", data=fields, headers={"User-Agent": agent})
    assert "Firefox, Android" in client.get("/konto").text


def test_the_language_of_the_account_speaks(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    client.set_cookie("sprache", "de")
    post(client, "/konto/sprache", language="en")
    assert '<html lang="en">' in client.get("/konto").text
    assert post(client, "/konto/sprache", language="xx").status_code == 422


def test_the_token_is_stored_as_a_hash_only(app: Flask, session: Session) -> None:
    client = by_password(app, with_password(session, a_person(session)))
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] not in session.execute(select(SignIn.token_hash)).scalars().all()


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_erased_person_is_empty_and_signed_out(
    app: Flask, session: Session, clock: StoppedClock, new_session: Callable[[], Session]
) -> None:
    person_id = a_person(session)
    email = with_password(session, person_id)
    client = by_password(app, email)
    post(app.test_client(), "/anmeldelink", email=email)
    with transaction(session):
        session.add(Consent(person_id=person_id, terms_version="1", given_at=clock()))
    commands.forget(session, person_id=person_id, clock=clock)
    commands.forget(session, person_id=person_id, clock=clock)
    assert not is_signed_in(client)
    person = new_session().get_one(Person, person_id)
    assert (person.email, person.name, person.password_hash, person.erased_at) == (None, None, None, clock())
    assert letters_to(session, email) == []
    for table in (SignIn, MailLink, Intent, Consent):
        assert session.execute(select(table)).first() is None
    assert [one.kind for one in queries.held_about(session, person_id)] == ["account"]


def test_an_erased_address_can_register_again_as_somebody_new(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    person_id = a_person(session, email="wieder@example.org")
    commands.forget(session, person_id=person_id, clock=clock)
    client = app.test_client()
    post(client, "/registrieren", email="wieder@example.org", agreed="y")
    assert post(client, link_to(session, "wieder@example.org")).status_code == 303
    session.rollback()
    assert queries.person_by_email(session, "wieder@example.org") not in {None, person_id}


def test_everything_held_about_somebody_is_told(app: Flask, session: Session) -> None:
    client = app.test_client()
    post(client, "/registrieren", email="alles@example.org", agreed="y")
    post(client, link_to(session, "alles@example.org"))
    session.rollback()
    person_id = queries.person_by_email(session, "alles@example.org")
    assert person_id is not None
    held = queries.held_about(session, person_id)
    assert {one.kind for one in held} == {"account", "consent", "sign_in", "mail_link", "letter"}


def test_what_is_over_is_cleared_away(session: Session, clock: StoppedClock) -> None:
    commands.keep_intent(session, path="/x", fields=[("text", "a")], page=None, clock=clock)
    commands.request_link(
        session, email="a@example.org", agreed=True, language="de", next_path=None, intent_id=None, clock=clock
    )
    clock.advance(timedelta(hours=23, minutes=59))
    commands.forget_old(session, clock=clock)
    assert session.execute(select(Intent)).first() is not None
    clock.advance(timedelta(minutes=2))
    commands.forget_old(session, clock=clock)
    assert session.execute(select(Intent)).first() is None
    assert session.execute(select(MailLink)).first() is not None
    clock.advance(timedelta(days=7))
    commands.forget_old(session, clock=clock)
    assert session.execute(select(MailLink)).first() is None
