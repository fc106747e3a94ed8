"""Reading what waits for moderation: held, reported, contested, passed on; and what was decided last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, null, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Person
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where, how_many_act
from participation.concepts.models import HandlungsfeldVersion
from participation.contributions.facts import Signal, State
from participation.contributions.models import Contribution
from participation.contributions.queries import signals_of
from participation.discussion.models import Comment
from participation.foundation.clock import berlin
from participation.foundation.facts import Holding
from participation.foundation.model import Moment
from participation.foundation.paging import Page, cut
from participation.foundation.workdays import earlier, later
from participation.moderation.facts import ALIKE, HOURS, UNDO_FOR, likenesses, version_after
from participation.moderation.models import Case, ModerationDecision, ModerationSetting, Notice
from participation.moderation.queries import (
    AUTHOR,
    Author,
    CaseFile,
    Claim,
    ModeratedRound,
    author_of,
    claim_of,
    is_of_review,
    last_decision,
    placed,
    stands,
    unanswered,
)
from participation.pauses.models import WritingPause
from participation.pauses.queries import waits as pause_waits
from participation.queues.facts import MOST_AT_ONCE, MOST_BESIDE, MOST_LIKENED, How, Listed
from participation.queues.models import BulkDecision, BulkItem
from participation.remarks.models import CaseTask
from participation.reviews.models import Review
from participation.reviews.queries import waits
from participation.rounds.models import Round
from participation.windows.models import Window

Text = dict[str, str]


PAGE_SIZE = 20


@dataclass(frozen=True)
class Waiting:
    """How much waits in a list, and since when its oldest."""

    count: int
    since: datetime | None
    overdue: int


@dataclass(frozen=True)
class Only:
    """What a list is narrowed to."""

    round_slug: str | None = None
    kind: str | None = None
    """Kind of a notice."""
    overdue: bool = False


@dataclass(frozen=True)
class NoticeCount:
    """How many open notices of a kind a contribution has."""

    kind: str
    count: int


@dataclass(frozen=True)
class QueueTask:
    """Something that is to be done about a contribution."""

    text: str
    for_id: UUID | None
    for_whom: str | None
    due_on: date | None


@dataclass(frozen=True)
class QueueRow:
    """One contribution in a list of the queue."""

    key: int
    """What the next page begins after."""
    id: int
    state: str
    rewording: bool
    ends_at: datetime
    """When the talk ends or ended, after which its author changes nothing."""
    text: str
    language: str
    version: int
    author: Author
    written_at: datetime
    waits_since: datetime
    due_at: datetime
    is_overdue: bool
    stance: str | None
    is_reply: bool
    round_title: Text | None
    subject_title: Text | None
    last_decision: int | None
    claim: Claim | None
    escalated_why: str | None
    outcome: str | None = None
    rule: str | None = None
    decided_by: UUID | None = None
    undone: bool = False
    can_be_undone: bool = False
    notices: tuple[NoticeCount, ...] = ()
    signals: tuple[Signal, ...] = ()
    """Why it was to be read before it is public."""
    task: QueueTask | None = None
    """In the list of open tasks the one that this line is for."""


@dataclass(frozen=True)
class Gathered:
    """Contributions that are decided on together, as they are shown before."""

    rows: tuple[QueueRow, ...]
    how: How
    listed: Listed
    more: bool
    """Whether there are more of them than are taken at once."""


@dataclass(frozen=True)
class Groups:
    """How much waits of the same author in this round, and how much that says nearly the same."""

    listed: Listed
    """The list in which it waits."""
    of_author: int
    alike: int
    is_least: bool
    """Whether there may be more that are alike, since only the oldest were compared."""


@dataclass(frozen=True)
class BulkLine:
    """What became of one contribution of several."""

    contribution_id: int
    excerpt: str
    decision_id: int | None
    refused: str | None
    undone: bool


@dataclass(frozen=True)
class BulkResult:
    """A decision on several contributions, with a line for each."""

    id: int
    how: str
    outcome: str
    rule: str | None
    law: str | None
    reason: str
    made_at: datetime
    lines: tuple[BulkLine, ...]
    can_be_undone: bool

    @property
    def decided(self) -> int:
        """How many were decided on, those that were taken back too."""
        return sum(line.decision_id is not None for line in self.lines)


@dataclass(frozen=True)
class Queue:
    """One page of one list, with what waits in all of them."""

    waiting: dict[Listed, Waiting]
    listed: Listed
    page: Page[QueueRow]
    rounds: tuple[ModeratedRound, ...]
    only: Only

    @property
    def held(self) -> Waiting:
        """What waits to be read."""
        return self.waiting[Listed.HELD]

    @property
    def reported(self) -> Waiting:
        """What somebody reported."""
        return self.waiting[Listed.REPORTED]


def queue(
    session: Session,
    *,
    moderator: UUID,
    listed: Listed,
    now: datetime,
    after: int | None = None,
    size: int = PAGE_SIZE,
    only: Only | None = None,
) -> Queue:
    """Return a page of what a person moderates; six statements whatever the size.

    What waits begins with the oldest, decided with the newest decision. ``after`` is the key of the last row seen.
    The counts are of everything, whatever the page is narrowed to.
    """
    only = only or Only()
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    rounds = _rounds(session, moderator, now)
    hours = {one.audience_id: one.hours for one in rounds}
    rows = session.execute(_narrowed(_LISTS[listed](mine, after), listed, only, hours, now).limit(size + 1)).all()
    details = _details(session, [row.id for row in rows])
    waiting = _waiting(session, mine, hours, now)
    return Queue(
        waiting=waiting,
        listed=listed,
        page=cut([_queue_row(row, details, hours, now) for row in rows], size, key=lambda row: row.key),
        rounds=rounds,
        only=only,
    )


def _rounds(session: Session, moderator: UUID, now: datetime) -> tuple[ModeratedRound, ...]:
    """Return the rounds that a person moderates, with the hours in which moderation decides there."""
    found = (
        select(Audience.id, func.coalesce(ModerationSetting.hours, HOURS), Round.slug, Round.title)
        .add_columns(how_many_act(role=Role.MODERATOR, now=now))
        .outerjoin(ModerationSetting, ModerationSetting.audience_id == Audience.id)
        .outerjoin(Round, Round.audience_id == Audience.id)
        .where(Audience.id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now)))
        .order_by(Round.id.desc())
    )
    return tuple(ModeratedRound(*row) for row in session.execute(found))


def _due_before(hours: dict[int, int], now: datetime) -> ColumnElement[Any]:
    """Return since when something may wait that is not overdue, by the hours of its round."""
    by_hours: dict[int, list[int]] = {}
    for audience_id, some in hours.items():
        if some != HOURS:
            by_hours.setdefault(some, []).append(audience_id)
    usual = literal(earlier(now, HOURS), Moment)
    if not by_hours:
        return usual
    return case(
        *((Window.audience_id.in_(ids), literal(earlier(now, some), Moment)) for some, ids in by_hours.items()),
        else_=usual,
    )


def _waiting(
    session: Session, mine: ColumnElement[bool], hours: dict[int, int], now: datetime
) -> dict[Listed, Waiting]:
    """Count each list that waits, with its oldest and how much is overdue, and what was decided; one statement."""
    due = _due_before(hours, now)
    parts = []
    for listed in (Listed.HELD, Listed.REPORTED, Listed.REVIEWS, Listed.PAUSES, Listed.ESCALATED, Listed.TASKS):
        rows = _LISTS[listed](mine, None).add_columns(due.label("due")).order_by(None).subquery()
        is_late = rows.c.due_on < berlin(now).date() if listed is Listed.TASKS else rows.c.since < rows.c.due
        late = func.coalesce(func.sum(case((is_late, 1), else_=0)), 0)
        parts.append(select(literal(listed.value).label("listed"), func.count(), func.min(rows.c.since), late))
    parts.append(_decided(mine))
    return {Listed(row[0]): Waiting(row[1], row[2], int(row[3])) for row in session.execute(union_all(*parts))}


def _decided(mine: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Count what people decided, without all that a line of the list shows."""
    counted = select(literal(Listed.DECIDED.value), func.count(), null(), literal(0)).select_from(ModerationDecision)
    counted = counted.join(Case, Case.id == ModerationDecision.case_id)
    counted = counted.join(Contribution, Contribution.id == Case.contribution_id)
    counted = counted.join(Window, Window.id == Contribution.window_id)
    return counted.where(mine, ModerationDecision.decided_by.is_not(None))


def _narrowed(
    rows: Select[*tuple[Any, ...]], listed: Listed, only: Only, hours: dict[int, int], now: datetime
) -> Select[*tuple[Any, ...]]:
    if only.round_slug:
        rows = rows.where(Round.slug == only.round_slug)
    if only.kind:
        noticed = select(Notice.id).where(Notice.contribution_id == Contribution.id, Notice.kind == only.kind)
        if listed is not Listed.DECIDED:
            noticed = noticed.where(Notice.settled_at.is_(None))
        rows = rows.where(noticed.correlate(Contribution).exists())
    if only.overdue and listed is Listed.TASKS:
        return rows.where(CaseTask.due_on < berlin(now).date())
    if only.overdue and listed is not Listed.DECIDED:
        since = next(column["expr"] for column in rows.column_descriptions if column["name"] == "since")
        rows = rows.where(since.element < _due_before(hours, now))
    return rows


def _list_held(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """What waits to be read, without what its author was asked to write in other words."""
    rows = _rows(Contribution.id, _WRITTEN).where(Contribution.state == State.HELD, mine, _here())
    rows = rows.where(Contribution.rewording.is_(False), Contribution.id > (after or 0))
    return rows.order_by(Contribution.id)


def _list_reported(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    oldest = (
        select(Notice.contribution_id, func.min(Notice.id).label("id"), func.min(Notice.created_at).label("since"))
        .where(Notice.settled_at.is_(None))
        .group_by(Notice.contribution_id)
        .subquery()
    )
    rows = _rows(oldest.c.id, oldest.c.since).join(oldest, oldest.c.contribution_id == Contribution.id)
    rows = rows.where(Contribution.state == State.PUBLISHED, mine, _here(), oldest.c.id > (after or 0))
    return rows.order_by(oldest.c.id)


def _list_reviews(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Second looks that were asked for, as long as the decision holds and its author did not withdraw."""
    rows = _rows(Review.id, Review.asked_at).join(ModerationDecision, ModerationDecision.case_id == Case.id)
    rows = rows.join(Review, Review.decision_id == ModerationDecision.id)
    return rows.where(mine, waits(), Review.id > (after or 0)).order_by(Review.id)


def _list_pauses(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Second looks at pauses that were asked for, each with the contribution that the pause rests on."""
    rows = _rows(WritingPause.id, WritingPause.asked_at).join(ModerationDecision, ModerationDecision.case_id == Case.id)
    rows = rows.join(WritingPause, WritingPause.decision_id == ModerationDecision.id)
    return rows.where(mine, pause_waits(), WritingPause.id > (after or 0)).order_by(WritingPause.id)


def _list_escalated(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """What was passed on, which is due as if it had not been: from the day on which it came to moderation first."""
    rows = _rows(Case.id, _came_first()).where(mine, Case.escalated_at.is_not(None))
    return rows.where(Contribution.state != State.WITHDRAWN, Case.id > (after or 0)).order_by(Case.id)


_WRITTEN: ColumnElement[datetime] = func.coalesce(Contribution.edited_at, Contribution.created_at, type_=Moment)
"""Since when a text is the one that is there."""


def _came_first() -> ColumnElement[datetime]:
    """Return since when something passed on waits: its oldest reason to, which may be that alone."""
    noticed = select(func.min(Notice.created_at)).where(
        Notice.contribution_id == Contribution.id, Notice.settled_at.is_(None)
    )
    asked = select(func.min(Review.asked_at)).join(ModerationDecision, ModerationDecision.id == Review.decision_id)
    asked = asked.where(ModerationDecision.case_id == Case.id, waits())
    moments: tuple[ColumnElement[Any], ...] = (
        case((Contribution.state == State.HELD, _WRITTEN), else_=Case.escalated_at),
        func.coalesce(noticed.correlate(Contribution).scalar_subquery(), Case.escalated_at),
        func.coalesce(asked.correlate(Contribution, Case).scalar_subquery(), Case.escalated_at),
    )
    return reduce(_earlier_of, moments, type_coerce(Case.escalated_at, Moment))


def _earlier_of(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Return the earlier of two moments; the two engines call that by different names."""
    return case((one <= other, one), else_=other)


def _list_tasks(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Open tasks, whatever became of the contribution: what is to be done does not go away by itself."""
    rows = _rows(CaseTask.id, CaseTask.set_at).add_columns(
        CaseTask.text.label("task"), CaseTask.for_id, Person.email.label("for_whom"), CaseTask.due_on
    )
    rows = rows.join(CaseTask, CaseTask.contribution_id == Contribution.id)
    rows = rows.outerjoin(Person, Person.id == CaseTask.for_id)
    return rows.where(mine, CaseTask.done_at.is_(None), CaseTask.id > (after or 0)).order_by(CaseTask.id)


def _list_decided(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Decisions of people, those of an import left out: they are history, not work."""
    rows = _rows(ModerationDecision.id, ModerationDecision.decided_at).add_columns(
        ModerationDecision.outcome,
        ModerationDecision.rule,
        ModerationDecision.decided_by,
        (~stands(ModerationDecision)).label("undone"),
        is_of_review(ModerationDecision).label("of_review"),
        ModerationDecision.contribution_version.label("version_read"),
    )
    rows = rows.join(ModerationDecision, ModerationDecision.case_id == Case.id)
    rows = rows.where(mine, ModerationDecision.decided_by.is_not(None))
    if after is not None:
        rows = rows.where(ModerationDecision.id < after)
    return rows.order_by(ModerationDecision.id.desc())


def _here() -> ColumnElement[bool]:
    """Say that a case was not passed on."""
    return Case.escalated_at.is_(None)


_LISTS = {
    Listed.HELD: _list_held,
    Listed.REPORTED: _list_reported,
    Listed.REVIEWS: _list_reviews,
    Listed.PAUSES: _list_pauses,
    Listed.ESCALATED: _list_escalated,
    Listed.TASKS: _list_tasks,
    Listed.DECIDED: _list_decided,
}


def _rows(key: Any, since: Any) -> Select[*tuple[Any, ...]]:
    """Select contributions with their place and author, the decision that holds, and who has them open."""
    chosen = select(
        key.label("key"),
        since.label("since"),
        Contribution.id,
        Contribution.state,
        Contribution.rewording,
        *(Window.closes_at, Window.closed_at),
        Contribution.text,
        Contribution.language,
        Contribution.version,
        Contribution.created_at,
        *AUTHOR,
        Comment.stance,
        Comment.level,
        Window.audience_id,
        Round.title.label("round_title"),
        HandlungsfeldVersion.title.label("subject_title"),
        Case.claimed_by,
        Case.claimed_at,
        Case.escalated_why,
        last_decision().label("last_decision"),
    )
    return placed(chosen.select_from(Contribution)).outerjoin(Case, Case.contribution_id == Contribution.id)


@dataclass(frozen=True)
class _Details:
    """What is shown with some contributions, each read by a statement of its own."""

    notices: dict[int, tuple[NoticeCount, ...]]
    signals: dict[int, tuple[Signal, ...]]


def _details(session: Session, contribution_ids: Sequence[int]) -> _Details:
    return _Details(_counts(session, contribution_ids), signals_of(session, contribution_ids))


def _counts(session: Session, contribution_ids: Sequence[int]) -> dict[int, tuple[NoticeCount, ...]]:
    """Count the unanswered notices of some contributions by kind."""
    found = (
        select(Notice.contribution_id, Notice.kind, func.count())
        .where(Notice.contribution_id.in_(contribution_ids), unanswered())
        .group_by(Notice.contribution_id, Notice.kind)
        .order_by(Notice.contribution_id, Notice.kind)
    )
    counted: dict[int, tuple[NoticeCount, ...]] = {}
    for contribution_id, kind, count in session.execute(found):
        counted[contribution_id] = (*counted.get(contribution_id, ()), NoticeCount(kind, count))
    return counted


def _queue_row(row: Any, details: _Details, hours: dict[int, int], now: datetime) -> QueueRow:
    due_at = later(row.since, hours.get(row.audience_id, HOURS))
    task = QueueTask(row.task, row.for_id, row.for_whom, row.due_on) if hasattr(row, "task") else None
    return QueueRow(
        key=row.key,
        id=row.id,
        state=row.state,
        rewording=row.rewording,
        ends_at=min(row.closes_at, row.closed_at or row.closes_at),
        text=row.text,
        language=row.language,
        version=row.version,
        author=author_of(row),
        written_at=row.created_at,
        waits_since=row.since,
        due_at=due_at,
        is_overdue=due_at < now if task is None else task.due_on is not None and task.due_on < berlin(now).date(),
        stance=row.stance,
        is_reply=row.level == 1,
        round_title=row.round_title,
        subject_title=row.subject_title,
        last_decision=row.last_decision,
        claim=claim_of(row, now),
        escalated_why=row.escalated_why,
        outcome=getattr(row, "outcome", None),
        rule=getattr(row, "rule", None),
        decided_by=getattr(row, "decided_by", None),
        undone=bool(getattr(row, "undone", False)),
        can_be_undone=hasattr(row, "of_review") and _can_be_undone(row, now),
        notices=details.notices.get(row.id, ()),
        signals=details.signals.get(row.id, ()),
        task=task,
    )


def _can_be_undone(row: Any, now: datetime) -> bool:
    """Say whether a decision can be taken back by who made it, as far as a list knows.

    It is the last one, no second look brought it, and its author did not write since.
    """
    is_last = row.last_decision == row.key and not row.of_review
    is_as_left = row.version == version_after(row.version_read, row.outcome) and row.state != State.WITHDRAWN
    return is_last and is_as_left and now < row.since + UNDO_FOR


# ── Several at once ───────────────────────────────────────────────────────────────────────────────────────────────────
def gathered(
    session: Session, *, moderator: UUID, listed: Listed, how: How, numbers: Sequence[int], now: datetime
) -> Gathered:
    """Return what is held or reported and belongs together, at most 200, the oldest first; eight statements at most.

    :param numbers: the contributions that were picked, or the one whose author or likes are looked for
    """
    waiting = _in_one_go(listed, moderator, now)
    if how is How.PAGE:
        waiting = waiting.where(Contribution.id.in_(numbers))
    elif how is How.AUTHOR:
        other = aliased(Contribution)
        author = select(other.participant_id).where(other.id.in_(numbers[:1]))
        waiting = waiting.where(Contribution.participant_id.in_(author))
    else:
        waiting = waiting.where(Contribution.id.in_(_alike(session, waiting, numbers[:1], moderator, now)))
    rows = session.execute(waiting.limit(MOST_AT_ONCE + 1)).all()
    details = _details(session, [row.id for row in rows])
    hours = {one.audience_id: one.hours for one in _rounds(session, moderator, now)}
    shown = tuple(_queue_row(row, details, hours, now) for row in rows[:MOST_AT_ONCE])
    return Gathered(shown, how, listed, len(rows) > MOST_AT_ONCE)


def groups(session: Session, case: CaseFile, *, listed: Listed, moderator: UUID, now: datetime) -> Groups:
    """Return what waits together with a contribution; one statement."""
    waiting = _in_one_go(listed, moderator, now)
    waiting = waiting.where(Contribution.id != case.id, Window.audience_id == case.audience_id)
    author = aliased(Contribution)
    wrote = select(author.participant_id).where(author.id == case.id).scalar_subquery()
    theirs = waiting.where(Contribution.participant_id == wrote).order_by(None)
    theirs = theirs.with_only_columns(func.count(), maintain_column_froms=True)
    texts = (Contribution.id, Contribution.text, theirs.correlate(None).scalar_subquery().label("of_author"))
    rows = session.execute(waiting.with_only_columns(*texts, maintain_column_froms=True).limit(MOST_BESIDE)).all()
    alike = _like(case.text, rows)
    return Groups(listed, rows[0].of_author if rows else 0, len(alike), bool(alike) and len(rows) == MOST_BESIDE)


def _in_one_go(listed: Listed, moderator: UUID, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select what a person may decide on together: held or reported; what they wrote themselves others decide on."""
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    waiting = _LISTS[listed if listed in (Listed.HELD, Listed.REPORTED) else Listed.HELD](mine, None)
    return waiting.where(or_(Participant.person_id.is_(None), Participant.person_id != moderator))


def _alike(
    session: Session, waiting: Select[*tuple[Any, ...]], numbers: Sequence[int], moderator: UUID, now: datetime
) -> list[int]:
    """Return what waits and says nearly the same as a contribution of the same round, that one included."""
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    found = select(Contribution.id, Contribution.text, Window.audience_id)
    found = found.join(Window, Window.id == Contribution.window_id).where(Contribution.id.in_(numbers), mine)
    anchor = session.execute(found).one_or_none()
    if anchor is None:
        return []
    others = waiting.where(Window.audience_id == anchor.audience_id).limit(MOST_LIKENED)
    texts = session.execute(others.with_only_columns(Contribution.id, Contribution.text, maintain_column_froms=True))
    return list(dict.fromkeys([anchor.id, *_like(anchor.text, texts.all())]))[: MOST_AT_ONCE + 1]


def _like(text: str, rows: Sequence[Any]) -> list[int]:
    """Return those of some contributions that say nearly the same as a text."""
    shares = likenesses(text, (row.text for row in rows))
    return [row.id for row, share in zip(rows, shares, strict=True) if share >= ALIKE or row.text == text]


def bulk_result(session: Session, *, bulk_id: int, moderator: UUID, now: datetime) -> BulkResult | None:
    """Return what became of contributions that this person decided on together, or None."""
    bulk = session.execute(
        select(BulkDecision).where(BulkDecision.id == bulk_id, BulkDecision.made_by == moderator)
    ).scalar_one_or_none()
    if bulk is None:
        return None
    excerpt = func.substr(Contribution.text, 1, 120)
    undone = BulkItem.decision_id.is_not(None) & ~stands(ModerationDecision)
    found = (
        select(BulkItem.contribution_id, excerpt, BulkItem.decision_id, BulkItem.refused, undone)
        .join(Contribution, Contribution.id == BulkItem.contribution_id)
        .outerjoin(ModerationDecision, ModerationDecision.id == BulkItem.decision_id)
        .where(BulkItem.bulk_id == bulk_id)
        .order_by(BulkItem.contribution_id)
    )
    lines = tuple(BulkLine(row[0], row[1], row[2], row[3], bool(row[4])) for row in session.execute(found))
    return BulkResult(
        id=bulk.id,
        how=bulk.how,
        outcome=bulk.outcome,
        rule=bulk.rule,
        law=bulk.law,
        reason=bulk.reason,
        made_at=bulk.made_at,
        lines=lines,
        can_be_undone=now < bulk.made_at + UNDO_FOR and any(one.decision_id and not one.undone for one in lines),
    )


def decisions_of_bulk(session: Session, *, bulk_id: int, by: UUID) -> list[int]:
    """Return the decisions that this person made together under a number."""
    found = select(BulkItem.decision_id).join(BulkDecision, BulkDecision.id == BulkItem.bulk_id)
    mine = found.where(BulkDecision.id == bulk_id, BulkDecision.made_by == by, BulkItem.decision_id.is_not(None))
    return [number for number in session.execute(mine.order_by(BulkItem.decision_id)).scalars() if number is not None]


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return what a person decided in office on several contributions at once."""
    found = select(BulkDecision).where(BulkDecision.made_by == person_id).order_by(BulkDecision.id)
    return [
        Holding(
            room="queues",
            kind="bulk_decision",
            text=one.reason,
            facts={"outcome": one.outcome, "rule": one.rule, "made_at": one.made_at.isoformat()},
        )
        for one in session.execute(found).scalars()
    ]
