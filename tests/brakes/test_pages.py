"""The brake on pages: what everybody reads, what who writes is told, and where officials pull and release it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from participation.discussion.facts import Brake
from participation.foundation.clock import StoppedClock
from tests.everywhere.pages import text_of
from tests.statements import Statements
from tests.world import CLOSES, a_citizen, a_moderator, a_round, a_staff_member
from tests.world.brakes import WHY, a_brake
from tests.world.discussion import a_comment, a_reply
from tests.world.sign_in import post, signed_in

Noted = Callable[[], AbstractContextManager[Statements]]
SLOWLY, AT_ONCE = "alle zehn Minuten einmal schreiben", "liest die Moderation zurzeit alles"


def test_everybody_reads_what_holds_until_when_and_why_and_no_statement_more_is_spent(
    app: Flask, session: Session, clock: StoppedClock, statements: Noted
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    path, visitor = f"/kommentare/{comment}", app.test_client()
    visitor.get("/healthz")
    with statements() as without:
        assert WHY["de"] not in visitor.get(round.home).text
    a_brake(session, round.thread_id, Brake.HELD, by=a_moderator(session, round), clock=clock, hours=1)
    with statements() as braked:
        page = text_of(visitor.get(round.home).text)
    assert len(braked) == len(without)
    for words in (AT_ONCE, WHY["de"], "01.06.2026, 12:00 Uhr", "01.06.2026, 13:00 Uhr"):
        assert words in page
    assert WHY["de"] in visitor.get(path).text
    assert WHY["en"] in visitor.get(round.home, headers={"Accept-Language": "en"}).text
    clock.advance(timedelta(hours=1))
    assert WHY["de"] not in visitor.get(round.home).text, "a remembered page lets go of it too"


def test_who_writes_too_soon_reads_when_again_and_loses_nothing(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    ada, other = a_citizen(session), a_comment(session, round, clock=clock)
    a_brake(session, round.thread_id, Brake.SLOW, by=a_moderator(session, round), clock=clock)
    a_reply(session, other, clock=clock, who=ada)
    browser, typed = signed_in(app, session, ada.person_id), "Das wollte ich noch sagen."
    for path in (f"/diskussion/{round.thread_id}/kommentare", f"/kommentare/{other}/antworten"):
        answer = post(browser, path, text=typed, stance="neutral")
        assert answer.status_code == 429
        assert typed in answer.text and "01.06.2026, 12:10 Uhr abschicken" in text_of(answer.text)


def test_officials_find_it_from_the_thread_and_the_case_and_release_it(
    app: Flask, session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment, path = a_comment(session, round, clock=clock), f"/moderation/diskussionen/{round.thread_id}/notbremse"
    browser = signed_in(app, session, a_moderator(session, round))
    stranger = signed_in(app, session, a_moderator(session, a_round(session)))
    assert path in browser.get(round.home).text and path in browser.get(f"/moderation/{comment}").text
    assert path not in stranger.get(round.home).text
    assert stranger.get(path).status_code == 404
    assert '<a href="/moderation" aria-current="true">' in browser.get(path).text
    missing = post(browser, path, kind="slow", hours="24", reason_en="Only English")
    assert missing.status_code == 422 and "Only English" in missing.text
    given = {"kind": "slow", "hours": "24", "reason_de": WHY["de"]}
    assert post(browser, path, **given).status_code == 303
    stale = post(browser, path, **(given | {"kind": "held", "reason_de": "Ich hatte die Seite schon offen."}))
    assert stale.status_code == 422 and "Ich hatte die Seite schon offen." in stale.text
    listed = browser.get("/moderation/notbremsen").text
    assert WHY["de"] in listed and WHY["de"] not in stranger.get("/moderation/notbremsen").text
    released = listed.split('action="/moderation/notbremsen/')[1].split('"')[0]
    assert post(browser, f"/moderation/notbremsen/{released}").status_code == 303
    assert WHY["de"] not in app.test_client().get(round.home).text
    assert "gelöst am" in browser.get(path).text
    clock.at = CLOSES
    staff = signed_in(app, session, a_staff_member(session, office_id=round.office_id))
    assert '<a href="/verwaltung" aria-current="true">' in staff.get(path).text
    assert "Es gibt nichts mehr zu bremsen." in staff.get(path).text
