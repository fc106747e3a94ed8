"""The ways to vote in a real browser: with and without JavaScript, by keyboard, on a phone, for a screen reader."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from participation.foundation.config import Settings
from participation.voting.facts import Method
from participation.voting.keys import KeyFolder
from participation.voting.ledger import canonical
from tests.servers import Live
from tests.world import a_person
from tests.world.sign_in import sign_in_browser, signed_in
from tests.world.voting import ballots_and_roll
from tests.world.ways import CHOSEN, WAYS, WORDS, WayWords, a_way, choices_on

every_way = pytest.mark.parametrize("method", WAYS)
LEFT = {
    Method.SELECTION: "2 von höchstens 2 gewählt",
    Method.POINTS: "Noch 0 von 10 Punkten frei",
    Method.IMPORTANCE: "2 von 4 beantwortet",
    Method.RANKING: "2 von 3 Rängen vergeben",
    Method.BUDGET: "50.000\u00a0€ verplant, noch 10.000\u00a0€ frei",
}
"""What the line beside the button says of the choices in ``CHOSEN``."""


@pytest.fixture
def person(session: Session) -> UUID:
    return a_person(session)


@pytest.fixture
def way(session: Session, settings: Settings, method: Method) -> WayWords:
    return a_way(session, method, keys=KeyFolder(settings.key_dir))


@pytest.fixture
def visit(open_browser: Callable[..., Page], live: Live, session: Session, person: UUID) -> Callable[..., Page]:
    def go(path: str, **face: object) -> Page:
        page = open_browser(**face)
        sign_in_browser(page, live, session, person)
        page.goto(path)
        return page

    return go


def fill(page: Page, method: Method) -> None:
    """Choose as ``CHOSEN`` says: fountain and trees, fountain and cycle path, fountain and playground."""
    match method:
        case Method.SELECTION | Method.BUDGET:
            for label in ("Brunnen am Markt", "Bäume am Ring" if method is Method.SELECTION else "Spielplatz im Park"):
                page.get_by_label(label).check()
        case Method.POINTS:
            page.get_by_label("Brunnen am Markt", exact=True).fill("6")
            page.get_by_label("Bäume am Ring", exact=True).fill("4")
        case Method.IMPORTANCE:
            page.get_by_role("group", name="Brunnen am Markt").get_by_label("unwichtig", exact=True).check(force=True)
            page.get_by_role("group", name="Radweg zur Schule").get_by_label("sehr wichtig").check(force=True)
        case Method.RANKING:
            page.get_by_label("Brunnen am Markt").select_option("2")
            page.get_by_label("Bäume am Ring").select_option("1")


@every_way
def test_a_choice_is_counted_along_and_saved_without_leaving_the_page(
    visit: Callable[..., Page], session: Session, way: WayWords, method: Method
) -> None:
    page = visit(way.path)
    page.evaluate("window.stayed = true")
    fill(page, method)
    assert page.locator("[data-tally]").inner_text() == LEFT[method]
    page.locator("#ansage", has_text=LEFT[method]).wait_for(state="attached")
    page.get_by_role("button", name="Stimme abgeben").click()
    page.get_by_role("button", name="Stimme ändern").wait_for()
    assert choices_on(session, way) == [canonical(CHOSEN[method])]
    assert page.evaluate("window.stayed") and page.evaluate("document.activeElement.id") == "abstimmung-knopf"
    page.locator("#ansage", has_text=f"Gespeichert: {WORDS[method]}.").wait_for(state="attached")
    page.get_by_role("button", name="Stimme zurückziehen").click()
    page.get_by_role("button", name="Stimme abgeben").wait_for()
    assert ballots_and_roll(session, way.question_id) == (0, 0)


@every_way
def test_a_choice_is_made_changed_and_withdrawn_without_javascript(
    visit: Callable[..., Page], session: Session, way: WayWords, method: Method
) -> None:
    page = visit(way.path, javascript=False, width=360)
    assert not page.locator("[data-tally]").is_visible() and not page.locator(".ballot__step").first.is_visible()
    fill(page, method)
    page.get_by_role("button", name="Stimme abgeben").click()
    page.get_by_role("button", name="Stimme ändern").wait_for()
    assert page.url.endswith(f"{way.path}#abstimmung")
    assert choices_on(session, way) == [canonical(CHOSEN[method])]
    page.get_by_role("button", name="Stimme ändern").click()
    assert choices_on(session, way) == [canonical(CHOSEN[method])]
    page.get_by_role("button", name="Stimme zurückziehen").click()
    assert ballots_and_roll(session, way.question_id) == (0, 0)


@pytest.mark.parametrize("method", [Method.POINTS])
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
@pytest.mark.parametrize("stack", [False, True], ids=["page", "stack"])
def test_too_many_points_are_named_first_and_stay_in_their_fields(
    visit: Callable[..., Page], session: Session, way: WayWords, javascript: bool, stack: bool
) -> None:
    page = visit(f"/abstimmungen/{way.slug}/karten/1" if stack else way.path, javascript=javascript)
    page.get_by_label("Brunnen am Markt", exact=True).fill("6")
    page.get_by_label("Spielplatz im Park", exact=True).fill("6")
    if javascript:
        assert page.locator("[data-tally]").inner_text() == "12 von 10 Punkten: 2 zu viel"
    page.get_by_role("button", name="Stimme abgeben").click()
    page.get_by_text("Sie haben 12 von 10 Punkten vergeben. Bitte nehmen Sie 2 weg.").wait_for()
    assert [page.locator(f"#wahl-{number}").input_value() for number in (1, 2, 3)] == ["6", "6", "0"]
    if javascript:
        expect(page.locator("#abstimmung-fehler")).to_be_focused()
    page.locator("#wahl-2").fill("3")
    page.get_by_role("button", name="Stimme abgeben").click()
    if stack:
        page.get_by_text("Sie haben zu allen Fragen abgestimmt.").first.wait_for()
    else:
        page.get_by_role("button", name="Stimme ändern").wait_for()
    assert choices_on(session, way) == [canonical({"brunnen": 6, "spielplatz": 3})]


@pytest.mark.parametrize("method", [Method.POINTS])
def test_a_field_that_is_wrong_is_linked_from_the_message(visit: Callable[..., Page], way: WayWords) -> None:
    page = visit(way.path)
    page.get_by_label("Radweg zur Schule", exact=True).fill("9")
    page.keyboard.press("Enter")
    page.get_by_text("Bitte prüfen Sie die markierten Angaben.").wait_for()
    page.locator("#abstimmung-fehler").get_by_role("link", name="Radweg zur Schule").click()
    assert page.evaluate("location.hash") == "#wahl-3"
    field = page.locator("#wahl-3")
    assert field.get_attribute("aria-invalid") == "true"
    assert "von 0 bis 6" in page.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()


@pytest.mark.parametrize("method", [Method.POINTS])
def test_points_are_given_and_taken_by_buttons_and_by_keys(
    visit: Callable[..., Page], session: Session, way: WayWords
) -> None:
    page = visit(way.path, width=360)
    for _ in range(8):
        page.get_by_role("button", name="Ein Punkt mehr: Brunnen am Markt").click()
    page.get_by_role("button", name="Ein Punkt weniger: Brunnen am Markt").click()
    assert page.locator("#wahl-1").input_value() == "5"
    page.locator("#wahl-2").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stimme ändern").wait_for()
    assert choices_on(session, way) == [canonical({"brunnen": 5, "spielplatz": 2})]


@pytest.mark.parametrize("method", [Method.SELECTION])
def test_none_of_them_and_the_others_exclude_each_other(visit: Callable[..., Page], way: WayWords) -> None:
    page = visit(way.path)
    page.get_by_label("Brunnen am Markt").check()
    page.get_by_label("Keine davon").check()
    assert not page.get_by_label("Brunnen am Markt").is_checked()
    page.get_by_label("Radweg zur Schule").check()
    assert not page.get_by_label("Keine davon").is_checked()


@pytest.mark.parametrize("method", [Method.RANKING])
def test_two_that_want_one_rank_change_places_and_it_is_told(visit: Callable[..., Page], way: WayWords) -> None:
    page = visit(way.path)
    page.get_by_label("Brunnen am Markt").select_option("1")
    page.get_by_label("Radweg zur Schule").select_option("2")
    page.get_by_label("Radweg zur Schule").select_option("1")
    assert page.get_by_label("Brunnen am Markt").input_value() == "2"
    page.locator("#ansage", has_text="Brunnen am Markt: Rang 2. 2 von 3 Rängen vergeben").wait_for(state="attached")


@every_way
def test_a_ballot_is_cast_by_keyboard_alone(
    visit: Callable[..., Page], session: Session, way: WayWords, method: Method
) -> None:
    page = visit(way.path)
    page.locator("main").focus()
    keys = {Method.POINTS: "ArrowUp", Method.RANKING: "ArrowDown", Method.IMPORTANCE: "ArrowRight"}
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.ballot input, .ballot select')"):
            break
    page.keyboard.press(keys.get(method, "Space"))
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "abstimmung-knopf":
            break
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stimme ändern").wait_for()
    assert ballots_and_roll(session, way.question_id) == (1, 1)


HEARD = {
    Method.SELECTION: ['checkbox "Brunnen am Markt" [checked]', 'checkbox "Keine davon"'],
    Method.POINTS: ['spinbutton "Brunnen am Markt": "6"', 'button "Ein Punkt mehr: Bäume am Ring"'],
    Method.IMPORTANCE: ['group "Brunnen am Markt"', 'radio "unwichtig" [checked]', 'radio "keine Angabe" [checked]'],
    Method.RANKING: ['combobox "Brunnen am Markt"', 'option "Rang 2" [selected]'],
    Method.BUDGET: ['checkbox "Brunnen am Markt (30.000 €)" [checked]', 'checkbox "Bäume am Ring (5.000 €)"'],
}


@every_way
def test_readers_hear_what_is_asked_offered_and_chosen(
    visit: Callable[..., Page], way: WayWords, method: Method
) -> None:
    page = visit(way.path)
    fill(page, method)
    tree = page.locator("#abstimmung").aria_snapshot().replace("\u00a0", " ")
    told = ['region "Ihre Stimme: Was soll zuerst kommen?"', 'group "Ihre Stimme"', 'button "Stimme abgeben"']
    for line in told + HEARD[method]:
        assert line in tree, tree
    assert "abstimmung-regel" in (page.locator("#abstimmung-felder").get_attribute("aria-describedby") or "")


@pytest.mark.sqlite
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_ballots_are_sound_empty_wrong_and_saved(
    visit: Callable[..., Page],
    live: Live,
    session: Session,
    settings: Settings,
    person: UUID,
    axe: Callable[[Page], None],
    nu: Callable[[str], None],
    width: int,
    dark: bool,
) -> None:
    page = visit("/", width=width, dark=dark)
    client = signed_in(live.app, session, person)
    for method in WAYS:
        way = a_way(session, method, keys=KeyFolder(settings.key_dir))
        page.goto(way.path)
        axe(page)
        nu(client.get(way.path).get_data(as_text=True))
        if method is Method.POINTS:
            page.locator("#wahl-1").fill("99")
        page.get_by_role("button", name="Stimme abgeben").click()
        page.locator("#abstimmung-fehler").wait_for()
        axe(page)
        fill(page, method)
        page.get_by_role("button", name="Stimme abgeben").click()
        page.get_by_role("button", name="Stimme ändern").wait_for()
        axe(page)
        nu(client.get(way.path).get_data(as_text=True))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
