"""The ways to vote by their pages: what is sent is kept or refused with a reason, and shown back in words."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.voting.facts import Method
from participation.voting.keys import KeyFolder
from participation.voting.ledger import canonical
from tests.world import CLOSES, OPENS, a_person
from tests.world.sign_in import signed_in, token_of
from tests.world.voting import ballots_and_roll
from tests.world.ways import CHOSEN, SENT, WAYS, WORDS, WayWords, a_way, choices_on

every_way = pytest.mark.parametrize("method", WAYS)


@pytest.fixture
def keys(settings: Settings) -> KeyFolder:
    return KeyFolder(settings.key_dir)


@pytest.fixture
def way(session: Session, keys: KeyFolder, method: Method) -> WayWords:
    return a_way(session, method, keys=keys)


@pytest.fixture
def person(session: Session) -> UUID:
    return a_person(session)


@pytest.fixture
def citizen(app: Flask, session: Session, person: UUID) -> FlaskClient:
    return signed_in(app, session, person)


def send(
    client: FlaskClient, way: WayWords, sent: dict[str, Any], end: str = "stimme", query: str = ""
) -> TestResponse:
    return client.post(f"{way.path}/{end}{query}", data={"csrf_token": token_of(client), **sent})


def page(client: FlaskClient, path: str) -> str:
    return unescape(client.get(path).get_data(as_text=True))


# ── What holds ────────────────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_one_press_saves_all_fields_and_the_page_says_in_words_what_is_kept(
    session: Session, way: WayWords, citizen: FlaskClient, method: Method
) -> None:
    answer = send(citizen, way, SENT[method])
    assert (answer.status_code, answer.location) == (303, f"{way.path}#abstimmung")
    assert choices_on(session, way) == [canonical(CHOSEN[method])]
    html = page(citizen, way.path)
    assert f"Gespeichert: {WORDS[method]}." in html
    assert "Stimme ändern" in html and "Stimme zurückziehen" in html and "Stimme abgeben" not in html


@every_way
def test_the_fields_hold_what_one_chose(way: WayWords, citizen: FlaskClient, method: Method) -> None:
    send(citizen, way, SENT[method])
    again = _fields(page(citizen, way.path))
    wanted = {name: value for name, value in SENT[method].items() if value not in ("", "0")}
    wanted = {name: sorted(value) if isinstance(value, list) else [value] for name, value in wanted.items()}
    assert {name: sorted(values) for name, values in again.items()} == wanted


def _fields(html: str) -> dict[str, list[str]]:
    """Return what a browser would send of the ballot, without what is empty."""
    found: dict[str, list[str]] = {}
    form = html[html.index('class="form ballot"') : html.index("</form>", html.index('class="form ballot"'))]
    for tag in re.findall(r"<input [^>]*>", form):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if told["type"] == "number" or " checked" in tag:
            found.setdefault(told["name"], []).append(told["value"])
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        found[name] = re.findall(r'value="([^"]*)" selected', options)
    kept = {name: [one for one in values if one not in {"", "0"}] for name, values in found.items()}
    return {name: values for name, values in kept.items() if values}


@every_way
def test_a_vote_is_changed_and_withdrawn(session: Session, way: WayWords, citizen: FlaskClient, method: Method) -> None:
    send(citizen, way, SENT[method])
    other = {
        Method.SELECTION: ({"choice": "radweg"}, ["radweg"]),
        Method.POINTS: ({"punkte-radweg": "5"}, {"radweg": 5}),
        Method.IMPORTANCE: ({"wert-baeume": "3"}, {"baeume": 3}),
        Method.RANKING: ({"rang-radweg": "1"}, ["radweg"]),
        Method.BUDGET: ({"choice": "radweg"}, ["radweg"]),
    }[method]
    assert send(citizen, way, other[0]).status_code == 303
    assert choices_on(session, way) == [canonical(other[1])]
    assert send(citizen, way, {}, "ruecknahme").status_code == 303
    assert ballots_and_roll(session, way.question_id) == (0, 0)
    html = page(citizen, way.path)
    assert "Stimme abgeben" in html and not _fields(html)


def test_none_of_them_is_a_choice_where_the_rules_offer_it(
    session: Session, keys: KeyFolder, citizen: FlaskClient
) -> None:
    way = a_way(session, Method.SELECTION, keys=keys)
    assert send(citizen, way, {"none": "on"}).status_code == 303
    assert choices_on(session, way) == ["[]"]
    html = page(citizen, way.path)
    assert "Gespeichert: keine davon." in html and _fields(html) == {"none": ["on"]}
    without = a_way(session, Method.SELECTION, keys=keys, none=False)
    assert 'name="none"' not in page(citizen, without.path)
    assert send(citizen, without, {"none": "on"}).status_code == 422


@every_way
def test_the_rule_stands_in_one_sentence(way: WayWords, citizen: FlaskClient, method: Method) -> None:
    told = {
        Method.SELECTION: "Sie können bis zu 2 Möglichkeiten wählen.",
        Method.POINTS: "Sie können bis zu 10 Punkte vergeben, höchstens 6 auf eine Möglichkeit.",
        Method.IMPORTANCE: "Sie können bei jeder Möglichkeit sagen, wie wichtig sie Ihnen ist.",
        Method.RANKING: "Sie können bis zu 3 Möglichkeiten in Ihre Reihenfolge bringen, die liebste zuerst.",
        Method.BUDGET: "Sie können Vorhaben wählen, die zusammen höchstens 60.000 Euro kosten.",
    }[method]
    assert f'id="abstimmung-regel">{told}<' in page(citizen, way.path)


# ── What does not hold ────────────────────────────────────────────────────────────────────────────────────────────────
REFUSED = [
    (Method.SELECTION, {}, "Bitte wählen Sie mindestens eine Möglichkeit."),
    (
        Method.SELECTION,
        {"choice": ["brunnen", "radweg", "baeume"]},
        "Sie haben 3 Möglichkeiten gewählt, höchstens 2 sind erlaubt. Bitte nehmen Sie 1 weg.",
    ),
    (Method.SELECTION, {"choice": "brunnen", "none": "on"}, "Sie haben »Keine davon« und zugleich etwas anderes"),
    (Method.SELECTION, {"choice": ["brunnen", "rathaus"]}, "Bitte wählen Sie eine der angebotenen Möglichkeiten."),
    (Method.POINTS, {"punkte-brunnen": "0"}, "Bitte wählen Sie mindestens eine Möglichkeit."),
    (
        Method.POINTS,
        {"punkte-brunnen": "6", "punkte-baeume": "6"},
        "Sie haben 12 von 10 Punkten vergeben. Bitte nehmen Sie 2 weg.",
    ),
    (Method.POINTS, {"punkte-brunnen": "7"}, "Bitte geben Sie eine ganze Zahl von 0 bis 6 ein."),
    (Method.POINTS, {"punkte-brunnen": "1,5"}, "Bitte geben Sie eine ganze Zahl von 0 bis 6 ein."),
    (Method.POINTS, {"punkte-brunnen": "-1"}, "Bitte geben Sie eine ganze Zahl von 0 bis 6 ein."),
    (Method.POINTS, {"punkte-brunnen": "9" * 5000}, "Bitte geben Sie eine ganze Zahl von 0 bis 6 ein."),
    (Method.POINTS, {"punkte-brunnen": "3\x003\x00x"}, "Bitte geben Sie eine ganze Zahl von 0 bis 6 ein."),
    (Method.IMPORTANCE, {"wert-brunnen": "6"}, "Bitte wählen Sie einen Wert der Skala."),
    (Method.IMPORTANCE, {"wert-brunnen": "sehr"}, "Bitte wählen Sie einen Wert der Skala."),
    (Method.IMPORTANCE, {"wert-brunnen": ""}, "Bitte wählen Sie mindestens eine Möglichkeit."),
    (Method.RANKING, {"rang-brunnen": "1", "rang-baeume": "1"}, "Auf Rang 1 stehen mehrere Möglichkeiten."),
    (Method.RANKING, {"rang-brunnen": "1", "rang-baeume": "3"}, "Rang 2 ist leer."),
    (Method.RANKING, {"rang-brunnen": "4"}, "Bitte wählen Sie einen der Ränge."),
    (Method.RANKING, {}, "Bitte wählen Sie mindestens eine Möglichkeit."),
    (
        Method.BUDGET,
        {"choice": ["radweg", "spielplatz"]},
        "Ihre Auswahl kostet zusammen 65.000 Euro, das sind 5.000 Euro zu viel.",
    ),
]


@pytest.mark.parametrize(("method", "sent", "words"), REFUSED)
def test_what_does_not_hold_is_named_and_what_was_typed_stays(
    session: Session, way: WayWords, citizen: FlaskClient, sent: dict[str, Any], words: str
) -> None:
    answer = send(citizen, way, sent)
    html = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert words in html and 'id="abstimmung-fehler"' in html
    assert ballots_and_roll(session, way.question_id) == (0, 0)
    offered = ("brunnen", "spielplatz", "radweg", "baeume", "on")
    for name, value in sent.items():
        typed = [one for one in (value if isinstance(value, list) else [value]) if name != "choice" or one in offered]
        shown = [one.replace("\x00", "")[:12] for one in typed if one not in {"", "0"}]
        if shown and not name.startswith(("wert-", "rang-")):
            assert sorted(_fields(html)[name]) == sorted(shown)
    assert "\x00" not in html


@pytest.mark.parametrize("method", [Method.POINTS])
def test_what_is_wrong_is_told_at_its_field(way: WayWords, citizen: FlaskClient) -> None:
    html = send(citizen, way, {"punkte-brunnen": "2", "punkte-radweg": "viele"}).get_data(as_text=True)
    assert (
        'name="punkte-radweg" value="viele" data-worth="1" aria-invalid="true" aria-describedby="wahl-3-fehler"' in html
    )
    assert html.count("aria-invalid") == 1 and 'id="wahl-3-fehler"' in html
    assert 'aria-describedby="abstimmung-regel abstimmung-fehler"' in html


@every_way
@pytest.mark.parametrize(
    "sent",
    [
        {"choice": "brunnen\x00"},
        {"choice": ["brunnen"] * 900},
        {"choice": '["brunnen"]'},
        {"punkte-rathaus": "3", "wert-rathaus": "3", "rang-rathaus": "1"},
        {"punkte-brunnen": ["3", "9999"], "wert-brunnen": ["2", "9"], "rang-brunnen": ["1", "9"]},
        {"punkte-brunnen": "١٢", "wert-brunnen": "١", "rang-brunnen": "١"},
        {"punkte-brunnen": "1e3", "wert-brunnen": "1e0", "rang-brunnen": "1_0"},
        {"punkte-brunnen": "\ud800", "wert-brunnen": "\U0001f4a9" * 50, "rang-brunnen": "<script>"},
    ],
    ids=range(8),
)
def test_hostile_input_is_a_choice_that_holds_or_none(
    session: Session, way: WayWords, citizen: FlaskClient, method: Method, sent: dict[str, Any]
) -> None:
    plain = {
        name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        for name, value in sent.items()
    }
    answer = send(citizen, way, plain)
    assert answer.status_code in {303, 422}
    kept = [json.loads(one) for one in choices_on(session, way)]
    assert kept in ([], [["brunnen"]], [{"brunnen": 3}], [{"brunnen": 2}])
    assert (answer.status_code == 303) == bool(kept)
    assert "<script>alert" not in answer.get_data(as_text=True) and '"<script>' not in answer.get_data(as_text=True)


# ── Who, when, where ──────────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_a_visitor_reads_what_is_offered_and_loses_no_work(app: Flask, way: WayWords, method: Method) -> None:
    visitor = app.test_client()
    html = page(visitor, way.path)
    assert "Anmelden und abstimmen" in html and f"/anmelden?next={way.path}" in html
    assert "Brunnen am Markt" in html and 'class="form ballot"' not in html
    answer = visitor.post(f"{way.path}/stimme", data=SENT[method])
    assert answer.status_code in {302, 303} and "brunnen" not in answer.headers["Location"]


@every_way
def test_before_and_after_there_is_no_form(
    way: WayWords, citizen: FlaskClient, clock: StoppedClock, method: Method
) -> None:
    send(citizen, way, SENT[method])
    clock.at = OPENS.replace(month=4)
    early = page(citizen, way.path)
    assert "Die Abstimmung beginnt am" in early and "Brunnen am Markt" in early
    assert 'class="form ballot"' not in early
    clock.at = CLOSES
    late = page(citizen, way.path)
    assert f'href="/abstimmungen/{way.slug}/pruefen"' in late, "whoever kept a receipt finds where it is checked"
    assert "Sie haben abgestimmt." in late and 'class="form ballot"' not in late and "Brunnen" not in late
    assert send(citizen, way, SENT[method]).status_code == 409
    assert send(citizen, way, {}).status_code == 409, "no field is asked for any more"


@every_way
def test_the_card_of_the_stack_saves_goes_on_and_shows_mistakes(
    session: Session, way: WayWords, citizen: FlaskClient, method: Method
) -> None:
    cards = f"/abstimmungen/{way.slug}/karten"
    assert "1 von 1" in page(citizen, f"{cards}/1")
    wrong = send(citizen, way, {"punkte-brunnen": "x"}, query="?karte=1")
    assert wrong.status_code == 422 and "1 von 1" in unescape(wrong.get_data(as_text=True))
    answer = send(citizen, way, SENT[method], query="?karte=1")
    assert (answer.status_code, answer.location) == (303, f"{cards}/2")
    assert "Sie haben zu allen Fragen abgestimmt." in page(citizen, answer.location)


@every_way
def test_meine_beteiligung_shows_the_choice_in_words_until_the_close(
    way: WayWords, citizen: FlaskClient, clock: StoppedClock, method: Method
) -> None:
    send(citizen, way, SENT[method])
    path = f"/meine-beteiligung/stimmen/{way.question_id}"
    html = re.sub(r"</li>\s*<li>", ", ", page(citizen, path))
    told = re.sub(r"\d\. ", "", WORDS[method])
    assert told in html
    clock.at = CLOSES
    assert "Brunnen" not in page(citizen, path)


@every_way
def test_english_pages_speak_english(way: WayWords, citizen: FlaskClient, method: Method) -> None:
    citizen.set_cookie("sprache", "en")
    send(citizen, way, SENT[method])
    html = page(citizen, way.path)
    assert "Fountain on the market" in html and "Change vote" in html
    assert not re.search(r"Punkte|Rang |wichtig|Gespeichert|keine", html[html.index('id="abstimmung"') :])


# ── What it costs ─────────────────────────────────────────────────────────────────────────────────────────────────────
@every_way
def test_statements_do_not_grow_with_the_options(
    session: Session, keys: KeyFolder, citizen: FlaskClient, statements: Any, method: Method
) -> None:
    many = (
        {f"vorhaben-{number}": {"de": f"Vorhaben {number}"} for number in range(40)}
        if method is not Method.BUDGET
        else None
    )
    way = a_way(session, method, keys=keys, options=many)
    first = next(iter(many or SENT))
    sent = (
        {"choice": first, f"punkte-{first}": "1", f"wert-{first}": "1", f"rang-{first}": "1"} if many else SENT[method]
    )
    for end in ("", "/../karten/1"):
        with statements() as seen:
            assert citizen.get(way.path if not end else f"/abstimmungen/{way.slug}/karten/1").status_code == 200
        assert len(seen) <= 8, str(seen)
    with statements() as seen:
        assert send(citizen, way, sent).status_code == 303
    assert len(seen) <= 13, str(seen)
