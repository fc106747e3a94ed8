"""Several contributions by keyboard, on a phone and without JavaScript; keys that can be switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from participation.contributions.facts import Signal, State
from participation.contributions.models import ContributionSignal
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from tests.servers import Live
from tests.world import a_moderator, a_round
from tests.world.moderation import a_comment, state_of
from tests.world.sign_in import sign_in_browser

if TYPE_CHECKING:
    from tests.browsers import OpenBrowser


def test_space_ticks_e_passes_on_d_links_and_u_takes_back(
    session: Session, live: Live, browser_page: Page, axe: Callable[[Page], None], clock: StoppedClock
) -> None:
    round = a_round(session)
    texts = [f"Günstige Uhren gibt es bei uns, Angebot {n}." for n in range(3)]
    one, other, third = (a_comment(session, round, clock=clock, held=True, text=text) for text in texts)
    with transaction(session):
        session.add(ContributionSignal(contribution_id=one, kind=Signal.LINKS))
    page = browser_page
    sign_in_browser(page, live, session, a_moderator(session, round))
    page.goto("/moderation")
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press(" ")
    expect(page.get_by_role("checkbox", name=f"Beitrag {one}", exact=True)).to_be_checked()
    expect(page.get_by_role("checkbox", name=f"Beitrag {third}", exact=True)).not_to_be_checked()
    page.get_by_role("button", name="Angekreuzte gemeinsam entscheiden").click()
    page.wait_for_url("**/moderation/auswahl?**")
    axe(page)
    page.get_by_label("Zurückhalten", exact=True).check()
    page.get_by_label("5. Keine Werbung und keine Massentexte").check()
    page.get_by_label("Begründung").fill("Werbung.")
    page.get_by_role("button", name="Gemeinsam entscheiden").click()
    page.wait_for_url("**/moderation/sammelentscheidungen/*")
    axe(page)
    assert [state_of(session, number) for number in (one, other, third)] == [State.WITHHELD] * 2 + [State.HELD]
    page.goto("/moderation")
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.wait_for_url(f"**/moderation/{third}?**")
    expect(page.get_by_label("Als doppelt verknüpfen", exact=True)).to_be_checked()
    page.goto("/moderation")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_url(f"**/moderation/{third}?**#weitergeben")
    expect(page.get_by_label("Warum geben Sie den Beitrag weiter?")).to_be_visible()
    page.goto("/moderation")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("Zehn Minuten lang können Sie das zurücknehmen.")).to_be_visible()
    # Keys are heard once the script of the new page runs.
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page.get_by_text("Alles ist wie vorher")).to_be_visible()
    assert state_of(session, third) == State.HELD


def test_keys_stay_off_where_they_were_switched_off(
    session: Session, live: Live, browser_page: Page, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    page = browser_page
    sign_in_browser(page, live, session, a_moderator(session, round))
    page.goto("/moderation")
    page.get_by_label("Tastenkürzel benutzen").uncheck()
    page.goto("/moderation")
    expect(page.get_by_label("Tastenkürzel benutzen")).not_to_be_checked()
    page.locator("[data-row]").focus()
    for key in ("a", "e", "d", "r", "?", " "):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(page.get_by_role("checkbox", name=f"Beitrag {comment}", exact=True)).not_to_be_checked()
    assert page.url.endswith("/moderation") and state_of(session, comment) == State.HELD


def test_several_without_javascript_on_a_phone(
    session: Session, live: Live, open_browser: OpenBrowser, nu: Callable[[str], None], clock: StoppedClock
) -> None:
    round = a_round(session)
    comments = [a_comment(session, round, clock=clock, held=True, text=f"Wartender Text {n}.") for n in range(3)]
    page = open_browser(width=360, javascript=False)
    sign_in_browser(page, live, session, a_moderator(session, round))
    page.goto("/moderation")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    nu(page.content())
    page.get_by_role("link", name="Alle auf dieser Seite").click()
    nu(page.content())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Veröffentlichen", exact=True).check()
    page.get_by_role("button", name="Gemeinsam entscheiden").click()
    nu(page.content())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert {state_of(session, number) for number in comments} == {State.PUBLISHED}
    page.get_by_role("button", name="Alles zurücknehmen").click()
    assert {state_of(session, number) for number in comments} == {State.HELD}
