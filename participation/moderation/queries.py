"""Reading what waits for moderation, a contribution in its context, and what was decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select
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
from participation.foundation.facts import Holding
from participation.foundation.paging import Page, cut
from participation.moderation.facts import UNDO_FOR, Decided, Listed, Standing
from participation.moderation.models import Case, ModerationDecision, Notice
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.windows.models import Window

Text = dict[str, str]
PAGE_SIZE = 20
MOST_REPLIES, MOST_DECISIONS = 50, 50
"""More of one thing than this is not shown beside a contribution; the round's page has it all."""


@dataclass(frozen=True)
class Waiting:
    """How much waits in a list, and since when its oldest."""

    count: int
    since: datetime | None


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
    stance: str | None
    is_reply: bool
    round_title: Text | None
    subject_title: Text | None
    last_decision: int | None
    outcome: str | None = None
    rule: str | None = None
    notices: tuple[NoticeCount, ...] = ()


@dataclass(frozen=True)
class Queue:
    """One page of one list, with what waits in both."""

    held: Waiting
    reported: Waiting
    listed: Listed
    page: Page[QueueRow]


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
    parent: Beside | None
    replies: tuple[Beside, ...]
    notices: tuple[NoticeLine, ...]
    decisions: tuple[DecisionLine, ...]
    """Newest first; the first one holds."""
    earlier: tuple[DecisionLine, ...]
    """On other contributions of the same author in this round, newest first."""

    @property
    def last_decision(self) -> int | None:
        """The decision that holds now."""
        return self.decisions[0].id if self.decisions else None

    @property
    def open_notices(self) -> int:
        """How many notices wait."""
        return sum(notice.settled_at is None for notice in self.notices)


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


# ── The queue ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def queue(
    session: Session, *, moderator: UUID, listed: Listed, now: datetime, after: int | None = None, size: int = PAGE_SIZE
) -> Queue:
    """Return a page of what a person moderates; five statements whatever the size.

    Held and reported begin with the oldest, decided with the newest decision. ``after`` is the key of the last row
    seen.
    """
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    rows = session.execute(_LISTS[listed](mine, after).limit(size + 1)).all()
    counted = _counts(session, [row.id for row in rows])
    return Queue(
        held=_held(session, mine),
        reported=_reported(session, mine),
        listed=listed,
        page=cut([_queue_row(row, counted) for row in rows], size, key=lambda row: row.key),
    )


def _held(session: Session, mine: ColumnElement[bool]) -> Waiting:
    found = select(func.count(Contribution.id), func.min(Contribution.created_at)).join(
        Window, Window.id == Contribution.window_id
    )
    return Waiting(*session.execute(found.where(Contribution.state == State.HELD, mine)).one())


def _reported(session: Session, mine: ColumnElement[bool]) -> Waiting:
    found = (
        select(func.count(Notice.contribution_id.distinct()), func.min(Notice.created_at))
        .join(Contribution, Contribution.id == Notice.contribution_id)
        .join(Window, Window.id == Contribution.window_id)
        .where(Notice.settled_at.is_(None), Contribution.state == State.PUBLISHED, mine)
    )
    return Waiting(*session.execute(found).one())


def _list_held(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    rows = _rows(Contribution.id, Contribution.created_at).where(Contribution.state == State.HELD, mine)
    return rows.where(Contribution.id > (after or 0)).order_by(Contribution.id)


def _list_reported(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    oldest = (
        select(Notice.contribution_id, func.min(Notice.id).label("id"), func.min(Notice.created_at).label("since"))
        .where(Notice.settled_at.is_(None))
        .group_by(Notice.contribution_id)
        .subquery()
    )
    rows = _rows(oldest.c.id, oldest.c.since).join(oldest, oldest.c.contribution_id == Contribution.id)
    return rows.where(Contribution.state == State.PUBLISHED, mine, oldest.c.id > (after or 0)).order_by(oldest.c.id)


def _list_decided(mine: ColumnElement[bool], after: int | None) -> Select[*tuple[Any, ...]]:
    """Decisions of people, those of an import left out: they are history, not work."""
    rows = _rows(ModerationDecision.id, ModerationDecision.decided_at, _last_decision()).add_columns(
        ModerationDecision.outcome, ModerationDecision.rule
    )
    rows = rows.join(Case, Case.contribution_id == Contribution.id)
    rows = rows.join(ModerationDecision, ModerationDecision.case_id == Case.id)
    rows = rows.where(mine, ModerationDecision.decided_by.is_not(None))
    if after is not None:
        rows = rows.where(ModerationDecision.id < after)
    return rows.order_by(ModerationDecision.id.desc())


_LISTS = {Listed.HELD: _list_held, Listed.REPORTED: _list_reported, Listed.DECIDED: _list_decided}


def _rows(key: Any, since: Any, last: Any = None) -> Select[*tuple[Any, ...]]:
    """Select contributions with their place and author, and the decision that holds."""
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
        Round.title.label("round_title"),
        HandlungsfeldVersion.title.label("subject_title"),
        (_last_decision() if last is None else last).label("last_decision"),
    )
    return _placed(chosen.select_from(Contribution))


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


def _queue_row(row: Any, counted: dict[int, tuple[NoticeCount, ...]]) -> QueueRow:
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
        stance=row.stance,
        is_reply=row.level == 1,
        round_title=row.round_title,
        subject_title=row.subject_title,
        last_decision=row.last_decision,
        outcome=getattr(row, "outcome", None),
        rule=getattr(row, "rule", None),
        notices=counted.get(row.id, ()),
    )


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
        Thread.home,
        Round.title.label("round_title"),
        Round.slug,
        HandlungsfeldVersion.title.label("subject_title"),
        Office.name.label("office"),
    )
    rows = _placed(chosen.select_from(Contribution)).join(Audience, Audience.id == Window.audience_id)
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    return rows.join(Office, Office.id == Audience.office_id).where(Contribution.id == contribution_id, mine)


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
    state, notices = session.execute(
        select(Contribution.state, waiting.scalar_subquery()).where(Contribution.id == contribution_id)
    ).one()
    decision = ModerationDecision
    last = session.execute(
        select(decision.id, decision.outcome, decision.rule, decision.reason, decision.decided_by)
        .join(Case, Case.id == decision.case_id)
        .where(Case.contribution_id == contribution_id)
        .order_by(decision.id.desc())
        .limit(1)
    ).one_or_none()
    return Standing(state, Decided(*last) if last else None, notices)


def author_to_tell(session: Session, contribution_id: int) -> Addressee | None:
    """Return where a letter about a contribution goes: None for what was imported, and if nobody is there any more."""
    chosen = select(
        Person.email,
        Person.language,
        Participant.shown_as,
        Contribution.text,
        Round.title,
        Office.name,
        Thread.home,
    ).select_from(Contribution)
    row = session.execute(
        _placed(chosen)
        .join(Person, Person.id == Participant.person_id)
        .join(Audience, Audience.id == Window.audience_id)
        .join(Office, Office.id == Audience.office_id)
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


def reporters_to_tell(session: Session, decision_id: int) -> list[Reporter]:
    """Return who reported and left an address, of the notices that a decision settled."""
    named = select(Notice.id, Notice.token, Notice.email, Notice.language)
    rows = session.execute(named.where(Notice.decision_id == decision_id, Notice.email.is_not(None)))
    return [Reporter(row.id, row.token, row.email, row.language or "de") for row in rows]


def noticed_by(person_id: UUID) -> ColumnElement[bool]:
    """Return which notices a person wrote: as participant, or with their address."""
    address = select(Person.email).where(Person.id == person_id, Person.email.is_not(None))
    return or_(Notice.participant_id.in_(selves(person_id)), Notice.email.in_(address))


def decisions_on(session: Session, contribution_ids: Sequence[int]) -> dict[int, DecisionLine]:
    """Return the decision that holds for each of some contributions, for their author; undecided ones are left out."""
    last = (
        select(func.max(ModerationDecision.id))
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id.in_(contribution_ids))
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
