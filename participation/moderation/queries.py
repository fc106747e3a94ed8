"""Reading what waits for moderation, a contribution in its context, and what was decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, and_, case, exists, func, literal, or_, select, union_all, update
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office, Person
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where
from participation.concepts.models import HandlungsfeldVersion
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public
from participation.discussion.models import Comment, Thread
from participation.foundation.facts import Fact, Holding
from participation.foundation.model import Moment
from participation.foundation.paging import Page, cut
from participation.foundation.workdays import earlier, later
from participation.moderation.facts import (
    ALIKE,
    CONTEST_FOR,
    HOURS,
    OPEN_FOR,
    UNDO_FOR,
    Contestable,
    Decided,
    Listed,
    NoSuchOriginal,
    NoSuchSubject,
    Outcome,
    SealedKind,
    Standing,
    Taken,
    TooLateToReword,
    ToReview,
    Verdict,
    likeness,
)
from participation.moderation.models import (
    Case,
    DecisionUndo,
    ModerationDecision,
    ModerationSetting,
    Notice,
    Review,
    SealedCopy,
)
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.windows.models import Window

Text = dict[str, str]
PAGE_SIZE = 20
MOST_COMPARED, MOST_ALIKE = 500, 3
MOST_REPLIES, MOST_DECISIONS = 50, 50
"""More of one thing than this is not shown beside a contribution; the round's page has it all."""


@dataclass(frozen=True)
class Waiting:
    """How much waits in a list, and since when its oldest."""

    count: int
    since: datetime | None
    overdue: int


@dataclass(frozen=True)
class ModeratedRound:
    """A round that a person moderates, and within how many hours of working days moderation decides there."""

    audience_id: int
    hours: int
    slug: str | None
    title: Text | None


@dataclass(frozen=True)
class Only:
    """What a list is narrowed to."""

    round_slug: str | None = None
    kind: str | None = None
    """Kind of a notice."""
    overdue: bool = False


@dataclass(frozen=True)
class Claim:
    """That somebody has a contribution open."""

    by: UUID
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Author:
    """Who wrote something, as far as moderators may know: the name of this round and how they came."""

    shown_as: str | None
    is_erased: bool
    is_imported: bool


@dataclass(frozen=True)
class NoticeCount:
    """How many open notices of a kind a contribution has."""

    kind: str
    count: int


@dataclass(frozen=True)
class QueueRow:
    """One contribution in a list of the queue."""

    key: int
    """What the next page begins after."""
    id: int
    state: str
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


@dataclass(frozen=True)
class NoticeLine:
    """A notice; who wrote it is not shown to moderators."""

    kind: str
    text: str
    created_at: datetime
    settled_at: datetime | None
    with_account: bool


@dataclass(frozen=True)
class DecisionLine:
    """A decision on a contribution."""

    id: int
    contribution_id: int
    outcome: str
    rule: str | None
    reason: str
    decided_by: UUID | None
    decided_at: datetime
    excerpt: str = ""
    law: str | None = None
    undone: bool = False
    token: str | None = None


@dataclass(frozen=True)
class Beside:
    """A comment that stands above or below the one in question."""

    id: int
    state: str
    text: str
    language: str
    author: Author
    written_at: datetime
    stance: str | None


@dataclass(frozen=True)
class CaseFile:
    """A contribution with all that a moderator needs to decide, and nothing of votes or ratings."""

    id: int
    state: str
    text: str
    language: str
    version: int
    author: Author
    written_at: datetime
    edited_at: datetime | None
    stance: str | None
    is_reply: bool
    home: str | None
    round_title: Text | None
    round_slug: str | None
    subject_title: Text | None
    office: Text
    claim: Claim | None
    escalated_why: str | None
    rewording: bool
    likely: tuple[Beside, ...]
    """Public contributions on the same subject that say much the same."""
    places: tuple[Place, ...]
    """Other subjects that it may be moved to."""
    review_id: int | None
    """A second look that waits."""
    parent: Beside | None
    replies: tuple[Beside, ...]
    notices: tuple[NoticeLine, ...]
    decisions: tuple[DecisionLine, ...]
    """Newest first; the first one holds."""
    earlier: tuple[DecisionLine, ...]
    """On other contributions of the same author in this round, newest first."""

    @property
    def holding(self) -> DecisionLine | None:
        """The decision that holds now."""
        return next((one for one in self.decisions if not one.undone), None)

    @property
    def last_decision(self) -> int | None:
        """The number of the decision that holds now."""
        return self.holding.id if self.holding else None

    @property
    def open_notices(self) -> int:
        """How many notices wait."""
        return sum(notice.settled_at is None for notice in self.notices)


@dataclass(frozen=True)
class ReviewFile:
    """A second look that was asked for, with all that is needed to give it."""

    id: int
    words: str
    asked_at: datetime
    decision: DecisionLine
    file: CaseFile
    original: str | None
    """The text before it was blacked out."""
    is_own: bool
    """Whether who looks made the decision, and therefore does not answer."""
    outcome: str | None
    reason: str
    decided_at: datetime | None


@dataclass(frozen=True)
class OwnDecision:
    """A decision as its author reads it on a page of its own, and what became of the request to look again."""

    contribution_id: int
    text: str
    language: str
    round_title: Text | None
    office: Text
    outcome: str
    rule: str | None
    law: str | None
    reason: str
    decided_at: datetime
    until: datetime
    """A second look can be asked for until then."""
    asked_at: datetime | None
    review_outcome: str | None
    review_reason: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True)
class Reportable:
    """A public contribution, as the page shows it on which it is reported."""

    id: int
    text: str
    language: str
    author: Author
    written_at: datetime
    stance: str | None
    home: str | None


@dataclass(frozen=True)
class NoticeStatus:
    """What became of a notice, for whoever holds its receipt. While a decision can be undone it still waits."""

    number: int
    kind: str
    text: str
    created_at: datetime
    is_told_by_mail: bool
    office: Text
    home: str | None
    settled_at: datetime | None = None
    outcome: str | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Reporter:
    """Somebody who reported and wants to know."""

    number: int
    token: str | None
    email: str
    language: str


@dataclass(frozen=True)
class Addressee:
    """Where the letter about a decision goes, and what it must name."""

    email: str
    language: str
    shown_as: str | None
    text: str
    round_title: Text | None
    office: Text
    home: str | None
    token: str | None = None
    """Of the decision's own page, for its author alone."""


@dataclass(frozen=True)
class Place:
    """Another subject that a comment may be moved to."""

    thread_id: int
    title: Text


# ── The queue ─────────────────────────────────────────────────────────────────────────────────────────────────────────
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
    """Return a page of what a person moderates; five statements whatever the size.

    What waits begins with the oldest, decided with the newest decision. ``after`` is the key of the last row seen.
    The counts are of everything, whatever the page is narrowed to.
    """
    only = only or Only()
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    rounds = _rounds(session, moderator, now)
    hours = {one.audience_id: one.hours for one in rounds}
    rows = session.execute(_narrowed(_LISTS[listed](mine, after), listed, only, hours, now).limit(size + 1)).all()
    counted = _counts(session, [row.id for row in rows])
    waiting = _waiting(session, mine, hours, now)
    return Queue(
        waiting=waiting,
        listed=listed,
        page=cut([_queue_row(row, counted, hours, now) for row in rows], size, key=lambda row: row.key),
        rounds=rounds,
        only=only,
    )


def _rounds(session: Session, moderator: UUID, now: datetime) -> tuple[ModeratedRound, ...]:
    """Return the rounds that a person moderates, with the hours in which moderation decides there."""
    found = (
        select(Audience.id, func.coalesce(ModerationSetting.hours, HOURS), Round.slug, Round.title)
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
    """Count each list that waits, with its oldest and how much is overdue; one statement."""
    due = _due_before(hours, now)
    parts = []
    for listed in (Listed.HELD, Listed.REPORTED, Listed.REVIEWS, Listed.ESCALATED):
        rows = _LISTS[listed](mine, None).add_columns(due.label("due")).order_by(None).subquery()
        late = func.coalesce(func.sum(case((rows.c.since < rows.c.due, 1), else_=0)), 0)
        parts.append(select(literal(listed.value).label("listed"), func.count(), func.min(rows.c.since), late))
    return {Listed(row[0]): Waiting(row[1], row[2], int(row[3])) for row in session.execute(union_all(*parts))}


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
    if only.overdue and listed is not Listed.DECIDED:
        since = next(column["expr"] for column in rows.column_descriptions if column["name"] == "since")
        rows = rows.where(since.element < _due_before(hours, now))
    return rows


def _list_held(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """What waits to be read, without what its author was asked to write in other words."""
    since = func.coalesce(Contribution.edited_at, Contribution.created_at, type_=Moment)
    rows = _rows(Contribution.id, since).where(Contribution.state == State.HELD, mine, _here())
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
    rows = rows.where(mine, Review.decided_at.is_(None), Contribution.state != State.WITHDRAWN)
    return rows.where(ModerationDecision.id == _last_decision(), Review.id > (after or 0)).order_by(Review.id)


def _list_escalated(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    rows = _rows(Case.id, Case.escalated_at).where(mine, Case.escalated_at.is_not(None))
    return rows.where(Contribution.state != State.WITHDRAWN, Case.id > (after or 0)).order_by(Case.id)


def _list_decided(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Decisions of people, those of an import left out: they are history, not work."""
    rows = _rows(ModerationDecision.id, ModerationDecision.decided_at).add_columns(
        ModerationDecision.outcome,
        ModerationDecision.rule,
        ModerationDecision.decided_by,
        (~_stands(ModerationDecision)).label("undone"),
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
    Listed.ESCALATED: _list_escalated,
    Listed.DECIDED: _list_decided,
}


def _rows(key: Any, since: Any) -> Select[*tuple[Any, ...]]:
    """Select contributions with their place and author, the decision that holds, and who has them open."""
    chosen = select(
        key.label("key"),
        since.label("since"),
        Contribution.id,
        Contribution.state,
        Contribution.text,
        Contribution.language,
        Contribution.version,
        Contribution.created_at,
        *_AUTHOR,
        Comment.stance,
        Comment.level,
        Window.audience_id,
        Round.title.label("round_title"),
        HandlungsfeldVersion.title.label("subject_title"),
        Case.claimed_by,
        Case.claimed_at,
        Case.escalated_why,
        _last_decision().label("last_decision"),
    )
    return _placed(chosen.select_from(Contribution)).outerjoin(Case, Case.contribution_id == Contribution.id)


_AUTHOR = (
    Participant.shown_as,
    Participant.erased_at.is_not(None).label("is_erased"),
    Contribution.source.is_not(None).label("is_imported"),
)


def _placed(chosen: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join what a contribution belongs to: author, window, thread, subject and round, as far as there are such."""
    return (
        chosen.join(Participant, Participant.id == Contribution.participant_id)
        .join(Window, Window.id == Contribution.window_id)
        .outerjoin(Comment, Comment.id == Contribution.id)
        .outerjoin(Thread, Thread.id == Comment.thread_id)
        .outerjoin(SubjectPart, SubjectPart.thread_id == Thread.id)
        .outerjoin(Subject, Subject.id == SubjectPart.subject_id)
        .outerjoin(HandlungsfeldVersion, HandlungsfeldVersion.id == Subject.handlungsfeld_version_id)
        .outerjoin(Part, Part.window_id == Window.id)
        .outerjoin(Round, Round.id == Part.round_id)
    )


def _last_decision() -> Any:
    decision, case = aliased(ModerationDecision), aliased(Case)
    last = select(func.max(decision.id)).join(case, case.id == decision.case_id)
    last = last.where(_stands(decision))
    return last.where(case.contribution_id == Contribution.id).correlate(Contribution).scalar_subquery()


def _counts(session: Session, contribution_ids: Sequence[int]) -> dict[int, tuple[NoticeCount, ...]]:
    """Count the open notices of some contributions by kind."""
    found = (
        select(Notice.contribution_id, Notice.kind, func.count())
        .where(Notice.contribution_id.in_(contribution_ids), Notice.settled_at.is_(None))
        .group_by(Notice.contribution_id, Notice.kind)
        .order_by(Notice.contribution_id, Notice.kind)
    )
    counted: dict[int, tuple[NoticeCount, ...]] = {}
    for contribution_id, kind, count in session.execute(found):
        counted[contribution_id] = (*counted.get(contribution_id, ()), NoticeCount(kind, count))
    return counted


def _queue_row(row: Any, counted: dict[int, tuple[NoticeCount, ...]], hours: dict[int, int], now: datetime) -> QueueRow:
    due_at = later(row.since, hours.get(row.audience_id, HOURS))
    return QueueRow(
        key=row.key,
        id=row.id,
        state=row.state,
        text=row.text,
        language=row.language,
        version=row.version,
        author=_author(row),
        written_at=row.created_at,
        waits_since=row.since,
        due_at=due_at,
        is_overdue=due_at < now,
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
        can_be_undone=now < row.since + UNDO_FOR and not getattr(row, "undone", True),
        notices=counted.get(row.id, ()),
    )


def claim_of(row: Any, now: datetime) -> Claim | None:
    """Return who has a contribution open, or None; after ten minutes nobody has."""
    if row.claimed_at is None or now >= row.claimed_at + OPEN_FOR:
        return None
    return Claim(row.claimed_by, row.claimed_at, row.claimed_at + OPEN_FOR)


def _author(row: Any) -> Author:
    return Author(row.shown_as, bool(row.is_erased), bool(row.is_imported))


# ── One contribution ──────────────────────────────────────────────────────────────────────────────────────────────────
def case_file(session: Session, *, contribution_id: int, moderator: UUID, now: datetime) -> CaseFile | None:
    """Return a contribution in its context, or None if there is none that this person moderates."""
    row = session.execute(_file(contribution_id, moderator, now)).one_or_none()
    if row is None:
        return None
    return CaseFile(
        id=row.id,
        state=row.state,
        text=row.text,
        language=row.language,
        version=row.version,
        author=_author(row),
        written_at=row.created_at,
        edited_at=row.edited_at,
        stance=row.stance,
        is_reply=row.parent_id is not None,
        home=row.home,
        round_title=row.round_title,
        round_slug=row.slug,
        subject_title=row.subject_title,
        office=row.office,
        claim=claim_of(row, now),
        escalated_why=row.escalated_why,
        rewording=row.rewording,
        likely=_likely(session, row),
        places=tuple(other_subjects(session, contribution_id)),
        review_id=_open_review(session, contribution_id),
        parent=next(iter(_beside(session, Contribution.id == row.parent_id)), None) if row.parent_id else None,
        replies=_beside(session, Comment.parent_id == contribution_id),
        notices=_notices(session, contribution_id),
        decisions=_decisions(session, Case.contribution_id == contribution_id),
        earlier=_decisions(
            session, Contribution.participant_id == row.participant_id, Contribution.id != contribution_id
        ),
    )


def _file(contribution_id: int, moderator: UUID, now: datetime) -> Select[*tuple[Any, ...]]:
    chosen = select(
        Contribution.id,
        Contribution.participant_id,
        Contribution.state,
        Contribution.text,
        Contribution.language,
        Contribution.version,
        Contribution.created_at,
        Contribution.edited_at,
        *_AUTHOR,
        Comment.stance,
        Comment.parent_id,
        Comment.thread_id,
        Contribution.rewording,
        Case.claimed_by,
        Case.claimed_at,
        Case.escalated_why,
        Thread.home,
        Round.title.label("round_title"),
        Round.slug,
        HandlungsfeldVersion.title.label("subject_title"),
        Office.name.label("office"),
    )
    rows = _placed(chosen.select_from(Contribution)).join(Audience, Audience.id == Window.audience_id)
    rows = rows.outerjoin(Case, Case.contribution_id == Contribution.id)
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    return rows.join(Office, Office.id == Audience.office_id).where(Contribution.id == contribution_id, mine)


def _open_review(session: Session, contribution_id: int) -> int | None:
    found = (
        select(Review.id)
        .join(ModerationDecision, ModerationDecision.id == Review.decision_id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id == contribution_id, Review.decided_at.is_(None))
        .where(_stands(ModerationDecision))
        .order_by(Review.id.desc())
        .limit(1)
    )
    return session.execute(found).scalar_one_or_none()


def _likely(session: Session, row: Any) -> tuple[Beside, ...]:
    """Return up to three public contributions of the same thread that share most words with this one, oldest first.

    Only the newest are compared, so that the page stays quick in a long talk.
    """
    if row.thread_id is None:
        return ()
    others = (
        select(Contribution.id, Contribution.text)
        .join(Comment, Comment.id == Contribution.id)
        .where(Comment.thread_id == row.thread_id, Contribution.state == State.PUBLISHED, Contribution.id != row.id)
        .order_by(Contribution.id.desc())
        .limit(MOST_COMPARED)
    )
    alike = [(likeness(row.text, one.text), one.id) for one in session.execute(others)]
    best = sorted((one for one in alike if one[0] >= ALIKE), reverse=True)[:MOST_ALIKE]
    return _beside(session, Contribution.id.in_([number for _, number in best])) if best else ()


def _beside(session: Session, which: ColumnElement[bool]) -> tuple[Beside, ...]:
    found = (
        select(
            Contribution.id,
            Contribution.state,
            Contribution.text,
            Contribution.language,
            Contribution.created_at,
            Comment.stance,
            *_AUTHOR,
        )
        .join(Comment, Comment.id == Contribution.id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(which)
        .order_by(Contribution.id)
        .limit(MOST_REPLIES)
    )
    return tuple(
        Beside(row.id, row.state, row.text, row.language, _author(row), row.created_at, row.stance)
        for row in session.execute(found)
    )


def _notices(session: Session, contribution_id: int) -> tuple[NoticeLine, ...]:
    named = Notice.participant_id.is_not(None)
    found = select(Notice.kind, Notice.text, Notice.created_at, Notice.settled_at, named)
    newest = found.where(Notice.contribution_id == contribution_id).order_by(Notice.id.desc())
    return tuple(NoticeLine(*row) for row in session.execute(newest.limit(MOST_DECISIONS)))


def _decisions(session: Session, *which: ColumnElement[bool]) -> tuple[DecisionLine, ...]:
    found = (
        select(
            ModerationDecision.id,
            Case.contribution_id,
            ModerationDecision.outcome,
            ModerationDecision.rule,
            ModerationDecision.reason,
            ModerationDecision.decided_by,
            ModerationDecision.decided_at,
            func.substr(Contribution.text, 1, 120),
            ModerationDecision.law,
            ~_stands(ModerationDecision),
        )
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(*which)
        .order_by(ModerationDecision.id.desc())
        .limit(MOST_DECISIONS)
    )
    return tuple(DecisionLine(*row) for row in session.execute(found))


def standing(session: Session, contribution_id: int) -> Standing:
    """Return how things stand with a contribution; to be asked with its row locked."""
    waiting = select(func.count()).where(Notice.contribution_id == contribution_id, Notice.settled_at.is_(None))
    state, notices, rewording = session.execute(
        select(Contribution.state, waiting.scalar_subquery(), Contribution.rewording).where(
            Contribution.id == contribution_id
        )
    ).one()
    decision = ModerationDecision
    last = session.execute(
        select(
            decision.id,
            decision.outcome,
            decision.rule,
            decision.reason,
            decision.decided_by,
            decision.law,
            decision.duplicate_of,
            decision.moved_to,
        )
        .join(Case, Case.id == decision.case_id)
        .where(Case.contribution_id == contribution_id, _stands(decision))
        .order_by(decision.id.desc())
        .limit(1)
    ).one_or_none()
    return Standing(state, Decided(*last) if last else None, notices, rewording)


def _stands(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that it was not taken back."""
    return ~exists().where(DecisionUndo.decision_id == decision.id)


def review_file(session: Session, *, review_id: int, moderator: UUID, now: datetime) -> ReviewFile | None:
    """Return a second look that was asked for, with the decision and its contribution, or None."""
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    found = (
        select(Review.id, Review.words, Review.asked_at, Case.contribution_id, Review.decision_id)
        .add_columns(Review.contested_by, Review.outcome, Review.reason, Review.decided_at)
        .join(ModerationDecision, ModerationDecision.id == Review.decision_id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Review.id == review_id, mine)
    )
    row = session.execute(found).one_or_none()
    if row is None:
        return None
    file = case_file(session, contribution_id=row.contribution_id, moderator=moderator, now=now)
    decisions = _decisions(session, ModerationDecision.id == row.decision_id)
    if file is None or not decisions:
        return None
    sealed = session.execute(
        select(SealedCopy.text).where(SealedCopy.decision_id == row.decision_id, SealedCopy.kind == SealedKind.ORIGINAL)
    ).scalar_one_or_none()
    return ReviewFile(
        id=row.id,
        words=row.words,
        asked_at=row.asked_at,
        decision=decisions[0],
        file=file,
        original=sealed or None,
        is_own=row.contested_by == moderator,
        outcome=row.outcome,
        reason=row.reason,
        decided_at=row.decided_at,
    )


def settings_of(session: Session, *, round_slug: str, person_id: UUID, now: datetime) -> ModeratedRound | None:
    """Return what moderation of a round is set to, for staff that leads it, or None."""
    mine = audiences_where(person_id=person_id, role=Role.STAFF, now=now)
    found = (
        select(Audience.id, func.coalesce(ModerationSetting.hours, HOURS), Round.slug, Round.title)
        .join(Round, Round.audience_id == Audience.id)
        .outerjoin(ModerationSetting, ModerationSetting.audience_id == Audience.id)
        .where(Round.slug == round_slug, Audience.id.in_(mine))
    )
    row = session.execute(found).one_or_none()
    return ModeratedRound(*row) if row else None


def thread_of(session: Session, contribution_id: int) -> int | None:
    """Return the thread that a contribution stands in, or None."""
    return session.execute(select(Comment.thread_id).where(Comment.id == contribution_id)).scalar_one_or_none()


def why_not_there(session: Session, contribution_id: int, verdict: Verdict, now: datetime) -> Fact | None:
    """Return why a contribution is not linked, moved or given back as somebody wants, or None."""
    if verdict.outcome is Outcome.DUPLICATE:
        return None if _is_original(session, contribution_id, verdict.duplicate_of, now) else NoSuchOriginal()
    if verdict.outcome is Outcome.MOVED:
        there = [place.thread_id for place in other_subjects(session, contribution_id)]
        return None if verdict.moved_to in there else NoSuchSubject()
    if verdict.outcome is Outcome.REWORD:
        window = select(Window.closes_at, Window.closed_at).join(Contribution, Contribution.window_id == Window.id)
        closes_at, closed_at = session.execute(window.where(Contribution.id == contribution_id)).one()
        return TooLateToReword() if closed_at is not None or closes_at <= now else None
    return None


def _is_original(session: Session, contribution_id: int, original_id: int | None, now: datetime) -> bool:
    """Say whether something is public, of the same audience, and no duplicate itself."""
    mine, its = aliased(Contribution), aliased(Window)
    audience = select(its.audience_id).join(mine, mine.window_id == its.id).where(mine.id == contribution_id)
    found = select(Contribution.id).join(Window, Window.id == Contribution.window_id)
    found = found.where(Contribution.id == original_id, Contribution.id != contribution_id, is_public(now))
    found = found.where(Contribution.duplicate_of.is_(None), Window.audience_id == audience.scalar_subquery())
    return session.execute(found).first() is not None


def other_subjects(session: Session, contribution_id: int) -> list[Place]:
    """Return the other subjects of the same part of the round, which a comment may be moved to; none for a reply."""
    here, place = aliased(SubjectPart), aliased(SubjectPart)
    found = (
        select(place.thread_id, HandlungsfeldVersion.title)
        .select_from(Comment)
        .join(here, here.thread_id == Comment.thread_id)
        .join(place, and_(place.part_id == here.part_id, place.subject_id != here.subject_id))
        .join(Subject, Subject.id == place.subject_id)
        .outerjoin(HandlungsfeldVersion, HandlungsfeldVersion.id == Subject.handlungsfeld_version_id)
        .where(Comment.id == contribution_id, Comment.level == 0, place.thread_id.is_not(None))
        .order_by(Subject.position)
    )
    return [Place(row.thread_id, row.title or {"de": "–"}) for row in session.execute(found)]


def decision_to_undo(session: Session, decision_id: int) -> Taken | None:
    """Return a decision with what an undo needs to know, or None."""
    row = session.execute(_taken().where(ModerationDecision.id == decision_id)).one_or_none()
    return _taken_of(row) if row else None


def _taken() -> Select[*tuple[Any, ...]]:
    result = aliased(Review)
    return select(
        ModerationDecision.id,
        Case.contribution_id,
        ModerationDecision.outcome,
        ModerationDecision.decided_by,
        ModerationDecision.decided_at,
        ModerationDecision.contribution_version,
        ModerationDecision.moved_to,
        ModerationDecision.before,
        (~_stands(ModerationDecision)).label("undone"),
        exists().where(result.result_id == ModerationDecision.id).label("is_of_review"),
    ).join(Case, Case.id == ModerationDecision.case_id)


def _taken_of(row: Any) -> Taken:
    return Taken(
        id=row.id,
        contribution_id=row.contribution_id,
        outcome=row.outcome,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        version_read=row.contribution_version,
        moved_to=row.moved_to,
        before=row.before or {},
        undone=bool(row.undone),
        is_of_review=bool(row.is_of_review),
    )


def reopened(decision_id: int) -> Update:
    """Return the UPDATE of the notices that wait again once a decision is undone.

    Whoever reported anew meanwhile has one that is open already.
    """
    newer = aliased(Notice)
    again = exists().where(
        newer.contribution_id == Notice.contribution_id,
        newer.participant_id == Notice.participant_id,
        newer.settled_at.is_(None),
    )
    return update(Notice).where(Notice.decision_id == decision_id, ~again)


def contestable(session: Session, token: str) -> Contestable | None:
    """Return the decision whose author holds this link, or None."""
    decision = ModerationDecision
    found = (
        select(
            decision.id,
            Case.contribution_id,
            Contribution.window_id,
            decision.outcome,
            decision.decided_by,
            decision.decided_at,
            Review.id.label("review_id"),
        )
        .join(Case, Case.id == decision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .outerjoin(Review, Review.decision_id == decision.id)
        .where(decision.token == token)
    )
    row = session.execute(found).one_or_none()
    return Contestable(*row) if row else None


def review_to_give(session: Session, review_id: int) -> ToReview | None:
    """Return a second look that was asked for, with the decision it is about, or None."""
    found = _taken().add_columns(Review.decided_at.label("given_at"), ModerationDecision.token)
    row = session.execute(
        found.join(Review, Review.decision_id == ModerationDecision.id).where(Review.id == review_id)
    ).one_or_none()
    return ToReview(review_id, row.given_at, row.token, _taken_of(row)) if row else None


def author_to_tell(session: Session, contribution_id: int, *, decision_id: int | None = None) -> Addressee | None:
    """Return where a letter about a contribution goes: None for what was imported, and if nobody is there any more."""
    chosen = select(
        Person.email,
        Person.language,
        Participant.shown_as,
        Contribution.text,
        Round.title,
        Office.name,
        Thread.home,
        ModerationDecision.token,
    ).select_from(Contribution)
    row = session.execute(
        _placed(chosen)
        .join(Person, Person.id == Participant.person_id)
        .join(Audience, Audience.id == Window.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .outerjoin(ModerationDecision, ModerationDecision.id == decision_id)
        .where(Contribution.id == contribution_id, Contribution.source.is_(None), Person.email.is_not(None))
    ).one_or_none()
    return Addressee(*row) if row else None


# ── For citizens ──────────────────────────────────────────────────────────────────────────────────────────────────────
def reportable(session: Session, *, contribution_id: int, now: datetime) -> Reportable | None:
    """Return a contribution that may be reported, which is every public one, or None."""
    chosen = select(
        Contribution.id,
        Contribution.text,
        Contribution.language,
        Contribution.created_at,
        *_AUTHOR,
        Comment.stance,
        Thread.home,
    ).select_from(Contribution)
    row = session.execute(_placed(chosen).where(Contribution.id == contribution_id, is_public(now))).one_or_none()
    if row is None:
        return None
    return Reportable(row.id, row.text, row.language, _author(row), row.created_at, row.stance, row.home)


def notice_status(session: Session, *, token: str, now: datetime) -> NoticeStatus | None:
    """Return how things stand with a notice, found by the address of its page, or None."""
    told = select(
        Notice.id,
        Notice.kind,
        Notice.text,
        Notice.created_at,
        Notice.email.is_not(None),
        Office.name,
        Thread.home,
        Notice.settled_at,
        ModerationDecision.outcome,
        ModerationDecision.rule,
    ).select_from(Notice)
    placed = _placed(told.join(Contribution, Contribution.id == Notice.contribution_id))
    placed = placed.join(Audience, Audience.id == Window.audience_id).join(Office, Office.id == Audience.office_id)
    placed = placed.outerjoin(ModerationDecision, ModerationDecision.id == Notice.decision_id)
    row = session.execute(placed.where(Notice.token == token)).one_or_none()
    if row is None:
        return None
    found = NoticeStatus(*row)
    is_final = found.settled_at is not None and found.settled_at <= now - UNDO_FOR
    return found if is_final else replace(found, settled_at=None, outcome=None, rule=None)


def own_decision(session: Session, *, token: str, now: datetime) -> OwnDecision | None:
    """Return the decision whose address somebody holds, or None; one that can be undone has not reached anybody yet."""
    decision = ModerationDecision
    chosen = select(
        Contribution.id,
        Contribution.text,
        Contribution.language,
        Round.title,
        Office.name,
        *(decision.outcome, decision.rule, decision.law, decision.reason, decision.decided_at),
        *(Review.asked_at, Review.outcome.label("review_outcome"), Review.reason.label("review_reason")),
        Review.decided_at.label("reviewed_at"),
    ).select_from(decision)
    chosen = chosen.join(Case, Case.id == decision.case_id).join(Contribution, Contribution.id == Case.contribution_id)
    placed = _placed(chosen).join(Audience, Audience.id == Window.audience_id)
    placed = placed.join(Office, Office.id == Audience.office_id).outerjoin(Review, Review.decision_id == decision.id)
    told = placed.where(decision.token == token, decision.decided_at <= now - UNDO_FOR, _stands(decision))
    row = session.execute(told).one_or_none()
    if row is None:
        return None
    return OwnDecision(
        contribution_id=row.id,
        text=row.text,
        language=row.language,
        round_title=row.title,
        office=row.name,
        outcome=row.outcome,
        rule=row.rule,
        law=row.law,
        reason=row.reason,
        decided_at=row.decided_at,
        until=row.decided_at + CONTEST_FOR,
        asked_at=row.asked_at,
        review_outcome=row.review_outcome,
        review_reason=row.review_reason,
        reviewed_at=row.reviewed_at,
    )


def reporters_to_tell(session: Session, decision_id: int) -> list[Reporter]:
    """Return who reported and left an address, of the notices that a decision settled."""
    named = select(Notice.id, Notice.token, Notice.email, Notice.language)
    rows = session.execute(named.where(Notice.decision_id == decision_id, Notice.email.is_not(None)))
    return [Reporter(row.id, row.token, row.email, row.language or "de") for row in rows]


def noticed_by(person_id: UUID) -> ColumnElement[bool]:
    """Return which notices a person wrote: as participant, or with their address."""
    address = select(Person.email).where(Person.id == person_id, Person.email.is_not(None))
    return or_(Notice.participant_id.in_(selves(person_id)), Notice.email.in_(address))


def reviewed_for(person_id: UUID) -> ColumnElement[bool]:
    """Return which second looks a person asked for."""
    own = (
        select(ModerationDecision.id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Contribution.participant_id.in_(selves(person_id)))
    )
    return Review.decision_id.in_(own)


def decisions_on(session: Session, contribution_ids: Sequence[int]) -> dict[int, DecisionLine]:
    """Return the decision that holds for each of some contributions, for their author; undecided ones are left out."""
    last = (
        select(func.max(ModerationDecision.id))
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id.in_(contribution_ids), _stands(ModerationDecision))
        .group_by(Case.contribution_id)
    )
    found = (
        select(
            ModerationDecision.id,
            Case.contribution_id,
            ModerationDecision.outcome,
            ModerationDecision.rule,
            ModerationDecision.reason,
            literal(None),
            ModerationDecision.decided_at,
            literal(""),
            ModerationDecision.law,
            literal(False),
            ModerationDecision.token,
        )
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(ModerationDecision.id.in_(last))
    )
    return {row.contribution_id: DecisionLine(*row) for row in session.execute(found)}


def selves(person_id: UUID) -> Select[UUID]:
    """Return the participants that a person is, as a query to put into ``IN (…)``."""
    return select(Participant.id).where(Participant.person_id == person_id)


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return the notices a person wrote, the decisions on what they wrote, and those they made in office."""
    notices = select(Notice).where(noticed_by(person_id)).order_by(Notice.id)
    holdings = [
        Holding(
            room="moderation",
            kind="notice",
            text=notice.text,
            facts={
                "contribution": notice.contribution_id,
                "kind": notice.kind,
                "created_at": notice.created_at.isoformat(),
                "settled_at": notice.settled_at.isoformat() if notice.settled_at else None,
                "email": notice.email,
            },
        )
        for notice in session.execute(notices).scalars()
    ]
    about = select(ModerationDecision, Case.contribution_id).join(Case, Case.id == ModerationDecision.case_id)
    own = about.join(Contribution, Contribution.id == Case.contribution_id)
    own = own.where(Contribution.participant_id.in_(selves(person_id))).order_by(ModerationDecision.id)
    reviews = select(Review).where(reviewed_for(person_id)).order_by(Review.id)
    holdings += [
        Holding(
            "moderation", "review", text=one.words, facts={"asked_at": one.asked_at.isoformat(), "outcome": one.outcome}
        )
        for one in session.execute(reviews).scalars()
    ]
    made = about.where(ModerationDecision.decided_by == person_id).order_by(ModerationDecision.id)
    holdings += [_decision_held("decision_on_own", *row) for row in session.execute(own)]
    return holdings + [_decision_held("decision_made", *row) for row in session.execute(made)]


def _decision_held(kind: str, decision: ModerationDecision, contribution_id: int) -> Holding:
    facts = {
        "contribution": contribution_id,
        "outcome": decision.outcome,
        "rule": decision.rule,
        "decided_at": decision.decided_at.isoformat(),
    }
    return Holding(room="moderation", kind=kind, text=decision.reason, facts=facts)
