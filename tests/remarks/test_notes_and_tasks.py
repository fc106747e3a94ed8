"""Internal notes, the public status and open tasks are three things, seen by those who moderate the round alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import Role, Who
from participation.discussion.commands import edit_comment
from participation.discussion.facts import Stance
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Holding
from participation.journal.models import JournalEntry
from participation.moderation.facts import NothingToDecide, Outcome
from participation.privacy.commands import erase
from participation.queues.facts import Listed
from participation.queues.queries import Only, queue
from participation.remarks import commands, queries
from participation.remarks.facts import AlreadyDone, DayOver, NoSuchTask, NothingWritten, NotTheirRound, StillOpen
from participation.remarks.models import CaseNote, CaseTask
from participation.voting.keys import KeyFolder
from tests.everywhere.pages import text_of
from tests.world import RoundWords, a_citizen, a_moderator, a_round, a_staff_member, an_official
from tests.world.moderation import a_comment, decide_so, decision_letters, withhold
from tests.world.sign_in import post, signed_in

SECRET = "Die Meldung kam telefonisch."


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


@pytest.fixture
def author(session: Session) -> Who:
    return a_citizen(session)


@pytest.fixture
def comment(session: Session, round: RoundWords, author: Who, clock: StoppedClock) -> int:
    return a_comment(session, round, clock=clock, who=author)


@pytest.fixture
def moderator(session: Session, round: RoundWords) -> UUID:
    return a_moderator(session, round)


def a_note(session: Session, comment: int, by: UUID, clock: StoppedClock, text: str = SECRET) -> int:
    return commands.add_note(session, contribution_id=comment, text=text, by=by, clock=clock)


def a_task(
    session: Session,
    comment: int,
    by: UUID,
    clock: StoppedClock,
    text: str = "Das Rechtsamt fragen.",
    *,
    for_id: UUID | None = None,
    due_on: date | None = None,
) -> int:
    given = {"contribution_id": comment, "text": text, "by": by, "clock": clock}
    return commands.set_task(session, for_id=for_id, due_on=due_on, **given)


def held(session: Session, person_id: UUID) -> dict[str, list[Holding]]:
    session.rollback()
    found: dict[str, list[Holding]] = {}
    for one in queries.held_about(session, person_id):
        found.setdefault(one.kind, []).append(one)
    return found


# ── Who sees them ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_note_is_for_those_who_moderate_and_nobody_else(
    session: Session, app: Flask, round: RoundWords, author: Who, comment: int, moderator: UUID, clock: StoppedClock
) -> None:
    browser, path = signed_in(app, session, moderator), f"/moderation/{comment}"
    assert post(browser, f"{path}/notizen", note=SECRET).location == f"{path}#notizen"
    assert post(browser, f"{path}/aufgaben", task="Rechtsamt fragen.", for_whom="", due_on="").location == (
        f"{path}#aufgaben"
    )
    for words in (SECRET, "Rechtsamt fragen."):
        assert words in signed_in(app, session, a_moderator(session, round)).get(path).text
    withhold(session, comment, by=moderator, clock=clock)
    (letter,) = decision_letters(session)
    assert SECRET not in str(letter.facts)
    citizen = signed_in(app, session, author.person_id)
    for page in (round.home, f"/kommentare/{comment}", "/meine-beteiligung"):
        assert SECRET not in citizen.get(page).text
    assert citizen.get(path).status_code == 403


def test_another_office_can_neither_see_nor_act_nor_can_staff(
    session: Session, round: RoundWords, comment: int, moderator: UUID, clock: StoppedClock
) -> None:
    made = a_task(session, comment, moderator, clock)
    for stranger in (
        an_official(session, Role.MODERATOR, office_id=a_round(session).office_id),
        a_staff_member(session, office_id=round.office_id),
    ):
        for act in (
            lambda by=stranger: a_note(session, comment, by, clock),
            lambda by=stranger: a_task(session, comment, by, clock),
            lambda by=stranger: commands.finish_task(session, task_id=made, by=by, clock=clock),
            lambda by=stranger: commands.reopen_task(session, task_id=made, by=by, clock=clock),
        ):
            with pytest.raises(NothingToDecide):
                act()
        there = queue(session, moderator=stranger, listed=Listed.TASKS, now=clock())
        assert (there.page.rows, there.waiting[Listed.TASKS].count) == ((), 0)


def test_what_is_wrong_is_said_with_everything_kept(
    session: Session, app: Flask, comment: int, moderator: UUID, clock: StoppedClock
) -> None:
    browser, path = signed_in(app, session, moderator), f"/moderation/{comment}"
    assert post(browser, f"{path}/notizen", note=" ").status_code == 422
    late = post(browser, f"{path}/aufgaben", task="Anrufen.", for_whom="", due_on="2026-05-31")
    assert late.status_code == 422 and "Dieser Tag ist schon vorbei." in late.text and "Anrufen." in late.text
    stranger = post(browser, f"{path}/aufgaben", task="Anrufen.", for_whom=str(a_citizen(session).person_id))
    assert stranger.status_code == 422 and "Anrufen." in stranger.text
    soon = post(browser, f"{path}/aufgaben", task="Anrufen.", for_whom="", due_on="bald")
    assert soon.status_code == 422 and "Bitte geben Sie bei »Bis wann« einen Tag an" in soon.text
    session.rollback()
    assert session.execute(select(CaseTask.id)).first() is None


def test_the_commands_refuse_it_too(
    session: Session, comment: int, moderator: UUID, author: Who, clock: StoppedClock
) -> None:
    with pytest.raises(NothingWritten):
        a_note(session, comment, moderator, clock, text=" \n")
    with pytest.raises(NothingWritten):
        a_task(session, comment, moderator, clock, text="")
    with pytest.raises(NotTheirRound):
        a_task(session, comment, moderator, clock, for_id=author.person_id)
    with pytest.raises(DayOver):
        a_task(session, comment, moderator, clock, due_on=date(2026, 5, 31))
    with pytest.raises(NoSuchTask):
        commands.finish_task(session, task_id=4711, by=moderator, clock=clock)


# ── Tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_open_tasks_are_a_list_of_their_own_with_what_is_overdue(
    session: Session, app: Flask, round: RoundWords, comment: int, moderator: UUID, clock: StoppedClock
) -> None:
    other = a_moderator(session, round)
    today = a_task(session, comment, moderator, clock, "Heute noch.", for_id=other, due_on=date(2026, 6, 1))
    some_day = a_task(session, comment, moderator, clock, "Irgendwann.")
    found = queue(session, moderator=moderator, listed=Listed.TASKS, now=clock())
    assert [row.key for row in found.page.rows] == [today, some_day]
    assert (found.waiting[Listed.TASKS].count, found.waiting[Listed.TASKS].overdue) == (2, 0)
    clock.advance(timedelta(hours=12))
    found = queue(session, moderator=moderator, listed=Listed.TASKS, only=Only(overdue=True), now=clock())
    assert ([row.key for row in found.page.rows], found.waiting[Listed.TASKS].overdue) == ([today], 1)
    browser = signed_in(app, session, other)
    page = text_of(browser.get("/moderation?liste=tasks").text)
    assert "Offene Aufgaben (2, 1 überfällig)" in page and "Heute noch." in page and "für Sie" in page
    done = post(browser, f"/moderation/aufgaben/{today}/erledigung", listed="tasks")
    assert done.location == "/moderation?liste=tasks"
    assert "Heute noch." not in browser.get("/moderation?liste=tasks").text
    assert post(browser, f"/moderation/aufgaben/{today}/wiederaufnahme").location == f"/moderation/{comment}#aufgaben"
    assert "Heute noch." in browser.get("/moderation?liste=tasks").text


def test_done_and_open_again_each_hold_once_and_the_journal_knows(
    session: Session, comment: int, moderator: UUID, clock: StoppedClock
) -> None:
    a_note(session, comment, moderator, clock)
    made = a_task(session, comment, moderator, clock)
    given = {"task_id": made, "by": moderator, "clock": clock}
    assert commands.finish_task(session, **given) == comment
    with pytest.raises(AlreadyDone):
        commands.finish_task(session, **given)
    commands.reopen_task(session, **given)
    with pytest.raises(StillOpen):
        commands.reopen_task(session, **given)
    told = select(JournalEntry.act, JournalEntry.actor_id).where(JournalEntry.about == f"contribution:{comment}")
    assert [tuple(line) for line in session.execute(told.order_by(JournalEntry.id))] == [
        (f"remarks:{act}", moderator) for act in ("noted", "task_set", "task_done", "task_reopened")
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"text": "x" * 501}, {"text": ""}, {"done_at": True}, {"emptied_at": True}],
    ids=lambda one: str(next(iter(one))),
)
def test_the_database_refuses_what_is_no_task(
    session: Session, comment: int, moderator: UUID, clock: StoppedClock, wrong: dict[str, object]
) -> None:
    changed = {name: clock() if value is True else value for name, value in wrong.items()}
    columns = {"contribution_id": comment, "text": "x", "set_by": moderator, "set_at": clock()}
    with pytest.raises(IntegrityError), transaction(session):
        session.add(CaseTask(**(columns | changed)))


# ── What people may know, and what goes with them ─────────────────────────────────────────────────────────────────────
def test_who_asks_reads_what_was_noted_about_their_contribution(
    session: Session, app: Flask, comment: int, moderator: UUID, author: Who, clock: StoppedClock
) -> None:
    a_note(session, comment, moderator, clock)
    a_task(session, comment, moderator, clock, due_on=date(2026, 6, 9))
    own = held(session, author.person_id)
    assert [one.text for one in own["note_on_own"]] == [SECRET]
    assert [(one.text, one.facts["due_on"]) for one in own["task_on_own"]] == [("Das Rechtsamt fragen.", "2026-06-09")]
    assert str(moderator) not in str(own)
    assert SECRET in signed_in(app, session, author.person_id).get("/meine-beteiligung/auskunft").text
    office = held(session, moderator)
    assert set(office) == {"note_written", "task_of_office"}
    assert held(session, a_citizen(session).person_id) == {}


def test_what_was_noted_about_somebody_goes_with_their_account(
    session: Session,
    app: Flask,
    round: RoundWords,
    comment: int,
    moderator: UUID,
    author: Who,
    clock: StoppedClock,
    tmp_path: Path,
) -> None:
    a_note(session, comment, moderator, clock)
    made = a_task(session, comment, moderator, clock)
    erase(session, person_id=author.person_id, clock=clock, keys=KeyFolder(tmp_path))
    for table in (CaseNote, CaseTask):
        assert session.execute(select(table.text, table.emptied_at)).one() == ("", clock())
    browser = signed_in(app, session, moderator)
    for path in (f"/moderation/{comment}", "/moderation?liste=tasks"):
        assert "Der Text wurde gelöscht, als das Konto zum Beitrag gelöscht wurde." in browser.get(path).text
    assert commands.finish_task(session, task_id=made, by=moderator, clock=clock) == comment


def test_the_open_tasks_of_somebody_who_leaves_are_anybodys(
    session: Session, round: RoundWords, comment: int, moderator: UUID, clock: StoppedClock, tmp_path: Path
) -> None:
    leaving = a_moderator(session, round)
    a_note(session, comment, leaving, clock)
    a_task(session, comment, moderator, clock, for_id=leaving)
    erase(session, person_id=leaving, clock=clock, keys=KeyFolder(tmp_path))
    assert session.execute(select(CaseTask.for_id, CaseTask.text)).one() == (None, "Das Rechtsamt fragen.")
    assert session.execute(select(CaseNote.text)).scalar_one() == SECRET


@pytest.mark.postgresql
def test_who_erases_waits_for_what_is_just_being_noted(
    session: Session,
    new_session: Callable[[], Session],
    comment: int,
    moderator: UUID,
    author: Who,
    clock: StoppedClock,
    tmp_path: Path,
) -> None:
    noting, erasing = new_session(), new_session()
    session.rollback()
    with ThreadPoolExecutor(1) as pool:
        with transaction(noting):
            a_note(noting, comment, moderator, clock)
            going = {"person_id": author.person_id, "clock": clock, "keys": KeyFolder(tmp_path)}
            gone = pool.submit(erase, erasing, **going)
            until = time.monotonic() + 30
            while not _waits(session) and not gone.done() and time.monotonic() < until:
                time.sleep(0.02)
        gone.result(30)
    session.rollback()
    assert session.execute(select(CaseNote.text)).scalar_one() == ""


def _waits(session: Session) -> bool:
    """Say whether somebody waits for a lock in this test's own database."""
    session.rollback()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(session.execute(text(waiting)).scalar_one())


# ── What the public sees ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_page_says_what_the_public_sees_in_the_publics_own_words(
    session: Session, app: Flask, round: RoundWords, comment: int, author: Who, moderator: UUID, clock: StoppedClock
) -> None:
    browser, visitor = signed_in(app, session, moderator), app.test_client()

    def seen() -> str:
        return text_of(browser.get(f"/moderation/{comment}").text)

    assert "Der Text, für alle." in seen()
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    asked = decide_so(session, comment, Outcome.REWORD, by=moderator, clock=clock)
    words = "Dieser Kommentar wird gerade überarbeitet."
    assert words in seen() and words in text_of(visitor.get(round.home).text)
    mine = signed_in(app, session, author.person_id)
    assert "Die Moderation bittet Sie um andere Worte." in text_of(mine.get(round.home).text)
    assert "Wird geprüft" not in mine.get(round.home).text + mine.get("/meine-beteiligung").text
    edit_comment(
        session, comment_id=comment, who=author, text="Mit anderen Worten.", stance=Stance.NEUTRAL, clock=clock
    )
    words = "Dieser Kommentar wird gerade geprüft."
    assert words in seen() and words in text_of(visitor.get(round.home).text)
    assert "Das sehe ich genauso." in visitor.get(f"/kommentare/{comment}").text
    assert "Wird geprüft" in mine.get(round.home).text
    withhold(session, comment, by=moderator, version=2, last_seen=asked, clock=clock)
    words = "Dieser Kommentar wurde von der Moderation zurückgehalten."
    assert words in seen() and words in text_of(visitor.get(round.home).text)


def test_what_was_never_public_leaves_no_trace(
    session: Session, app: Flask, round: RoundWords, moderator: UUID, clock: StoppedClock
) -> None:
    waiting = a_comment(session, round, clock=clock, held=True, text="Noch von niemandem gelesen.")
    page = text_of(signed_in(app, session, moderator).get(f"/moderation/{waiting}").text)
    assert "Nichts. Es gibt keine öffentliche Spur." in page
    assert f'id="kommentar-{waiting}"' not in app.test_client().get(round.home).text
