"""Reading a contribution in its context, what was reported and what was decided about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, and_, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office, Person
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where, how_many_act
from participation.concepts.models import HandlungsfeldVersion
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.contributions.queries import is_public, wordings
from participation.discussion.models import Comment, Thread
from participation.foundation.facts import Fact, Holding
from participation.moderation.facts import (
    ALIKE,
    BLACK,
    HOURS,
    OPEN_FOR,
    SEEN_FOR,
    STATE_AFTER,
    UNDO_FOR,
    Decided,
    NoSuchOriginal,
    NoSuchSubject,
    NoticeEnd,
    Outcome,
    Piece,
    SealedKind,
    Standing,
    Taken,
    TooLateToReword,
    Verdict,
    differences,
    likenesses,
    told_as,
)
from participation.moderation.models import (
    AwaitedLook,
    Case,
    DecisionUndo,
    ModerationDecision,
    ModerationSetting,
    Notice,
    SealedCopy,
    SealedOpening,
)
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.windows.models import Window

Text = dict[str, str]
MOST_COMPARED, MOST_ALIKE = 500, 3
MOST_REPLIES, MOST_DECISIONS = 50, 50
MOST_CHANGES = 3
"""More of one thing than this is not shown beside a contribution; the round's page has it all."""


@dataclass(frozen=True)
class ModeratedRound:
    """A round that a person moderates, and within how many hours of working days moderation decides there."""

    audience_id: int
    hours: int
    slug: str | None
    title: Text | None
    moderators: int
    """How many people moderate there."""


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
class NoticeLine:
    """A notice; who wrote it is not shown to moderators."""

    kind: str
    text: str
    created_at: datetime
    settled_at: datetime | None
    """None as long as nothing that holds answers it."""
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
    netiquette_version: int | None = None
    """Of which version the rule is."""
    token: str | None = None


@dataclass(frozen=True)
class Beside:
    """A comment that stands above or below the one in question."""

    id: int
    state: str
    rewording: bool
    text: str
    language: str
    author: Author
    written_at: datetime
    stance: str | None


@dataclass(frozen=True)
class CaseFile:
    """A contribution with all that a moderator needs to decide, and nothing of votes or ratings."""

    id: int
    audience_id: int
    state: str
    reason_kind: str | None
    """The rule that the tombstone names."""
    text: str
    language: str
    version: int
    netiquette_version: int
    """Which rules it was written under."""
    author: Author
    written_at: datetime
    edited_at: datetime | None
    stance: str | None
    is_reply: bool
    home: str | None
    thread_id: int | None
    """The discussion that it stands in."""
    round_title: Text | None
    round_slug: str | None
    subject_title: Text | None
    office: Text
    claim: Claim | None
    escalated_why: str | None
    rewording: bool
    ends_at: datetime
    """When the talk ends or ended, after which its author changes nothing."""
    duplicate_of: int | None
    likely: tuple[Beside, ...]
    """Public contributions on the same subject that say much the same."""
    places: tuple[Place, ...]
    """Other subjects that it may be moved to."""
    parent: Beside | None
    replies: tuple[Beside, ...]
    notices: tuple[NoticeLine, ...]
    decisions: tuple[DecisionLine, ...]
    """Newest first; the first one holds."""
    earlier: tuple[DecisionLine, ...]
    """On other contributions of the same author in this round, newest first."""
    of_author: int
    """How many other contributions of the same author there are in this round, those they withdrew left out."""

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
class TextChange:
    """How an author changed a text: from the version before to this one."""

    version: int
    at: datetime
    was_asked: bool
    """Whether moderation had asked for other words."""
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class TextHistory:
    """What became of a text, as far as that is kept and not sealed."""

    changes: tuple[TextChange, ...]
    """Newest first."""
    since_read: tuple[Piece, ...] | None
    """From the version that somebody had read to the present one; None where the two cannot be compared."""


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
    netiquette_version: int | None = None
    is_withdrawn: bool = False
    """Whether the contribution was taken back before anybody decided."""


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
    closes_at: datetime
    """When nothing can be changed any more."""
    token: str | None = None
    """Of the decision's own page, for its author alone."""


@dataclass(frozen=True)
class Place:
    """Another subject that a comment may be moved to."""

    thread_id: int
    title: Text


# ── How contributions are selected ────────────────────────────────────────────────────────────────────────────────────


AUTHOR = (
    Participant.shown_as,
    Participant.erased_at.is_not(None).label("is_erased"),
    Contribution.source.is_not(None).label("is_imported"),
)


def placed(chosen: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
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


def last_decision() -> Any:
    """Return the number of the last decision on a contribution that was not taken back, to be selected with it."""
    decision = aliased(ModerationDecision)
    return _newest_of(decision).where(stands(decision)).scalar_subquery()


def shaping_decision() -> Any:
    """Return the number of the decision for which a contribution stands as it does, to be selected with it."""
    decision = aliased(ModerationDecision)
    return _newest_of(decision, _shaping(decision)).where(stands(decision)).scalar_subquery()


def _shaping(decision: Any) -> Any:
    """Return, of all decisions on a contribution that stand, the number of the one that shapes it.

    What still takes something away comes first, since its author reads why and may contest it; else the last that
    changed something.
    """
    taking = func.max(case((still_takes(decision), decision.id)))
    return func.coalesce(taking, func.max(case((shapes(decision), decision.id))))


def _newest_of(decision: Any, newest_one: Any = None) -> Select[int | None]:
    its = aliased(Case)
    newest = select(func.max(decision.id) if newest_one is None else newest_one).join(its, its.id == decision.case_id)
    return newest.where(its.contribution_id == Contribution.id).correlate(Contribution)


def claim_of(row: Any, now: datetime) -> Claim | None:
    """Return who has a contribution open, or None; after ten minutes nobody has."""
    if row.claimed_at is None or now >= row.claimed_at + OPEN_FOR:
        return None
    return Claim(row.claimed_by, row.claimed_at, row.claimed_at + OPEN_FOR)


def author_of(row: Any) -> Author:
    """Return who wrote what a row with ``AUTHOR`` is about."""
    return Author(row.shown_as, bool(row.is_erased), bool(row.is_imported))


# ── One contribution ──────────────────────────────────────────────────────────────────────────────────────────────────
def case_file(session: Session, *, contribution_id: int, moderator: UUID, now: datetime) -> CaseFile | None:
    """Return a contribution in its context, or None if there is none that this person moderates."""
    row = session.execute(_file(contribution_id, moderator, now)).one_or_none()
    if row is None:
        return None
    of_author = decision_lines(session, Contribution.participant_id == row.participant_id, first=contribution_id)
    return CaseFile(
        id=row.id,
        audience_id=row.audience_id,
        state=row.state,
        reason_kind=row.reason_kind,
        text=row.text,
        language=row.language,
        version=row.version,
        netiquette_version=row.netiquette_version,
        author=author_of(row),
        written_at=row.created_at,
        edited_at=row.edited_at,
        stance=row.stance,
        is_reply=row.parent_id is not None,
        home=row.home,
        thread_id=row.thread_id,
        round_title=row.round_title,
        round_slug=row.slug,
        subject_title=row.subject_title,
        office=row.office,
        claim=claim_of(row, now),
        escalated_why=row.escalated_why,
        rewording=row.rewording,
        ends_at=min(row.closes_at, row.closed_at or row.closes_at),
        duplicate_of=row.duplicate_of,
        likely=_likely(session, row),
        places=tuple(other_subjects(session, contribution_id)),
        parent=next(iter(_beside(session, Contribution.id == row.parent_id)), None) if row.parent_id else None,
        replies=_beside(session, Comment.parent_id == contribution_id),
        notices=_notices(session, contribution_id),
        decisions=tuple(one for one in of_author if one.contribution_id == contribution_id),
        earlier=tuple(one for one in of_author if one.contribution_id != contribution_id),
        of_author=row.of_author,
    )


def _file(contribution_id: int, moderator: UUID, now: datetime) -> Select[*tuple[Any, ...]]:
    chosen = select(
        Contribution.id,
        Contribution.participant_id,
        Contribution.state,
        Contribution.reason_kind,
        Contribution.text,
        Contribution.language,
        Contribution.version,
        Contribution.netiquette_version,
        Contribution.created_at,
        Contribution.edited_at,
        *(Window.audience_id, Window.closes_at, Window.closed_at),
        *AUTHOR,
        Comment.stance,
        Comment.parent_id,
        Comment.thread_id,
        Contribution.rewording,
        Contribution.duplicate_of,
        Case.claimed_by,
        Case.claimed_at,
        Case.escalated_why,
        Thread.home,
        Round.title.label("round_title"),
        Round.slug,
        HandlungsfeldVersion.title.label("subject_title"),
        Office.name.label("office"),
        _others_of_author().label("of_author"),
    )
    rows = placed(chosen.select_from(Contribution)).join(Audience, Audience.id == Window.audience_id)
    rows = rows.outerjoin(Case, Case.contribution_id == Contribution.id)
    mine = Window.audience_id.in_(audiences_where(person_id=moderator, role=Role.MODERATOR, now=now))
    return rows.join(Office, Office.id == Audience.office_id).where(Contribution.id == contribution_id, mine)


def _others_of_author() -> Any:
    other = aliased(Contribution)
    same = (other.participant_id == Contribution.participant_id, other.id != Contribution.id)
    written = select(func.count()).where(*same, other.state != State.WITHDRAWN)
    return written.correlate(Contribution).scalar_subquery()


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
    found = session.execute(others).all()
    alike = zip(likenesses(row.text, (one.text for one in found)), (one.id for one in found), strict=True)
    best = sorted((one for one in alike if one[0] >= ALIKE), reverse=True)[:MOST_ALIKE]
    return _beside(session, Contribution.id.in_([number for _, number in best])) if best else ()


def _beside(session: Session, which: ColumnElement[bool]) -> tuple[Beside, ...]:
    found = (
        select(
            Contribution.id,
            Contribution.state,
            Contribution.rewording,
            Contribution.text,
            Contribution.language,
            Contribution.created_at,
            Comment.stance,
            *AUTHOR,
        )
        .join(Comment, Comment.id == Contribution.id)
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(which)
        .order_by(Contribution.id)
        .limit(MOST_REPLIES)
    )
    return tuple(
        Beside(row.id, row.state, row.rewording, row.text, row.language, author_of(row), row.created_at, row.stance)
        for row in session.execute(found)
    )


def text_history(session: Session, case: CaseFile, *, now: datetime, read: int | None = None) -> TextHistory:
    """Return how the text of a contribution was changed by its author; two statements, one where it never was.

    :param read: the version that somebody had read who is told that it is another one by now
    """
    earlier = wordings(session, contribution_id=case.id, now=now)
    if not earlier:
        return TextHistory((), None)
    asked = select(ModerationDecision.contribution_version).join(Case, Case.id == ModerationDecision.case_id)
    asked = asked.where(Case.contribution_id == case.id, ModerationDecision.outcome == Outcome.REWORD)
    reworded = set(session.execute(asked.where(stands(ModerationDecision))).scalars())
    texts = {one.version: one.text for one in earlier} | {case.version: case.text}
    changes = tuple(
        TextChange(
            one.version + 1, one.replaced_at, one.version in reworded, differences(one.text, texts[one.version + 1])
        )
        for one in earlier[:MOST_CHANGES]
        if one.version + 1 in texts
    )
    since_read = differences(texts[read], case.text) if read in texts and read != case.version else None
    return TextHistory(changes, since_read)


def _notices(session: Session, contribution_id: int) -> tuple[NoticeLine, ...]:
    named = Notice.participant_id.is_not(None)
    found = select(Notice.kind, Notice.text, Notice.created_at, case((~unanswered(), Notice.settled_at)), named)
    newest = found.where(Notice.contribution_id == contribution_id).order_by(Notice.id.desc())
    return tuple(NoticeLine(*row) for row in session.execute(newest.limit(MOST_DECISIONS)))


def decision_lines(session: Session, *which: ColumnElement[bool], first: int | None = None) -> tuple[DecisionLine, ...]:
    """Return some decisions, newest first, those that were taken back too; at most 50.

    :param first: a contribution whose decisions come before the others
    """
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
            ~stands(ModerationDecision),
            ModerationDecision.netiquette_version,
        )
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(*which)
        .order_by(*([(Case.contribution_id == first).desc()] if first else []), ModerationDecision.id.desc())
        .limit(MOST_DECISIONS)
    )
    return tuple(DecisionLine(*row) for row in session.execute(found))


def standing(session: Session, contribution_id: int) -> Standing:
    """Return how things stand with a contribution; to be asked with its row locked."""
    held = session.get_one(Contribution, contribution_id, populate_existing=True)
    return standings(session, [held])[contribution_id]


def standings(session: Session, contributions: Collection[Contribution]) -> dict[int, Standing]:
    """Return how things stand with many contributions, whose rows are locked; three statements."""
    numbers = [one.id for one in contributions]
    waiting = select(Notice.contribution_id, func.count()).where(
        Notice.contribution_id.in_(numbers), Notice.settled_at.is_(None)
    )
    notices = {row[0]: row[1] for row in session.execute(waiting.group_by(Notice.contribution_id))}
    rows = session.execute(_last_shaping_and_awaited(numbers)).all()
    last = {row[0]: Decided(*row[4:]) for row in rows if row.id == row.last}
    shaping = {row[0]: Decided(*row[4:]) for row in rows if row.id == row.shaping}
    wrote = select(Contribution.id, Participant.person_id, Case.escalated_at).join(
        Participant, Participant.id == Contribution.participant_id
    )
    wrote = wrote.outerjoin(Case, Case.contribution_id == Contribution.id)
    known = {row.id: row for row in session.execute(wrote.where(Contribution.id.in_(numbers)))}
    return {
        one.id: Standing(
            state=one.state,
            last=last.get(one.id),
            open_notices=notices.get(one.id, 0),
            rewording=one.rewording,
            author=known[one.id].person_id,
            shaping=shaping.get(one.id),
            passed_on=known[one.id].escalated_at is not None,
            awaited=tuple(Decided(*row[4:]) for row in rows if row[0] == one.id and row.awaited),
        )
        for one in contributions
    }


def _last_shaping_and_awaited(contribution_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """Select the last decision on each of some contributions, the one that shapes it, and those to be looked at again.

    Marks of what gives nothing back any more stay; these decisions wait for nobody.
    """
    decision = ModerationDecision
    newest = (
        select(Case.contribution_id, func.max(decision.id).label("last"), _shaping(decision).label("shaping"))
        .join(Case, Case.id == decision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Case.contribution_id.in_(contribution_ids), stands(decision))
        .group_by(Case.contribution_id)
        .subquery()
    )
    awaited = and_(exists().where(AwaitedLook.decision_id == decision.id), gives_back(decision))
    found = select(
        *(Case.contribution_id, newest.c.last, newest.c.shaping, awaited.label("awaited")),
        *(decision.id, decision.outcome, decision.rule, decision.reason, decision.decided_by),
        *(decision.law, decision.duplicate_of, decision.moved_to),
    )
    found = found.join(Case, Case.id == decision.case_id).join(Contribution, Contribution.id == Case.contribution_id)
    found = found.join(newest, newest.c.contribution_id == Case.contribution_id)
    return found.where(or_(newest.c.last == decision.id, newest.c.shaping == decision.id, awaited))


def decisions_taken(session: Session, decision_ids: Collection[int]) -> list[Taken]:
    """Return decisions with what an undo needs to know, by contribution."""
    rows = taken().where(ModerationDecision.id.in_(decision_ids)).order_by(Case.contribution_id)
    return [taken_of(row) for row in session.execute(rows)]


def cases_before(session: Session, contribution_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return how things stand with many contributions, in what an undo needs to put back."""
    rows = session.execute(
        select(
            Contribution.id,
            Contribution.state,
            Contribution.reason_kind,
            Contribution.rewording,
            Contribution.duplicate_of,
            Case.escalated_by,
            Case.escalated_at,
            Case.escalated_why,
            Comment.thread_id,
        )
        .outerjoin(Case, Case.contribution_id == Contribution.id)
        .outerjoin(Comment, Comment.id == Contribution.id)
        .where(Contribution.id.in_(contribution_ids))
    )
    return {row.id: _as_before(row) for row in rows}


def _as_before(row: Any) -> dict[str, Any]:
    before = {name: value for name, value in row._mapping.items() if name != "id"}
    before["escalated_by"] = str(row.escalated_by) if row.escalated_by else None
    before["escalated_at"] = row.escalated_at.isoformat() if row.escalated_at else None
    return before


def stands(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that it was not taken back."""
    return ~exists().where(DecisionUndo.decision_id == decision.id)


def shapes(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that it changed something.

    To leave public what is public, after a notice, does not: why something is blacked out, linked or moved is then told
    and looked at again as before. What a second look put right was changed, though it was public all the time.
    """
    was_public = decision.before["state"].as_string().is_not_distinct_from(State.PUBLISHED.value)
    return or_(decision.outcome != Outcome.PUBLISHED, ~was_public, is_of_review(decision))


def still_takes(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that what it took away is still away; the query joins the contribution.

    Bars and a place outlast that something is withheld and public again, a link until it is dropped; that it was
    withheld does not. What a second look reversed took nothing.
    """
    later = aliased(ModerationDecision)
    hides = decision.outcome.in_([one for one in Outcome if STATE_AFTER[one] != State.PUBLISHED])
    public = later.outcome.in_([one for one in Outcome if STATE_AFTER[one] == State.PUBLISHED])
    public_since = exists().where(later.case_id == decision.case_id, later.id > decision.id, public, stands(later))
    still = or_(
        and_(hides, ~public_since),
        and_(decision.outcome == Outcome.REDACTED, Contribution.text.contains(BLACK)),
        and_(decision.outcome == Outcome.DUPLICATE, Contribution.duplicate_of == decision.duplicate_of),
        decision.outcome == Outcome.MOVED,
    )
    return and_(still, ~_is_reversed(decision))


def gives_back(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that reversing it would give something back; the query joins the contribution.

    That is so of the one that shapes it. Of what is public bars, a link and a place stand side by side, each by the
    last decision of its kind, and none of these bars the way to the others.
    """
    later = aliased(ModerationDecision)
    newer = exists().where(
        *(later.case_id == decision.case_id, later.outcome == decision.outcome, later.id > decision.id),
        *(stands(later), ~_is_reversed(later)),
    )
    beside = and_(Contribution.state == State.PUBLISHED, stands(decision), still_takes(decision), ~newer)
    return or_(decision.id == shaping_decision(), beside)


def is_to_give_back(session: Session, decision_id: int) -> bool:
    """Say whether reversing a decision would give something back; to be asked with the contribution locked."""
    found = select(ModerationDecision.id).join(Case, Case.id == ModerationDecision.case_id)
    found = found.join(Contribution, Contribution.id == Case.contribution_id)
    this = found.where(ModerationDecision.id == decision_id, gives_back(ModerationDecision))
    return session.execute(this).first() is not None


def _is_reversed(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that a second look reversed it, or one that does not name what it reversed came later."""
    reversal = aliased(ModerationDecision)
    reverses = reversal.before["reverses"].as_integer()
    it = or_(reverses == decision.id, and_(reverses.is_(None), reversal.id > decision.id))
    return exists().where(reversal.case_id == decision.case_id, is_of_review(reversal), it)


def is_of_review(decision: Any) -> ColumnElement[bool]:
    """Say of a decision that a second look brought it."""
    found: ColumnElement[bool] = decision.before["of_review"].as_boolean().is_not_distinct_from(True)
    return found


def settings_of(session: Session, *, round_slug: str, person_id: UUID, now: datetime) -> ModeratedRound | None:
    """Return what moderation of a round is set to, for staff that leads it, or None."""
    mine = audiences_where(person_id=person_id, role=Role.STAFF, now=now)
    found = (
        select(Audience.id, func.coalesce(ModerationSetting.hours, HOURS), Round.slug, Round.title)
        .add_columns(how_many_act(role=Role.MODERATOR, now=now))
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


def linked_back(session: Session, links: Mapping[int, int]) -> set[int]:
    """Return the contributions whose link would lead back to themselves, by the links that there are; one statement.

    :param links: what each is to be linked to
    """
    if not links:
        return set()
    further = select(Contribution.id, Contribution.duplicate_of).where(Contribution.id.in_(links.values()))
    chain = further.cte(recursive=True)
    linked = aliased(Contribution)
    chain = chain.union(select(linked.id, linked.duplicate_of).join(chain, chain.c.duplicate_of == linked.id))
    onward = {row.id: row.duplicate_of for row in session.execute(select(chain))}
    return {number for number, link in links.items() if number in _followed(link, onward)}


def _followed(number: int | None, onward: Mapping[int, int | None]) -> set[int]:
    """Return what one comes to that follows links from a contribution, it included."""
    found: set[int] = set()
    while number is not None and number not in found:
        found.add(number)
        number = onward.get(number)
    return found


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
    row = session.execute(taken().where(ModerationDecision.id == decision_id)).one_or_none()
    return taken_of(row) if row else None


def version_left(session: Session, *, contribution_id: int, decision_id: int, left: int) -> int:
    """Return the version in which the text that a decision left stands now.

    What somebody blacked out after it and somebody took back is another version with the same words.

    :param left: the version that the decision itself left
    """
    decision = ModerationDecision
    later = select(
        decision.outcome, decision.contribution_version, decision.before, (~stands(decision)).label("undone")
    )
    later = later.join(Case, Case.id == decision.case_id)
    later = later.where(Case.contribution_id == contribution_id, decision.id > decision_id).order_by(decision.id)
    for row in session.execute(later):
        if row.undone and row.outcome == Outcome.REDACTED and row.contribution_version == left:
            left += 2
        elif (row.before or {}).get("text_of") == left:
            left = row.contribution_version
    return left


def taken() -> Select[*tuple[Any, ...]]:
    """Select decisions with what ``taken_of`` reads."""
    return select(
        ModerationDecision.id,
        Case.contribution_id,
        ModerationDecision.outcome,
        ModerationDecision.decided_by,
        ModerationDecision.decided_at,
        ModerationDecision.contribution_version,
        ModerationDecision.moved_to,
        ModerationDecision.before,
        (~stands(ModerationDecision)).label("undone"),
    ).join(Case, Case.id == ModerationDecision.case_id)


def taken_of(row: Any) -> Taken:
    """Return a decision with what an undo or a second look needs to know."""
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
        is_of_review=bool((row.before or {}).get("of_review")),
    )


def reopened(*decision_ids: int) -> Update:
    """Return the UPDATE of the notices that wait again once decisions are undone.

    Of several by the same participant one is open, the newest; the others are unanswered with it.
    """
    newer = aliased(Notice)
    again = exists().where(
        newer.contribution_id == Notice.contribution_id,
        newer.participant_id == Notice.participant_id,
        or_(newer.settled_at.is_(None), and_(newer.decision_id == Notice.decision_id, newer.id > Notice.id)),
    )
    return update(Notice).where(Notice.decision_id.in_(decision_ids), ~again)


def unanswered() -> ColumnElement[bool]:
    """Say of a notice that nothing that holds answers it: it is open, or the decision that settled it was undone.

    The second is so where the same participant had reported again by then, and only one of theirs is open.
    """
    return or_(Notice.settled_at.is_(None), exists().where(DecisionUndo.decision_id == Notice.decision_id))


def author_to_tell(session: Session, contribution_id: int, *, decision_id: int | None = None) -> Addressee | None:
    """Return where a letter about a contribution goes: None for what was imported, and if nobody is there any more."""
    chosen = _addressed().add_columns(ModerationDecision.token)
    row = session.execute(
        chosen.outerjoin(ModerationDecision, ModerationDecision.id == decision_id).where(
            Contribution.id == contribution_id
        )
    ).one_or_none()
    return Addressee(*row) if row else None


def authors_to_tell(session: Session, decision_ids: Collection[int]) -> dict[int, Addressee]:
    """Return where the letters about decisions go, by the decision; those that nobody is told of are left out."""
    chosen = _addressed().add_columns(ModerationDecision.token, ModerationDecision.id)
    rows = chosen.join(Case, Case.contribution_id == Contribution.id)
    rows = rows.join(ModerationDecision, ModerationDecision.case_id == Case.id)
    found = session.execute(rows.where(ModerationDecision.id.in_(decision_ids)).order_by(ModerationDecision.id))
    return {row[-1]: Addressee(*row[:-1]) for row in found}


def _addressed() -> Select[*tuple[Any, ...]]:
    chosen = select(
        Person.email,
        Person.language,
        Participant.shown_as,
        Contribution.text,
        Round.title,
        Office.name,
        Thread.home,
        Window.closes_at,
    ).select_from(Contribution)
    return (
        placed(chosen)
        .join(Person, Person.id == Participant.person_id)
        .join(Audience, Audience.id == Window.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .where(Contribution.source.is_(None), Person.email.is_not(None))
    )


# ── Under seal ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Opening:
    """That a sealed text was opened; by whom is for the journal."""

    opened_at: datetime
    purpose: str
    is_own: bool


@dataclass(frozen=True)
class Sealed:
    """A threat that is kept for the police; the text is there only for who opened it just now."""

    decision_id: int
    contribution_id: int
    round_title: Text | None
    office: Text
    decided_at: datetime
    delete_after: datetime
    reason: str
    openings: tuple[Opening, ...] = ()
    text: str | None = None


def sealed_threats(session: Session, *, person_id: UUID, now: datetime) -> tuple[Sealed, ...]:
    """Return the threats under seal that a person looks after, newest first, without their texts."""
    found = session.execute(_sealed(person_id, now).order_by(SealedCopy.decision_id.desc()).limit(MOST_DECISIONS))
    return tuple(Sealed(*row) for row in found)


def sealed_threat(session: Session, *, decision_id: int, person_id: UUID, now: datetime) -> Sealed | None:
    """Return one of them with its openings, and with its text if this person opened it just now, or None."""
    row = session.execute(_sealed(person_id, now).where(SealedCopy.decision_id == decision_id)).one_or_none()
    if row is None:
        return None
    opened = select(SealedOpening.opened_at, SealedOpening.purpose, SealedOpening.opened_by == person_id)
    opened = opened.where(SealedOpening.decision_id == decision_id).order_by(SealedOpening.id.desc())
    openings = tuple(Opening(*one) for one in session.execute(opened.limit(MOST_DECISIONS)))
    text = None
    if any(one.is_own and one.opened_at > now - SEEN_FOR for one in openings):
        text = session.execute(select(SealedCopy.text).where(SealedCopy.decision_id == decision_id)).scalar_one()
    return replace(Sealed(*row), openings=openings, text=text)


def _sealed(person_id: UUID, now: datetime) -> Select[*tuple[Any, ...]]:
    decision = ModerationDecision
    chosen = select(
        *(SealedCopy.decision_id, Case.contribution_id, Round.title, Office.name, decision.decided_at),
        *(SealedCopy.delete_after, decision.reason),
    ).select_from(SealedCopy)
    chosen = chosen.join(decision, decision.id == SealedCopy.decision_id).join(Case, Case.id == decision.case_id)
    rows = placed(chosen.join(Contribution, Contribution.id == Case.contribution_id))
    rows = rows.join(Audience, Audience.id == Window.audience_id).join(Office, Office.id == Audience.office_id)
    theirs = Window.audience_id.in_(audiences_where(person_id=person_id, role=Role.SAFEGUARD, now=now))
    # What is over is gone for everybody at once, not only after the job that blanks it.
    kept = (SealedCopy.kind == SealedKind.THREAT, SealedCopy.deleted_at.is_(None), SealedCopy.delete_after > now)
    return rows.where(theirs, *kept)


# ── For citizens ──────────────────────────────────────────────────────────────────────────────────────────────────────
def reportable(session: Session, *, contribution_id: int, now: datetime) -> Reportable | None:
    """Return a contribution that may be reported, which is every public one, or None."""
    chosen = select(
        Contribution.id,
        Contribution.text,
        Contribution.language,
        Contribution.created_at,
        *AUTHOR,
        Comment.stance,
        Thread.home,
    ).select_from(Contribution)
    row = session.execute(placed(chosen).where(Contribution.id == contribution_id, is_public(now))).one_or_none()
    if row is None:
        return None
    return Reportable(row.id, row.text, row.language, author_of(row), row.created_at, row.stance, row.home)


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
        case((~unanswered(), Notice.settled_at)),
        ModerationDecision.outcome,
        ModerationDecision.rule,
        ModerationDecision.netiquette_version,
        # It is so as soon as it is withdrawn; that the notice is settled is written down a little later.
        or_(
            Notice.ended == NoticeEnd.WITHDRAWN,
            and_(unanswered(), Contribution.state == State.WITHDRAWN),
        ).is_(True),
    ).select_from(Notice)
    rows = placed(told.join(Contribution, Contribution.id == Notice.contribution_id))
    rows = rows.join(Audience, Audience.id == Window.audience_id).join(Office, Office.id == Audience.office_id)
    rows = rows.outerjoin(ModerationDecision, ModerationDecision.id == Notice.decision_id)
    row = session.execute(rows.where(Notice.token == token)).one_or_none()
    if row is None:
        return None
    found = NoticeStatus(*row)
    if found.is_withdrawn:
        return found
    is_final = found.settled_at is not None and found.settled_at <= now - UNDO_FOR
    return found if is_final else replace(found, settled_at=None, outcome=None, rule=None)


def notices_on_withdrawn() -> Select[*tuple[Any, ...]]:
    """Select the unanswered notices on what its author took back, oldest first."""
    found = select(Notice.id, Notice.token, Notice.email, Notice.language)
    gone = found.join(Contribution, Contribution.id == Notice.contribution_id)
    return gone.where(unanswered(), Contribution.state == State.WITHDRAWN).order_by(Notice.id)


def reporters_to_tell(session: Session, decision_id: int) -> list[Reporter]:
    """Return who reported and left an address, of the notices that a decision settled."""
    return reporters_of(session, [decision_id]).get(decision_id, [])


def reporters_of(session: Session, decision_ids: Collection[int]) -> dict[int, list[Reporter]]:
    """Return the same of many decisions, those without any left out."""
    named = select(Notice.decision_id, Notice.id, Notice.token, Notice.email, Notice.language).order_by(Notice.id)
    found: dict[int, list[Reporter]] = {}
    for row in session.execute(named.where(Notice.decision_id.in_(decision_ids), Notice.email.is_not(None))):
        found.setdefault(row.decision_id, []).append(Reporter(row.id, row.token, row.email, row.language or "de"))
    return found


def noticed_by(person_id: UUID) -> ColumnElement[bool]:
    """Return which notices a person wrote: as participant, or with their address."""
    address = select(Person.email).where(Person.id == person_id, Person.email.is_not(None))
    return or_(Notice.participant_id.in_(selves(person_id)), Notice.email.in_(address))


def decisions_on(session: Session, contribution_ids: Sequence[int]) -> dict[int, tuple[DecisionLine, ...]]:
    """Return for each of some contributions why it stands as it does, for its author; undecided ones are left out.

    The newest comes first, and is the one that shapes it; bars, a link and a place that stand beside it follow. Of what
    was only left public the last decision is told.
    """
    last = (
        select(func.coalesce(_shaping(ModerationDecision), func.max(ModerationDecision.id)))
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Case.contribution_id.in_(contribution_ids), stands(ModerationDecision))
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
            ModerationDecision.netiquette_version,
            ModerationDecision.token,
        )
        .join(Case, Case.id == ModerationDecision.case_id)
        .join(Contribution, Contribution.id == Case.contribution_id)
        .where(Case.contribution_id.in_(contribution_ids))
        .where(or_(ModerationDecision.id.in_(last), gives_back(ModerationDecision)))
        .order_by(ModerationDecision.id.desc())
    )
    told: dict[int, tuple[DecisionLine, ...]] = {}
    for row in session.execute(found):
        told[row.contribution_id] = (*told.get(row.contribution_id, ()), DecisionLine(*row))
    return told


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
    about = select(ModerationDecision, Case.contribution_id, ~stands(ModerationDecision))
    about = about.join(Case, Case.id == ModerationDecision.case_id)
    own = about.join(Contribution, Contribution.id == Case.contribution_id)
    own = own.where(Contribution.participant_id.in_(selves(person_id))).order_by(ModerationDecision.id)
    made = about.where(ModerationDecision.decided_by == person_id).order_by(ModerationDecision.id)
    # What may still be taken back its author reads as late as in the letter.
    holdings += [
        replace(
            _decision_held("decision_on_own", *row, outcome=told_as(row[0].outcome)),
            told_from=row[0].decided_at + UNDO_FOR,
        )
        for row in session.execute(own)
    ]
    return holdings + [_decision_held("decision_made", *row, outcome=row[0].outcome) for row in session.execute(made)]


def _decision_held(
    kind: str, decision: ModerationDecision, contribution_id: int, undone: bool, *, outcome: str
) -> Holding:
    facts = {
        "contribution": contribution_id,
        "outcome": outcome,
        "rule": decision.rule,
        "law": decision.law,
        "netiquette_version": decision.netiquette_version,
        "decided_at": decision.decided_at.isoformat(),
    }
    undone_too = {"undone": True} if undone else {}
    return Holding(room="moderation", kind=kind, text=decision.reason, facts=facts | undone_too)
