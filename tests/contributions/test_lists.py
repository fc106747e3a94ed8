"""The word lists of an office: who keeps them, who is told when two do, and the box to try them in."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled, Role
from participation.contributions import commands, queries
from participation.contributions.facts import EntryNotUsable, ListsChangedMeanwhile
from participation.contributions.models import Contribution, SignalRules
from participation.contributions.signals import proposal
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from tests.everywhere.pages import faults_on, forms_on, text_of
from tests.world import a_person, an_office, an_official
from tests.world.sign_in import post, signed_in

LISTS = {"de": "Idiot*\nhalt die Fresse", "en": "", "mul": "Online-Casino"}


@pytest.fixture
def office(session: Session) -> int:
    return an_office(session)


@pytest.fixture
def staff(session: Session, office: int) -> UUID:
    return an_official(session, Role.STAFF, office_id=office)


@pytest.fixture
def desk(app: Flask, session: Session, staff: UUID) -> FlaskClient:
    return signed_in(app, session, staff)


def save(session: Session, office: int, by: UUID, clock: StoppedClock, *, seen: int = 0, first: int = 0) -> None:
    commands.save_rules(session, office_id=office, words=LISTS, first=first, seen=seen, by=by, clock=clock)


def kept(session: Session, office: int) -> SignalRules:
    session.rollback()
    return session.get_one(SignalRules, office, populate_existing=True)


def test_lists_are_kept_and_noted_in_the_journal_without_words(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    save(session, office, staff, clock, first=2)
    rules = kept(session, office)
    assert rules.words == {"de": ["Idiot*", "halt die Fresse"], "en": [], "mul": ["Online-Casino"]}
    assert (rules.first_contributions, rules.version, rules.changed_at) == (2, 1, clock())
    line = session.execute(select(JournalEntry).where(JournalEntry.act == "contributions:changed_lists")).scalar_one()
    assert (line.actor_id, line.office_id, line.about) == (staff, office, f"office:{office}")
    assert line.details == {"version": 1, "first": 2, "entries": {"de": 2, "en": 0, "mul": 1}}


def test_nobody_else_keeps_them(session: Session, office: int, clock: StoppedClock) -> None:
    strangers = [
        a_person(session),
        an_official(session, Role.STAFF, office_id=an_office(session)),
        an_official(session, Role.MODERATOR, office_id=office),
        an_official(session, Role.ADMIN),
    ]
    for stranger in strangers:
        with pytest.raises(NotEntitled):
            save(session, office, stranger, clock)
        assert queries.rules_of_office(session, office_id=office, person_id=stranger, now=clock()) is None
    session.rollback()
    assert session.execute(select(func.count()).select_from(SignalRules)).scalar_one() == 0


def test_of_two_who_change_the_lists_the_second_is_told(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    save(session, office, staff, clock)
    for read in (0, 2):
        with pytest.raises(ListsChangedMeanwhile):
            save(session, office, staff, clock, seen=read, first=5)
    assert kept(session, office).first_contributions == 0
    save(session, office, staff, clock, seen=1, first=5)
    assert (kept(session, office).version, kept(session, office).first_contributions) == (2, 5)


def test_an_entry_that_cannot_be_used_keeps_the_lists_as_they_were(
    session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    with pytest.raises(EntryNotUsable):
        commands.save_rules(session, office_id=office, words={"de": "gut\n*"}, first=0, seen=0, by=staff, clock=clock)
    session.rollback()
    assert session.get(SignalRules, office) is None


@pytest.mark.parametrize("first", [-1, 6])
def test_the_database_knows_how_many_first_contributions_there_may_be(
    session: Session, office: int, clock: StoppedClock, first: int
) -> None:
    with pytest.raises(IntegrityError), transaction(session):
        session.add(SignalRules(office_id=office, words={}, first_contributions=first, changed_at=clock()))


# ── The pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def fields(**changed: str) -> dict[str, str]:
    return {"seen": "0", "first": "0", **{f"words_{language}": typed for language, typed in LISTS.items()}, **changed}


def test_staff_saves_lists_and_finds_them_again(desk: FlaskClient, session: Session, office: int) -> None:
    path = f"/verwaltung/signale/{office}"
    assert "Noch keine Liste" in text_of(desk.get("/verwaltung/signale").text)
    assert post(desk, path, **fields(first="2")).location == path
    assert "3 Einträge" in text_of(desk.get("/verwaltung/signale").text)
    shown = next(form for form in forms_on(desk.get(path).text, path) if form.action == path)
    assert {**fields(first="2"), "seen": "1"}.items() <= dict(shown.fields).items()


def test_the_proposal_fills_the_fields_and_saves_nothing(desk: FlaskClient, session: Session, office: int) -> None:
    path = f"/verwaltung/signale/{office}"
    shown = next(form for form in forms_on(desk.get(f"{path}?vorschlag=1").text, path) if form.action == path)
    assert dict(shown.fields)["words_de"] == "\n".join(proposal()["de"])
    session.rollback()
    assert session.get(SignalRules, office) is None
    assert post(desk, path, **dict(shown.fields)).status_code == 303
    assert kept(session, office).words["de"] == list(proposal()["de"])


def test_what_cannot_be_used_comes_back_with_what_was_typed(desk: FlaskClient, session: Session, office: int) -> None:
    path = f"/verwaltung/signale/{office}"
    answer = post(desk, path, **fields(words_de="gut\nx", first="99"))
    assert answer.status_code == 422
    assert "»x« geht nicht" in text_of(answer.text)
    shown = next(form for form in forms_on(answer.text, path) if form.action == path)
    assert dict(shown.fields)["words_de"] == "gut\nx"
    assert faults_on(answer.text) == []
    session.rollback()
    assert session.get(SignalRules, office) is None


def test_the_second_of_two_keeps_what_they_typed_and_may_save_it_then(
    desk: FlaskClient, session: Session, office: int, staff: UUID, clock: StoppedClock
) -> None:
    path = f"/verwaltung/signale/{office}"
    save(session, office, staff, clock, first=1)
    late = post(desk, path, **fields(words_de="Trottel"))
    assert late.status_code == 422
    assert "inzwischen von jemand anderem geändert" in text_of(late.text)
    shown = next(form for form in forms_on(late.text, path) if form.action == path)
    assert (dict(shown.fields)["words_de"], dict(shown.fields)["seen"]) == ("Trottel", "1")
    assert post(desk, path, **dict(shown.fields)).status_code == 303
    assert kept(session, office).words["de"] == ["Trottel"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Alles ruhig hier auf dem Platz.", ["Kein Signal"]),
        ("So ein Idiot, wirklich!", ["würde zuerst geprüft", "ein Wort der Prüfliste", "Idiot"]),
        ("Auf eins.de, zwei.de und drei.de steht mehr.", ["würde zuerst geprüft", "viele Links", "zwei.de"]),
        ("Rufen Sie 0234 910-0 an.", ["sofort veröffentlicht, nach einem Hinweis", "Telefonnummer", "0234 910-0"]),
    ],
)
def test_a_text_is_tried_and_each_signal_says_why(
    desk: FlaskClient,
    session: Session,
    office: int,
    staff: UUID,
    clock: StoppedClock,
    text: str,
    said: list[str],
) -> None:
    save(session, office, staff, clock)
    answer = post(desk, f"/verwaltung/signale/{office}/probe", text=text, language="de")
    assert answer.status_code == 200
    for part in said:
        assert part in text_of(answer.text)
    assert faults_on(answer.text) == []
    session.rollback()
    assert session.execute(select(func.count()).select_from(Contribution)).scalar_one() == 0


def test_nothing_to_try_is_said_beside_the_field(desk: FlaskClient, office: int) -> None:
    answer = post(desk, f"/verwaltung/signale/{office}/probe", text="", language="de")
    assert answer.status_code == 422
    assert "geben Sie einen Text ein" in text_of(answer.text)


def test_of_another_office_nothing_is_said(desk: FlaskClient, session: Session) -> None:
    other = an_office(session)
    for path in (f"/verwaltung/signale/{other}", "/verwaltung/signale/4711"):
        assert desk.get(path).status_code == 404
        assert post(desk, path, **fields()).status_code == 404
        assert post(desk, f"{path}/probe", text="Ein Text.", language="de").status_code == 404


def test_every_page_is_sound(desk: FlaskClient, office: int) -> None:
    for path in ("/verwaltung/signale", f"/verwaltung/signale/{office}", f"/verwaltung/signale/{office}?vorschlag=1"):
        answer = desk.get(path)
        assert answer.status_code == 200
        assert faults_on(answer.text) == []
