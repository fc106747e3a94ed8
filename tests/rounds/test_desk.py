"""Where staff drafts, previews and publishes rounds; others are not told that there is anything."""

from __future__ import annotations

import re
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import Role
from participation.foundation.clock import StoppedClock, berlin
from participation.rounds import queries
from participation.rounds.commands import publish_round
from participation.rounds.forms import fields_of
from participation.rounds.models import Round
from participation.voting.keys import KeyFolder
from tests.everywhere.pages import forms_on
from tests.world import (
    BEFORE,
    a_concept_version,
    a_moderator,
    a_person,
    a_round,
    a_staff_member,
    an_admin,
    an_office,
    an_official,
)
from tests.world.sign_in import post, signed_in

DESK = "/verwaltung/runden"
TYPED = {
    "title_de": "Plätze für Bochum",
    "title_en": "Squares for Bochum",
    "slug": "",
    "summary_de": "Was auf den Plätzen geschieht.",
    "decided_by_de": "Der Rat.",
    "level": "konsultation",
    "talk_opens_at": "2026-06-10T08:00",
    "talk_closes_at": "2026-07-10T18:00",
    "talk_effect": "informs",
    "vote_opens_at": "2026-06-10T08:00",
    "vote_closes_at": "2026-07-20T18:00",
    "vote_effect": "recommends",
    "release_by": "",
    "premoderated": "nein",
    "shows_interim": "nein",
}


@pytest.fixture
def client(app: Flask, session: Session, staff: UUID) -> FlaskClient:
    """Staff of the office, signed in."""
    return signed_in(app, session, staff)


def fields(draft: Round, session: Session, staff: UUID) -> dict[str, str]:
    """Return what the form of a draft would send unchanged."""
    session.rollback()
    page = queries.draft_page(session, slug=draft.slug, person_id=staff, now=BEFORE)
    typed = {"seen": page.seen, "slug": draft.slug}
    for name, value in fields_of(page.draft).items():
        if name.endswith(("_at", "release_by")):
            typed[name] = "" if value is None else f"{berlin(value):%Y-%m-%dT%H:%M}"
        else:
            typed[name] = str(value)
    return typed


def test_a_draft_is_written_and_the_list_says_what_is_missing(
    client: FlaskClient, session: Session, office: int, version: int
) -> None:
    typed = {**TYPED, "office_id": str(office), "concept_version_id": str(version), "level": "", "decided_by_de": ""}
    answer = post(client, DESK, **typed)
    assert (answer.status_code, answer.location) == (303, f"{DESK}/plaetze-fuer-bochum")
    text = unescape(client.get(answer.location).text)
    assert "Es fehlt, wer am Ende entscheidet." in text and "Die Stufe fehlt" in text
    assert f'href="{DESK}/plaetze-fuer-bochum/bearbeitung#decided_by_de"' in text
    assert "Plätze für Bochum" in client.get(DESK).text


def test_moments_are_typed_and_shown_in_bochum_and_kept_in_utc(
    client: FlaskClient, session: Session, office: int, version: int
) -> None:
    typed = {**TYPED, "office_id": str(office), "concept_version_id": str(version)}
    post(client, DESK, **{**typed, "talk_closes_at": "2026-11-10T18:00"})
    made = session.execute(select(Round)).scalar_one()
    staff_sees = client.get(f"{DESK}/{made.slug}/bearbeitung").text
    assert re.search(r'value="2026-06-10[T ]08:00', staff_sees) and re.search(r'value="2026-11-10[T ]18:00', staff_sees)
    check = unescape(client.get(f"{DESK}/{made.slug}/veroeffentlichung").text).replace("\xa0", " ")
    assert "10.06.2026, 08:00 Uhr bis 10.11.2026, 18:00 Uhr" in check


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title_de": " "}, "Bitte füllen Sie »Titel« aus."),
        ({"premoderated": ""}, "Bitte wählen Sie bei »Moderation« eine Möglichkeit."),
        ({"talk_closes_at": "2026-06-01T08:00"}, "Das Ende muss nach dem Beginn liegen."),
        ({"vote_opens_at": "irgendwann"}, "Bitte geben Sie Tag und Uhrzeit an"),
        ({"talk_opens_at": "2026-03-29T02:30"}, "Diese Uhrzeit gibt es an diesem Tag nicht"),
        ({"level": "volksentscheid"}, "level"),
        ({"concept_version_id": "4711"}, "Bitte wählen Sie bei »Konzept und Fassung« eine Möglichkeit."),
        ({"summary_de": "x" * 2001}, "Bitte kürzen Sie »Worum es geht« auf höchstens 2.000 Zeichen."),
    ],
)
def test_what_does_not_fit_is_said_at_the_field_and_what_was_typed_stays(
    client: FlaskClient, session: Session, office: int, version: int, wrong: dict[str, str], words: str
) -> None:
    typed = {**TYPED, "office_id": str(office), "concept_version_id": str(version)} | wrong
    answer = post(client, DESK, **typed)
    assert answer.status_code == 422 and words in unescape(answer.text)
    assert "Was auf den Plätzen geschieht." in unescape(answer.text) or "summary_de" in wrong
    assert session.execute(select(Round)).first() is None


def test_a_name_that_is_taken_is_said_at_the_field(
    client: FlaskClient, session: Session, office: int, version: int, draft: Round
) -> None:
    typed = {**TYPED, "office_id": str(office), "concept_version_id": str(version), "slug": draft.slug}
    answer = post(client, DESK, **typed)
    assert answer.status_code == 422 and "Diesen Titel oder Kurznamen gibt es schon." in unescape(answer.text)


def test_a_concept_of_another_office_is_not_offered_and_not_taken(
    client: FlaskClient, session: Session, office: int
) -> None:
    theirs = a_concept_version(session, office_id=an_office(session))
    answer = post(client, DESK, **TYPED, office_id=str(office), concept_version_id=str(theirs))
    assert answer.status_code == 422
    assert session.execute(select(Round)).first() is None


def test_an_office_that_is_not_ones_own_is_not_taken(client: FlaskClient, session: Session, version: int) -> None:
    answer = post(client, DESK, **TYPED, office_id=str(an_office(session)), concept_version_id=str(version))
    assert answer.status_code == 422 and session.execute(select(Round)).first() is None


def test_two_who_edit_a_draft_at_once_do_not_overwrite_each_other(
    client: FlaskClient, session: Session, draft: Round, staff: UUID
) -> None:
    typed = fields(draft, session, staff)
    assert post(client, f"{DESK}/leben/bearbeitung", **{**typed, "summary_de": "Zuerst"}).status_code == 303
    answer = post(client, f"{DESK}/leben/bearbeitung", **{**typed, "summary_de": "Danach"})
    assert answer.status_code == 422 and "inzwischen geändert" in answer.text
    assert "Danach</textarea>" in answer.text and '<p lang="de">Zuerst</p>' in answer.text
    fresh = fields(draft, session, staff)["seen"]
    assert fresh in answer.text
    assert (
        post(client, f"{DESK}/leben/bearbeitung", **{**typed, "summary_de": "Danach", "seen": fresh}).status_code == 303
    )
    assert fields(draft, session, staff)["summary_de"] == "Danach"


def test_a_new_short_name_leads_to_the_new_address(
    client: FlaskClient, session: Session, draft: Round, staff: UUID
) -> None:
    typed = {**fields(draft, session, staff), "slug": "Größere Plätze"}
    answer = post(client, f"{DESK}/leben/bearbeitung", **typed)
    assert (answer.status_code, answer.location) == (303, f"{DESK}/groessere-plaetze")
    assert client.get(answer.location).status_code == 200


def test_the_preview_shows_the_draft_as_citizens_will_see_it(client: FlaskClient, draft: Round) -> None:
    text = unescape(client.get(f"{DESK}/leben/vorschau").text)
    assert "Vorschau" in text and "Handlungsfeld 3" in text and "Beschluss des Rates" in text
    field = unescape(client.get(f"{DESK}/leben/vorschau/handlungsfelder/feld-2").text)
    assert "<strong>vorhat</strong>" in field and 'id="abstimmung"' in field and 'id="diskussion"' in field
    assert f'href="{DESK}/leben/vorschau/handlungsfelder/feld-3"' in field
    assert client.get(f"{DESK}/leben/vorschau/handlungsfelder/nichts").status_code == 404


def test_the_preview_of_a_published_round_is_the_round(
    client: FlaskClient, session: Session, draft: Round, keys: KeyFolder
) -> None:
    publish_round(session, round_id=draft.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    assert client.get(f"{DESK}/leben/vorschau").location == "/runden/leben"
    field = client.get(f"{DESK}/leben/vorschau/handlungsfelder/feld-1")
    assert field.location == "/runden/leben/handlungsfelder/feld-1"


def test_before_publishing_everything_stands_there_once_more(
    client: FlaskClient, session: Session, draft: Round, clock: StoppedClock
) -> None:
    clock.at = BEFORE
    text = unescape(client.get(f"{DESK}/leben/veroeffentlichung").text).replace("\xa0", " ")
    for told in (
        "/runden/leben",
        "3 Handlungsfelder",
        "15.07.2026, 00:00 Uhr",
        "Was mit dem Veröffentlichen geschieht",
    ):
        assert told in text, told
    assert "Jetzt veröffentlichen" in text and 'name="read"' not in text
    answer = post(client, f"{DESK}/leben/veroeffentlichung")
    assert (answer.status_code, answer.location) == (303, f"{DESK}/leben")
    assert client.get("/runden/leben").status_code == 200
    assert "war schon veröffentlicht" in _shown(client, post(client, f"{DESK}/leben/veroeffentlichung").location)


def _shown(client: FlaskClient, path: str) -> str:
    return unescape(client.get(path).text)


def test_warnings_must_be_read_first(client: FlaskClient, session: Session, draft: Round, clock: StoppedClock) -> None:
    """On 1 June both parts of the draft have begun already."""
    assert 'name="read"' in client.get(f"{DESK}/leben/veroeffentlichung").text
    unread = post(client, f"{DESK}/leben/veroeffentlichung")
    assert unread.status_code == 422 and "dass Sie die Hinweise gelesen haben" in unescape(unread.text)
    assert client.get("/runden/leben").status_code == 404
    assert post(client, f"{DESK}/leben/veroeffentlichung", read="y").status_code == 303
    assert client.get("/runden/leben").status_code == 200


def test_what_is_incomplete_cannot_be_published_by_a_post_either(
    client: FlaskClient, session: Session, draft: Round, staff: UUID
) -> None:
    typed = {**fields(draft, session, staff), "decided_by_de": ""}
    post(client, f"{DESK}/leben/bearbeitung", **typed)
    page = unescape(client.get(f"{DESK}/leben/veroeffentlichung").text)
    assert "Das fehlt noch" in page and "Jetzt veröffentlichen" not in page
    assert post(client, f"{DESK}/leben/veroeffentlichung", read="y").status_code == 422
    assert client.get("/runden/leben").status_code == 404


def test_a_published_round_has_no_form_any_more(
    client: FlaskClient, session: Session, draft: Round, staff: UUID, keys: KeyFolder
) -> None:
    typed = fields(draft, session, staff)
    publish_round(session, round_id=draft.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    assert client.get(f"{DESK}/leben/bearbeitung").status_code == 409
    assert post(client, f"{DESK}/leben/bearbeitung", **typed).status_code == 409
    assert client.get(f"{DESK}/leben/veroeffentlichung").status_code == 409


def test_before_it_opens_a_round_is_taken_back_by_a_button(
    client: FlaskClient, session: Session, draft: Round, keys: KeyFolder, clock: StoppedClock
) -> None:
    clock.at = BEFORE
    publish_round(session, round_id=draft.id, by=None, clock=clock, keys=keys)
    assert "Zurück in den Entwurf" in client.get(f"{DESK}/leben").text
    assert post(client, f"{DESK}/leben/ruecknahme").status_code == 303
    assert client.get("/runden/leben").status_code == 404
    assert client.get(f"{DESK}/leben/bearbeitung").status_code == 200


def test_once_it_is_open_there_is_no_way_back(
    client: FlaskClient, session: Session, draft: Round, keys: KeyFolder
) -> None:
    publish_round(session, round_id=draft.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    assert "Zurück in den Entwurf" not in client.get(f"{DESK}/leben").text
    assert "hat schon begonnen" in _shown(client, post(client, f"{DESK}/leben/ruecknahme").location)
    assert client.get("/runden/leben").status_code == 200


PAGES = ("", "/bearbeitung", "/vorschau", "/vorschau/handlungsfelder/feld-1", "/veroeffentlichung")
POSTS = ("/bearbeitung", "/veroeffentlichung", "/ruecknahme")


def test_staff_of_another_office_finds_nothing_of_it(app: Flask, session: Session, draft: Round, staff: UUID) -> None:
    stranger = signed_in(app, session, a_staff_member(session, office_id=an_office(session)))
    typed = {**fields(draft, session, staff), "read": "y"}
    assert [stranger.get(f"{DESK}/leben{page}").status_code for page in PAGES] == [404] * len(PAGES)
    assert [post(stranger, f"{DESK}/leben{page}", **typed).status_code for page in POSTS] == [404] * len(POSTS)
    assert "leben" not in stranger.get(DESK).text
    assert fields(draft, session, staff)["seen"] == typed["seen"]


@pytest.mark.parametrize("role", ["citizen", Role.MODERATOR, Role.ADMIN, Role.AUDIT])
def test_who_is_no_staff_does_not_get_in(app: Flask, session: Session, draft: Round, office: int, role: str) -> None:
    made = {
        "citizen": lambda: a_person(session),
        Role.ADMIN: lambda: an_official(session, Role.ADMIN),
    }
    somebody = made.get(role, lambda: an_official(session, Role(role), office_id=office))()
    client = signed_in(app, session, somebody)
    assert [client.get(f"{DESK}/leben{page}").status_code for page in PAGES] == [403] * len(PAGES)
    assert [post(client, f"{DESK}/leben{page}").status_code for page in POSTS] == [403] * len(POSTS)


def test_staff_of_one_round_edits_it_without_seeing_the_concepts_of_the_office(
    app: Flask, session: Session, draft: Round, staff: UUID, version: int
) -> None:
    client = signed_in(app, session, an_official(session, Role.STAFF, audience_id=draft.audience_id))
    assert "leben" in client.get(DESK).text and f"{DESK}/neu" not in client.get(DESK).text
    page = client.get(f"{DESK}/leben/bearbeitung").text
    assert f'<option selected value="{version}">' in page
    typed = {**fields(draft, session, staff), "summary_de": "Von der Hilfe geschrieben"}
    assert post(client, f"{DESK}/leben/bearbeitung", **typed).status_code == 303


# ── Roles on one round ────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_administrator_sees_grants_and_withdraws_roles_on_one_round(app: Flask, session: Session) -> None:
    round, other = a_round(session), a_round(session)
    here, elsewhere = (
        session.get_one(Person, an_official(session, Role.STAFF, office_id=one.office_id)).email or ""
        for one in (round, other)
    )
    admin, path = signed_in(app, session, an_admin(session)), f"{DESK}/{round.slug}/berechtigungen"
    front = admin.get(DESK).text
    assert path in front and "Noch keine Beteiligung." not in front
    form = next(one for one in forms_on(admin.get(path).text, path) if "email" in dict(one.fields))
    fields = dict(form.fields) | {"email": "einzeln@example.org", "role": "moderator"}
    fields.pop("csrf_token")
    assert post(admin, form.action, **fields).location == path
    page = admin.get(path).text
    assert here in page and "einzeln@example.org" in page and elsewhere not in page
    assert "einzeln@example.org" not in admin.get(f"{DESK}/{other.slug}/berechtigungen").text
    withdraw = re.findall(r'action="(/verwaltung/berechtigungen/[0-9]+/entzug)"', page)
    answers = [post(admin, one, next=path).location for one in withdraw]
    assert answers == [path], "a role on the whole office is not withdrawn here"
    page = admin.get(path).text
    assert here in page and "einzeln@example.org" not in page


def test_what_is_wrong_in_a_grant_keeps_the_round(app: Flask, session: Session) -> None:
    round, admin = a_round(session), signed_in(app, session, an_admin(session))
    back = f"{DESK}/{round.slug}/berechtigungen"
    fields = {"role": "staff", "audience_id": str(round.audience_id), "next": back}
    answer = post(admin, "/verwaltung/berechtigungen", email="keine Adresse", **fields)
    assert answer.status_code == 422
    kept = next(dict(one.fields) for one in forms_on(answer.text, DESK) if "email" in dict(one.fields))
    assert (kept["audience_id"], kept["next"], kept["email"]) == (str(round.audience_id), back, "keine Adresse")


def test_nobody_else_sees_who_may_act_on_a_round(app: Flask, session: Session, client: FlaskClient) -> None:
    round = a_round(session)
    moderator = signed_in(app, session, a_moderator(session, round))
    for somebody in (client, moderator):
        assert somebody.get(f"{DESK}/{round.slug}/berechtigungen").status_code == 403
    assert "berechtigungen" not in client.get(DESK).text.split("<main")[1]
