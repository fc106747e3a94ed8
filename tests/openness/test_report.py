"""The report of a year: each number is counted again from the rows, in another way; small numbers stay untold."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.contributions.models import Contribution
from participation.example.commands import import_polis
from participation.example.polis import read_conversation
from participation.foundation.clock import StoppedClock
from participation.moderation.commands import undo
from participation.moderation.facts import NoticeKind, Outcome
from participation.moderation.models import Case, DecisionUndo, ModerationDecision, Notice
from participation.openness import queries
from participation.openness.facts import FEWEST, Look, NoSuchYear, covered, middle_and_longest, told_before
from participation.openness.queries import Only
from participation.pauses import commands as pauses
from participation.pauses.models import WritingPause
from participation.reviews.commands import review
from participation.reviews.facts import ReviewOutcome
from participation.reviews.models import Review
from participation.voting.keys import KeyFolder
from tests.everywhere.pages import text_of
from tests.openness.test_log import A_DAY, asked, decided
from tests.statements import Statements
from tests.world import RoundWords, a_moderator, a_round
from tests.world.moderation import a_comment, a_notice, publish
from tests.world.pauses import trouble

BERLIN = ZoneInfo("Europe/Berlin")


def a_busy_year(session: Session, clock: StoppedClock, seed: int) -> None:
    """Decide, undo, report, look again and pause, at odd hours of some weeks around the turn of the year."""
    chance = Random(seed)
    clock.at = datetime(2026, 12, 28, 9, tzinfo=BERLIN)
    rounds = [a_round(session, closes=clock() + timedelta(days=300)) for _ in range(2)]
    for _ in range(30):
        round, act = chance.choice(rounds), chance.random()
        if act < 0.15:
            comment = a_comment(session, round, clock=clock, text=f"Ein harmloser Satz {chance.random()}.")
            for _ in range(chance.randrange(1, 4)):
                a_notice(session, comment, clock=clock)
                clock.advance(timedelta(hours=chance.randrange(1, 9)))
            clock.advance(timedelta(hours=chance.randrange(1, 60)))
            publish(session, comment, by=a_moderator(session, round), clock=clock)
        else:
            decision = decided(session, round, clock, chance.choice(list(Outcome)))
            _afterwards(session, clock, chance, round, decision)
        clock.advance(timedelta(hours=chance.randrange(1, 20), minutes=chance.randrange(60)))
    _pauses(session, clock)


def _afterwards(session: Session, clock: StoppedClock, chance: Random, round: RoundWords, decision: int) -> None:
    if chance.random() < 0.2:
        by = session.get_one(ModerationDecision, decision).decided_by
        undo(session, decision_id=decision, by=by, clock=clock)
        return
    outcome = session.get_one(ModerationDecision, decision).outcome
    clock.advance(timedelta(minutes=10))
    if outcome != Outcome.PUBLISHED and chance.random() < 0.5:
        waiting = asked(session, decision, clock)
        if chance.random() < 0.6:
            by, result = a_moderator(session, round), chance.choice(list(ReviewOutcome))
            review(session, review_id=waiting, by=by, outcome=result, reason="Darum.", clock=clock)


def _pauses(session: Session, clock: StoppedClock) -> None:
    for number in range(6):
        case = trouble(session, a_round(session, closes=clock() + timedelta(days=90)), clock)
        made = case.pause(session, clock)
        if number == 0:
            pauses.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
            given = {"outcome": pauses.Outcome.REVERSED, "reason": "Doch.", "clock": clock}
            pauses.review(session, pause_id=made, by=case.third, **given)


def rows(session: Session, model: type) -> list:
    session.rollback()
    return list(session.execute(select(model).execution_options(populate_existing=True)).scalars())


@pytest.mark.parametrize("seed", range(4))
def test_each_number_recounts_from_the_rows_in_another_way(session: Session, clock: StoppedClock, seed: int) -> None:
    a_busy_year(session, clock, seed)
    clock.advance(A_DAY)
    for year in (2026, 2027):
        found = queries.report(session, year=year, now=clock())
        assert {one.outcome: one.count for one in found.decisions if one.count} == by_outcome(session, clock, year)
        assert {rule: number for rule, number in found.rules.items() if number} == by_rule(session, clock, year)
        assert {look: number for look, number in found.looks.items() if number} == by_look(session, clock, year)
        spans = waited(session, clock, year)
        assert (found.median, found.longest) == (spans or (None, None))
        notices = Counter(one.kind for one in rows(session, Notice) if in_year(one.created_at, clock, year))
        assert found.notices == covered({kind: notices[kind] for kind in NoticeKind})
        paused = [one for one in rows(session, WritingPause) if in_year(one.confirmed_at, clock, year)]
        lifted = sum(one.outcome == "reversed" for one in paused)
        assert found.pauses == covered({"kept": len(paused) - lifted, "lifted": lifted})


def in_year(moment: datetime | None, clock: StoppedClock, year: int) -> bool:
    return moment is not None and moment < told_before(clock()) and moment.astimezone(BERLIN).year == year


def told_decisions(session: Session, clock: StoppedClock, year: int) -> list[ModerationDecision]:
    gone = {one.decision_id for one in rows(session, DecisionUndo)} | {one.result_id for one in rows(session, Review)}
    every = rows(session, ModerationDecision)
    return [one for one in every if one.id not in gone and in_year(one.decided_at, clock, year)]


def by_outcome(session: Session, clock: StoppedClock, year: int) -> dict[str, int]:
    found = Counter(one.outcome for one in told_decisions(session, clock, year))
    found["withheld"] += found.pop("police", 0)
    return {outcome: number for outcome, number in found.items() if number}


def by_rule(session: Session, clock: StoppedClock, year: int) -> dict[str, int]:
    taking = ("withheld", "redacted", "reword", "police")
    return dict(Counter(one.rule for one in told_decisions(session, clock, year) if one.outcome in taking and one.rule))


def by_look(session: Session, clock: StoppedClock, year: int) -> dict[Look, int]:
    mine = [one for one in rows(session, Review) if in_year(one.asked_at, clock, year)]
    over = told_before(clock())
    return dict(Counter(Look(one.outcome) if one.decided_at and one.decided_at < over else Look.ASKED for one in mine))


def waited(session: Session, clock: StoppedClock, year: int) -> tuple[timedelta, timedelta] | None:
    written = {case.id: session.get_one(Contribution, case.contribution_id) for case in rows(session, Case)}
    spans = []
    for one in told_decisions(session, clock, year):
        if one.found == "notice":
            began = min(notice.created_at for notice in rows(session, Notice) if notice.decision_id == one.id)
        elif one.found == "queue":
            began = written[one.case_id].created_at
        else:
            continue
        spans.append((one.decided_at - began).total_seconds())
    if len(spans) < FEWEST:
        return None
    return timedelta(seconds=median(spans)), timedelta(seconds=max(spans))


def test_the_report_and_the_log_count_the_same(session: Session, clock: StoppedClock) -> None:
    a_busy_year(session, clock, 11)
    clock.advance(A_DAY)
    for year in (2026, 2027):
        lines = list(queries.lines(session, now=clock(), only=Only(year=year)))
        found = queries.report(session, year=year, now=clock())
        assert Counter(line.outcome for line in lines) == {
            one.outcome: one.count for one in found.decisions if one.count
        }
        assert found.decided == len(lines) > 0


def test_of_today_the_report_tells_nothing_either(session: Session, clock: StoppedClock) -> None:
    comment = a_comment(session, a_round(session), clock=clock)
    for _ in range(FEWEST):
        a_notice(session, comment, clock=clock)
    assert queries.report(session, year=None, now=clock()).notices.total == 0
    clock.advance(A_DAY)
    assert queries.report(session, year=None, now=clock()).notices.total == FEWEST


# ── Small numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("counts", "told", "total"),
    [
        ((0, 0, 0), (0, 0, 0), 0),
        ((5, 9, 0), (5, 9, 0), 14),
        ((3, 9, 7), (None, 9, None), 19),
        ((3, 4, 7), (None, None, 7), 14),
        ((1, 1, 7), (None, None, None), 9),
        ((1, 1, 0), (None, None, 0), None),
        ((4, 0, 0), (None, 0, 0), None),
        ((2, 0, 8), (None, 0, None), 10),
    ],
)
def test_no_number_from_one_to_four_is_told_nor_can_be_worked_out(
    counts: tuple[int, ...], told: tuple[int | None, ...], total: int | None
) -> None:
    found = covered(dict(zip("abc", counts, strict=True)))
    assert (tuple(found.counts.values()), found.total) == (told, total)


def test_of_fewer_than_five_no_time_is_told() -> None:
    hours = [timedelta(hours=number) for number in (1, 2, 3, 4, 30)]
    assert middle_and_longest(hours[:4]) is None
    assert middle_and_longest(hours) == (timedelta(hours=3), timedelta(hours=30))


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_years_without_anything_have_no_report(client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    assert client.get("/moderationsbericht").status_code == 200
    decided(session, a_round(session), clock)
    clock.advance(A_DAY)
    assert client.get("/moderationsbericht/2026").status_code == 200
    for year in (2025, 2027, 0, 99999):
        assert client.get(f"/moderationsbericht/{year}").status_code == 404
    with pytest.raises(NoSuchYear):
        queries.report(session, year=2025, now=clock())


def test_no_figure_is_of_a_moderator(client: FlaskClient, session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    for _ in range(6):
        decided(session, round, clock)
    clock.advance(A_DAY)
    people = {str(one.decided_by) for one in rows(session, ModerationDecision)}
    assert len(people) == 6
    for path in ("/moderationsbericht", "/moderationsprotokoll", "/moderationsprotokoll.csv"):
        assert not any(person in client.get(path).text for person in people)


def test_it_costs_six_statements(
    client: FlaskClient,
    session: Session,
    clock: StoppedClock,
    statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    a_busy_year(session, clock, 3)
    clock.advance(A_DAY)
    with statements() as seen:
        assert client.get("/moderationsbericht").status_code == 200
    assert len(seen) <= 6, str(seen)


# ── What came from another platform ───────────────────────────────────────────────────────────────────────────────────
def test_the_522_decisions_of_the_klimarat_stand_in_log_and_report(
    client: FlaskClient, session: Session, clock: StoppedClock, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "polis" / "austria-climate.5twd2jsnkf"
    conversation = read_conversation(folder, now=clock())
    import_polis(
        session,
        conversation=conversation,
        slug="klimarat",
        keys=KeyFolder(tmp_path),
        clock=clock,
        tell=lambda more: None,
    )
    with (folder / "comments.csv").open(encoding="utf-8", newline="") as file:
        verdicts = Counter(row["moderated"] for row in csv.DictReader(file))
    assert verdicts["1"] + verdicts["-1"] == 522
    clock.advance(A_DAY)
    found = queries.report(session, year=2026, now=clock())
    wanted = {"published": verdicts["1"], "withheld": verdicts["-1"]}
    assert {one.outcome: (one.count, one.imported) for one in found.decisions if one.count} == {
        outcome: (number, number) for outcome, number in wanted.items()
    }
    assert (found.decided, found.imported) == (522, 522)
    assert (found.median, sum(found.rules.values()), found.asked) == (None, 0, 0)
    table = list(csv.DictReader(io.StringIO(client.get("/moderationsprotokoll.csv?runde=klimarat").text)))
    assert Counter(row["entscheidung"] for row in table) == wanted
    assert {row["uebernommen"] for row in table} == {"ja"}
    seen, path = 0, "/moderationsprotokoll?runde=klimarat"
    after = None
    while True:
        one = queries.log(session, now=clock(), only=Only(round_slug="klimarat"), after=after).page
        seen, after = seen + len(one.rows), one.after
        if after is None:
            break
    assert seen == 522
    assert "von einer anderen Plattform übernommen" in text_of(client.get(path).text)
    assert "522" in text_of(client.get("/moderationsbericht").text)
