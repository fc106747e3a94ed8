"""Figures are sealed: for everybody until the close, then for everybody but the round's own staff until the release."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.contributions.models import Contribution
from participation.discussion.commands import rate_comment
from participation.discussion.facts import Value
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.results.commands import count_round, release_round
from participation.voting.commands import cast_ballot
from participation.voting.facts import Choice
from tests.world import CLOSES, a_citizen, a_person, an_office, an_official, staff_elsewhere
from tests.world.results import Lively, after_the_end, counted, released
from tests.world.sign_in import post, signed_in

OWN_STAFF = "staff of the round"


@pytest.fixture
def visitors(app: Flask, session: Session, lively: Lively) -> dict[str, FlaskClient]:
    """One client for each kind of person."""
    office, elsewhere = lively.round.office_id, an_office(session)
    people: dict[str, UUID] = {"citizen": a_person(session), OWN_STAFF: lively.staff}
    people["staff elsewhere"] = staff_elsewhere(session)
    people["moderator elsewhere"] = an_official(session, Role.MODERATOR, office_id=elsewhere)
    for role in (Role.MODERATOR, Role.DESK, Role.JURY, Role.AUDIT):
        people[role] = an_official(session, role, office_id=office)
    people[Role.ADMIN] = an_official(session, Role.ADMIN)
    clients = {name: signed_in(app, session, person_id) for name, person_id in people.items()}
    return {"visitor": app.test_client(), **clients}


def _pages(lively: Lively) -> list[str]:
    slug, field = lively.round.slug, lively.round.subjects[0].slug
    return [
        "/",
        f"/runden/{slug}",
        f"/runden/{slug}/handlungsfelder/{field}",
        f"/runden/{slug}/ergebnis",
        f"/runden/{slug}/ergebnis.csv",
        f"/runden/{slug}/ergebnis.json",
        f"/runden/{slug}/ergebnis/kommentare.csv",
        f"/runden/{slug}/regelblatt",
        f"/abstimmungen/{slug}",
        f"/abstimmungen/{slug}/{field}",
        f"/abstimmungen/{slug}/karten/1",
        f"/kommentare/{lively.comments['trees']}",
        "/meine-beteiligung",
        "/moderation",
        f"/moderation/{lively.comments['trees']}",
        "/verwaltung",
        "/verwaltung/runden",
        f"/verwaltung/runden/{slug}",
        f"/verwaltung/runden/{slug}/vorschau",
        f"/verwaltung/runden/{slug}/ergebnis",
    ]


def _all_answers(
    clients: dict[str, FlaskClient], lively: Lively, *, headers: tuple[str, ...] = ()
) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return what each person gets from each page, without tokens that differ by nature."""
    answers: dict[tuple[str, str], tuple[object, ...]] = {}
    for name, client in clients.items():
        for path in _pages(lively):
            answer = client.get(path)
            text = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", answer.get_data(as_text=True))
            answers[name, path] = (answer.status_code, text, *(answer.headers.get(header) for header in headers))
    return answers


def _differing(
    one: dict[tuple[str, str], tuple[object, ...]], other: dict[tuple[str, str], tuple[object, ...]]
) -> set[tuple[str, str]]:
    return {place for place in one if one[place] != other[place]}


def test_no_page_changes_for_anybody_when_somebody_else_votes_or_rates(
    session: Session, visitors: dict[str, FlaskClient], lively: Lively, clock: StoppedClock
) -> None:
    before = _all_answers(visitors, lively, headers=("ETag", "Content-Length", "Last-Modified"))
    for _ in range(3):
        who = a_citizen(session)
        for subject in lively.round.subjects:
            cast_ballot(
                session, question_id=subject.question_id, who=who, choice=Choice.AGAINST, keys=lively.keys, clock=clock
            )
        rate_comment(session, comment_id=lively.comments["when"], who=who, value=Value.AGREE, clock=clock)
    after = _all_answers(visitors, lively, headers=("ETag", "Content-Length", "Last-Modified"))
    assert _differing(before, after) == set()


def test_between_close_and_count_nobody_sees_figures(
    visitors: dict[str, FlaskClient], lively: Lively, clock: StoppedClock
) -> None:
    after_the_end(clock)
    for (name, path), (status, text, *_) in _all_answers(visitors, lively).items():
        if "ergebnis" not in path:
            continue
        if path.endswith(("csv", "json")):
            assert status == 404, (name, path)
        assert "<table" not in str(text), (name, path)
        assert '<dl class="figures"' not in str(text), (name, path)


def test_after_the_count_only_the_rounds_own_staff_sees_anything_new(
    session: Session, visitors: dict[str, FlaskClient], lively: Lively, clock: StoppedClock
) -> None:
    after_the_end(clock)
    before = _all_answers(visitors, lively)
    count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    after = _all_answers(visitors, lively)
    desk = f"/verwaltung/runden/{lively.round.slug}/ergebnis"
    assert _differing(before, after) == {(OWN_STAFF, desk)}
    assert "<table" in str(after[OWN_STAFF, desk][1])


def test_the_desk_of_results_is_not_there_for_others(
    visitors: dict[str, FlaskClient], session: Session, lively: Lively, clock: StoppedClock
) -> None:
    counted(session, lively, clock)
    path = f"/verwaltung/runden/{lively.round.slug}"
    for name, client in visitors.items():
        status = client.get(f"{path}/ergebnis").status_code
        if name == OWN_STAFF:
            assert status == 200
        elif name == "staff elsewhere":
            assert status == 404
            assert post(client, f"{path}/auszaehlung").status_code == 404
            assert post(client, f"{path}/freigabe").status_code == 404
        else:
            assert status in {302, 303, 403}, name
    assert "wird ausgezählt" in visitors["visitor"].get(f"/runden/{lively.round.slug}/ergebnis").get_data(as_text=True)


def test_after_the_release_everybody_sees_the_same_figures(
    session: Session, visitors: dict[str, FlaskClient], lively: Lively, clock: StoppedClock
) -> None:
    released(session, lively, clock)
    path = f"/runden/{lively.round.slug}/ergebnis"
    for name, client in visitors.items():
        page = client.get(path)
        assert page.status_code == 200, name
        assert page.get_data(as_text=True).count("<table") >= 3, name
        assert client.get(f"{path}.json").get_json()["figures"]["contest"]["participants"] == 5
    assert visitors["visitor"].get(f"{path}.csv").status_code == 200


def test_what_is_quoted_carries_its_language(app: Flask, session: Session, lively: Lively, clock: StoppedClock) -> None:
    with transaction(session):
        session.get_one(Contribution, lively.comments["trees"]).language = "en"
    released(session, lively, clock)
    page = app.test_client().get(f"/runden/{lively.round.slug}/ergebnis", headers={"Accept-Language": "de"}).text
    assert '<html lang="de">' in page
    assert '<blockquote lang="en" dir="auto"><p>Mehr Bäume auf dem Platz, bitte.' in page
    assert '<blockquote lang="de" dir="auto"><p>Mehr Bänke unter den Bäumen.' in page


def test_staff_counts_and_releases_by_its_pages(
    session: Session, app: Flask, lively: Lively, clock: StoppedClock
) -> None:
    staff, desk = signed_in(app, session, lively.staff), f"/verwaltung/runden/{lively.round.slug}"
    assert "auszaehlung" not in staff.get(f"{desk}/ergebnis").get_data(as_text=True)
    assert post(staff, f"{desk}/auszaehlung").status_code == 409
    after_the_end(clock)
    assert "auszaehlung" in staff.get(f"{desk}/ergebnis").get_data(as_text=True)
    assert post(staff, f"{desk}/freigabe").status_code == 409
    answer = post(staff, f"{desk}/auszaehlung")
    assert (answer.status_code, answer.location) == (303, f"{desk}/ergebnis")
    assert post(staff, f"{desk}/auszaehlung").status_code == 409
    assert post(staff, f"{desk}/freigabe").status_code == 303
    assert post(staff, f"{desk}/freigabe").status_code == 409
    assert app.test_client().get(f"/runden/{lively.round.slug}/ergebnis.csv").status_code == 200


def test_before_the_round_is_public_there_is_no_result_page(
    app: Flask, session: Session, lively: Lively, clock: StoppedClock
) -> None:
    clock.at = CLOSES - timedelta(days=3650)
    for end in ("", ".csv", ".json", "/kommentare.csv"):
        assert app.test_client().get(f"/runden/{lively.round.slug}/ergebnis{end}").status_code == 404


def test_a_visitors_copy_is_renewed_by_the_release(
    session: Session, app: Flask, lively: Lively, clock: StoppedClock
) -> None:
    counted(session, lively, clock)
    path, visitor = f"/runden/{lively.round.slug}/ergebnis", app.test_client()
    mark = visitor.get(path).headers["ETag"]
    assert visitor.get(path, headers={"If-None-Match": mark}).status_code == 304
    release_round(session, round_id=lively.round.id, by=lively.staff, clock=clock)
    assert visitor.get(path, headers={"If-None-Match": mark}).status_code == 200
