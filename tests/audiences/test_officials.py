"""Officials are invited, granted roles and stripped of them; somebody who can grant always remains."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.accounts.models import Office, Person
from participation.audiences import commands, queries
from participation.audiences.facts import LastAdmin, NotEntitled, Role, ScopeMissing, short_name
from participation.audiences.models import RoleGrant
from participation.foundation.clock import StoppedClock
from participation.foundation.facts import Missing
from participation.journal.models import JournalEntry
from tests.world import a_citizen, a_participant, a_person, a_round, a_staff_member, an_admin, an_audience, an_office
from tests.world.accounts import letters_to, link_to
from tests.world.sign_in import post, signed_in

PATH = "/verwaltung/berechtigungen"


def grants_of(session: Session, person_id: object) -> list[tuple[str, int | None, int | None]]:
    session.rollback()
    held = select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None)).order_by(RoleGrant.id)
    return [(one.role, one.office_id, one.audience_id) for one in session.execute(held).scalars()]


def grant_of(session: Session, person_id: object) -> int:
    return session.execute(select(RoleGrant.id).where(RoleGrant.person_id == person_id)).scalar_one()


# ── Granting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_has_no_account_is_invited_by_mail(app: Flask, session: Session) -> None:
    admin, office = signed_in(app, session, an_admin(session)), an_office(session)
    answer = post(admin, PATH, email="Neu@Stadt.example.org", role="staff", office_id=str(office))
    assert (answer.status_code, answer.location) == (303, PATH)
    session.rollback()
    invited = session.execute(select(Person).where(Person.email == "neu@stadt.example.org")).scalar_one()
    assert grants_of(session, invited.id) == [("staff", office, None)]
    colleague = app.test_client()
    link = link_to(session, "neu@stadt.example.org")
    assert post(colleague, link).status_code == 422, "the terms hold for officials too"
    answer = post(colleague, link + "?next=/verwaltung", agreed="y")
    assert answer.location == "/verwaltung"
    assert colleague.get("/verwaltung").status_code == 200


def test_an_invitation_holds_a_week(app: Flask, session: Session, clock: StoppedClock) -> None:
    commands.invite_official(session, email="a@example.org", role=Role.ADMIN, language="de", by=None, clock=clock)
    link = link_to(session, "a@example.org")
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert app.test_client().get(link).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert app.test_client().get(link).status_code == 410


def test_who_has_an_account_needs_no_letter(app: Flask, session: Session) -> None:
    admin, office = signed_in(app, session, an_admin(session)), an_office(session)
    person_id = a_person(session, email="da@example.org")
    post(admin, PATH, email="da@example.org", role="moderator", office_id=str(office))
    assert grants_of(session, person_id) == [("moderator", office, None)]
    assert letters_to(session, "da@example.org") == []


def test_a_role_may_be_for_one_round(app: Flask, session: Session) -> None:
    admin, round = signed_in(app, session, an_admin(session)), a_round(session)
    fields = {"role": "moderator", "office_id": "", "audience_id": str(round.audience_id), "next": "/verwaltung/runden"}
    answer = post(admin, PATH, email="m@example.org", **fields)
    assert answer.location == "/verwaltung/runden"
    session.rollback()
    person_id = session.execute(select(Person.id).where(Person.email == "m@example.org")).scalar_one()
    assert grants_of(session, person_id) == [("moderator", None, round.audience_id)]
    assert "eine Beteiligung" in admin.get(PATH).text


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "staff", "office_id": ""},
        {"role": "admin", "office_id": "1"},
        {"role": "staff", "office_id": "1", "audience_id": "1"},
        {"role": "staff", "office_id": "99"},
        {"role": "staff", "office_id": "x"},
        {"role": "citizen", "office_id": "1"},
        {"role": "", "office_id": "1"},
        {"role": "staff", "office_id": "1" * 40},
        {"role": "staff", "office_id": "", "audience_id": "9" * 30},
        {"role": "staff", "office_id": "", "audience_id": "-1"},
    ],
)
def test_a_role_needs_just_what_it_is_for(app: Flask, session: Session, fields: dict[str, str]) -> None:
    admin = signed_in(app, session, an_admin(session))
    assert an_office(session) == 1
    assert an_audience(session, office_id=1) == 1
    assert post(admin, PATH, email="x@example.org", **fields).status_code == 422
    session.rollback()
    assert session.execute(select(Person.id).where(Person.email == "x@example.org")).first() is None


def test_a_role_for_nothing_there_is_no_role(session: Session, clock: StoppedClock) -> None:
    person_id = a_person(session)
    with pytest.raises(Missing):
        commands.grant_role(session, person_id=person_id, role=Role.STAFF, office_id=99, by=None, clock=clock)
    with pytest.raises(Missing):
        commands.grant_role(session, person_id=person_id, role=Role.STAFF, audience_id=99, by=None, clock=clock)
    with pytest.raises(ScopeMissing):
        commands.grant_role(session, person_id=person_id, role=Role.STAFF, by=None, clock=clock)


def test_only_administrators_grant(session: Session, clock: StoppedClock) -> None:
    office = an_office(session)
    staff = a_staff_member(session, office_id=office)
    with pytest.raises(NotEntitled):
        commands.grant_role(session, person_id=staff, role=Role.ADMIN, by=staff, clock=clock)
    with pytest.raises(NotEntitled):
        commands.invite_official(session, email="x@example.org", role=Role.ADMIN, language="de", by=staff, clock=clock)
    with pytest.raises(NotEntitled):
        commands.make_office(session, name={"de": "Amt"}, by=staff, clock=clock)
    with pytest.raises(NotEntitled):
        commands.withdraw_role(session, grant_id=grant_of(session, staff), by=staff, clock=clock)


def test_granting_twice_grants_once_and_tells_it_once(session: Session, clock: StoppedClock) -> None:
    admin, office, person_id = an_admin(session), an_office(session), a_person(session)
    for _ in range(2):
        commands.grant_role(session, person_id=person_id, role=Role.STAFF, office_id=office, by=admin, clock=clock)
    told = session.execute(select(JournalEntry).where(JournalEntry.act == "audiences:granted")).scalars().all()
    assert [(one.actor_id, one.office_id, one.details["person"]) for one in told] == [(admin, office, str(person_id))]


# ── Withdrawing ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_withdrawn_role_opens_nothing_at_once(app: Flask, session: Session) -> None:
    admin = signed_in(app, session, an_admin(session))
    person_id = a_staff_member(session, office_id=an_office(session))
    staff = signed_in(app, session, person_id)
    assert staff.get("/verwaltung").status_code == 200
    answer = post(admin, f"{PATH}/{grant_of(session, person_id)}/entzug")
    assert answer.status_code == 303
    assert staff.get("/verwaltung").status_code == 403
    session.rollback()
    act = session.execute(select(JournalEntry.act).order_by(JournalEntry.id.desc())).scalars().first()
    assert act == "audiences:withdrew"


def test_the_last_administrator_stays(app: Flask, session: Session) -> None:
    person_id = an_admin(session)
    admin = signed_in(app, session, person_id)
    post(admin, f"{PATH}/{grant_of(session, person_id)}/entzug")
    assert "letzte Administration" in admin.get(PATH).text
    assert grants_of(session, person_id) == [("admin", None, None)]


def test_a_shut_account_is_no_administrator_to_count_on(session: Session, clock: StoppedClock) -> None:
    from participation.accounts.commands import disable_person

    admin, other = an_admin(session), an_admin(session)
    disable_person(session, person_id=other, clock=clock)
    with pytest.raises(LastAdmin):
        commands.withdraw_role(session, grant_id=grant_of(session, admin), by=admin, clock=clock)


def test_withdrawing_twice_is_told_once(session: Session, clock: StoppedClock) -> None:
    admin, staff = an_admin(session), a_staff_member(session, office_id=an_office(session))
    for _ in range(2):
        commands.withdraw_role(session, grant_id=grant_of(session, staff), by=admin, clock=clock)
    told = select(func.count()).select_from(JournalEntry).where(JournalEntry.act == "audiences:withdrew")
    assert session.execute(told).scalar_one() == 1


@pytest.mark.postgresql
def test_two_administrators_cannot_withdraw_each_other_at_once(
    session: Session, new_session: Callable[[], Session], clock: StoppedClock
) -> None:
    for _ in range(15):
        first, second = an_admin(session), an_admin(session)
        mine = {one: grant_of(session, one) for one in (first, second)}
        session.rollback()
        meet = threading.Barrier(2)
        ends: list[str] = []

        def withdraw(by: object, grant_id: int, own: Session, meet: threading.Barrier, ends: list[str]) -> None:
            meet.wait()
            try:
                commands.withdraw_role(own, grant_id=grant_id, by=by, clock=clock)  # type: ignore[arg-type]
                ends.append("withdrawn")
            except (LastAdmin, NotEntitled) as fact:
                ends.append(fact.name)

        pairs = [(first, mine[second]), (second, mine[first])]
        threads = [threading.Thread(target=withdraw, args=(*pair, new_session(), meet, ends)) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(ends)[1] == "withdrawn"
        assert sorted(ends)[0] in {"LastAdmin", "NotEntitled"}
        session.rollback()
        left = select(RoleGrant).where(RoleGrant.role == Role.ADMIN, RoleGrant.until.is_(None))
        remaining = session.execute(left).scalars().all()
        assert len(remaining) == 1
        remaining[0].until = clock()
        session.commit()


def test_a_round_with_a_number_that_none_has_is_refused(app: Flask, session: Session) -> None:
    admin = signed_in(app, session, an_admin(session))
    answer = post(admin, "/verwaltung/berechtigungen", email="a@example.org", role=Role.STAFF, audience_id="9" * 400)
    assert answer.status_code == 422


# ── Offices ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_office_is_made_and_renamed(app: Flask, session: Session) -> None:
    admin = signed_in(app, session, an_admin(session))
    path = "/verwaltung/stellen"
    assert post(admin, path, name_de="Amt für Grün & Wege", name_en="Parks").status_code == 303
    assert post(admin, path, name_de="Amt für Grün & Wege").status_code == 303
    assert post(admin, path, name_de=" ").status_code == 422
    session.rollback()
    offices = session.execute(select(Office).order_by(Office.id)).scalars().all()
    assert [one.slug for one in offices] == ["amt-fuer-gruen-wege", "amt-fuer-gruen-wege-2"]
    assert post(admin, f"{path}/{offices[0].id}/name", name_de="Grünflächenamt").status_code == 303
    assert "Grünflächenamt" in admin.get(path).text
    wrong = post(admin, f"{path}/{offices[0].id}/name", name_de="")
    assert wrong.status_code == 422
    assert "Bitte füllen Sie »Name« aus" in wrong.text
    assert post(admin, f"{path}/999/name", name_de="Nirgends").status_code == 404


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Straßenbauamt", "strassenbauamt"),
        ("  Ämter  ", "aemter"),
        ("💚", "stelle"),
        ("a" * 100, "a" * 60),
        ("É!", "e"),
    ],
)
def test_short_names_fit_into_addresses(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize("path", [PATH, "/verwaltung/stellen"])
def test_only_administrators_see_these_pages(app: Flask, session: Session, path: str) -> None:
    staff = a_staff_member(session, office_id=an_office(session))
    assert signed_in(app, session, an_admin(session)).get(path).status_code == 200
    assert signed_in(app, session, staff).get(path).status_code == 403
    assert signed_in(app, session, a_person(session)).get(path).status_code == 403
    assert app.test_client().get(path).location == f"/anmelden?next={path}"


# ── The shell ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_first_administrator_comes_from_the_shell(app: Flask, session: Session) -> None:
    shell = app.test_cli_runner()
    done = shell.invoke(args=["accounts", "admin", "Erste@Example.org"])
    assert done.exit_code == 0, done.output
    client = app.test_client()
    post(client, link_to(session, "erste@example.org"), agreed="y")
    assert client.get(PATH).status_code == 200
    assert shell.invoke(args=["accounts", "disable", "erste@example.org"]).exit_code == 0
    assert client.get(PATH).status_code == 303
    assert shell.invoke(args=["accounts", "enable", "erste@example.org"]).exit_code == 0
    assert shell.invoke(args=["accounts", "admin", "no address"]).exit_code == 1
    assert shell.invoke(args=["accounts", "disable", "nobody@example.org"]).exit_code == 1


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_forgotten_person_has_no_name_and_no_role(session: Session, clock: StoppedClock) -> None:
    who = a_citizen(session)
    audience_id = an_audience(session)
    participant = a_participant(session, audience_id=audience_id, person_id=who.person_id, shown_as="Ada")
    commands.grant_role(
        session, person_id=who.person_id, role=Role.STAFF, office_id=an_office(session), by=None, clock=clock
    )
    assert [one.text for one in queries.held_about(session, who.person_id)] == ["Ada", None]
    commands.forget(session, person_id=who.person_id, clock=clock)
    assert grants_of(session, who.person_id) == []
    held = queries.held_about(session, who.person_id)
    assert [one.text for one in held] == [None, None]
    assert queries.participant_id(session, audience_id=audience_id, person_id=who.person_id) == participant


def test_the_last_administrator_cannot_be_forgotten(session: Session, clock: StoppedClock) -> None:
    with pytest.raises(LastAdmin):
        commands.forget(session, person_id=an_admin(session), clock=clock)
