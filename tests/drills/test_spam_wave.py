"""A wave of spam: five hundred accounts write twenty comments each; one moderator clears them, a page of likes at a time.

The standing line at the end: public = 0, decisions = letters = lines in the journal = 10,000, counters recount.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import post_comment
from participation.discussion.facts import Stance
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.letters.models import Letter
from participation.moderation.models import DecisionUndo, ModerationDecision
from participation.queues.facts import MOST_AT_ONCE
from tests.servers import Live
from tests.world import RoundWords, a_citizen, a_moderator, a_round
from tests.world.sign_in import sign_in_browser

pytestmark = pytest.mark.drill

ACCOUNTS, EACH = 500, 20
WAVE = ACCOUNTS * EACH
LINKS = "https://uhren-1.example/ https://uhren-2.example/ https://uhren-3.example/"


def a_wave(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    people = [a_citizen(session) for _ in range(ACCOUNTS)]
    for turn in range(EACH):
        clock.advance(timedelta(minutes=1))
        for number, who in enumerate(people):
            post_comment(
                session,
                thread_id=round.thread_id,
                who=who,
                text=f"Kaufen Sie günstige Uhren bei uns, Angebot {turn} für Kunde {number}: {LINKS}",
                stance=Stance.NEUTRAL,
                language="de",
                clock=clock,
            )


def in_state(session: Session, state: State) -> int:
    session.rollback()
    return session.execute(select(func.count()).where(Contribution.state == state)).scalar_one()


def counted(session: Session, *where: object) -> int:
    return session.execute(select(func.count()).where(*where)).scalar_one()  # type: ignore[arg-type]


def clear_what_is_alike(page: Page) -> None:
    """As a moderator does it: what is like the first in the list, withheld for one rule and one reason."""
    page.goto("/moderation")
    page.get_by_role("link", name=re.compile("^Ähnliche")).first.click()
    page.get_by_label("Zurückhalten", exact=True).check()
    page.get_by_label("5. Keine Werbung und keine Massentexte").check()
    page.get_by_label("Begründung").fill("Vielfach wiederholte Werbung.")
    page.get_by_role("button", name="Gemeinsam entscheiden").click()
    page.wait_for_url("**/moderation/sammelentscheidungen/*")


def test_ten_thousand_comments_are_held_cleared_and_each_act_can_be_taken_back(
    session: Session, live: Live, browser_page: Page, clock: StoppedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    round = a_round(session)
    a_wave(session, round, clock)
    assert in_state(session, State.HELD) == WAVE, "a wave is held, and nothing of it is public"
    sign_in_browser(browser_page, live, session, a_moderator(session, round))
    began, acts = time.monotonic(), 0
    while in_state(session, State.HELD):
        clear_what_is_alike(browser_page)
        acts += 1
    needed = time.monotonic() - began
    assert acts == WAVE // MOST_AT_ONCE
    assert in_state(session, State.WITHHELD) == WAVE
    assert counted(session, ModerationDecision.outcome == "withheld") == WAVE
    assert counted(session, JournalEntry.act == "moderation:decided") == WAVE
    assert counted(session, Letter.template == "moderation/letters/decision", Letter.attempts == 0) == WAVE
    browser_page.get_by_role("button", name="Alles zurücknehmen").click()
    expect(browser_page.get_by_text("200 Entscheidungen sind zurückgenommen.")).to_be_visible()
    assert in_state(session, State.HELD) == counted(session, DecisionUndo.decision_id > 0) == MOST_AT_ONCE
    assert counters_that_differ(session) == []
    with capsys.disabled():
        print(f"\nspam wave: {WAVE} cleared in Chromium by {acts} decisions in {needed:.0f} s")
