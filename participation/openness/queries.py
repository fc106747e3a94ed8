"""The log of moderation and its report, read from the decisions themselves: nothing is counted in advance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from participation.contributions.facts import OFFENCE_SLUGS, State
from participation.contributions.models import Contribution
from participation.foundation.clock import berlin
from participation.foundation.paging import Page, cut
from participation.moderation.facts import LAW_RULE, NEEDS_REASON, Found, NoticeKind, Outcome, told_as
from participation.moderation.models import Case, ModerationDecision, Notice
from participation.moderation.queries import gives_back, shapes, stands
from participation.openness.facts import (
    TOLD,
    Figures,
    Look,
    NoSuchYear,
    bounds,
    covered,
    middle_and_longest,
    told_before,
    year_of,
)
from participation.pauses.facts import Outcome as PauseOutcome
from participation.pauses.models import WritingPause
from participation.reviews.models import Review
from participation.rounds.models import Round
from participation.windows.models import Window

Text = dict[str, str]
PAGE_SIZE, FEED_SIZE, AT_A_TIME = 50, 50, 1000
COLUMNS = ("tag", "beteiligung", "art", "entscheidung", "regel", "ueberpruefung", "ueberprueft_am", "uebernommen")


@dataclass(frozen=True)
class LogLine:
    """One decision as everybody may know it: the day, never the hour; no person, no text, no number of anything."""

    key: int
    """What the next page begins after; shown nowhere."""
    on: date
    kind: str
    outcome: Outcome
    rule: str | None
    """Slug of the rule, »law« where only a law is broken, None where nothing is."""
    netiquette_version: int | None
    imported: bool
    round_slug: str | None
    round_title: Text | None
    look: Look | None
    looked_on: date | None

    @property
    def changed_on(self) -> date:
        """The day on which the line last became another one."""
        return max(self.on, self.looked_on or self.on)


@dataclass(frozen=True)
class RoundName:
    """A round of which the log tells."""

    slug: str
    title: Text


@dataclass(frozen=True)
class Log:
    """One page of the log, the newest day first, with what it can be narrowed to."""

    page: Page[LogLine]
    rounds: tuple[RoundName, ...]
    years: tuple[int, ...]
    until: date
    """The last day that is told."""


@dataclass(frozen=True)
class Only:
    """What the log is narrowed to."""

    round_slug: str | None = None
    year: int | None = None


@dataclass(frozen=True)
class DecisionCount:
    """How often moderation decided so, and how many of these came from another platform."""

    outcome: Outcome
    count: int
    imported: int


@dataclass(frozen=True)
class Report:
    """What moderation did in a year, in numbers that each can be counted again from rows."""

    year: int
    years: tuple[int, ...]
    until: date
    """The last day that is told."""
    notices: Figures
    decisions: tuple[DecisionCount, ...]
    rules: dict[str, int]
    """Of the decisions that took something from an author, by the rule."""
    median: timedelta | None
    longest: timedelta | None
    looks: dict[Look, int]
    pauses: Figures

    @property
    def decided(self) -> int:
        """All decisions."""
        return sum(one.count for one in self.decisions)

    @property
    def imported(self) -> int:
        """Those that came from another platform."""
        return sum(one.imported for one in self.decisions)

    @property
    def asked(self) -> int:
        """All second looks that were asked for."""
        return sum(self.looks.values())


# ── The log ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def log(
    session: Session, *, now: datetime, only: Only | None = None, after: int | None = None, size: int = PAGE_SIZE
) -> Log:
    """Return one page of the log; three statements whatever its size.

    Within a day lines stand by round, outcome and rule, so that their order says nothing of the hour.
    """
    only = only or Only()
    return Log(
        page=feed(session, now=now, only=only, after=after, size=size),
        rounds=_rounds(session, now),
        years=years(session, now=now),
        until=_last_day(now),
    )


def feed(
    session: Session, *, now: datetime, only: Only | None = None, after: int | None = None, size: int = FEED_SIZE
) -> Page[LogLine]:
    """Return one page of the lines alone, the newest day first; one statement."""
    found = session.execute(_narrowed(_newest_first(now), only or Only(), after).limit(size + 1)).all()
    page = cut([_line(row, now) for row in found], size, key=lambda line: line.key)
    return Page(tuple(_without_hours(page.rows)), page.after)


def lines(session: Session, *, now: datetime, only: Only | None = None) -> Iterator[LogLine]:
    """Yield the lines of the log one by one, read by the thousand while they are sent. One statement.

    It is asked with the first line: what is asked before an answer is sent ends with the request's own reading.
    """
    rows = session.execute(
        _narrowed(_newest_first(now), only or Only(), None), execution_options={"yield_per": AT_A_TIME}
    )
    yield from _without_hours(_line(row, now) for row in rows)


def cells(line: LogLine) -> tuple[object, ...]:
    """Return a line as a row of the table of ``COLUMNS``: codes, and the round by its German title."""
    title = line.round_title["de"] if line.round_title else None
    looked = (line.look, line.looked_on)
    return (line.on, title, line.kind, line.outcome, line.rule, *looked, "ja" if line.imported else "nein")


def years(session: Session, *, now: datetime) -> tuple[int, ...]:
    """Return the years of which something can be told, this one first."""
    first = session.execute(select(func.min(ModerationDecision.decided_at))).scalar()
    last = _last_day(now).year
    return tuple(range(last, min(year_of(first), last) - 1 if first else last - 1, -1))


def _last_day(now: datetime) -> date:
    return berlin(told_before(now) - timedelta(microseconds=1)).date()


def _told(now: datetime) -> ColumnElement[bool]:
    """Say which decisions are told; the query must join ``Window``.

    Not those that were taken back before anybody heard of them. What puts a decision right after a second look stands
    in the line of that decision.
    """
    puts_right = exists().where(aliased(Review, name="righted").result_id == ModerationDecision.id)
    return and_(
        ModerationDecision.decided_at < told_before(now),
        stands(ModerationDecision),
        ~puts_right,
        Window.published_at <= now,
    )


def _placed(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(ModerationDecision)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .join(Window, Window.id == Contribution.window_id)
    )


def _newest_first(now: datetime) -> Select[Any]:
    one = ModerationDecision
    named = (one.outcome, one.rule, one.law, one.netiquette_version)
    told = _placed(one.id, one.decided_at, *named, one.decided_by, Contribution.kind)
    looked = (Review.asked_at, Review.decided_at.label("looked_at"), _look(told_before(now)).label("look"))
    return (
        told.add_columns(Round.slug, Round.title, *looked)
        .outerjoin(Round, Round.audience_id == Window.audience_id)
        .outerjoin(Review, Review.decision_id == one.id)
        .where(_told(now))
        .order_by(one.decided_at.desc(), one.id.desc())
    )


def _look(told: datetime) -> ColumnElement[str]:
    """Return what became of a second look that was asked for; the query joins its decision, case and contribution."""
    later = aliased(ModerationDecision)
    replaced = exists().where(
        later.case_id == Case.id, later.id > Review.decision_id, later.decided_at < told, stands(later), shapes(later)
    )
    # Bars, a link and a place outlast a later decision, and where a second look reversed that one, all holds again.
    gone = and_(replaced.correlate(Case, Review), ~gives_back(ModerationDecision))
    lapsed = or_(Contribution.state == State.WITHDRAWN, gone)
    return case(
        (Review.decided_at < told, Review.outcome),
        (and_(Review.asked_at.is_not(None), Review.decided_at.is_(None), lapsed), Look.LAPSED),
        else_=Look.ASKED,
    )


def _narrowed(found: Select[Any], only: Only, after: int | None) -> Select[Any]:
    one, last = ModerationDecision, aliased(ModerationDecision)
    if only.round_slug is not None:
        found = found.where(Round.slug == only.round_slug)
    if only.year is not None:
        begins, ends = bounds(only.year)
        found = found.where(one.decided_at >= begins, one.decided_at < ends)
    if after is not None:
        # The moment of the last line is looked up and not named in the address, where it would say the hour.
        place = select(last.decided_at, last.id).where(last.id == after).scalar_subquery()
        found = found.where(tuple_(one.decided_at, one.id) < place)
    return found


def _line(row: Any, now: datetime) -> LogLine:
    look = Look(row.look) if row.asked_at is not None and row.asked_at < told_before(now) else None
    return LogLine(
        key=row.id,
        on=berlin(row.decided_at).date(),
        kind=row.kind,
        outcome=told_as(row.outcome),
        rule=_rule(row),
        netiquette_version=row.netiquette_version,
        imported=row.decided_by is None,
        round_slug=row.slug,
        round_title=row.title,
        look=look,
        looked_on=berlin(row.looked_at).date() if look in (Look.UPHELD, Look.REVERSED) else None,
    )


def _rule(row: Any) -> str | None:
    """Return the rule of a decision; which law it is was typed, and what is typed can name people."""
    return row.rule or (LAW_RULE if row.law else None)


def _without_hours(found: Iterable[LogLine]) -> Iterator[LogLine]:
    """Yield lines day by day, each day by round, outcome and rule."""
    for _, day in groupby(found, key=lambda line: line.on):
        yield from sorted(day, key=lambda line: (line.round_slug or "", line.outcome, line.rule or "", line.look or ""))


def _rounds(session: Session, now: datetime) -> tuple[RoundName, ...]:
    moderated = _placed(ModerationDecision.id).where(Window.audience_id == Round.audience_id, _told(now))
    found = select(Round.slug, Round.title).where(moderated.correlate(Round).exists()).order_by(Round.id.desc())
    return tuple(RoundName(*row) for row in session.execute(found))


# ── The report of a year ──────────────────────────────────────────────────────────────────────────────────────────────
def report(session: Session, *, year: int | None, now: datetime) -> Report:
    """Return what moderation did in a year, up to the last day that is over; six statements.

    :param year: None for the newest
    :raises NoSuchYear: for a year of which nothing can be told
    """
    known = years(session, now=now)
    known = known or (_last_day(now).year,)
    year = known[0] if year is None else year
    if year not in known:
        raise NoSuchYear()
    begins, ends = bounds(year)
    ends = min(ends, told_before(now))
    decided = session.execute(_decided(now, begins, ends)).all()
    times = middle_and_longest(_times(session, now, begins, ends))
    return Report(
        year=year,
        years=known,
        until=berlin(ends - timedelta(microseconds=1)).date(),
        notices=_notices(session, begins, ends),
        decisions=_by_outcome(decided),
        rules=_by_rule(decided),
        median=times[0] if times else None,
        longest=times[1] if times else None,
        looks=_looks(session, begins, ends, told_before(now)),
        pauses=_pauses(session, begins, ends),
    )


def _decided(now: datetime, begins: datetime, ends: datetime) -> Select[Any]:
    one = ModerationDecision
    groups = (one.outcome, one.rule, one.law.is_not(None).label("law"), one.decided_by.is_(None).label("imported"))
    grouped = _placed(*groups, func.count().label("number")).where(_told(now))
    return grouped.where(one.decided_at >= begins, one.decided_at < ends).group_by(*groups)


def _by_outcome(decided: Iterable[Any]) -> tuple[DecisionCount, ...]:
    every, imported = Counter[Outcome](), Counter[Outcome]()
    for row in decided:
        every[told_as(row.outcome)] += row.number
        imported[told_as(row.outcome)] += row.number if row.imported else 0
    return tuple(DecisionCount(outcome, every[outcome], imported[outcome]) for outcome in TOLD)


def _by_rule(decided: Iterable[Any]) -> dict[str, int]:
    """Return how often each rule was broken. What was imported names none."""
    broken = Counter[str]()
    for row in decided:
        rule = _rule(row)
        if row.outcome in NEEDS_REASON and rule is not None:
            broken[rule] += row.number
    return {rule: broken[rule] for rule in OFFENCE_SLUGS}


def _times(session: Session, now: datetime, begins: datetime, ends: datetime) -> list[timedelta]:
    """Return how long each decision took since the first notice that it settled, or since the text could be read.

    What moderators came upon themselves waited for nobody; what was imported says nothing.
    """
    one = ModerationDecision
    reported = select(func.min(Notice.created_at)).where(Notice.decision_id == one.id).scalar_subquery()
    edited = case((Contribution.edited_at <= one.decided_at, Contribution.edited_at))
    written = func.coalesce(edited, Contribution.created_at)
    since = case((one.found == Found.NOTICE, reported), (one.found == Found.QUEUE, written))
    waited = _placed(one.decided_at, since.label("since")).where(
        _told(now), one.decided_at >= begins, one.decided_at < ends, one.found.in_((Found.NOTICE, Found.QUEUE))
    )
    rows = session.execute(waited, execution_options={"yield_per": AT_A_TIME})
    return [row.decided_at - row.since for row in rows if row.since is not None]


def _notices(session: Session, begins: datetime, ends: datetime) -> Figures:
    came = (
        select(Notice.kind, func.count().label("number"))
        .where(Notice.created_at >= begins, Notice.created_at < ends)
        .group_by(Notice.kind)
    )
    found = {row.kind: row.number for row in session.execute(came)}
    return covered({kind: found.get(kind, 0) for kind in NoticeKind})


def _looks(session: Session, begins: datetime, ends: datetime, told: datetime) -> dict[Look, int]:
    """Return what became of the second looks that were asked for in a year, as far as it is told."""
    became = select(_look(told).label("look")).join(ModerationDecision, ModerationDecision.id == Review.decision_id)
    became = became.join(Case, Case.id == ModerationDecision.case_id)
    became = became.join(Contribution, Contribution.id == Case.contribution_id)
    asked = became.where(Review.asked_at >= begins, Review.asked_at < ends).subquery()
    found = {Look(row[0]): row[1] for row in session.execute(select(asked.c.look, func.count()).group_by(asked.c.look))}
    return {look: found.get(look, 0) for look in Look}


def _pauses(session: Session, begins: datetime, ends: datetime) -> Figures:
    """Return how many pauses began in a year, by whether a second look lifted them."""
    lifted = case((WritingPause.outcome == PauseOutcome.REVERSED, "lifted"), else_="kept")
    began = (
        select(lifted.label("kind"), func.count().label("number"))
        .where(WritingPause.confirmed_at >= begins, WritingPause.confirmed_at < ends)
        .group_by(lifted)
    )
    found = {row.kind: row.number for row in session.execute(began)}
    return covered({kind: found.get(kind, 0) for kind in ("kept", "lifted")})
