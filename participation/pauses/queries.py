"""Reading pauses: for who moderates, for who is paused, and whether an office may pause anybody at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office, Person
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where, grants, offices_where
from participation.contributions.facts import State as ContributionState
from participation.contributions.models import Contribution
from participation.foundation.facts import Holding
from participation.foundation.paging import Page, cut
from participation.moderation.facts import UNDO_FOR
from participation.moderation.facts import Outcome as Decided
from participation.moderation.models import Case, ModerationDecision
from participation.moderation.queries import Claim, claim_of, is_of_review, last_decision, stands
from participation.pauses.facts import (
    LADDER,
    REMEMBERED,
    Acts,
    Outcome,
    State,
    state_of,
    step_after,
    why_not_ask,
)
from participation.pauses.models import LegalBasis, WritingPause
from participation.rounds.models import Round

Text = dict[str, str]
PAGE_SIZE = 20
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Basis:
    """What allows an office to pause people; without a reference nothing does."""

    office_id: int
    office: Text
    reference: str | None
    text: Text | None
    entered_at: datetime | None


@dataclass(frozen=True)
class PauseLine:
    """A pause as officials and its author read it; officials know the name shown in this round, nothing else."""

    id: int
    state: State
    shown_as: str | None
    contribution_id: int
    round_title: Text | None
    office: Text
    rule: str
    reason: str
    reference: str
    basis: Text
    span: timedelta
    acts: Acts
    proposed_at: datetime
    confirmed_at: datetime | None
    asked_at: datetime | None
    words: str
    review_reason: str
    reviewed_at: datetime | None
    is_open_to_ask: bool
    is_public_again: bool
    """Whether the contribution that it rests on is public."""
    claim: Claim | None
    """Who has the contribution open that it rests on."""


@dataclass(frozen=True)
class Waiting:
    """How much waits for officials, and since when the oldest second look."""

    looks: int
    since: datetime | None
    proposals: int


@dataclass(frozen=True)
class Target:
    """Whom a proposal would pause: the author of a contribution, in the round in which it stands."""

    participant_id: UUID
    person_id: UUID | None
    audience_id: int
    office_id: int
    round_title: Text | None
    decision_id: int | None
    """The decision that took the contribution back and can be cited; None where there is none."""
    rule: str | None
    basis: Basis
    step: int

    @property
    def span(self) -> timedelta:
        """How long the pause would last."""
        return LADDER[self.step - 1]


def bases(session: Session, *, person_id: UUID, now: datetime) -> tuple[Basis, ...]:
    """Return the offices for which a person may enter a legal basis, by name."""
    found = session.execute(_BASES.where(_keeps(session, person_id, now)).order_by(Office.slug))
    return tuple(Basis(*row) for row in found)


def basis_of(session: Session, *, office_id: int, person_id: UUID, now: datetime) -> Basis | None:
    """Return the legal basis of one office, or None if this person has nothing to do with it."""
    row = session.execute(_BASES.where(Office.id == office_id, _keeps(session, person_id, now))).one_or_none()
    return None if row is None else Basis(*row)


def _keeps(session: Session, person_id: UUID, now: datetime) -> ColumnElement[bool]:
    """Say for which offices: staff for their own, administrators for all."""
    if any(grant.role is Role.ADMIN for grant in grants(session, person_id=person_id, now=now)):
        return Office.id.is_not(None)
    return Office.id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now))


_BASES = select(Office.id, Office.name, LegalBasis.reference, LegalBasis.text, LegalBasis.entered_at).outerjoin(
    LegalBasis, LegalBasis.office_id == Office.id
)


def target(session: Session, *, contribution_id: int, official: UUID, now: datetime) -> Target | None:
    """Return whom a pause for a contribution would hit and how long, or None if it is not theirs to moderate."""
    found = (
        select(Contribution.state, Participant, Office, LegalBasis, Round.title)
        .join(Participant, Participant.id == Contribution.participant_id)
        .join(Audience, Audience.id == Participant.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .outerjoin(LegalBasis, LegalBasis.office_id == Office.id)
        .outerjoin(Round, Round.audience_id == Audience.id)
        .where(Contribution.id == contribution_id, _acts_for(official, now))
    )
    row = session.execute(found.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    state, author, office, basis, title = row
    decision = _citable(session, contribution_id, now) if state == ContributionState.WITHHELD else None
    return Target(
        participant_id=author.id,
        person_id=author.person_id,
        audience_id=author.audience_id,
        office_id=office.id,
        round_title=title,
        decision_id=decision.id if decision else None,
        rule=decision.rule if decision else None,
        basis=Basis(
            office.id, office.name, *((basis.reference, basis.text, basis.entered_at) if basis else [None] * 3)
        ),
        step=next_step(session, participant_id=author.id, now=now),
    )


def _citable(session: Session, contribution_id: int, now: datetime) -> Any:
    """Return the decision that holds, if it took the contribution back, cannot be undone, and was not cited before."""
    last = (
        select(ModerationDecision.id, ModerationDecision.rule, ModerationDecision.outcome)
        .add_columns(ModerationDecision.decided_at, ModerationDecision.decided_by)
        .add_columns(
            exists()
            .where(WritingPause.decision_id == ModerationDecision.id, WritingPause.withdrawn_at.is_(None))
            .label("cited")
        )
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id == contribution_id, stands(ModerationDecision))
        .order_by(ModerationDecision.id.desc())
        .limit(1)
    )
    row = session.execute(last).one_or_none()
    if row is None or row.cited or row.decided_by is None or row.decided_at + UNDO_FOR > now:
        return None
    if row.decided_at <= now - REMEMBERED:
        # Whether a pause rested on it may be forgotten by now.
        return None
    return row if row.outcome in (Decided.WITHHELD, Decided.POLICE) else None


def contribution_of(session: Session, decision_id: int) -> int:
    """Return the contribution that a decision is about."""
    found = select(Case.contribution_id).join(ModerationDecision, ModerationDecision.case_id == Case.id)
    return session.execute(found.where(ModerationDecision.id == decision_id)).scalar_one()


def still_holds(session: Session, decision_id: int) -> bool:
    """Say whether a decision is the last one on its contribution and still takes it back."""
    found = select(ModerationDecision.id).join(Case, Case.id == ModerationDecision.case_id)
    found = found.join(Contribution, Contribution.id == Case.contribution_id)
    found = found.where(ModerationDecision.id == decision_id, ModerationDecision.id == last_decision())
    return session.execute(found.where(Contribution.state == ContributionState.WITHHELD)).first() is not None


def next_step(session: Session, *, participant_id: UUID, now: datetime) -> int:
    """Return the step that comes next for somebody; those lifted, overtaken or long over do not count."""
    counted = select(func.count()).where(
        WritingPause.participant_id == participant_id,
        WritingPause.ends_at > now - REMEMBERED,
        WritingPause.outcome.is_distinct_from(Outcome.REVERSED),
        ~_anew().exists(),
    )
    return step_after(session.execute(counted).scalar_one())


def is_paused(session: Session, *, participant_id: UUID, now: datetime) -> bool:
    """Say whether somebody writes nothing at this moment."""
    return pause_end(session, participant_id, now) is not None


def pause_end(session: Session, participant_id: UUID, now: datetime) -> datetime | None:
    """Return until when somebody writes nothing at this moment, or None: only what rests on a decision that holds."""
    runs = _last_end().where(WritingPause.participant_id == participant_id, WritingPause.ends_at > now)
    return session.execute(runs.where(~_anew().exists())).scalar()


def overtaken_at(session: Session, pause_id: int) -> datetime | None:
    """Return when the contribution that a pause rests on was decided anew, if that was before its end."""
    return session.execute(select(_overtaken_at()).where(WritingPause.id == pause_id)).scalar()


def waits() -> ColumnElement[bool]:
    """Say of a pause that a second look at it is still to be given; one that was overtaken has nothing to look at."""
    return and_(WritingPause.asked_at.is_not(None), WritingPause.outcome.is_(None), ~_anew().exists())


def _overtaken_at() -> Any:
    return _anew().with_only_columns(func.min(_LATER.decided_at)).scalar_subquery()


def _anew() -> Select[int]:
    """Select the decisions on the contribution of a pause that came after the one it rests on and before its end.

    Its author cannot take back what is withheld, so without such a decision it still is.
    """
    found = select(_LATER.id).join(_CITED, _CITED.case_id == _LATER.case_id)
    found = found.where(_CITED.id == WritingPause.decision_id, _LATER.id > _CITED.id)
    return found.where(_LATER.decided_at < WritingPause.ends_at, stands(_LATER)).correlate(WritingPause)


_CITED, _LATER = aliased(ModerationDecision), aliased(ModerationDecision)


def pauses(
    session: Session, *, official: UUID, now: datetime, after: int | None = None, size: int = PAGE_SIZE
) -> Page[PauseLine]:
    """Return the pauses of the rounds that a person moderates or leads, the newest first. One statement."""
    found = _LINES.where(_acts_for(official, now)).order_by(WritingPause.id.desc()).limit(size + 1)
    if after is not None:
        found = found.where(WritingPause.id < after)
    return cut(_lines(session.execute(found).all(), now), size, key=lambda line: line.id)


def waiting(session: Session, *, official: UUID, now: datetime) -> Waiting:
    """Count the second looks and the proposals that wait in the rounds that a person moderates or leads."""
    asked = waits()
    proposed = WritingPause.confirmed_at.is_(None) & WritingPause.withdrawn_at.is_(None)
    counted = select(
        func.count().filter(asked), func.min(WritingPause.asked_at).filter(asked), func.count().filter(proposed)
    ).select_from(WritingPause)
    counted = counted.join(Participant, Participant.id == WritingPause.participant_id)
    counted = counted.join(Audience, Audience.id == Participant.audience_id)
    return Waiting(*session.execute(counted.where(_acts_for(official, now))).one())


def pause(session: Session, *, pause_id: int, official: UUID, now: datetime) -> PauseLine | None:
    """Return one pause, or None if it is none of theirs."""
    found = _lines(session.execute(_LINES.where(WritingPause.id == pause_id, _acts_for(official, now))).all(), now)
    return found[0] if found else None


def own_pauses(session: Session, *, person_id: UUID, now: datetime) -> tuple[PauseLine, ...]:
    """Return the pauses that somebody was told of, the newest first; nothing of proposals. One statement."""
    mine = and_(Participant.person_id == person_id, WritingPause.confirmed_at.is_not(None))
    return tuple(_lines(session.execute(_LINES.where(mine).order_by(WritingPause.id.desc())).all(), now))


def _acts_for(official: UUID, now: datetime) -> ColumnElement[bool]:
    return or_(
        *(
            Audience.id.in_(audiences_where(person_id=official, role=role, now=now))
            for role in (Role.MODERATOR, Role.STAFF)
        )
    )


_LINES = (
    select(WritingPause, Participant.shown_as, Office.name, Round.title, Case, Contribution.state, _overtaken_at())
    .join(Participant, Participant.id == WritingPause.participant_id)
    .join(Audience, Audience.id == Participant.audience_id)
    .join(Office, Office.id == Audience.office_id)
    .join(ModerationDecision, ModerationDecision.id == WritingPause.decision_id)
    .join(Case, Case.id == ModerationDecision.case_id)
    .join(Contribution, Contribution.id == Case.contribution_id)
    .outerjoin(Round, Round.audience_id == Audience.id)
).execution_options(populate_existing=True)


def _lines(rows: Sequence[Any], now: datetime) -> list[PauseLine]:
    return [_line(row, now) for row in rows]


def _line(row: Any, now: datetime) -> PauseLine:
    one, shown_as, office, title, case, state, overtaken = row
    acts = acts_of(one, overtaken)
    return PauseLine(
        id=one.id,
        state=state_of(acts, now),
        shown_as=shown_as,
        contribution_id=case.contribution_id,
        round_title=title,
        office=office,
        rule=one.rule,
        reason=one.reason,
        reference=one.basis["reference"],
        basis=one.basis["text"],
        span=LADDER[one.step - 1],
        acts=acts,
        proposed_at=one.proposed_at,
        confirmed_at=one.confirmed_at,
        asked_at=one.asked_at,
        words=one.words,
        review_reason=one.review_reason,
        reviewed_at=one.reviewed_at,
        is_open_to_ask=why_not_ask(acts, one.confirmed_at, now) is None,
        is_public_again=state == ContributionState.PUBLISHED,
        claim=claim_of(case, now),
    )


def acts_of(one: WritingPause, overtaken: datetime | None = None) -> Acts:
    """Return who did what with a pause.

    :param overtaken: when what it rests on was decided anew, if that was before its end
    """
    return Acts(
        proposed_by=one.proposed_by,
        confirmed_by=one.confirmed_by,
        withdrawn=one.withdrawn_at is not None,
        ends_at=one.ends_at,
        asked=one.asked_at is not None,
        outcome=one.outcome,
        overtaken_at=overtaken,
    )


@dataclass(frozen=True)
class Addressee:
    """Where the letter to somebody who is paused goes."""

    email: str
    language: str
    shown_as: str | None
    round_title: Text | None
    office: Text


def addressee(session: Session, participant_id: UUID) -> Addressee | None:
    """Return where a letter goes, or None where nobody is left to read it."""
    found = (
        select(Person.email, Person.language, Participant.shown_as, Round.title, Office.name)
        .join(Participant, Participant.person_id == Person.id)
        .join(Audience, Audience.id == Participant.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .outerjoin(Round, Round.audience_id == Audience.id)
        .where(Participant.id == participant_id, Person.email.is_not(None))
    )
    row = session.execute(found).one_or_none()
    return None if row is None or row.email is None else Addressee(row.email, *row[1:])


def end_of_last(session: Session, participant_id: UUID) -> datetime | None:
    """Return when the last pause of somebody ends or ended, without those that were lifted."""
    return session.execute(_last_end().where(WritingPause.participant_id == participant_id)).scalar()


def _last_end() -> Select[datetime | None]:
    return select(func.max(WritingPause.ends_at)).where(WritingPause.outcome.is_distinct_from(Outcome.REVERSED))


def long_over(session: Session, *, now: datetime) -> list[int]:
    """Return the pauses and proposals that count no more and still name somebody, oldest first, a hundred at most.

    One about which a second look is still waited for stays.
    """
    before = now - REMEMBERED
    over = or_(
        WritingPause.ends_at <= before, and_(WritingPause.ends_at.is_(None), WritingPause.withdrawn_at <= before)
    )
    found = select(WritingPause.id).where(WritingPause.participant_id.is_not(None), over, ~waits())
    return list(session.execute(found.order_by(WritingPause.id).limit(100)).scalars())


def moot(session: Session, *, now: datetime) -> list[int]:
    """Return the pauses with nothing left to look at whose author asked and was not told, oldest first, 100 at most.

    As long as the decision that overtook one can be undone, it may run on, and nobody is told.
    """
    final = _anew().where(or_(_LATER.decided_at <= now - UNDO_FOR, is_of_review(_LATER))).exists()
    found = select(WritingPause.id).where(WritingPause.asked_at.is_not(None), WritingPause.outcome.is_(None), final)
    found = found.where(WritingPause.moot_told_at.is_(None), WritingPause.participant_id.is_not(None))
    return list(session.execute(found.order_by(WritingPause.id).limit(100)).scalars())


def differing_ends(session: Session) -> list[UUID]:
    """Return the participants whose end of silence is not that of their last pause; there must be none."""
    last = _last_end().where(WritingPause.participant_id == Participant.id).correlate(Participant).scalar_subquery()
    return list(
        session.execute(select(Participant.id).where(Participant.silent_until.is_distinct_from(last))).scalars()
    )


# ── What a person left here ───────────────────────────────────────────────────────────────────────────────────────────
def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return the pauses of a person, and those that they had to do with in office."""
    mine = [
        Holding("pauses", "pause", text=line.words or None, facts=_facts_of(line))
        for line in own_pauses(session, person_id=person_id, now=_ALWAYS)
    ]
    acted = (WritingPause.proposed_by, WritingPause.confirmed_by, WritingPause.withdrawn_by, WritingPause.reviewed_by)
    in_office = select(WritingPause.id).where(or_(*(column == person_id for column in acted))).order_by(WritingPause.id)
    entered = select(LegalBasis.office_id).where(LegalBasis.entered_by == person_id).order_by(LegalBasis.office_id)
    return (
        mine
        + [Holding("pauses", "acted_on", facts={"pause": one}) for one in session.execute(in_office).scalars()]
        + [Holding("pauses", "legal_basis", facts={"office": one}) for one in session.execute(entered).scalars()]
    )


def _facts_of(line: PauseLine) -> dict[str, Any]:
    until = line.acts.overtaken_at or line.acts.ends_at
    return {
        "reason": line.reason,
        "rule": line.rule,
        "at": line.confirmed_at.isoformat() if line.confirmed_at else None,
        "until": until.isoformat() if until else None,
        "outcome": line.acts.outcome,
    }
