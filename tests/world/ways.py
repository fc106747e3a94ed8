"""Words about the ways to vote: a contest of each method that stands alone, and what one can choose there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.voting.commands import add_question, freeze_rules, open_contest
from participation.voting.facts import SCALES, Method
from participation.voting.keys import KeyFolder
from participation.voting.models import Ballot
from tests.world import CLOSES, OPENS, a_window, next_number

OPTIONS = {
    "brunnen": {"de": "Brunnen am Markt", "en": "Fountain on the market"},
    "spielplatz": {"de": "Spielplatz im Park", "en": "Playground in the park"},
    "radweg": {"de": "Radweg zur Schule", "en": "Cycle path to the school"},
    "baeume": {"de": "Bäume am Ring", "en": "Trees along the ring"},
}
COSTS = {"brunnen": 30_000, "spielplatz": 20_000, "radweg": 45_000, "baeume": 5_000}
TERMS: dict[Method, dict[str, Any]] = {
    Method.SELECTION: {"most": 2, "none": True},
    Method.POINTS: {"points": 10, "most_per_option": 6},
    Method.IMPORTANCE: {"scale": SCALES[5]},
    Method.RANKING: {"most_ranks": 3},
    Method.BUDGET: {"sum": 60_000, "within_sum": True, "none": False, "unit": "EUR"},
}
SENT: dict[Method, dict[str, Any]] = {
    Method.SELECTION: {"choice": ["baeume", "brunnen"]},
    Method.POINTS: {"punkte-brunnen": "6", "punkte-spielplatz": "", "punkte-radweg": "0", "punkte-baeume": "4"},
    Method.IMPORTANCE: {"wert-brunnen": "1", "wert-spielplatz": "", "wert-radweg": "5"},
    Method.RANKING: {"rang-baeume": "1", "rang-brunnen": "2", "rang-radweg": ""},
    Method.BUDGET: {"choice": ["brunnen", "spielplatz"]},
}
"""What a browser sends for a choice that holds."""

CHOSEN: dict[Method, Any] = {
    Method.SELECTION: ["brunnen", "baeume"],
    Method.POINTS: {"brunnen": 6, "baeume": 4},
    Method.IMPORTANCE: {"brunnen": 1, "radweg": 5},
    Method.RANKING: ["baeume", "brunnen"],
    Method.BUDGET: ["brunnen", "spielplatz"],
}
"""The same as it stands on the ballot."""

WORDS: dict[Method, str] = {
    Method.SELECTION: "Brunnen am Markt, Bäume am Ring",
    Method.POINTS: "Brunnen am Markt: 6 Punkte, Bäume am Ring: 4 Punkte",
    Method.IMPORTANCE: "Brunnen am Markt: unwichtig, Radweg zur Schule: sehr wichtig",
    Method.RANKING: "1. Bäume am Ring, 2. Brunnen am Markt",
    Method.BUDGET: "Brunnen am Markt (30.000 €), Spielplatz im Park (20.000 €)",
}
"""The same in words."""

WAYS = tuple(TERMS)
"""The methods with several fields and one button."""


@dataclass(frozen=True)
class WayWords:
    """A contest of one question: what tests need of it."""

    contest_id: int
    question_id: int
    slug: str
    path: str
    """Where its question stands."""


def a_way(
    session: Session,
    method: Method,
    *,
    keys: KeyFolder,
    opens: datetime = OPENS,
    closes: datetime = CLOSES,
    options: dict[str, dict[str, str]] | None = None,
    **terms: Any,
) -> WayWords:
    """Add an open contest of a method with one question on four things for the town; terms that are named are so."""
    slug = f"{method}-{next_number()}"
    window_id = a_window(session, opens=opens, closes=closes)
    contest = open_contest(session, slug=slug, window_id=window_id, method=method)
    path = f"/abstimmungen/{slug}/frage"
    question = add_question(
        session,
        contest_id=contest.id,
        slug="frage",
        home=path,
        position=1,
        title={"de": "Was soll zuerst kommen?", "en": "What should come first?"},
        options=options or OPTIONS,
        terms=TERMS[method] | terms,
        costs=COSTS if method is Method.BUDGET else None,
    )
    freeze_rules(session, contest_id=contest.id, rules={}, keys=keys)
    session.rollback()
    return WayWords(contest.id, question.id, slug, path)


def choices_on(session: Session, way: WayWords) -> list[str]:
    """Return what stands on the ballots, canonical JSON."""
    session.rollback()
    return list(session.execute(select(Ballot.choice).where(Ballot.question_id == way.question_id)).scalars())
