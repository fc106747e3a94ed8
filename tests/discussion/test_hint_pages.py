"""The page of a hint in Chromium: with and without scripts, by keyboard, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role, Who
from participation.contributions import commands as contributions
from participation.contributions.models import Contribution
from participation.foundation.clock import StoppedClock
from tests.servers import Live
from tests.world import RoundWords, an_official
from tests.world.discussion import a_comment
from tests.world.sign_in import post, sign_in_browser, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

TYPED = "Wer das plant, ist ein Idiot. Meine Nummer: 0234 910-0, oder ada@example.org."


@pytest.fixture
def lists(session: Session, round: RoundWords, clock: StoppedClock) -> int:
    """An office with a word list."""
    staff = an_official(session, Role.STAFF, office_id=round.office_id)
    words = {"de": "Idiot*", "en": "", "mul": ""}
    contributions.save_rules(session, office_id=round.office_id, words=words, first=0, seen=0, by=staff, clock=clock)
    return round.office_id


def said(session: Session) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(Contribution)).scalar_one()


@pytest.mark.parametrize(("javascript", "width", "dark"), [(True, 1280, False), (False, 360, True), (True, 360, True)])
def test_a_hint_is_read_and_the_text_sent_as_it_is(
    live: Live,
    session: Session,
    round: RoundWords,
    ada: Who,
    lists: int,
    open_browser: Callable[..., Page],
    axe: Callable[[Page], None],
    javascript: bool,
    width: int,
    dark: bool,
) -> None:
    page = open_browser(width=width, dark=dark, javascript=javascript)
    sign_in_browser(page, live, session, ada.person_id)
    page.goto(live.url + round.home)
    page.locator("#schreiben input[value=neutral]").check()
    page.locator("#schreiben textarea").fill(TYPED)
    page.locator("#schreiben").get_by_role("button", name="Kommentar abschicken").press("Enter")
    page.get_by_role("heading", name="Bitte lesen Sie das").wait_for()
    assert said(session) == 0
    assert page.locator("#schreiben textarea").input_value() == TYPED
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if javascript:
        axe(page)
        assert page.evaluate("document.activeElement.id") == "hinweise"
    page.locator("#schreiben").get_by_role("button", name="Kommentar abschicken").press("Enter")
    page.get_by_text("geprüft, weil er ein Wort der Prüfliste enthält").first.wait_for()
    assert said(session) == 1


def test_pages_with_hints_and_tried_texts_are_valid(
    app: Flask,
    session: Session,
    round: RoundWords,
    clock: StoppedClock,
    ada: Who,
    lists: int,
    nu: Callable[[str], None],
) -> None:
    me = signed_in(app, session, ada.person_id)
    other, own = a_comment(session, round, clock=clock), a_comment(session, round, clock=clock, who=ada)
    for path, fields in (
        (f"/diskussion/{round.thread_id}/kommentare", {"stance": "neutral"}),
        (f"/kommentare/{other}/antworten", {}),
        (f"/kommentare/{own}/bearbeitung", {"stance": "neutral"}),
    ):
        answer = post(me, path, text=TYPED, **fields)
        assert answer.status_code == 422
        nu(answer.text)
    staff = signed_in(app, session, an_official(session, Role.STAFF, office_id=lists))
    nu(post(staff, f"/verwaltung/signale/{lists}/probe", text=TYPED, language="de").text)
