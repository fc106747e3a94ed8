"""Signing in by password and by link, registering, and what a stranger can learn from it: nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from participation.accounts import commands
from participation.accounts.facts import LinkSpent
from participation.accounts.models import Consent, MailLink, Person, SignIn
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.statements import Statements
from tests.world import a_person
from tests.world.accounts import PASSWORD, letters_to, link_to, with_password
from tests.world.sign_in import post, signed_in

Counting = Callable[[], AbstractContextManager[Statements]]


def a_link(session: Session, clock: StoppedClock, address: str, *, agreed: bool = True) -> str:
    commands.request_link(
        session, email=address, agreed=agreed, language="de", next_path=None, intent_id=None, clock=clock
    )
    return link_to(session, address)


# ── By password ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_password_opens_a_session(client: FlaskClient, session: Session) -> None:
    email = with_password(session, a_person(session))
    answer = post(client, "/anmelden", email=email.upper(), password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/konto").status_code == 200


def test_a_wrong_password_opens_nothing(client: FlaskClient, session: Session) -> None:
    email = with_password(session, a_person(session))
    answer = post(client, "/anmelden", email=email, password="ein Satz, den jemand rät")
    assert answer.status_code == 422
    assert "passen nicht zusammen" in answer.text
    assert client.get("/konto").status_code == 303


def test_an_account_without_a_password_is_not_opened_by_an_empty_one(client: FlaskClient, session: Session) -> None:
    a_person(session, email="leer@example.org")
    assert post(client, "/anmelden", email="leer@example.org", password="").status_code == 422
    assert post(client, "/anmelden", email="leer@example.org", password=" " * 20).status_code == 422


def test_umlauts_in_passwords_fit_however_the_keyboard_sends_them(client: FlaskClient, session: Session) -> None:
    email = with_password(session, a_person(session), password="größere Töne spucken")
    answer = post(client, "/anmelden", email=email, password="gro\u0308ßere To\u0308ne spucken")
    assert answer.status_code == 303


def test_too_many_tries_for_one_address_are_refused(client: FlaskClient, session: Session) -> None:
    email = with_password(session, a_person(session))
    answers = [post(client, "/anmelden", email=email, password="falsch geraten").status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert post(client, "/anmelden", email=email, password=PASSWORD).status_code == 429


def test_a_password_changed_during_the_check_opens_nothing(session: Session, clock: StoppedClock) -> None:
    person_id = a_person(session)
    with_password(session, person_id)
    with pytest.raises(commands.WrongCredentials):
        commands.begin_sign_in(
            session, person_id=person_id, verified_hash="an older one", device="", intent_id=None, clock=clock
        )


# ── By link ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_registering_takes_an_address_and_one_click(client: FlaskClient, session: Session) -> None:
    answer = post(client, "/registrieren", email="Neu@Example.org", agreed="y")
    assert (answer.status_code, answer.location) == (303, "/anmeldelink")
    link = link_to(session, "neu@example.org")
    assert post(client, link).status_code == 303
    assert "neu@example.org" in client.get("/konto").text
    session.rollback()
    assert session.execute(select(func.count()).select_from(Consent)).scalar_one() == 1


def test_nobody_registers_without_the_terms(client: FlaskClient, session: Session) -> None:
    assert post(client, "/registrieren", email="neu@example.org").status_code == 422
    assert letters_to(session, "neu@example.org") == []


def test_looking_at_a_link_does_not_use_it(client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    link = a_link(session, clock, "neu@example.org")
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 0
    assert post(client, link).status_code == 303


def test_a_link_is_good_once(app: Flask, session: Session, clock: StoppedClock) -> None:
    link = a_link(session, clock, "neu@example.org")
    assert post(app.test_client(), link).status_code == 303
    stranger = app.test_client()
    assert post(stranger, link).status_code == 410
    assert stranger.get(link).status_code == 410
    assert stranger.get("/konto").status_code == 303


def test_a_second_click_in_the_same_browser_goes_on(client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    link = a_link(session, clock, "neu@example.org") + "?next=/konto"
    post(client, link)
    for again in (post(client, link), client.get(link)):
        assert (again.status_code, again.location) == (303, "/konto")


def _as_the_same_browser(client: FlaskClient) -> FlaskClient:
    """Return a client that carries what this one carries now, as a second request does that waits for no answer."""
    other = client.application.test_client()
    with client.session_transaction() as now, other.session_transaction() as later:
        later.update(now)
    return other


def test_a_double_tap_ends_signed_in_even_if_the_first_answer_gets_lost(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    link = a_link(session, clock, "neu@example.org") + "?next=/konto"
    form = {"csrf_token": _token_on(client.get(link).text)}
    second, late = _as_the_same_browser(client), _as_the_same_browser(client)
    assert client.post(link, data=form).location == "/konto"
    clock.advance(timedelta(seconds=59))
    again = second.post(link, data=form)
    assert (again.status_code, again.location) == (303, "/konto")
    assert "neu@example.org" in second.get("/konto").text
    clock.advance(timedelta(seconds=1))
    assert late.post(link, data=form).status_code == 410


def test_a_second_tap_on_a_form_older_than_the_sign_in_goes_on(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    link = a_link(session, clock, "neu@example.org") + "?next=/konto"
    form = {"csrf_token": _token_on(client.get(link).text)}
    for _ in range(2):
        answer = client.post(link, data=form)
        assert (answer.status_code, answer.location) == (303, "/konto")


def test_a_form_without_its_token_uses_no_link_and_is_shown_again(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    link = a_link(session, clock, "neu@example.org")
    refused = client.post(link, data={"csrf_token": "falsch"})
    assert refused.status_code == 400
    assert "Bitte drücken Sie noch einmal." in refused.text
    assert session.execute(select(func.count()).select_from(SignIn)).scalar_one() == 0
    assert client.post(link, data={"csrf_token": _token_on(refused.text)}).status_code == 303


def _token_on(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"', maxsplit=1)[0]


def test_a_link_runs_out_after_an_hour_and_offers_a_new_one(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    link = a_link(session, clock, "neu@example.org")
    clock.advance(timedelta(minutes=59, seconds=59))
    assert client.get(link).status_code == 200
    clock.advance(timedelta(seconds=1))
    late = client.get(link)
    assert late.status_code == 410
    assert 'action="/anmeldelink"' in late.text
    assert post(client, link).status_code == 410


def test_an_unknown_address_is_asked_for_the_terms_on_the_page_of_its_link(
    client: FlaskClient, session: Session
) -> None:
    post(client, "/anmeldelink", email="fremd@example.org")
    assert letters_to(session, "fremd@example.org")[0].template == "accounts/letters/unknown"
    link = link_to(session, "fremd@example.org")
    assert 'name="agreed"' in client.get(link).text
    assert post(client, link).status_code == 422
    assert post(client, link, agreed="y").status_code == 303


def test_an_official_whose_invitation_ran_out_agrees_when_signing_in_by_link(
    client: FlaskClient, session: Session, clock: StoppedClock
) -> None:
    with transaction(session):
        commands.invite(session, email="amt@example.org", language="de", now=clock())
    clock.advance(timedelta(days=8))
    post(client, "/anmeldelink", email="amt@example.org")
    link = link_to(session, "amt@example.org")
    assert 'name="agreed"' in client.get(link).text
    assert post(client, link).status_code == 422
    assert post(client, link, agreed="y").status_code == 303
    session.rollback()
    assert session.execute(select(Consent.given_at)).scalar_one() == clock.at
    post(client, "/abmelden")
    post(client, "/anmeldelink", email="amt@example.org")
    again = link_to(session, "amt@example.org")
    assert 'name="agreed"' not in client.get(again).text
    assert post(client, again).status_code == 303


def test_a_link_of_an_erased_account_makes_no_new_one(session: Session, clock: StoppedClock) -> None:
    person_id = a_person(session, email="weg@example.org")
    link = a_link(session, clock, "weg@example.org", agreed=False)
    commands.forget(session, person_id=person_id, clock=clock)
    with pytest.raises(LinkSpent):
        commands.use_link(session, token=link.rpartition("/")[2], agreed=True, device="", clock=clock)


def test_the_worker_is_asked_to_send_the_link_now_and_not_at_the_next_minute(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(app.extensions["jobs"], "nudge", asked.append)
    post(client, "/registrieren", email="eilig@example.org", agreed="y")
    post(client, "/anmeldelink", email="eilig@example.org")
    assert asked == ["letters", "letters"]


def test_links_are_stored_as_hashes_only(session: Session, clock: StoppedClock) -> None:
    token = a_link(session, clock, "neu@example.org").rpartition("/")[2]
    assert session.execute(select(MailLink.token_hash)).scalar_one() != token


@pytest.mark.postgresql
def test_two_links_used_at_once_make_one_person(
    new_session: Callable[[], Session], session: Session, clock: StoppedClock
) -> None:
    tokens = [a_link(session, clock, "zwei@example.org").rpartition("/")[2] for _ in range(8)]
    meet = threading.Barrier(len(tokens))
    opened = []

    def use(token: str, own: Session) -> None:
        meet.wait()
        opened.append(commands.use_link(own, token=token, agreed=True, device="", clock=clock).person_id)

    threads = [threading.Thread(target=use, args=(token, new_session())) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 1
    assert len(opened) == len(tokens)
    assert len(set(opened)) == 1


@pytest.mark.postgresql
def test_one_link_used_at_once_opens_one_session(
    new_session: Callable[[], Session], session: Session, clock: StoppedClock
) -> None:
    token = a_link(session, clock, "eins@example.org").rpartition("/")[2]
    meet = threading.Barrier(8)
    refused = []

    def use(own: Session) -> None:
        meet.wait()
        try:
            commands.use_link(own, token=token, agreed=True, device="", clock=clock)
        except LinkSpent:
            refused.append(1)

    threads = [threading.Thread(target=use, args=(new_session(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    assert len(refused) == 7
    assert session.execute(select(func.count()).select_from(SignIn)).scalar_one() == 1


# ── What a stranger can learn (S10) ───────────────────────────────────────────────────────────────────────────────────
def the_same(first: TestResponse, second: TestResponse, *addresses: str) -> None:
    def plain(answer: TestResponse) -> tuple[int, str | None, str]:
        text = answer.text
        for address in addresses:
            text = text.replace(address, "ADDRESS")
        return answer.status_code, answer.location, _without_tokens(text)

    assert plain(first) == plain(second)


def _without_tokens(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "csrf_token" not in line)


class Counted:
    """Passwords checked as ever, and counted."""

    def __init__(self, hasher: PasswordHasher, checks: list[str]) -> None:
        self.hasher, self.checks = hasher, checks

    def verify(self, kept: str, password: str) -> bool:
        self.checks.append(kept)
        return self.hasher.verify(kept, password)


@pytest.mark.parametrize("path", ["/anmelden", "/anmeldelink", "/registrieren"])
def test_known_and_unknown_addresses_look_the_same(
    app: Flask, session: Session, statements: Counting, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    checks: list[str] = []
    hasher = Counted(commands._argon2, checks)
    known = "bekannt@example.org"
    a_person(session, email="ohnepasswort@example.org")
    with_password(session, a_person(session, email=known))
    monkeypatch.setattr(commands, "_argon2", hasher)
    seen: dict[str, tuple[TestResponse, int, int]] = {}
    for address in ("warm@example.org", known, "fremd@example.org", "ohnepasswort@example.org"):
        checks.clear()
        with statements() as noted:
            answer = post(app.test_client(), path, email=address, password="falsch geraten", agreed="y")
        seen[address] = answer, len(noted), len(checks)
    for other in ("fremd@example.org", "ohnepasswort@example.org"):
        the_same(seen[known][0], seen[other][0], known, other)
        assert seen[known][1:] == seen[other][1:], "statements and password checks"
    assert seen[known][2] == (1 if path == "/anmelden" else 0)


def test_the_hash_that_belongs_to_nobody_costs_what_the_others_cost() -> None:
    assert not commands._argon2.check_needs_rehash(commands.NOBODYS_HASH)


# ── Where it leads ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "elsewhere",
    [
        "//example.com",
        "/\\example.com",
        "\\\\example.com",
        "https://example.com",
        "/\t/example.com",
        "/\n/example.com",
        "javascript:alert(1)",
        "/\x00/example.com",
        "///example.com",
        "%2F%2Fexample.com",
        "/ /example.com",
        "x",
        "/" + "\\" + "/example.com",
    ],
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, session: Session, elsewhere: str) -> None:
    email = with_password(session, a_person(session))
    answer = post(client, "/anmelden", email=email, password=PASSWORD, next=elsewhere)
    assert (answer.status_code, answer.location) == (303, "/")


def test_signing_in_leads_back(client: FlaskClient, session: Session) -> None:
    asked = client.get("/konto?x=1")
    assert (asked.status_code, asked.location) == (303, "/anmelden?next=/konto?x%3D1")
    email = with_password(session, a_person(session))
    answer = post(client, "/anmelden", email=email, password=PASSWORD, next="/konto?x=1")
    assert answer.location == "/konto?x=1"


def test_who_is_signed_in_already_goes_straight_on(app: Flask, session: Session) -> None:
    client = signed_in(app, session, a_person(session))
    assert client.get("/anmelden?next=/konto").location == "/konto"
    assert client.get("/registrieren").location == "/"


# ── Odd input ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("path", ["/anmelden", "/anmeldelink", "/registrieren"])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "a@",
        "a b@example.org",
        "a" * 300 + "@example.org",
        "\x00",
        "a@b\x00",
        "x" * 500_000,
        "é@localhost",
        "a@b@c",
    ],
)
def test_what_is_no_address_is_refused_kindly(client: FlaskClient, path: str, address: str) -> None:
    assert post(client, path, email=address, password="x" * 400_000, agreed="y").status_code == 422


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  MÜLLER@Bücher.Example.ORG ", "müller@bücher.example.org"),
        ("a+b@EXAMPLE.org", "a+b@example.org"),
        ("x@xn--bcher-kva.example.org", "x@bücher.example.org"),
        ("ⅷ@example.org", None),
        ("İstanbul@example.org", "i̇stanbul@example.org"),
    ],
)
def test_addresses_are_kept_in_one_spelling(
    client: FlaskClient, session: Session, typed: str, kept: str | None
) -> None:
    answer = post(client, "/registrieren", email=typed, agreed="y")
    if kept is None:
        assert answer.status_code in {303, 422}
        return
    assert answer.status_code == 303
    assert post(client, link_to(session, kept)).status_code == 303
    session.rollback()
    assert session.execute(select(Person.email)).scalar_one() == kept
