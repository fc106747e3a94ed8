"""A wave of spam: five hundred accounts write twenty comments each; one moderator clears them, a page of likes at a time.

Twenty more were public before, with answers, ratings and notices. The standing lines: after clearing, public = 0 and
decisions = letters = lines in the journal; after taking each act back, every row is as before, none is left to be told.
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
from participation.discussion.commands import post_comment, rate_comment
from participation.discussion.facts import Stance, Value
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.letters.models import Letter
from participation.moderation.models import DecisionUndo, ModerationDecision, Notice
from participation.queues.facts import MOST_AT_ONCE
from tests.servers import Live
from tests.world import RoundWords, a_citizen, a_moderator, a_round
from tests.world.moderation import a_comment, a_notice, snapshot
from tests.world.sign_in import sign_in_browser

pytestmark = pytest.mark.drill

ACCOUNTS, EACH, BEFORE_IT = 500, 20, 20
WAVE = ACCOUNTS * EACH
DECISION_LETTER = (Letter.template == "moderation/letters/decision",)
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


def what_was_public(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    """Post advertising that nobody held, and let others answer, rate and report it."""
    for number in range(BEFORE_IT):
        comment = a_comment(
            session, round, clock=clock, text=f"Kaufen Sie günstige Uhren bei uns, sagt Kunde {number}."
        )
        a_comment(session, round, clock=clock, answers=comment, text=f"Das ist Werbung, zum {number}. Mal.")
        rate_comment(session, comment_id=comment, who=a_citizen(session), value=Value.DISAGREE, clock=clock)
        a_notice(session, comment, clock=clock)


def in_state(session: Session, state: State) -> int:
    session.rollback()
    return session.execute(select(func.count()).where(Contribution.state == state)).scalar_one()


def counted(session: Session, *where: object) -> int:
    return session.execute(select(func.count()).where(*where)).scalar_one()  # type: ignore[arg-type]


def clear_what_is_alike(page: Page, listed: str) -> str:
    """As a moderator does it: what is like the first in the list, withheld for one rule and one reason.

    Return the address of the result.
    """
    page.goto(f"/moderation?liste={listed}")
    page.get_by_role("link", name=re.compile("^Ähnliche")).first.click()
    page.get_by_label("Zurückhalten", exact=True).check()
    page.get_by_label("5. Keine Werbung und keine Massentexte").check()
    page.get_by_label("Begründung").fill("Vielfach wiederholte Werbung.")
    page.get_by_role("button", name="Gemeinsam entscheiden").click()
    page.wait_for_url("**/moderation/sammelentscheidungen/*")
    return page.url


def take_back(page: Page, result: str) -> None:
    page.goto(result)
    page.get_by_role("button", name="Alles zurücknehmen").click()
    expect(page.get_by_text("Entscheidungen sind zurückgenommen.")).to_be_visible()


def test_ten_thousand_comments_are_held_cleared_and_each_act_is_taken_back(
    session: Session, live: Live, browser_page: Page, clock: StoppedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    round = a_round(session)
    what_was_public(session, round, clock)
    a_wave(session, round, clock)
    assert in_state(session, State.HELD) == WAVE, "a wave is held, and nothing of it is public"
    before = snapshot(session)
    sign_in_browser(browser_page, live, session, a_moderator(session, round))
    began = time.monotonic()
    acts = [clear_what_is_alike(browser_page, "reported")]
    while in_state(session, State.HELD):
        acts.append(clear_what_is_alike(browser_page, "held"))
    needed = time.monotonic() - began
    every = WAVE + BEFORE_IT
    assert len(acts) == 1 + WAVE // MOST_AT_ONCE
    assert in_state(session, State.WITHHELD) == every
    assert counted(session, ModerationDecision.outcome == "withheld") == every
    assert counted(session, JournalEntry.act == "moderation:decided") == every
    assert counted(session, *DECISION_LETTER, Letter.attempts == 0) == every
    assert counters_that_differ(session) == []
    began = time.monotonic()
    for result in acts:
        take_back(browser_page, result)
    taken_back = time.monotonic() - began
    assert snapshot(session) == before, "answers, ratings and counts are as before"
    assert counted(session, DecisionUndo.decision_id > 0) == every
    assert counted(session, JournalEntry.act == "moderation:undone") == every
    assert counted(session, *DECISION_LETTER) == 0, "nobody is told of what was taken back"
    assert counted(session, Notice.settled_at.is_(None)) == BEFORE_IT
    assert counters_that_differ(session) == []
    with capsys.disabled():
        print(f"\nspam wave: {every} cleared in Chromium by {len(acts)} decisions in {needed:.0f} s")
        print(f"all {len(acts)} taken back one by one in {taken_back:.0f} s")
