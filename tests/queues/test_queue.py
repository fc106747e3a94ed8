"""The queue shows what waits, only to those who moderate it; the case shows what is needed to decide, and no votes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from participation.audiences.facts import Role, Who
from participation.audiences.models import RoleGrant
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, rate_comment, withdraw_comment
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.moderation.commands import escalate, report
from participation.moderation.facts import OPEN_FOR, UNDO_FOR, NoticeKind, Outcome
from participation.moderation.models import ModerationDecision, Notice
from participation.queues.facts import Listed
from participation.queues.queries import Only, queue
from participation.remarks.queries import colleagues
from participation.reviews.commands import contest, review
from participation.reviews.facts import ReviewOutcome
from tests.everywhere.pages import text_of
from tests.statements import Statements
from tests.world import RoundWords, a_citizen, a_moderator, a_participant, a_round, a_staff_member, an_official
from tests.world.moderation import REASON, a_comment, a_notice, decide_so, decision_letters, publish, state_of, withhold
from tests.world.sign_in import post, signed_in


def test_the_queue_counts_what_waits_and_since_when(session: Session, clock: StoppedClock) -> None:
    round, began = a_round(session), clock()
    a_comment(session, round, clock=clock, held=True)
    clock.advance(timedelta(hours=3))
    reported = a_comment(session, round, clock=clock)
    a_notice(session, reported, clock=clock)
    a_notice(session, reported, clock=clock)
    found = queue(session, moderator=a_moderator(session, round), listed=Listed.REPORTED, now=clock())
    assert (found.held.count, found.held.since) == (1, began)
    assert (found.reported.count, found.reported.since) == (1, clock())
    (row,) = found.page.rows
    assert row.id == reported and [(one.kind, one.count) for one in row.notices] == [("insult", 2)]


def test_the_queue_is_of_ones_own_audiences_alone(session: Session, app: Flask, clock: StoppedClock) -> None:
    mine, theirs = a_round(session), a_round(session)
    a_comment(session, mine, clock=clock, held=True, text="Wartet bei mir auf Prüfung.")
    other = a_comment(session, theirs, clock=clock, held=True, text="Wartet nebenan auf Prüfung.")
    browser = signed_in(app, session, a_moderator(session, mine))
    page = browser.get("/moderation").text
    assert "Wartet bei mir" in page and "nebenan" not in page
    assert browser.get(f"/moderation/{other}").status_code == 404
    fields = {"outcome": "published", "version": "1", "last_seen": "", "listed": "held"}
    assert post(browser, f"/moderation/{other}/entscheidung", **fields).status_code == 404
    assert state_of(session, other) == State.HELD


def test_citizens_and_staff_see_no_queue(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    for person in (a_citizen(session).person_id, a_staff_member(session, office_id=round.office_id)):
        browser = signed_in(app, session, person)
        assert browser.get("/moderation").status_code == 403
        assert browser.get(f"/moderation/{comment}").status_code == 403


def test_paging_shows_everything_once(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comments = [a_comment(session, round, clock=clock, held=True) for _ in range(7)]
    reported = [a_comment(session, round, clock=clock) for _ in range(5)]
    for comment in reversed(reported):
        a_notice(session, comment, clock=clock)
    moderator = a_moderator(session, round)

    def all_of(listed: Listed) -> list[int]:
        seen: list[int] = []
        after: int | None = None
        for _ in range(10):
            page = queue(session, moderator=moderator, listed=listed, now=clock(), after=after, size=2).page
            seen += [row.id for row in page.rows]
            after = page.after
            if after is None:
                break
        return seen

    assert all_of(Listed.HELD) == comments
    assert all_of(Listed.REPORTED) == reported[::-1]
    for comment in comments[:3]:
        publish(session, comment, by=moderator, clock=clock)
    assert all_of(Listed.DECIDED) == comments[2::-1]


def test_what_its_author_withdrew_waits_no_more(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    a_notice(session, comment, clock=clock)
    withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    found = queue(session, moderator=a_moderator(session, round), listed=Listed.REPORTED, now=clock())
    assert found.reported.count == 0 and found.page.rows == ()


def five_hundred(session: Session, round: RoundWords, clock: StoppedClock) -> None:
    author = a_participant(session, audience_id=round.audience_id)
    with transaction(session):
        rows = [
            Contribution(
                kind="comment",
                participant_id=author,
                window_id=round.talk_window_id,
                text=f"Ein Beitrag mit der Nummer {number}.",
                language="de",
                state="held" if number % 2 else "published",
                netiquette_version=1,
                created_at=clock(),
            )
            for number in range(500)
        ]
        session.add_all(rows)
        session.flush()
        session.add_all(Comment(id=row.id, thread_id=round.thread_id, stance="neutral") for row in rows)
        session.add_all(
            Notice(contribution_id=row.id, participant_id=None, kind="spam", text="", created_at=clock())
            for row in rows
            if row.state == "published"
        )


@pytest.mark.parametrize("listed", list(Listed))
def test_five_hundred_items_cost_eight_statements(
    session: Session,
    app: Flask,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
    listed: Listed,
) -> None:
    round = a_round(session)
    five_hundred(session, round, clock)
    browser = signed_in(app, session, a_moderator(session, round))
    with statements() as seen:
        page = browser.get(f"/moderation?liste={listed.value}")
    assert page.status_code == 200 and "500" in page.text and "250" in page.text
    assert len(seen) <= 8, str(seen)


# ── Side by side, in time ─────────────────────────────────────────────────────────────────────────────────────────────
def test_what_somebody_has_open_is_marked_for_the_others_and_frees_itself(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    mine, theirs = (signed_in(app, session, a_moderator(session, round)) for _ in range(2))
    opened = post(mine, f"/moderation/{comment}/bearbeitung", listed="held")
    assert (opened.status_code, opened.location) == (303, f"/moderation/{comment}?liste=held")
    assert "Gerade offen" not in mine.get("/moderation").text
    for path in ("/moderation", f"/moderation/{comment}"):
        assert "Gerade offen bei einer anderen Person" in theirs.get(path).text
    post(theirs, f"/moderation/{comment}/bearbeitung", listed="held")
    assert "Gerade offen" not in mine.get("/moderation").text, "what somebody has open stays theirs"
    clock.advance(OPEN_FOR)
    assert "Gerade offen" not in theirs.get("/moderation").text
    post(theirs, f"/moderation/{comment}/bearbeitung", listed="held")
    assert "Gerade offen" in mine.get("/moderation").text
    post(theirs, f"/moderation/{comment}/entscheidung", outcome="published", version="1", last_seen="", listed="held")
    assert "Gerade offen" not in mine.get(f"/moderation/{comment}").text


def test_every_way_to_open_marks_for_the_others_and_leads_to_its_place(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    other = a_comment(session, round, clock=clock, text="Das ist kein Trottel.")
    made = withhold(session, other, by=a_moderator(session, round), clock=clock)
    clock.advance(UNDO_FOR)
    asked = contest(session, token=session.get_one(ModerationDecision, made).token or "", words="", clock=clock)
    mine, theirs = (signed_in(app, session, a_moderator(session, round)) for _ in range(2))
    here, second = f"/moderation/{comment}?liste=held", f"/moderation/ueberpruefungen/{asked}"
    for path, listed, key, leads in (
        (comment, "held", "r", f"{here}&entscheidung=withheld#entscheiden"),
        (comment, "held", "d", f"{here}&entscheidung=duplicate#entscheiden"),
        (comment, "held", "e", f"{here}#weitergeben"),
        (other, "reviews", "o", second),
    ):
        assert "Gerade offen" not in theirs.get(f"/moderation?liste={listed}").text
        assert pressed(mine, f"/moderation?liste={listed}", f"/moderation/{path}/bearbeitung", key) == leads
        assert "Gerade offen bei einer anderen Person" in theirs.get(f"/moderation?liste={listed}").text, key
        assert "Gerade offen bei einer anderen Person" in theirs.get(leads).text
        clock.advance(OPEN_FOR)


def pressed(browser: FlaskClient, page: str, action: str, key: str) -> str:
    """Press the button of a key in a list, and return where that leads."""
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', browser.get(page).text, re.DOTALL)
    (inside,) = (found for to, found in forms if to == action and f'data-key="{key}"' in found)
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', inside))
    del sent["csrf_token"]
    return post(browser, action, **sent).location


def test_deadlines_count_hours_of_working_days_as_each_round_sets_them(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    slow, quick = a_round(session), a_round(session)
    moderator = an_official(session, Role.MODERATOR, office_id=slow.office_id)
    with transaction(session):
        session.add(RoleGrant(person_id=moderator, role=Role.MODERATOR, audience_id=quick.audience_id, since=clock.at))
    staff = a_staff_member(session, office_id=quick.office_id)
    browser = signed_in(app, session, staff)
    assert post(browser, f"/moderation/runden/{quick.slug}", hours="2").status_code == 303
    for wrong in ("0", "241", "viel", "", "9" * 400):
        assert post(browser, f"/moderation/runden/{quick.slug}", hours=wrong).status_code == 422
    assert browser.get(f"/moderation/runden/{slow.slug}").status_code == 404
    late, early = a_comment(session, quick, clock=clock, held=True), a_comment(session, slow, clock=clock, held=True)
    clock.advance(timedelta(hours=3))
    found = queue(session, moderator=moderator, listed=Listed.HELD, now=clock())
    assert (found.held.count, found.held.overdue) == (2, 1)
    assert {row.id: row.is_overdue for row in found.page.rows} == {late: True, early: False}
    for only, seen in (
        (Only(overdue=True), [late]),
        (Only(round_slug=slow.slug), [early]),
        (Only(kind="spam"), []),
        (Only(), [late, early]),
    ):
        rows = queue(session, moderator=moderator, listed=Listed.HELD, now=clock(), only=only).page.rows
        assert [row.id for row in rows] == seen


def test_reported_is_narrowed_by_the_kind_of_an_open_notice(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    one, other = (a_comment(session, round, clock=clock, text=f"Gemeldeter Text {n}.") for n in (1, 2))
    a_notice(session, one, clock=clock)
    report(session, contribution_id=other, kind=NoticeKind.SPAM, text="", reporter=None, clock=clock)
    browser = signed_in(app, session, a_moderator(session, round))
    page = browser.get("/moderation?liste=reported&art=spam").text
    assert "Gemeldeter Text 2." in page and "Gemeldeter Text 1." not in page and "(2)" in page
    assert "Gemeldeter Text 1." in browser.get("/moderation?liste=reported&art=bogus").text


def test_what_is_passed_on_waits_in_a_list_of_its_own(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True, text="Ein schwieriger Fall.")
    browser = signed_in(app, session, a_moderator(session, round))
    nothing = post(browser, f"/moderation/{comment}/weitergabe", why=" ")
    assert nothing.status_code == 422 and "Warum geben Sie" in nothing.text
    assert post(browser, f"/moderation/{comment}/weitergabe", why="Bitte juristisch prüfen.").status_code == 303
    assert "Ein schwieriger Fall." not in browser.get("/moderation").text
    page = browser.get("/moderation?liste=escalated").text
    assert "Ein schwieriger Fall." in page and "Bitte juristisch prüfen." in page
    assert post(browser, f"/moderation/{comment}/weitergabe", why="Bitte juristisch prüfen.").status_code == 303
    assert "schon so entschieden" in browser.get("/moderation").text, "a second click"
    second = post(browser, f"/moderation/{comment}/weitergabe", why="Mein Grund.")
    assert second.status_code == 422 and "inzwischen weitergegeben" in second.text and "Mein Grund." in second.text
    publish(session, comment, by=a_moderator(session, round), clock=clock)
    assert "Ein schwieriger Fall." not in browser.get("/moderation?liste=escalated").text


def test_to_pass_something_on_gives_nobody_more_time(session: Session, clock: StoppedClock) -> None:
    round, came = a_round(session), clock()
    first, second = a_moderator(session, round), a_moderator(session, round)
    held, reported, contested, quiet = (
        a_comment(session, round, clock=clock, held=n == 0, text=f"Baum {n} fehlt.") for n in range(4)
    )
    a_notice(session, reported, clock=clock)
    made = decide_so(session, contested, Outcome.DUPLICATE, by=first, clock=clock, duplicate_of=quiet)
    session.rollback()
    clock.advance(UNDO_FOR)
    contest(session, token=session.get_one(ModerationDecision, made).token or "", words="", clock=clock)
    asked = clock()
    clock.advance(timedelta(days=1))
    for comment in (held, reported, contested, quiet):
        escalate(session, contribution_id=comment, by=first, why="Bitte juristisch prüfen.", clock=clock)
    passed_on = clock()
    clock.advance(timedelta(hours=1))
    a_notice(session, quiet, clock=clock)
    found = queue(session, moderator=second, listed=Listed.ESCALATED, now=clock())
    assert {row.id: row.waits_since for row in found.page.rows} == {
        held: came,
        reported: came,
        contested: asked,
        quiet: passed_on,
    }
    waiting = found.waiting[Listed.ESCALATED]
    assert (waiting.since, waiting.overdue) == (came, 3)
    late = queue(session, moderator=second, listed=Listed.ESCALATED, now=clock(), only=Only(overdue=True)).page.rows
    assert {row.id for row in late} == {held, reported, contested}


def test_only_what_can_be_taken_back_offers_it(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    author = a_citizen(session)
    comment, again, edited = (
        a_comment(session, round, clock=clock, who=author, text=f"Baum {n} fehlt.") for n in range(3)
    )
    made = withhold(session, comment, by=first, clock=clock)
    clock.advance(UNDO_FOR)
    token = session.get_one(ModerationDecision, made).token or ""
    session.rollback()
    asked = contest(session, token=token, words="", clock=clock)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Doch nicht.", clock=clock)
    before = withhold(session, again, by=second, clock=clock)
    last = publish(session, again, by=second, clock=clock, last_seen=before)
    decide_so(session, edited, Outcome.REWORD, by=second, clock=clock)
    edit_comment(session, comment_id=edited, who=author, text="Ein Baum fehlt.", stance=None, clock=clock)
    page = signed_in(app, session, second).get("/moderation?liste=decided").text
    assert re.findall(r"/moderation/entscheidungen/(\d+)/ruecknahme", page) == [str(last)]


def test_a_decision_is_taken_back_on_the_page(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    mine, theirs = (signed_in(app, session, a_moderator(session, round)) for _ in range(2))
    fields_now = {"outcome": "published", "version": "1", "last_seen": "", "listed": "held"}
    post(mine, f"/moderation/{comment}/entscheidung", **fields_now)
    assert "Zurücknehmen" not in theirs.get("/moderation?liste=decided").text
    page = mine.get("/moderation?liste=decided").text
    assert (
        "Zuletzt entschieden (1)" in page
        and "(1)" not in signed_in(app, session, a_moderator(session, a_round(session))).get("/moderation").text
    )
    path = re.search(r'action="(/moderation/entscheidungen/\d+/ruecknahme)"', page)
    assert path is not None
    assert "nur, wer entschieden hat" in follow(theirs, path[1])
    assert "Alles ist wie vorher" in follow(mine, path[1])
    assert state_of(session, comment) == State.HELD
    assert "schon zurückgenommen" in follow(mine, path[1])
    assert "zurückgenommen" in mine.get("/moderation?liste=decided").text


def follow(browser: FlaskClient, path: str) -> str:
    """Send an empty form and return the page that it leads to."""
    answer = post(browser, path)
    assert answer.status_code == 303
    return browser.get(answer.location).text


def test_a_second_look_from_the_letter_to_the_answer(session: Session, app: Flask, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    first = a_moderator(session, round)
    withhold(session, comment, by=first, clock=clock)
    clock.advance(UNDO_FOR)
    own = signed_in(app, session, author.person_id).get("/meine-beteiligung").text
    path = re.search(r'href="(/ueberpruefung/[^"]+)"', own)
    assert path is not None
    visitor = app.test_client()
    assert REASON in visitor.get(path[1]).text
    assert post(visitor, path[1], words="Das war ein Zitat.").status_code == 303
    assert "um eine Überprüfung gebeten" in visitor.get(path[1]).text
    again = post(visitor, path[1], words="Noch einmal.")
    assert again.status_code == 422 and "Noch einmal." in again.text
    mine, theirs = signed_in(app, session, first), signed_in(app, session, a_moderator(session, round))
    number = re.search(r'name="ueberpruefung" value="(\d+)"', theirs.get("/moderation?liste=reviews").text)
    assert number is not None
    there = f"/moderation/ueberpruefungen/{number[1]}"
    assert "übernimmt eine andere Person" in mine.get(there).text
    given = {"outcome": "reversed", "reason": "Es ist ein Zitat."}
    refused = post(mine, there, **given)
    assert refused.status_code == 422 and "urteilt eine andere Person" in refused.text
    assert post(theirs, there, outcome="reversed", reason=" ").status_code == 422
    assert "Das war ein Zitat." in theirs.get(there).text
    assert post(theirs, there, **given).status_code == 303
    assert state_of(session, comment) == State.PUBLISHED
    assert post(theirs, there, **given).status_code == 303, "a second click"
    late = post(theirs, there, outcome="upheld", reason="Eine Beleidigung.")
    assert late.status_code == 422 and "gibt es inzwischen schon" in late.text and "Eine Beleidigung." in late.text
    told = visitor.get(path[1]).text
    assert "Es ist ein Zitat." in told and "zurückgenommen" in told
    assert "(0)" in theirs.get("/moderation?liste=reviews").text


@pytest.mark.parametrize("outcome", [Outcome.REDACTED, Outcome.REWORD])
def test_who_looks_again_reads_what_the_author_wrote_since_and_then_decides_on_that(
    session: Session, app: Flask, clock: StoppedClock, outcome: Outcome
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author, text="Mehr Bäume, sagt Frau Beispiel.")
    made = decide_so(session, comment, outcome, by=a_moderator(session, round), clock=clock, passages=["Frau Beispiel"])
    clock.advance(UNDO_FOR)
    token = session.get_one(ModerationDecision, made).token or ""
    session.rollback()
    asked = contest(session, token=token, words="", clock=clock)
    browser, there = signed_in(app, session, a_moderator(session, round)), f"/moderation/ueberpruefungen/{asked}"
    read = version_in(browser.get(there).text)
    edit_comment(session, comment_id=comment, who=author, text="Viel mehr Bäume, bitte.", stance=None, clock=clock)
    given = {"outcome": "reversed", "reason": "Dagegen spricht nichts."}
    refused = post(browser, there, version=read, **given)
    assert refused.status_code == 422 and "Text wurde inzwischen geändert" in refused.text
    assert "Viel mehr Bäume, bitte." in refused.text and given["reason"] in refused.text
    assert "Was sich seit der Entscheidung geändert hat" in refused.text
    assert ("Vor der Schwärzung" in refused.text) == (outcome is Outcome.REDACTED)
    assert post(browser, there, version=version_in(refused.text), **given).status_code == 303
    assert state_of(session, comment) == State.PUBLISHED
    assert session.get_one(Contribution, comment).text == "Viel mehr Bäume, bitte."


def version_in(page: str) -> str:
    """Return the version of the text that a form carries."""
    found = re.search(r'name="version"[^>]* value="(\d+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": "redacted", "passages": "steht nicht da"}, "steht so nicht im Text"),
        ({"outcome": "redacted"}, "Bitte schreiben Sie die Stellen ab"),
        ({"outcome": "duplicate", "duplicate_of": "999999"}, "Nummer eines anderen öffentlichen Beitrags"),
        ({"outcome": "duplicate", "duplicate_of": "x"}, "Bitte geben Sie eine Nummer an."),
        ({"outcome": "moved", "moved_to": "999999"}, "anderes Thema derselben Beteiligung"),
        ({"outcome": "moved", "moved_to": "bogus"}, "anderes Thema derselben Beteiligung"),
        ({"outcome": "reword", "rule": ""}, "Bitte nennen Sie die verletzte Regel."),
    ],
    ids=str,
)
def test_what_is_wrong_with_other_outcomes_is_named_and_nothing_typed_is_lost(
    session: Session, app: Flask, clock: StoppedClock, changes: dict[str, str], words: str
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields(**changes))
    assert answer.status_code == 422 and words in answer.text and "ist eine Beleidigung." in answer.text
    assert state_of(session, comment) == State.HELD


def test_a_case_names_what_says_the_same_already(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    first = a_comment(session, round, clock=clock, text="Mehr Bäume auf dem Husemannplatz, bitte!")
    a_comment(session, round, clock=clock, text="Ein Radweg an der Königsallee wäre gut.")
    comment = a_comment(session, round, clock=clock, text="Bitte mehr Bäume auf dem Husemannplatz.")
    page = signed_in(app, session, a_moderator(session, round)).get(f"/moderation/{comment}").text
    assert "Vielleicht doppelt" in page and f"daneben-{first}" in page and "Königsallee" not in page


# ── One case ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def a_full_case(session: Session, round: RoundWords, clock: StoppedClock) -> tuple[int, Who]:
    author, moderator = a_citizen(session, shown_as="Mira"), a_moderator(session, round)
    earlier = a_comment(session, round, clock=clock, who=author, text="Werbung für meinen Laden.")
    withhold(session, earlier, by=moderator, clock=clock, rule="spam", reason="Das ist Werbung.")
    parent = a_comment(session, round, clock=clock, text="Der Satz, auf den geantwortet wird.")
    comment = a_comment(session, round, clock=clock, who=author, answers=parent, text="Die Antwort, um die es geht.")
    a_notice(session, comment, clock=clock, text="Bitte ansehen: <b>frech</b>")
    return comment, author


def test_a_case_shows_its_context(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, _ = a_full_case(session, round, clock)
    page = signed_in(app, session, a_moderator(session, round)).get(f"/moderation/{comment}").text
    for shown in (
        "Die Antwort, um die es geht.",
        "Der Satz, auf den geantwortet wird.",
        "&lt;b&gt;frech&lt;/b&gt;",
        "Beleidigung oder Hass",
        "Das ist Werbung.",
        "Werbung für meinen Laden.",
        "Handlungsfeld 1",
        "Mira",
        f'href="{round.home}"',
    ):
        assert shown in page, shown


def test_a_case_counts_what_else_its_author_wrote_and_what_waits_that_is_alike(
    session: Session,
    app: Flask,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    round, author = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    spam, alone = "Günstige Uhren gibt es jetzt bei uns im Laden, Angebot", "Am Platz fehlen Bänke für ältere Leute."
    one, *others = (a_comment(session, round, clock=clock, held=True, text=f"{spam} {n}.") for n in range(3))
    first = a_comment(session, round, clock=clock, held=True, who=author, text=f"{spam} für alle.")
    a_comment(session, round, clock=clock, held=True, who=author, text=alone)
    a_comment(session, round, clock=clock, who=author, text="Ein Radweg an der Königsallee wäre gut.")
    a_comment(session, a_round(session), clock=clock, held=True, text=f"{spam} anderswo.")
    browser = signed_in(app, session, moderator)
    with statements() as seen:
        page = browser.get(f"/moderation/{first}?liste=held").text
    assert len(seen) <= 16, str(seen)
    told = text_of(page)
    assert "2 weitere Beiträge von derselben Person in dieser Beteiligung, 1 davon wartet" in told
    assert "3 ähnliche Beiträge warten" in told
    withhold(session, one, by=moderator, clock=clock)
    told = text_of(browser.get(f"/moderation/{one}").text)
    assert "3 ähnliche Beiträge warten" in told and "von derselben Person in dieser" not in told
    linked = text_of(browser.get(f"/moderation/auswahl?beitrag={one}&art=likeness&liste=held").text)
    assert all(f"Beitrag {number}" in linked for number in (first, *others)) and f"Beitrag {one}," not in linked


def test_a_case_shows_answers_below(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    a_comment(session, round, clock=clock, answers=comment, text="Eine Antwort darunter.")
    page = signed_in(app, session, a_moderator(session, round)).get(f"/moderation/{comment}").text
    assert "Eine Antwort darunter." in page


def test_moderators_see_no_address_but_each_others_and_what_others_rated_changes_nothing(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, author = a_full_case(session, round, clock)
    browser = signed_in(app, session, a_moderator(session, round))

    def seen() -> list[str]:
        pages = [browser.get(path).text for path in (f"/moderation/{comment}", "/moderation?liste=reported")]
        return [re.sub(r'name="csrf_token" value="[^"]*"', "", page) for page in pages]

    before = seen()
    other = a_comment(session, round, clock=clock, who=a_citizen(session))
    for value in (Value.AGREE, Value.DISAGREE):
        rate_comment(session, comment_id=comment, who=a_citizen(session), value=value, clock=clock)
    rate_comment(session, comment_id=other, who=author, value=Value.DISAGREE, clock=clock)
    assert seen() == before
    others = {one.email for one in colleagues(session, audience_id=round.audience_id, now=clock())}
    assert set(re.findall(r"[\w.-]+@example\.org", "".join(before))) == others


def fields(**changes: str) -> dict[str, str]:
    whole = {
        "outcome": "withheld",
        "rule": "persons",
        "reason": REASON,
        "version": "1",
        "last_seen": "",
        "listed": "held",
    }
    return whole | changes


def test_a_decision_leads_back_to_the_list(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields(listed="reported"))
    assert (answer.status_code, answer.location) == (303, "/moderation?liste=reported")
    there = browser.get(answer.location).text
    assert "Der Beitrag ist zurückgehalten." in there and state_of(session, comment) == State.WITHHELD
    again = post(browser, f"/moderation/{comment}/entscheidung", **fields())
    assert again.status_code == 303
    assert "schon so entschieden" in browser.get("/moderation").text
    assert len(decision_letters(session)) == 1


def test_what_was_decided_just_now_is_taken_back_on_the_next_page(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    one, other = (a_comment(session, round, clock=clock, held=True, text=f"Wartender Text {n}.") for n in (1, 2))
    browser = signed_in(app, session, a_moderator(session, round))
    many = {"outcome": "published", "chosen": f"{other}:1:", "how": "page", "listed": "held"}
    for path, sent in ((f"/moderation/{one}/entscheidung", fields()), ("/moderation/sammelentscheidungen", many)):
        page = browser.get(post(browser, path, **sent).location).text
        notices = page[page.index('id="meldungen"') : page.index("<h1")]
        undo = re.search(r'action="([^"]+/ruecknahme)"', notices)
        assert undo is not None and "Zehn Minuten lang" in notices
        assert "/ruecknahme" not in browser.get("/moderation").text, "told once"
        post(browser, undo[1])
        assert {state_of(session, number) for number in (one, other)} == {State.HELD}


def test_the_form_shows_the_new_text_and_keeps_what_was_typed(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    edit_comment(session, comment_id=comment, who=author, text="Die neue Fassung.", stance=Stance.NEUTRAL, clock=clock)
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields())
    assert answer.status_code == 422
    for shown in (
        "inzwischen geändert",
        "Die neue Fassung.",
        "ist eine Beleidigung.",
        'name="version" type="hidden" value="2"',
    ):
        assert shown in answer.text, shown
    assert post(browser, f"/moderation/{comment}/entscheidung", **fields(version="2")).status_code == 303


def test_who_comes_second_reads_the_first_decision(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    first = withhold(session, comment, by=a_moderator(session, round), clock=clock, reason="Name einer Nachbarin.")
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields(outcome="published", reason="Ist gut."))
    assert answer.status_code == 422
    for shown in (
        "schon entschieden",
        "Name einer Nachbarin.",
        "Ist gut.",
        f'name="last_seen" type="hidden" value="{first}"',
    ):
        assert shown in answer.text, shown
    assert state_of(session, comment) == State.WITHHELD


def test_a_withdrawn_comment_is_named_on_the_page(session: Session, app: Flask, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields())
    assert answer.status_code == 422 and "zurückgezogen" in answer.text
    assert "Entscheidung speichern" not in answer.text and "ist eine Beleidigung." in answer.text
    passed_on = post(browser, f"/moderation/{comment}/weitergabe", why="Mein Grund.")
    assert passed_on.status_code == 422 and "zurückgezogen" in passed_on.text and "Mein Grund." in passed_on.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rule": ""}, "Bitte nennen Sie die verletzte Regel."),
        ({"reason": " "}, "Bitte begründen Sie die Entscheidung."),
        ({"outcome": ""}, "Bitte wählen Sie eine Entscheidung."),
        ({"outcome": "sealed"}, "error-summary"),
        ({"rule": "taste"}, "steht nicht in der Netiquette"),
        ({"rule": "place"}, "gilt nur für das Verknüpfen und das Verschieben"),
        ({"version": "1e9"}, "error-summary"),
        ({"version": "9" * 40}, "error-summary"),
        ({"last_seen": "-1"}, "error-summary"),
        ({"reason": "x" * 2001}, "höchstens 2.000 Zeichen"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_decision_is_named(
    session: Session, app: Flask, clock: StoppedClock, changes: dict[str, str], words: str
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    browser = signed_in(app, session, a_moderator(session, round))
    answer = post(browser, f"/moderation/{comment}/entscheidung", **fields(**changes))
    assert answer.status_code == 422 and words in answer.text
    assert state_of(session, comment) == State.HELD


def test_publishing_needs_neither_rule_nor_reason(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    browser = signed_in(app, session, a_moderator(session, round))
    quick = {"outcome": "published", "version": "1", "last_seen": "", "listed": "held"}
    assert post(browser, f"/moderation/{comment}/entscheidung", **quick).status_code == 303
    assert state_of(session, comment) == State.PUBLISHED
