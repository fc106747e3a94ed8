"""What the script adds: kept focus, spoken changes, drafts, one post per click, keys; and that nothing needs it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browsers import OpenBrowser
from tests.front.pattern import Kept

FOCUSED = "document.activeElement.id"


def test_a_vote_is_saved_without_loading_the_page_and_focus_stays(browser_page: Page) -> None:
    browser_page.goto("/muster/gegenstand")
    browser_page.evaluate("window.stays = true")
    browser_page.click("#frage-1-against")
    expect(browser_page.locator("#frage-1-against")).to_have_attribute("aria-pressed", "true")
    expect(browser_page.locator("#frage-1-for")).to_have_attribute("aria-pressed", "false")
    assert browser_page.evaluate("window.stays") is True
    expect(browser_page.locator("#frage-1-against")).to_be_focused()
    expect(browser_page.locator("#ansage")).to_have_text("Ihre Stimme ist gespeichert.")
    assert Kept.vote == "against"


def test_a_piece_that_was_put_in_works_again(browser_page: Page) -> None:
    browser_page.goto("/muster/gegenstand")
    browser_page.click("#bewertung-1-agree")
    expect(browser_page.locator("#bewertung-1-agree")).to_have_attribute("aria-pressed", "true")
    browser_page.click("#bewertung-1-pass")
    expect(browser_page.locator("#bewertung-1-pass")).to_have_attribute("aria-pressed", "true")
    assert Kept.rating == "pass"


def test_focus_goes_to_the_piece_when_its_button_is_gone(browser_page: Page) -> None:
    browser_page.goto("/muster/gegenstand")
    browser_page.click("#frage-1-undo")
    expect(browser_page.locator("#frage-1-for")).to_have_attribute("aria-pressed", "false")
    expect(browser_page.locator("#frage-1")).to_be_focused()


def test_everything_works_without_script(open_browser: OpenBrowser) -> None:
    page = open_browser(javascript=False)
    page.goto("/muster/gegenstand")
    page.click("#frage-1-against")
    expect(page.locator("#frage-1-against")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#theme")).to_be_hidden()


def test_an_answer_that_leads_elsewhere_is_followed(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    browser_page.click("#anderswohin-for")
    browser_page.wait_for_url("**/muster/ergebnis")


def test_a_refusal_is_said_beside_the_button(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    browser_page.click("#verweigert-for")
    expect(browser_page.locator("#verweigert .kern-alert")).to_be_focused()
    expect(browser_page.locator("#verweigert-for")).to_be_visible()


def test_a_form_that_comes_back_is_shown_with_focus_on_its_mistakes(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    browser_page.click("#korrektur-for")
    expect(browser_page.locator(".error-summary")).to_be_focused()
    expect(browser_page).to_have_title(re.compile("Neue Beteiligung"))


def test_a_lost_connection_is_said(open_browser: OpenBrowser) -> None:
    page = open_browser(allow_complaints=True)
    page.goto("/muster/gegenstand")
    page.route("**/muster/stimme", lambda route: route.abort())
    page.click("#frage-1-against")
    expect(page.locator("#frage-1 [role=alert]")).to_contain_text("Keine Verbindung")


def test_two_clicks_make_one_post(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    # The first post must be on its way at the second click, or the browser itself drops it.
    browser_page.evaluate(
        "for (const wait of [0, 150]) setTimeout(() => document.getElementById('langsam-for').click(), wait)"
    )
    browser_page.wait_for_timeout(1200)
    assert Kept.arrivals == 1


def test_a_draft_outlives_a_reload_and_goes_once_it_is_sent(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    browser_page.fill("#body", "Ein Entwurf, der bleiben soll")
    browser_page.check("#stance-1")
    browser_page.reload()
    expect(browser_page.locator("#body")).to_have_value("Ein Entwurf, der bleiben soll")
    expect(browser_page.locator("#stance-1")).to_be_checked()
    browser_page.click("text=Abschicken")
    browser_page.wait_for_url("**/muster/gegenstand")
    browser_page.goto("/muster/antworten")
    expect(browser_page.locator("#body")).to_have_value("")


def test_characters_are_counted(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    expect(browser_page.locator("#body-count")).to_have_text("Höchstens 5.000 Zeichen")
    browser_page.fill("#body", "x" * 5003)
    expect(browser_page.locator("#body-count")).to_have_text("3 Zeichen zu viel")


def test_leaving_a_changed_form_asks_first(browser_page: Page) -> None:
    asked: list[str] = []
    browser_page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    browser_page.goto("/muster/antworten")
    browser_page.fill("#title", "neu")
    browser_page.reload()
    assert asked == ["beforeunload"]


def test_a_chosen_theme_is_kept(browser_page: Page) -> None:
    browser_page.goto("/muster/antworten")
    browser_page.select_option("#theme", "dark")
    browser_page.reload()
    expect(browser_page.locator("html")).to_have_attribute("data-kern-theme", "dark")
    browser_page.select_option("#theme", "system")
    browser_page.reload()
    expect(browser_page.locator("html")).not_to_have_attribute("data-kern-theme", "dark")


def test_moderators_move_and_decide_by_keys_and_can_switch_them_off(browser_page: Page) -> None:
    browser_page.goto("/muster/warteschlange")
    browser_page.keyboard.press("j")
    browser_page.keyboard.press("j")
    assert browser_page.evaluate(FOCUSED) == "zeile-1"
    browser_page.keyboard.press("k")
    assert browser_page.evaluate(FOCUSED) == "zeile-0"
    browser_page.keyboard.press("?")
    expect(browser_page.locator("dialog")).to_be_visible()
    browser_page.keyboard.press("Escape")
    browser_page.uncheck("#tastenkuerzel")
    browser_page.keyboard.press("j")
    assert browser_page.evaluate(FOCUSED) == "tastenkuerzel"
    browser_page.check("#tastenkuerzel")
    browser_page.focus("#zeile-2")
    browser_page.keyboard.press("a")
    browser_page.wait_for_url("**/muster/gegenstand")
