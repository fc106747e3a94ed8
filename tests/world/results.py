"""Words about results: a round with votes and a talk, past its end, counted, released."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.discussion.commands import post_comment, rate_comment, reply
from participation.discussion.facts import Stance, Value
from participation.foundation.clock import Clock, StoppedClock
from participation.foundation.db import transaction
from participation.results.commands import count_round, release_round
from participation.rounds.models import Round, SubjectPart
from participation.voting.commands import add_question, cast_ballot, freeze_rules, open_contest, remove_contest
from participation.voting.facts import Choice, Method
from participation.voting.keys import KeyFolder
from tests.world import CLOSES, RoundWords, a_citizen, a_round, a_staff_member
from tests.world.voting import keys_of

VOTES = (
    {Choice.FOR: 3, Choice.AGAINST: 1, Choice.ABSTAIN: 1},
    {Choice.FOR: 0, Choice.AGAINST: 2, Choice.ABSTAIN: 0},
)
"""What is cast on the two questions of a lively round."""


@dataclass(frozen=True)
class Lively:
    """A round with votes and a talk, and its staff."""

    round: RoundWords
    keys: KeyFolder
    staff: UUID
    voters: tuple[Who, ...]
    comments: dict[str, int]
    """``trees`` (in favour, 2 agree), ``benches`` (in favour, 2 agree), ``money`` (against, 1 agrees), ``when`` (a
    question), ``answer`` (to trees)."""


def a_lively_round(session: Session, folder: Path, clock: StoppedClock) -> Lively:
    """Add an open round with seven votes of five people, four comments, an answer and some ratings."""
    round = a_round(session)
    keys = keys_of(round, folder)
    voters = tuple(a_citizen(session) for _ in range(5))
    for subject, votes in zip(round.subjects, VOTES, strict=True):
        choices = [choice for choice, number in votes.items() for _ in range(number)]
        for who, choice in zip(voters, choices, strict=False):
            cast_ballot(session, question_id=subject.question_id, who=who, choice=choice, keys=keys, clock=clock)
    comments = _talk(session, round, voters, clock)
    return Lively(round, keys, a_staff_member(session, office_id=round.office_id), voters, comments)


def _talk(session: Session, round: RoundWords, people: tuple[Who, ...], clock: StoppedClock) -> dict[str, int]:
    texts = {
        "trees": ("Mehr Bäume auf dem Platz, bitte.", Stance.IN_FAVOUR),
        "benches": ("Mehr Bänke unter den Bäumen.", Stance.IN_FAVOUR),
        "money": ("Dafür ist kein Geld da.", Stance.AGAINST),
        "when": ("Wann soll das fertig sein?", Stance.QUESTION),
    }
    made = {}
    for who, (name, (text, stance)) in zip(people, texts.items(), strict=False):
        made[name] = post_comment(
            session, thread_id=round.thread_id, who=who, text=text, stance=stance, language="de", clock=clock
        ).id
    who = people[4]
    made["answer"] = reply(
        session, comment_id=made["trees"], who=who, text="Und Schatten für alle.", language="de", clock=clock
    ).id
    ratings = [("trees", 1, Value.AGREE), ("trees", 2, Value.AGREE), ("trees", 3, Value.DISAGREE)]
    ratings += [("benches", 0, Value.AGREE), ("benches", 2, Value.AGREE), ("money", 0, Value.AGREE)]
    ratings += [("money", 1, Value.PASS), ("answer", 0, Value.AGREE)]
    for name, number, value in ratings:
        rate_comment(session, comment_id=made[name], who=people[number], value=value, clock=clock)
    return made


def after_the_end(clock: StoppedClock) -> None:
    """Move the clock past the end of rounds without other times."""
    clock.at = CLOSES + timedelta(hours=1)


def counted(session: Session, lively: Lively, clock: StoppedClock) -> Lively:
    """Count a round after its end."""
    after_the_end(clock)
    count_round(session, round_id=lively.round.id, by=lively.staff, keys=lively.keys, clock=clock)
    return lively


def released(session: Session, lively: Lively, clock: StoppedClock) -> Lively:
    """Count a round after its end, and release the result a day later."""
    counted(session, lively, clock)
    clock.advance(timedelta(days=1))
    release_round(session, round_id=lively.round.id, by=lively.staff, clock=clock)
    return lively


# ── Rounds that are voted on in other ways ────────────────────────────────────────────────────────────────────────────
NAMES = {"brunnen": "Brunnen", "radweg": "Radweg", "spielplatz": "Spielplatz", "baeume": "Bäume"}
COSTS = {"brunnen": 30_000, "radweg": 45_000, "spielplatz": 20_000, "baeume": 5_000}
SCALE = [
    {"value": value, "label": {"de": label}} for value, label in enumerate(("unwichtig", "wichtig", "sehr wichtig"), 1)
]
TERMS: dict[Method, dict[str, Any]] = {
    Method.SELECTION: {"most": 2, "none": True, "seats": 2},
    Method.POINTS: {"points": 10, "seats": 1},
    Method.IMPORTANCE: {"scale": SCALE},
    Method.RANKING: {},
    Method.BUDGET: {"sum": 50_000, "within_sum": True, "none": True},
}


@dataclass(frozen=True)
class Way:
    """A round with one question about the whole, in a way of its own, and its staff."""

    round: RoundWords
    question_id: int
    keys: KeyFolder
    staff: UUID


def a_round_by(
    session: Session, method: Method, folder: Path, choices: Iterable[Any], *, clock: Clock, **terms: Any
) -> Way:
    """Add an open round whose one question is asked by a method, and cast these choices on it."""
    round, keys = a_round(session), KeyFolder(folder)
    with transaction(session):
        session.execute(delete(SubjectPart).where(SubjectPart.question_id.is_not(None)))
        remove_contest(session, contest_id=round.contest_id)
        contest = open_contest(session, slug=round.slug, window_id=round.vote_window_id, method=method)
        question = add_question(
            session,
            contest_id=contest.id,
            slug="frage",
            home=f"/runden/{round.slug}",
            position=1,
            title={"de": "Was soll zuerst kommen?", "en": "What should come first?"},
            options={slug: {"de": name, "en": f"{name} (en)"} for slug, name in NAMES.items()},
            terms=TERMS[method] | terms,
            costs=COSTS if method is Method.BUDGET else None,
        )
        sheet = session.get_one(Round, round.id)
        freeze_rules(session, contest_id=contest.id, rules=sheet.rule_sheet or {}, keys=keys)
        sheet.rule_sheet, sheet.rule_sheet_sha256 = contest.rules, contest.rules_sha256
    for choice in choices:
        cast_ballot(session, question_id=question.id, who=a_citizen(session), choice=choice, keys=keys, clock=clock)
    return Way(round, question.id, keys, a_staff_member(session, office_id=round.office_id))
