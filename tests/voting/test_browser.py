"""Voting in a real browser, with and without JavaScript, by keyboard and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from participation.foundation.config import Settings
from tests.servers import Live
from tests.world import RoundWords, a_person, a_round
from tests.world.sign_in import sign_in_browser, signed_in
from tests.world.voting import ballots_and_roll, keys_of


@pytest.fixture
def round(session: Session, settings: Settings) -> RoundWords:
    made = a_round(session)
    keys_of(made, settings.key_dir)
    return made


@pytest.fixture
def person(session: Session) -> UUID:
    return a_person(session)


def _pressed(page: Page) -> Locator:
    return page.locator("#abstimmung [aria-pressed=true]")


def test_a_click_is_saved_without_leaving_the_page(
    open_browser: Callable[..., Page], live: Live, session: Session, round: RoundWords, person: UUID
) -> None:
    page = open_browser()
    sign_in_browser(page, live, session, person)
    page.goto(round.home)
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Dagegen").click()
    page.get_by_text("Gespeichert: Dagegen.", exact=False).first.wait_for()
    expect(_pressed(page)).to_have_text(["Dagegen"])
    assert page.evaluate("window.stayed")
    assert page.evaluate("document.activeElement.id") == "abstimmung-dagegen"
    page.locator("#ansage", has_text="Gespeichert: Dagegen.").wait_for(state="attached")
    page.get_by_role("button", name="Stimme zurückziehen").click()
    page.locator("#abstimmung [aria-pressed=true]").wait_for(state="detached")
    assert ballots_and_roll(session, round.question_id) == (0, 0)


def test_voting_works_without_javascript(
    open_browser: Callable[..., Page], live: Live, session: Session, round: RoundWords, person: UUID
) -> None:
    page = open_browser(javascript=False)
    sign_in_browser(page, live, session, person)
    page.goto(round.home)
    page.get_by_role("button", name="Dafür").first.click()
    expect(page).to_have_url(f"{live.url}{round.home}#abstimmung")
    expect(_pressed(page)).to_have_text(["Dafür"])
    page.get_by_role("button", name="Enthaltung").click()
    expect(_pressed(page)).to_have_text(["Enthaltung"])
    assert ballots_and_roll(session, round.question_id) == (1, 1)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_one_goes_through_the_cards_on_a_phone(
    open_browser: Callable[..., Page],
    live: Live,
    session: Session,
    round: RoundWords,
    person: UUID,
    javascript: bool,
) -> None:
    page = open_browser(width=360, javascript=javascript)
    sign_in_browser(page, live, session, person)
    page.goto(f"/abstimmungen/{round.contest_slug}")
    page.get_by_role("link", name="Der Reihe nach").click()
    page.get_by_role("button", name="Dafür").click()
    page.get_by_text("2 von 2", exact=True).wait_for()
    page.get_by_role("link", name="Zurück").click()
    page.get_by_text("1 von 2", exact=True).wait_for()
    expect(_pressed(page)).to_have_text(["Dafür"])
    page.get_by_role("link", name="Weiter").click()
    page.get_by_role("link", name="Überspringen").click()
    page.get_by_text("Sie haben zu 1 von 2 Fragen abgestimmt.").wait_for()
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_the_vote_can_be_cast_by_keyboard_alone(
    open_browser: Callable[..., Page], live: Live, session: Session, round: RoundWords, person: UUID
) -> None:
    page = open_browser()
    sign_in_browser(page, live, session, person)
    page.goto(f"/abstimmungen/{round.contest_slug}/feld-1")
    page.locator("main").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "abstimmung-dagegen":
            break
    page.keyboard.press("Enter")
    page.get_by_text("Gespeichert: Dagegen.", exact=False).first.wait_for()
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_readers_hear_what_the_vote_is_about_and_what_is_pressed(
    open_browser: Callable[..., Page], live: Live, session: Session, round: RoundWords, person: UUID
) -> None:
    page = open_browser()
    sign_in_browser(page, live, session, person)
    page.goto(f"/abstimmungen/{round.contest_slug}/feld-1")
    page.get_by_role("button", name="Dafür").click()
    page.get_by_role("button", name="Dafür", pressed=True).wait_for()
    tree = page.locator("#abstimmung").aria_snapshot()
    for line in (
        'region "Ihre Stimme: Handlungsfeld 1"',
        'heading "Ihre Stimme: Handlungsfeld 1" [level=2]',
        'group "Ihre Stimme"',
        'button "Dafür" [pressed]',
        'button "Dagegen"',
        'button "Enthaltung"',
        'button "Stimme zurückziehen"',
    ):
        assert line in tree, tree


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_of_voting_are_sound(
    open_browser: Callable[..., Page],
    live: Live,
    session: Session,
    round: RoundWords,
    person: UUID,
    axe: Callable[[Page], None],
    nu: Callable[[str], None],
    width: int,
    dark: bool,
) -> None:
    page, client = open_browser(width=width, dark=dark), signed_in(live.app, session, person)
    sign_in_browser(page, live, session, person)
    for end in ("", "/feld-1", "/karten/1"):
        path = f"/abstimmungen/{round.contest_slug}{end}"
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        _check_markup(client, path, nu)


def _check_markup(client: FlaskClient, path: str, nu: Callable[[str], None]) -> None:
    nu(client.get(path).get_data(as_text=True))
