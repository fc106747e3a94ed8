"""Moderating by keyboard, on a phone, and without JavaScript; reporting as a visitor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.foundation.clock import StoppedClock
from participation.moderation.facts import UNDO_FOR
from participation.moderation.models import ModerationDecision, Notice
from participation.remarks.commands import Draft, add_template
from participation.reviews.commands import contest
from tests.servers import Live
from tests.world import a_moderator, a_round, a_staff_member
from tests.world.moderation import REASON, a_comment, a_notice, decision_letters, state_of, withhold
from tests.world.sign_in import sign_in_browser

if TYPE_CHECKING:
    from tests.browsers import OpenBrowser


def test_the_queue_is_worked_through_by_keyboard(
    session: Session, live: Live, browser_page: Page, axe: Callable[[Page], None], clock: StoppedClock
) -> None:
    round = a_round(session)
    first, second = (a_comment(session, round, clock=clock, held=True, text=f"Wartender Text {n}.") for n in (1, 2))
    staff = a_staff_member(session, office_id=round.office_id)
    draft = Draft("Beleidigung", {"de": "Bitte ohne diese Stelle."})
    add_template(session, office_id=round.office_id, draft=draft, by=staff, clock=clock)
    page = browser_page
    sign_in_browser(page, live, session, a_moderator(session, round))
    page.goto("/moderation")
    axe(page)
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.get_by_text("Der Beitrag ist veröffentlicht.").wait_for()
    page.wait_for_load_state()
    assert (state_of(session, first), state_of(session, second)) == (State.PUBLISHED, State.HELD)
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.wait_for_url("**/moderation/*")
    expect(page.get_by_label("Zurückhalten", exact=True)).to_be_checked()
    axe(page)
    page.get_by_label("1. Achten Sie die anderen").check()
    page.get_by_label("Begründung").fill(REASON)
    page.get_by_label("Textbaustein").select_option(index=1)
    page.get_by_role("button", name="Einsetzen").press("Enter")
    expect(page.get_by_label("Begründung")).to_have_value(f"{REASON}\n\nBitte ohne diese Stelle.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Der Beitrag ist zurückgehalten.").wait_for()
    page.wait_for_load_state()
    assert state_of(session, second) == State.WITHHELD
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert len(decision_letters(session)) == 2


def test_moderating_without_javascript_on_a_phone(
    session: Session, live: Live, open_browser: OpenBrowser, nu: Callable[[str], None], clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, text="Gemeldeter Text.")
    a_notice(session, comment, clock=clock)
    page = open_browser(width=360, javascript=False)
    sign_in_browser(page, live, session, a_moderator(session, round))
    page.goto("/moderation?liste=reported")
    nu(page.content())
    page.get_by_role("button", name="Zurückhalten …").click()
    page.get_by_role("button", name="Entscheidung speichern").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("3. Keine privaten Daten").check()
    page.get_by_label("Begründung").fill("Eine Telefonnummer.")
    nu(page.content())
    page.get_by_role("button", name="Entscheidung speichern").click()
    expect(page).to_have_url(f"{live.url}/moderation?liste=reported")
    assert state_of(session, comment) == State.WITHHELD


def test_a_visitor_reports_in_the_browser(
    session: Session, live: Live, open_browser: OpenBrowser, axe: Callable[[Page], None], clock: StoppedClock
) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    page = open_browser(width=360, dark=True)
    page.goto(f"/beitraege/{comment}/meldung")
    axe(page)
    page.get_by_label("Etwas anderes").check()
    page.get_by_role("button", name="Meldung abschicken").click()
    page.get_by_role("alert").wait_for()
    axe(page)
    page.get_by_label("Was ist Ihnen aufgefallen?").fill("Der Link führt auf eine Schadseite.")
    page.get_by_role("button", name="Meldung abschicken").click()
    page.get_by_role("heading", name="Danke für Ihre Meldung").wait_for()
    session.rollback()
    assert session.execute(select(func.count()).select_from(Notice)).scalar_one() == 1


def test_the_other_pages_of_case_work_have_no_barrier(
    session: Session,
    live: Live,
    open_browser: OpenBrowser,
    axe: Callable[[Page], None],
    nu: Callable[[str], None],
    clock: StoppedClock,
) -> None:
    round = a_round(session)
    comment, other = (a_comment(session, round, clock=clock) for _ in range(2))
    receipt = a_notice(session, other, clock=clock)
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    clock.advance(UNDO_FOR)
    token = session.get_one(ModerationDecision, made).token or ""
    visitor = open_browser(width=360, dark=True)
    for path in (f"/ueberpruefung/{token}", f"/meldungen/{receipt.token}"):
        visitor.goto(path)
        axe(visitor)
        nu(visitor.content())
    asked = contest(session, token=token, words="Das war ein Zitat.", clock=clock)
    page = open_browser(width=360)
    sign_in_browser(page, live, session, a_moderator(session, round))
    for path in (f"/moderation/ueberpruefungen/{asked}", "/moderation?liste=reviews", f"/moderation/{other}"):
        page.goto(path)
        axe(page)
        nu(page.content())
