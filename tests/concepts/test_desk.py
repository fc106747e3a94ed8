"""Where staff writes concepts, on the pages."""

from __future__ import annotations

from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Leitthema
from participation.concepts.queries import field_text
from tests.world import BEFORE, a_concept_version, a_person, a_staff_member, an_office, an_official
from tests.world.sign_in import post, signed_in

DESK = "/verwaltung/konzepte"


@pytest.fixture
def office(session: Session) -> int:
    return an_office(session)


@pytest.fixture
def staff(session: Session, office: int) -> UUID:
    return a_staff_member(session, office_id=office)


@pytest.fixture
def client(app: Flask, session: Session, staff: UUID) -> FlaskClient:
    """Staff of the office, signed in."""
    return signed_in(app, session, staff)


def slug_and_field(session: Session, version_id: int) -> tuple[str, int]:
    concept = session.get_one(Concept, session.get_one(ConceptVersion, version_id).concept_id)
    first = select(HandlungsfeldVersion.id).filter_by(concept_version_id=version_id, position=1)
    return concept.slug, session.execute(first).scalar_one()


def test_a_concept_is_written_page_by_page(client: FlaskClient, session: Session, office: int) -> None:
    told = {"office_id": str(office), "title_de": "Grünes Bochum", "summary_de": "Mehr Grün."}
    home = post(client, DESK, **told).location
    assert home == f"{DESK}/gruenes-bochum"
    assert post(client, f"{home}/leitthemen", title_de="Plätze", title_en="Squares").status_code == 303
    theme = session.execute(select(Leitthema.id)).scalar_one()
    goals = {"goals-0-de": "Tausend Bäume", "goals-0-en": "", "goals-1-de": "", "goals-1-en": ""}
    field = {"leitthema_id": str(theme), "title_de": "Parks", "text_de": "**Mehr** Parks.", **goals}
    assert post(client, f"{home}/handlungsfelder", **field).status_code == 303
    text = unescape(client.get(home).text)
    assert "Plätze" in text and "Parks" in text and "1 Kernziel ·" in text and "noch ohne Englisch" in text


def test_a_preview_saves_nothing(client: FlaskClient, session: Session, staff: UUID, office: int) -> None:
    slug, field_id = slug_and_field(session, a_concept_version(session, office_id=office, frozen=False))
    read = field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE)
    typed = {
        "seen": read.seen,
        "leitthema_id": str(read.leitthema_id),
        "title_de": "Neu",
        "text_de": "**fett** <script>",
    }
    answer = post(client, f"{DESK}/{slug}/handlungsfelder/{field_id}", **typed, vorschau="1")
    assert "<strong>fett</strong> &lt;script&gt;" in answer.text
    session.rollback()
    assert field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE) == read


def test_two_who_edit_one_text_at_once_do_not_overwrite_each_other(
    client: FlaskClient, session: Session, staff: UUID, office: int
) -> None:
    slug, field_id = slug_and_field(session, a_concept_version(session, office_id=office, frozen=False))
    read = field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE)
    typed = {"seen": read.seen, "leitthema_id": str(read.leitthema_id), "title_de": "Titel"}
    path = f"{DESK}/{slug}/handlungsfelder/{field_id}"
    assert post(client, path, **typed, text_de="Zuerst").status_code == 303
    answer = post(client, path, **typed, text_de="Danach")
    assert answer.status_code == 422 and "inzwischen geändert" in answer.text
    assert "Danach</textarea>" in answer.text and '<p lang="de">Zuerst</p>' in answer.text
    session.rollback()
    kept = field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE)
    assert kept.text["de"] == "Zuerst" and kept.seen in answer.text


def test_an_english_goal_needs_a_german_one(client: FlaskClient, session: Session, staff: UUID, office: int) -> None:
    slug, field_id = slug_and_field(session, a_concept_version(session, office_id=office, frozen=False))
    read = field_text(session, handlungsfeld_id=field_id, person_id=staff, now=BEFORE)
    typed = {"seen": read.seen, "leitthema_id": str(read.leitthema_id), "title_de": "x", "text_de": "x"}
    goals = {"goals-0-de": "", "goals-0-en": "A goal"}
    answer = post(client, f"{DESK}/{slug}/handlungsfelder/{field_id}", **typed, **goals)
    assert answer.status_code == 422 and "auch auf Deutsch" in answer.text


def test_a_frozen_version_offers_a_new_one_and_nothing_to_edit(
    client: FlaskClient, session: Session, office: int
) -> None:
    slug, field_id = slug_and_field(session, a_concept_version(session, office_id=office))
    text = client.get(f"{DESK}/{slug}").text
    assert "Neue Fassung anlegen" in text and f"handlungsfelder/{field_id}" not in text
    assert post(client, f"{DESK}/{slug}/fassungen").status_code == 303
    assert "Fassung 2" in client.get(f"{DESK}/{slug}").text
    assert "Zur neuesten Fassung" in client.get(f"{DESK}/{slug}/fassungen/1").text


def test_staff_of_another_office_finds_nothing_of_it(app: Flask, session: Session, office: int) -> None:
    slug, field_id = slug_and_field(session, a_concept_version(session, office_id=office, frozen=False))
    stranger = signed_in(app, session, a_staff_member(session, office_id=an_office(session)))
    pages = ("", "/bearbeitung", "/fassungen/1", f"/handlungsfelder/{field_id}", "/leitthemen/neu")
    assert [stranger.get(f"{DESK}/{slug}{page}").status_code for page in pages] == [404] * len(pages)
    acts = ("/fassungen", "/leitthemen", f"/handlungsfelder/{field_id}/loeschung")
    assert [post(stranger, f"{DESK}/{slug}{act}").status_code for act in acts] == [404] * len(acts)
    assert slug not in stranger.get(DESK).text


@pytest.mark.parametrize("role", ["citizen", Role.MODERATOR])
def test_who_is_no_staff_does_not_get_in(app: Flask, session: Session, office: int, role: str) -> None:
    citizen = role == "citizen"
    somebody = a_person(session) if citizen else an_official(session, Role.MODERATOR, office_id=office)
    assert signed_in(app, session, somebody).get(DESK).status_code == 403
