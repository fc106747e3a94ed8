"""Staff chooses how a round is voted on: the form, what is missing, the preview, what is frozen, and the vote itself."""

from __future__ import annotations

import json
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.results.commands import recount
from participation.rounds import queries
from participation.rounds.commands import publish_round, take_back, write_round
from participation.rounds.facts import Project, Way, way_options, what_is_missing
from participation.rounds.models import Round, SubjectPart
from participation.voting.facts import SCALES, Method
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot, Contest, Option, Question
from tests.rounds.test_desk import DESK, TYPED
from tests.world import BEFORE, CLOSES, a_draft, a_person
from tests.world.sign_in import post, signed_in

QUESTION = {"vote_question_de": "Was zuerst?", "vote_question_en": "What first?"}
PROJECTS = {
    "projects-0-label_de": "Brunnen",
    "projects-0-label_en": "Fountain",
    "projects-0-cost": "30.000",
    "projects-2-label_de": "Radweg",
    "projects-2-cost": "45000",
}
TYPED_WAYS: dict[Method, tuple[dict[str, str], dict[str, Any]]] = {
    Method.SELECTION: ({"selection_most": "2", "selection_none": "ja"}, {"most": 2, "none": True}),
    Method.POINTS: ({"points_total": "10", "points_most": "5"}, {"points": 10, "most_per_option": 5}),
    Method.IMPORTANCE: ({"importance_scale": "3"}, {"scale": SCALES[3]}),
    Method.RANKING: ({"ranking_most": "3", "vote_ballots": "ja"}, {"most_ranks": 3, "ballots_public": True}),
    Method.BUDGET: (
        {"budget_sum": "50.000", "budget_within": "ja", "vote_ties": "staff", **PROJECTS},
        {"sum": 50_000, "unit": "EUR", "none": False, "within_sum": True, "ties": "staff"},
    ),
}
WAYS = {
    Method.SELECTION: Way(Method.SELECTION, {"de": "Was zuerst?"}, {"most": 2, "none": True}),
    Method.POINTS: Way(Method.POINTS, {"de": "Was zuerst?"}, {"points": 6}),
    Method.IMPORTANCE: Way(Method.IMPORTANCE, {"de": "Was zuerst?"}, {"scale": SCALES[5]}),
    Method.RANKING: Way(Method.RANKING, {"de": "Was zuerst?"}, {}),
    Method.BUDGET: Way(
        Method.BUDGET,
        {"de": "Was zuerst?"},
        {"sum": 50_000, "within_sum": True, "unit": "EUR"},
        (Project({"de": "Brunnen"}, 30_000), Project({"de": "Radweg"}, 45_000), Project({"de": "Brunnen"}, 5_000)),
    ),
}
SENT = {
    Method.SELECTION: {"choice": "feld-2"},
    Method.POINTS: {"punkte-feld-2": "4"},
    Method.IMPORTANCE: {"wert-feld-2": "5"},
    Method.RANKING: {"rang-feld-2": "1"},
    Method.BUDGET: {"choice": "brunnen-2"},
}
every_way = pytest.mark.parametrize("method", list(WAYS))


@pytest.fixture
def client(app: Flask, session: Session, staff: UUID) -> FlaskClient:
    return signed_in(app, session, staff)


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    return KeyFolder(settings.key_dir)


@pytest.fixture
def drafted(session: Session, office: int, version: int, method: Method) -> Round:
    told = a_draft(version, way=WAYS[method])
    return write_round(session, office_id=office, draft=told, by=None, clock=StoppedClock(BEFORE), slug="leben")


@pytest.fixture
def published(session: Session, drafted: Round, keys: KeyFolder) -> Round:
    publish_round(session, round_id=drafted.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    session.rollback()
    return drafted


def read(session: Session, staff: UUID, slug: str = "plaetze-fuer-bochum") -> queries.DraftPage:
    session.rollback()
    return queries.draft_page(session, slug=slug, person_id=staff, now=BEFORE)


def typed(office: int, version: int, method: Method, **names: str) -> dict[str, str]:
    way = {"vote_method": str(method), "vote_ties": "lot", **QUESTION, **TYPED_WAYS[method][0]}
    return {**TYPED, "office_id": str(office), "concept_version_id": str(version), **way, **names}


# ── The form ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_what_staff_typed_is_kept_and_stands_in_the_form_again(
    client: FlaskClient, session: Session, staff: UUID, office: int, version: int, method: Method
) -> None:
    answer = post(client, DESK, **typed(office, version, method))
    assert answer.status_code == 303
    draft = read(session, staff).draft
    assert draft.way is not None
    assert (draft.way.method, draft.way.question) == (method, {"de": "Was zuerst?", "en": "What first?"})
    assert draft.way.terms == {"ties": "lot"} | TYPED_WAYS[method][1]
    html = client.get(f"{answer.location}/bearbeitung").get_data(as_text=True)
    for name, value in TYPED_WAYS[method][0].items():
        plain = value.replace(".", "") if name.endswith(("sum", "cost")) else value
        assert f'name="{name.replace("-2-", "-1-")}"' in html and f'value="{plain}"' in html
    assert not [gap for gap in read(session, staff).gaps(BEFORE) if gap.blocks]


def test_a_saved_form_changes_nothing(
    client: FlaskClient, session: Session, staff: UUID, office: int, version: int
) -> None:
    post(client, DESK, **typed(office, version, Method.BUDGET))
    before = read(session, staff)
    assert before.draft.way is not None and before.draft.way.projects == (
        Project({"de": "Brunnen", "en": "Fountain"}, 30_000),
        Project({"de": "Radweg", "en": ""}, 45_000),
    )
    sent = {**typed(office, version, Method.BUDGET), "seen": before.seen}
    assert post(client, f"{DESK}/plaetze-fuer-bochum/bearbeitung", **sent).status_code == 303
    assert read(session, staff).draft.way == before.draft.way
    back = {**sent, "seen": read(session, staff).seen, "vote_method": "approval"}
    assert post(client, f"{DESK}/plaetze-fuer-bochum/bearbeitung", **back).status_code == 303
    assert read(session, staff).draft.way is None


@pytest.mark.parametrize(
    ("method", "wrong", "words"),
    [
        (Method.SELECTION, {"selection_most": "viele"}, "Bitte geben Sie eine ganze Zahl von 1 bis 100 an."),
        (Method.SELECTION, {"selection_most": "0"}, "Bitte geben Sie eine ganze Zahl von 1 bis 100 an."),
        (Method.POINTS, {"points_total": "9" * 400}, "Bitte geben Sie eine ganze Zahl von 1 bis 1.000 an."),
        (Method.POINTS, {"points_most": "-3"}, "Bitte geben Sie eine ganze Zahl von 1 bis 1.000 an."),
        (Method.BUDGET, {"budget_sum": "1,50"}, "Bitte geben Sie eine ganze Zahl von 1 bis"),
        (Method.BUDGET, {"projects-0-label_de": ""}, "Bitte nennen Sie dieses Vorhaben auf Deutsch."),
        (Method.BUDGET, {"projects-0-cost": "teuer"}, "Bitte geben Sie eine ganze Zahl von 0 bis"),
        (Method.RANKING, {"vote_method": "losen"}, "vote_method"),
        (Method.IMPORTANCE, {"importance_scale": "7"}, "importance_scale"),
    ],
)
def test_what_is_no_number_is_said_at_its_field_and_stays_there(
    client: FlaskClient,
    session: Session,
    office: int,
    version: int,
    method: Method,
    wrong: dict[str, str],
    words: str,
) -> None:
    answer = post(client, DESK, **typed(office, version, method, **wrong))
    html = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422 and words in html
    for value in wrong.values():
        assert not value or value in {"losen", "7"} or f'value="{value}"' in html
    assert session.execute(select(Round)).first() is None


def test_fields_of_another_way_bother_nobody(client: FlaskClient, office: int, version: int) -> None:
    odd = {"points_total": "viele", "budget_sum": "alles", "projects-0-cost": "teuer"}
    assert post(client, DESK, **typed(office, version, Method.SELECTION, **odd)).status_code == 303


@pytest.mark.parametrize("method", [Method.APPROVAL, Method.RANKING])
def test_receipts_are_offered_unless_staff_turns_them_off_and_the_rule_sheet_says_so(
    client: FlaskClient, session: Session, staff: UUID, office: int, version: int, keys: KeyFolder, method: Method
) -> None:
    ways = {} if method is Method.APPROVAL else {"vote_method": "ranking", **QUESTION}
    told = {**TYPED, "office_id": str(office), "concept_version_id": str(version), **ways}
    assert post(client, DESK, **told).status_code == 303
    assert read(session, staff).draft.receipts
    place = f"{DESK}/plaetze-fuer-bochum"
    seen = read(session, staff).seen
    off = {**told, "slug": "plaetze-fuer-bochum", "seen": seen, "receipts": "nein"}
    assert post(client, f"{place}/bearbeitung", **off).status_code == 303
    found = read(session, staff)
    assert not found.draft.receipts
    assert found.draft.way is None or found.draft.way.method is method
    form = client.get(f"{place}/bearbeitung").get_data(as_text=True)
    assert "Stimmen kaufen oder erzwingen" in form
    assert "Niemand kann beweisen" in client.get(f"{place}/veroeffentlichung").get_data(as_text=True)
    publish_round(session, round_id=found.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    contest = session.execute(select(Contest)).scalar_one()
    assert contest.rules is not None
    assert (contest.receipts, contest.rules["receipts"], contest.method) == (False, False, method)


@pytest.mark.parametrize("method", [Method.SELECTION, Method.RANKING])
def test_the_card_says_whether_whole_ballots_are_published(app: Flask, published: Round, method: Method) -> None:
    page = app.test_client().get("/runden/leben").get_data(as_text=True)
    assert ("die Stimmzettel ohne Namen veröffentlicht" in page) == (method is Method.SELECTION)
    assert ("nur die Summen, keine einzelnen Stimmzettel" in page) == (method is Method.RANKING)


# ── What is missing ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("way", "about", "blocks"),
    [
        (Way(Method.SELECTION, {"de": ""}, {"most": 1}), "vote_question_de", True),
        (Way(Method.SELECTION, {"de": "Was?"}, {"most": 1}), "vote_question_en", False),
        (Way(Method.SELECTION, {"de": "Was?"}, {}), "selection_most", True),
        (Way(Method.SELECTION, {"de": "Was?"}, {"most": 4}), "selection_most", True),
        (Way(Method.SELECTION, {"de": "Was?"}, {"most": 1, "seats": 4}), "selection_seats", True),
        (Way(Method.POINTS, {"de": "Was?"}, {}), "points_total", True),
        (Way(Method.RANKING, {"de": "Was?"}, {"most_ranks": 4}), "ranking_most", True),
        (Way(Method.BUDGET, {"de": "Was?"}, {"sum": 10}), "projects-0-label_de", True),
        (Way(Method.BUDGET, {"de": "Was?"}, {"sum": 10}, (Project({"de": "A"}, None),)), "projects-0-label_de", True),
        (Way(Method.BUDGET, {"de": "Was?"}, {}, (Project({"de": "A"}, 1),)), "budget_sum", True),
        (Way(Method.BUDGET, {"de": "Was?"}, {"sum": 9}, (Project({"de": "A"}, 10),) * 2), "budget_sum", False),
        (Way(Method.BUDGET, {"de": "Was?"}, {"sum": 20}, (Project({"de": "A"}, 10),) * 2), "budget_sum", False),
        (Way(Method.BUDGET, {"de": "Was?"}, {"sum": 20}, (Project({"de": "A"}, 10),)), "vote_method", False),
    ],
)
def test_the_list_names_what_the_vote_still_needs(way: Way, about: str, blocks: bool) -> None:
    gaps = what_is_missing(a_draft(1, way=way), handlungsfelder=3, now=BEFORE)
    assert (about, blocks) in {(gap.about, gap.blocks) for gap in gaps}


@every_way
def test_a_whole_way_has_no_gap_that_blocks(method: Method) -> None:
    gaps = what_is_missing(a_draft(1, way=WAYS[method]), handlungsfelder=3, now=BEFORE)
    assert not [gap for gap in gaps if gap.blocks]


def test_a_round_with_a_gap_in_its_vote_is_not_published_and_its_preview_says_so(
    client: FlaskClient, session: Session, office: int, version: int, clock: StoppedClock
) -> None:
    clock.at = BEFORE
    post(client, DESK, **typed(office, version, Method.SELECTION, selection_most="", vote_question_de=""))
    page = unescape(client.get(f"{DESK}/plaetze-fuer-bochum").text)
    assert "Die Frage fehlt, über die abgestimmt wird." in page
    assert 'bearbeitung#selection_most"' in page and "Es fehlt, wie viele Möglichkeiten" in page
    assert "sobald alle Angaben dazu da sind" in client.get(f"{DESK}/plaetze-fuer-bochum/vorschau").text
    assert "noch unvollständig" in client.get(f"{DESK}/plaetze-fuer-bochum/veroeffentlichung").text
    assert post(client, f"{DESK}/plaetze-fuer-bochum/veroeffentlichung", read="y").status_code == 422


# ── Preview and publishing ────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_the_preview_shows_the_ballot_that_nobody_can_send(client: FlaskClient, drafted: Round, method: Method) -> None:
    html = unescape(client.get(f"{DESK}/leben/vorschau").text)
    assert "Ihre Stimme: Was zuerst?" in html and 'aria-describedby="abstimmung-regel" disabled>' in html
    assert "Stimme abgeben</span></button>" not in html
    if method is Method.BUDGET:
        assert "30.000\u00a0€" in html and "Radweg" in html
    else:
        assert f'href="{DESK}/leben/vorschau/handlungsfelder/feld-3">Worum es geht' in html
    field = unescape(client.get(f"{DESK}/leben/vorschau/handlungsfelder/feld-1").text)
    assert f'href="{DESK}/leben/vorschau#abstimmung"' in field and 'id="abstimmung"' not in field


@every_way
def test_before_publishing_the_rule_stands_there_once_more(client: FlaskClient, drafted: Round, method: Method) -> None:
    html = unescape(client.get(f"{DESK}/leben/veroeffentlichung").text)
    assert "Was zuerst?" in html and "Sie können " in html
    told = "Jeder Stimmzettel ohne Namen" if WAYS[method].ballots_public else "Nur die Summen"
    assert told in html and WAYS[method].ballots_public == (method in {Method.SELECTION, Method.IMPORTANCE})
    assert ("Radweg: 45.000\u00a0€" in html) == (method is Method.BUDGET)


@every_way
def test_publishing_freezes_one_question_about_everything(session: Session, published: Round, method: Method) -> None:
    contest = session.execute(select(Contest)).scalar_one()
    question = session.execute(select(Question)).scalar_one()
    assert (contest.method, question.slug, question.home) == (method, "frage", "/runden/leben")
    assert contest.rules is not None and contest.rules == published.rule_sheet
    (asked,) = contest.rules["questions"]
    assert asked.get("terms", {}) == json.loads(json.dumps(WAYS[method].terms))
    options = session.execute(select(Option.slug, Option.cost).order_by(Option.position)).all()
    if method is Method.BUDGET:
        assert [tuple(row) for row in options] == [("brunnen", 30_000), ("radweg", 45_000), ("brunnen-2", 5_000)]
        assert [one["cost"] for one in asked["options"]] == [30_000, 45_000, 5_000]
    else:
        assert [tuple(row) for row in options] == [("feld-1", None), ("feld-2", None), ("feld-3", None)]
    joined = session.execute(select(SubjectPart)).scalars().all()
    assert len(joined) == 3 and all(one.question_id is None for one in joined)


@every_way
def test_taken_back_nothing_of_the_vote_stays_and_it_can_be_published_again(
    session: Session, published: Round, keys: KeyFolder, method: Method
) -> None:
    take_back(session, round_id=published.id, by=None, clock=StoppedClock(BEFORE))
    assert session.execute(select(Question)).first() is None and session.execute(select(Contest)).first() is None
    publish_round(session, round_id=published.id, by=None, clock=StoppedClock(BEFORE), keys=keys)
    assert session.execute(select(Contest.method)).scalar_one() == method


def test_projects_of_one_name_are_told_apart() -> None:
    way = Way(Method.BUDGET, {"de": "?"}, {}, (Project({"de": "Bank"}, 1),) * 3 + (Project({"de": "Bank 2"}, 1),))
    assert list(way_options(way, [])) == ["bank", "bank-2", "bank-3", "bank-2-2"]


# ── The vote ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_people_vote_on_the_page_of_the_round(app: Flask, session: Session, published: Round, method: Method) -> None:
    citizen = signed_in(app, session, a_person(session))
    html = unescape(citizen.get("/runden/leben").text)
    assert 'class="form ballot"' in html and "Ihre Stimme: Was zuerst?" in html and 'href="#abstimmung"' in html
    answer = post(citizen, "/abstimmungen/leben/frage/stimme", **SENT[method])
    assert (answer.status_code, answer.location) == (303, "/runden/leben#abstimmung")
    html = unescape(citizen.get("/runden/leben").text)
    assert "Gespeichert: " in html and "Stimme ändern" in html
    field = unescape(citizen.get("/runden/leben/handlungsfelder/feld-1").text)
    assert 'href="/runden/leben#abstimmung"' in field and 'id="abstimmung"' not in field
    assert len(session.execute(select(Ballot.choice)).all()) == 1
    assert recount(session) == []


@every_way
def test_visitors_see_the_vote_on_a_page_that_is_remembered(
    client: FlaskClient, app: Flask, published: Round, method: Method, clock: StoppedClock
) -> None:
    visitor = app.test_client()
    first = visitor.get("/runden/leben")
    assert "Anmelden und abstimmen" in first.text and "Set-Cookie" not in first.headers
    mark = first.headers["ETag"]
    assert visitor.get("/runden/leben", headers={"If-None-Match": mark}).status_code == 304
    clock.at = CLOSES
    later = visitor.get("/runden/leben", headers={"If-None-Match": mark})
    assert later.status_code == 200 and "Die Abstimmung ist seit" in later.text


@every_way
def test_the_page_of_such_a_round_takes_a_bounded_number_of_statements(
    app: Flask, session: Session, published: Round, method: Method, statements: Any
) -> None:
    visitor, citizen = app.test_client(), signed_in(app, session, a_person(session))
    post(citizen, "/abstimmungen/leben/frage/stimme", **SENT[method])
    for somebody, most in ((visitor, 6), (citizen, 10)):
        with statements() as seen:
            assert somebody.get("/runden/leben").status_code == 200
        assert len(seen) <= most, str(seen)
