"""The public log: every decision that somebody was told of, a day later, and nothing that leads to a person."""

from __future__ import annotations

import csv
import gc
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.discussion.commands import withdraw_comment
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.moderation.commands import undo
from participation.moderation.facts import Outcome
from participation.moderation.models import ModerationDecision
from participation.openness import queries
from participation.openness.queries import Only
from participation.reviews.commands import contest, review
from participation.reviews.facts import ReviewOutcome
from participation.reviews.models import Review
from participation.rounds.models import Round
from tests.clients import connections_out
from tests.everywhere.pages import text_of
from tests.statements import Statements
from tests.world import RoundWords, a_citizen, a_moderator, a_round, next_number
from tests.world.moderation import REASON, a_comment, decide_so, publish, withhold

ATOM = "{http://www.w3.org/2005/Atom}"
A_DAY = timedelta(days=1)


def decided(session: Session, round: RoundWords, clock: StoppedClock, outcome: Outcome = Outcome.WITHHELD) -> int:
    """Let somebody new write something on which is decided now; return the decision."""
    held = outcome is Outcome.PUBLISHED
    text = f"Der Trottel wohnt in der Kortumstraße {next_number()}."
    comment = a_comment(session, round, clock=clock, text=text, held=held)
    moderator = a_moderator(session, round)
    if outcome is Outcome.PUBLISHED:
        return publish(session, comment, by=moderator, clock=clock)
    if outcome is Outcome.WITHHELD:
        return withhold(session, comment, by=moderator, clock=clock)
    more = {
        Outcome.REDACTED: {"passages": ("Kortumstraße",)},
        Outcome.DUPLICATE: {"duplicate_of": comment - 1},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }.get(outcome, {})
    if outcome is Outcome.DUPLICATE:
        more = {"duplicate_of": a_comment(session, round, clock=clock, text=f"Ein Vorbild {next_number()} dafür.")}
    return decide_so(session, comment, outcome, by=moderator, clock=clock, **more)


def told(session: Session, clock: StoppedClock, **only: object) -> list[queries.LogLine]:
    session.rollback()
    return list(queries.lines(session, now=clock(), only=Only(**only)))  # type: ignore[arg-type]


def asked(session: Session, decision: int, clock: StoppedClock) -> int:
    token = session.execute(select(ModerationDecision.token).where(ModerationDecision.id == decision)).scalar_one()
    contest(session, token=token or "", words="Das war ein Zitat.", clock=clock)
    return session.execute(select(Review.id).where(Review.decision_id == decision)).scalar_one()


@pytest.mark.parametrize("outcome", Outcome)
def test_every_decision_is_a_line_with_day_kind_rule_and_round(
    session: Session, clock: StoppedClock, outcome: Outcome
) -> None:
    round = a_round(session)
    decided(session, round, clock, outcome)
    on = clock().date()
    clock.advance(A_DAY)
    (line,) = told(session, clock)
    assert (line.on, line.kind, line.round_slug, line.look, line.imported) == (on, "comment", round.slug, None, False)
    # That a threat is secured for the police is nobody's business.
    assert line.outcome == (Outcome.WITHHELD if outcome is Outcome.POLICE else outcome)
    by_rule = {Outcome.PUBLISHED: None, Outcome.DUPLICATE: "place", Outcome.MOVED: "place"}
    assert line.rule == by_rule.get(outcome, line.rule) and (line.rule is None) == (outcome is Outcome.PUBLISHED)


def test_of_today_nothing_is_told_so_that_nobody_learns_the_hour(session: Session, clock: StoppedClock) -> None:
    decided(session, a_round(session), clock)
    clock.advance(timedelta(hours=12) - timedelta(microseconds=1))
    assert told(session, clock) == []
    clock.advance(timedelta(microseconds=1))
    assert len(told(session, clock)) == 1


def test_what_can_still_be_taken_back_is_not_told_after_midnight(session: Session, clock: StoppedClock) -> None:
    clock.advance(timedelta(hours=11, minutes=55))
    decided(session, a_round(session), clock)
    clock.advance(timedelta(minutes=9))
    assert told(session, clock) == []
    clock.advance(timedelta(minutes=2))
    assert len(told(session, clock)) == 1


def test_what_was_taken_back_is_told_to_nobody(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    undo(session, decision_id=withhold(session, comment, by=moderator, clock=clock), by=moderator, clock=clock)
    clock.advance(A_DAY)
    assert told(session, clock) == []


def test_a_second_look_stands_in_the_line_of_its_decision(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    decision = decided(session, round, clock)
    clock.advance(A_DAY)
    waiting = asked(session, decision, clock)
    assert [line.look for line in told(session, clock)] == [None]
    clock.advance(A_DAY)
    assert [line.look for line in told(session, clock)] == ["asked"]
    by = a_moderator(session, round)
    review(session, review_id=waiting, by=by, outcome=ReviewOutcome.REVERSED, reason="Stimmt.", clock=clock)
    assert [line.look for line in told(session, clock)] == ["asked"]
    clock.advance(A_DAY)
    (line,) = told(session, clock)
    assert (line.outcome, line.look, line.looked_on) == ("withheld", "reversed", date(2026, 6, 3))


def test_a_second_look_that_another_decision_forestalled_does_not_wait_for_ever(
    session: Session, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    taken_back = a_comment(session, round, clock=clock, who=author, text="Ein Baum am Ring fehlt.")
    first = withhold(session, comment, by=moderator, clock=clock)
    other = a_comment(session, round, clock=clock, text="Am Ring fehlt ein Baum.")
    linked = decide_so(session, taken_back, Outcome.DUPLICATE, by=moderator, clock=clock, duplicate_of=other)
    clock.advance(A_DAY)
    for decision in (first, linked):
        asked(session, decision, clock)
    clock.advance(A_DAY)
    publish(session, comment, by=moderator, clock=clock, last_seen=first)
    assert {line.look for line in told(session, clock)} == {"asked"}
    withdraw_comment(session, comment_id=taken_back, who=author, clock=clock)
    clock.advance(A_DAY)
    assert {line.outcome: line.look for line in told(session, clock)} == {
        "published": None,
        "withheld": "lapsed",
        "duplicate": "lapsed",
    }
    session.rollback()
    looks = queries.report(session, year=2026, now=clock()).looks
    assert {look: number for look, number in looks.items() if number} == {"lapsed": 2}


def test_pages_hold_every_line_once_whatever_their_size(session: Session, clock: StoppedClock) -> None:
    rounds = [a_round(session), a_round(session)]
    for number in range(14):
        decided(session, rounds[number % 2], clock)
        if number % 5 == 4:
            clock.advance(A_DAY)
    clock.advance(A_DAY)
    whole = [line.key for line in told(session, clock)]
    assert len(set(whole)) == 14
    for size in (1, 3, 5, 14, 20):
        found, after = [], None
        while True:
            one = queries.log(session, now=clock(), after=after, size=size).page
            found += [line.key for line in one.rows]
            after = one.after
            if after is None:
                break
        assert sorted(found) == sorted(whole)
        days = [line.on for line in told(session, clock)]
        assert days == sorted(days, reverse=True)


def test_it_is_narrowed_by_round_and_year(session: Session, clock: StoppedClock) -> None:
    # Half an hour before the year ends in Bochum, and a quarter after: in Greenwich both are in the old one.
    clock.at = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    one, other = (a_round(session, closes=clock() + 9 * A_DAY) for _ in range(2))
    decided(session, one, clock)
    clock.advance(timedelta(minutes=45))
    decided(session, other, clock)
    clock.advance(3 * A_DAY)
    assert [line.round_slug for line in told(session, clock, year=2026)] == [one.slug]
    assert [line.round_slug for line in told(session, clock, year=2027)] == [other.slug]
    assert [line.on.year for line in told(session, clock, round_slug=one.slug)] == [2026]
    found = queries.log(session, now=clock())
    assert found.years == (2027, 2026)
    assert {line.slug for line in found.rounds} == {one.slug, other.slug}


# ── The page, the table, the feed ─────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def full(session: Session, clock: StoppedClock) -> RoundWords:
    round = a_round(session)
    for outcome in (*Outcome, Outcome.WITHHELD):
        decided(session, round, clock, outcome)
    clock.advance(A_DAY)
    return round


def test_the_page_the_table_and_the_feed_tell_the_same(client: FlaskClient, full: RoundWords) -> None:
    page = client.get("/moderationsprotokoll").text
    table = list(csv.DictReader(io.StringIO(client.get("/moderationsprotokoll.csv").text)))
    feed = ElementTree.fromstring(client.get("/moderationsprotokoll.atom").data)
    assert page.count("<tr>") - 1 == len(table) == len(feed.findall(f"{ATOM}entry")) == len(Outcome) + 1
    assert {row["entscheidung"] for row in table} == {one.value for one in Outcome} - {"police"}
    assert {row["tag"] for row in table} == {"2026-06-01"}
    names = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(names)) == len(names)
    assert client.get("/moderationsprotokoll.atom").mimetype == "application/atom+xml"


def test_the_feed_leads_page_by_page_to_the_oldest_line_and_stays_narrowed(
    app: Flask,
    client: FlaskClient,
    session: Session,
    clock: StoppedClock,
    full: RoundWords,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decided(session, a_round(session), clock, Outcome.WITHHELD)
    clock.advance(A_DAY)
    monkeypatch.setattr(queries, "FEED_SIZE", 3)
    names, sizes, base = [], [], app.extensions["settings"].base_url
    path: str | None = f"/moderationsprotokoll.atom?runde={full.slug}&jahr=2026"
    while path:
        feed = ElementTree.fromstring(client.get(path).data)
        links = {link.attrib["rel"]: link.attrib["href"].removeprefix(base) for link in feed.findall(f"{ATOM}link")}
        assert set(links["self"].partition("?")[2].split("&")) == set(path.partition("?")[2].split("&"))
        assert all(f"runde={full.slug}" in link and "jahr=2026" in link for link in links.values())
        found = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
        names, sizes, path = [*names, *found], [*sizes, len(found)], links.get("next")
    assert len(set(names)) == len(names) == len(Outcome) + 1 and sizes == [3, 3, 2]


def test_a_table_that_was_sent_holds_no_connection(app: Flask, client: FlaskClient, full: RoundWords) -> None:
    gc.disable()
    try:
        assert client.get("/moderationsprotokoll.csv").data.count(b"\n") > 1
        assert connections_out(app) == 0
    finally:
        gc.enable()


def test_nothing_leads_to_a_person_a_text_or_an_hour(client: FlaskClient, session: Session, full: RoundWords) -> None:
    session.rollback()
    for path in (
        "/moderationsprotokoll",
        "/moderationsprotokoll.csv",
        "/moderationsprotokoll.atom",
        "/moderationsbericht",
    ):
        text = client.get(path).text
        for secret in (REASON, "Kortumstraße", "Bürgerin", "Person ", "/kommentare/", "/moderation/", "gesichert"):
            assert secret not in text, f"{secret} in {path}"
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
        # The feed needs a moment; it is the midnight at the end of the day.
        hours = set(re.findall(r"\d\d:\d\d(?::\d\d)?", text.replace("+00:00", "")))
        assert hours <= ({"22:00:00"} if path.endswith("atom") else set()), path


def test_lines_of_a_day_do_not_stand_in_the_order_of_the_hours(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    for outcome in (Outcome.WITHHELD, Outcome.PUBLISHED, Outcome.REDACTED, Outcome.WITHHELD):
        decided(session, round, clock, outcome)
        clock.advance(timedelta(minutes=30))
    clock.advance(A_DAY)
    assert [line.outcome for line in told(session, clock)] == ["published", "redacted", "withheld", "withheld"]


def test_what_staff_typed_does_nothing_in_any_of_them(
    client: FlaskClient, session: Session, clock: StoppedClock, full: RoundWords
) -> None:
    hostile = """=cmd|'/c x'!A1"><script>alert(1)</script>]]>&"""
    with transaction(session):
        session.execute(update(Round).where(Round.id == full.id).values(title={"de": hostile, "en": hostile}))
    comment = a_comment(session, full, clock=clock, text="Darüber entscheidet ein Gesetz.")
    decide_so(session, comment, Outcome.WITHHELD, by=a_moderator(session, full), clock=clock, rule=None, law=hostile)
    clock.advance(A_DAY)
    assert "<script>alert" not in client.get("/moderationsprotokoll").text
    feed = ElementTree.fromstring(client.get("/moderationsprotokoll.atom").data)
    assert hostile in (feed.find(f"{ATOM}entry").findtext(f"{ATOM}title") or "")
    rows = list(csv.DictReader(io.StringIO(client.get("/moderationsprotokoll.csv").text)))
    assert {row["beteiligung"] for row in rows} == {"'" + hostile}
    assert {row["regel"] for row in rows} == {"", "place", "private", "persons", "law"}


@pytest.mark.parametrize(
    "query", ["jahr=1", "jahr=9999", "jahr=٢٠٢٦", "after=99999999", "after=x", "runde=gibt-es-nicht"]
)
def test_nonsense_in_the_address_is_no_mistake(client: FlaskClient, full: RoundWords, query: str) -> None:
    for path in ("/moderationsprotokoll", "/moderationsprotokoll.csv", "/moderationsprotokoll.atom"):
        assert client.get(f"{path}?{query}").status_code == 200


def test_it_is_found_from_netiquette_footer_and_round(client: FlaskClient, full: RoundWords) -> None:
    assert 'href="/moderationsprotokoll"' in client.get("/").text
    assert 'href="/moderationsbericht"' in client.get("/netiquette").text
    assert f'href="/moderationsprotokoll?runde={full.slug}"' in client.get(f"/runden/{full.slug}").text


def test_it_speaks_english(client: FlaskClient, full: RoundWords) -> None:
    english = client.get("/moderationsprotokoll", headers={"Accept-Language": "en"}).text
    assert "not published" in text_of(english)


@pytest.mark.parametrize("path", ["/moderationsprotokoll", "/moderationsprotokoll.csv", "/moderationsprotokoll.atom"])
def test_it_costs_the_same_however_much_there_is(
    app: Flask,
    client: FlaskClient,
    session: Session,
    clock: StoppedClock,
    full: RoundWords,
    statements: Callable[[], AbstractContextManager[Statements]],
    path: str,
) -> None:
    spent = []
    for _ in range(2):
        with statements() as seen:
            assert client.get(path).status_code == 200
        spent.append(len(seen))
        decided(session, full, clock)
        a_citizen(session)
        clock.advance(A_DAY)
    assert spent[0] == spent[1] <= 3
