"""Entering a legal basis; proposing, confirming, withdrawing and reviewing pauses from writing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.commands import silence
from participation.audiences.facts import NotEntitled
from participation.audiences.models import Audience, Participant
from participation.contributions.commands import locked
from participation.contributions.facts import rule_by_slug
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.foundation.facts import Fact
from participation.journal.commands import note
from participation.letters.commands import post_letter
from participation.moderation.facts import OwnContribution
from participation.pauses import queries
from participation.pauses.facts import (
    CUT,
    LADDER,
    AlreadyPaused,
    BasisChangedMeanwhile,
    NobodyToPause,
    NoLegalBasis,
    NoLongerWithheld,
    NoSuchPause,
    NothingWithheld,
    Outcome,
    ReasonNeeded,
    StepChanged,
    why_not_ask,
    why_not_confirm,
    why_not_review,
    why_not_withdraw,
)
from participation.pauses.models import LegalBasis, WritingPause

PAUSED_LETTER = "pauses/letters/paused"
ASKED_LETTER = "pauses/letters/asked"
REVIEWED_LETTER = "pauses/letters/reviewed"
MOOT_LETTER = "pauses/letters/moot"


# ── The legal basis of an office ──────────────────────────────────────────────────────────────────────────────────────
def enter_basis(
    session: Session,
    *,
    office_id: int,
    reference: str,
    text: dict[str, str],
    by: UUID,
    clock: Clock,
    seen: datetime | None = None,
) -> None:
    """Enter what allows an office to pause people; from then on its moderators may propose it.

    :param reference: where it is written
    :param text: what it says, in its variants
    :param seen: when the one that was read was entered, None if there was none
    :raises NotEntitled: unless they lead rounds for this office or are administrators
    :raises BasisChangedMeanwhile: if somebody entered or removed one since
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        values = {"reference": reference.strip(), "text": text, "entered_by": by, "entered_at": now}
        if not _write_basis(session, office_id, values, seen=seen):
            raise BasisChangedMeanwhile()
        details = {"reference": reference.strip()}
        _note_basis(session, "pauses:basis_entered", office_id=office_id, by=by, now=now, details=details)


def _write_basis(session: Session, office_id: int, values: dict[str, Any], *, seen: datetime | None) -> bool:
    """Write over the legal basis that was read, or write the first one; say whether that is still so."""
    if seen is not None:
        read = update(LegalBasis).where(LegalBasis.office_id == office_id, LegalBasis.entered_at == seen)
        return bool(affected(session, read.values(**values)))
    row = insert(session, LegalBasis).values(office_id=office_id, **values)
    made = row.on_conflict_do_nothing(index_elements=["office_id"]).returning(LegalBasis.office_id)
    return session.execute(made).first() is not None


def remove_basis(session: Session, *, office_id: int, by: UUID, clock: Clock) -> None:
    """Take the legal basis out: nothing is proposed or confirmed any more; what runs ends at its end.

    :raises NotEntitled: unless they lead rounds for this office or are administrators
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        if affected(session, delete(LegalBasis).where(LegalBasis.office_id == office_id)):
            _note_basis(session, "pauses:basis_removed", office_id=office_id, by=by, now=now)


def _keep_office(session: Session, office_id: int, by: UUID, clock: Clock) -> datetime:
    now = clock()
    if queries.basis_of(session, office_id=office_id, person_id=by, now=now) is None:
        raise NotEntitled()
    return now


def _note_basis(
    session: Session, act: str, *, office_id: int, by: UUID, now: datetime, details: dict[str, Any] | None = None
) -> None:
    note(session, act=act, actor=by, office_id=office_id, about=f"office:{office_id}", now=now, details=details)


# ── A proposal, and what becomes of it ────────────────────────────────────────────────────────────────────────────────
def propose(session: Session, *, contribution_id: int, by: UUID, rule: str, reason: str, clock: Clock) -> int:
    """Propose that the author of a withheld contribution writes nothing in this round for a time; return its number.

    Nobody outside is told, and nothing changes until somebody else confirms it. How long is no choice: the next step of
    the ladder.

    :param rule: slug of the broken rule of the Netiquette
    :raises NoSuchPause: if the contribution is not theirs to moderate
    :raises NoLegalBasis: if the office has entered none
    :raises NothingWithheld: if no decision that holds took it back, or a pause rests on that already
    :raises AlreadyPaused: if one runs or is proposed
    :raises NobodyToPause: or ReasonNeeded
    """
    with transaction(session):
        known = queries.target(session, contribution_id=contribution_id, official=by, now=clock())
        if known is None:
            raise NoSuchPause()
        _hold_person(session, known.participant_id)
        now = clock()
        # Read again under the lock: somebody may have been quicker.
        known = queries.target(session, contribution_id=contribution_id, official=by, now=now) or known
        refusal = _why_not_propose(session, known, reason, by, now)
        if refusal is not None:
            raise refusal
        row = insert(session, WritingPause).values(
            participant_id=known.participant_id,
            decision_id=known.decision_id,
            rule=rule,
            reason=reason.strip(),
            step=known.step,
            basis={"reference": known.basis.reference, "text": known.basis.text},
            proposed_by=by,
            proposed_at=now,
            words="",
            review_reason="",
        )
        made = session.execute(row.on_conflict_do_nothing().returning(WritingPause.id)).scalar_one_or_none()
        if made is None:
            raise AlreadyPaused()
        details = {"decision": known.decision_id, "step": known.step, "rule": rule}
        _note(session, "pauses:proposed", pause_id=made, office_id=known.office_id, by=by, now=now, details=details)
        return int(made)


def _why_not_propose(session: Session, known: queries.Target, reason: str, by: UUID, now: datetime) -> Fact | None:
    if known.basis.reference is None:
        return NoLegalBasis()
    if not reason.strip():
        return ReasonNeeded()
    if known.person_id is None:
        return NobodyToPause()
    if known.person_id == by:
        return OwnContribution()
    if queries.is_paused(session, participant_id=known.participant_id, now=now):
        return AlreadyPaused()
    return NothingWithheld() if known.decision_id is None else None


def confirm(session: Session, *, pause_id: int, by: UUID, clock: Clock) -> datetime:
    """Confirm what somebody else proposed: it begins now and ends by itself; its author gets a letter. Return the end.

    :raises NoSuchPause: if it is not theirs to decide
    :raises OwnProposal: for who proposed it
    :raises AlreadySettled: if somebody confirmed or withdrew it
    :raises NoLegalBasis: if the office took its legal basis out since
    :raises NoLongerWithheld: if the decision that it rests on does not hold any more
    :raises StepChanged: if an earlier pause was lifted or overtaken since
    """
    with transaction(session):
        one, office_id, now = _enter(session, pause_id, by, clock)
        refusal = why_not_confirm(queries.acts_of(one), by)
        if refusal is not None:
            raise refusal
        if session.get(LegalBasis, office_id) is None:
            raise NoLegalBasis()
        _check_decision(session, one)
        if queries.next_step(session, participant_id=one.whose, now=now) != one.step:
            raise StepChanged()
        one.confirmed_by, one.confirmed_at, one.ends_at = by, now, now + LADDER[one.step - 1]
        session.flush()
        # One that was overtaken may have been the longer one.
        silence(session, participant_id=one.whose, until=queries.end_of_last(session, one.whose))
        _tell(session, PAUSED_LETTER, one, now, **_told(one))
        details = {"until": one.ends_at.isoformat()}
        _note(session, "pauses:confirmed", pause_id=pause_id, office_id=office_id, by=by, now=now, details=details)
        return one.ends_at


def _check_decision(session: Session, one: WritingPause) -> None:
    """Lock the contribution, so that nobody decides anew meanwhile, and look at what the proposal rests on."""
    assert one.decision_id is not None
    locked(session, queries.contribution_of(session, one.decision_id))
    if not queries.still_holds(session, one.decision_id):
        raise NoLongerWithheld()


def withdraw(session: Session, *, pause_id: int, by: UUID, clock: Clock) -> None:
    """Take a proposal back, or turn one of somebody else's down; nobody outside is told.

    :raises NoSuchPause: if it is not theirs to decide
    :raises AlreadySettled: if somebody confirmed or withdrew it
    """
    with transaction(session):
        one, office_id, now = _enter(session, pause_id, by, clock)
        refusal = why_not_withdraw(queries.acts_of(one))
        if refusal is not None:
            raise refusal
        one.withdrawn_by, one.withdrawn_at = by, now
        session.flush()
        _note(session, "pauses:withdrawn", pause_id=pause_id, office_id=office_id, by=by, now=now)


# ── A second look ─────────────────────────────────────────────────────────────────────────────────────────────────────
def contest(session: Session, *, pause_id: int, person_id: UUID, words: str, clock: Clock) -> None:
    """Ask for a second look at one's own pause, once, within six months; meanwhile it holds. A letter says it arrived.

    :raises NoSuchPause: if it is somebody else's, or nobody confirmed it
    :raises AlreadyAsked: or TooLateToAsk, NothingToAsk
    """
    with transaction(session):
        one = _held(session, pause_id)
        mine = session.execute(select(Participant.person_id).where(Participant.id == one.whose)).scalar()
        if mine != person_id:
            raise NoSuchPause()
        now = clock()
        refusal = why_not_ask(queries.acts_of(one, queries.overtaken_at(session, pause_id)), one.confirmed_at, now)
        if refusal is not None:
            raise refusal
        one.asked_at, one.words = now, words.strip()
        session.flush()
        runs = one.ends_at is not None and now < one.ends_at
        _tell(session, ASKED_LETTER, one, now, ends=_written(one.ends_at) if runs else None)


def review(session: Session, *, pause_id: int, by: UUID, outcome: Outcome, reason: str, clock: Clock) -> None:
    """Look at a pause a second time; who lifts it ends it now. Its author gets a letter with the reasons.

    :raises NoSuchPause: if it is not theirs to decide
    :raises NothingToReview: if nobody asked, somebody answered, or what it rests on was decided anew
    :raises NotAnotherPerson: for who proposed or confirmed it
    :raises ReasonNeeded: without a reason
    """
    if not reason.strip():
        raise ReasonNeeded()
    with transaction(session):
        one, office_id, now = _enter(session, pause_id, by, clock)
        refusal = why_not_review(queries.acts_of(one, queries.overtaken_at(session, pause_id)), by)
        if refusal is not None:
            raise refusal
        one.reviewed_by, one.reviewed_at, one.outcome, one.review_reason = by, now, outcome, reason.strip()
        session.flush()
        if outcome is Outcome.REVERSED:
            silence(session, participant_id=one.whose, until=queries.end_of_last(session, one.whose))
        _tell(session, REVIEWED_LETTER, one, now, outcome=outcome, reason=reason.strip(), ends=_written(one.ends_at))
        details = {"outcome": outcome}
        _note(session, "pauses:reviewed", pause_id=pause_id, office_id=office_id, by=by, now=now, details=details)


def tell_moot(session: Session, *, clock: Clock) -> int:
    """Tell who asked for a second look that another decision left nothing to look at, once each; return how many.

    Decisions are made in rooms that know of no pauses, here they are read. One transaction each, under the lock of the
    person.
    """
    told = 0
    for pause_id in queries.moot(session, now=clock()):
        with transaction(session):
            one, now = _held(session, pause_id), clock()
            if one.moot_told_at is None:
                one.moot_told_at = now
                session.flush()
                _tell(session, MOOT_LETTER, one, now)
                told += 1
    return told


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Drop what is proposed against somebody who goes, and blank what they wrote; acts of office stay."""
    with transaction(session):
        mine = WritingPause.participant_id.in_(select(Participant.id).where(Participant.person_id == person_id))
        proposed = update(WritingPause).where(
            mine, WritingPause.confirmed_at.is_(None), WritingPause.withdrawn_at.is_(None)
        )
        session.execute(proposed.values(withdrawn_at=clock()).execution_options(synchronize_session=False))
        written = update(WritingPause).where(mine, WritingPause.words != "")
        session.execute(written.values(words="").execution_options(synchronize_session=False))


def forget_old(session: Session, *, clock: Clock) -> int:
    """Take person, decision and words off the pauses that counted no more for any new one; return how many.

    The row stays, so that the report of its year recounts. What was only proposed goes wholly. One transaction each,
    under the lock of the person.
    """
    due = queries.long_over(session, now=clock())
    for pause_id in due:
        with transaction(session):
            one = _held(session, pause_id)
            participant_id = one.whose
            if one.ends_at is None:
                session.delete(one)
            else:
                one.participant_id, one.decision_id, one.words, one.reason = None, None, "", CUT
                one.review_reason = CUT if one.outcome else ""
            session.flush()
            silence(session, participant_id=participant_id, until=queries.end_of_last(session, participant_id))
    return len(due)


# ── What they share ───────────────────────────────────────────────────────────────────────────────────────────────────
def _enter(session: Session, pause_id: int, by: UUID, clock: Clock) -> tuple[WritingPause, int, datetime]:
    """Return a pause under lock for an official of its round, the office, and the moment after the lock.

    :raises OwnContribution: for who is to be paused
    """
    one = _held(session, pause_id)
    now = clock()
    if queries.pause(session, pause_id=pause_id, official=by, now=now) is None:
        raise NoSuchPause()
    behind = select(Participant.person_id, Audience.office_id).join(Audience, Audience.id == Participant.audience_id)
    author, office_id = session.execute(behind.where(Participant.id == one.whose)).one()
    if author == by:
        raise OwnContribution()
    return one, office_id, now


def _held(session: Session, pause_id: int) -> WritingPause:
    """Lock the person, behind whose lock everything they write waits, then the pause itself."""
    whose = select(WritingPause.participant_id).where(WritingPause.id == pause_id)
    participant_id = session.execute(whose).scalar_one_or_none()
    if participant_id is None:
        raise NoSuchPause()
    _hold_person(session, participant_id)
    return session.get_one(WritingPause, pause_id, with_for_update=True, populate_existing=True)


def _hold_person(session: Session, participant_id: UUID) -> None:
    behind = select(Participant.person_id).where(Participant.id == participant_id).scalar_subquery()
    session.execute(select(Person.id).where(Person.id == behind).with_for_update())


def _told(one: WritingPause) -> dict[str, Any]:
    rule = rule_by_slug(one.rule)
    return {
        "rule": {"number": rule.number, "title": rule.title, "text": rule.text} if rule else None,
        "reason": one.reason,
        "reference": one.basis["reference"],
        "basis": one.basis["text"],
        "days": LADDER[one.step - 1].days,
        "ends": _written(one.ends_at),
    }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _tell(session: Session, template: str, one: WritingPause, now: datetime, **facts: Any) -> None:
    """Write to who is paused, at once: two people have looked, and the person is to know before they try to write."""
    to = queries.addressee(session, one.whose)
    if to is None:
        return
    post_letter(
        session,
        template=template,
        to_address=to.email,
        to_name=to.shown_as or "",
        language=to.language,
        facts=facts | {"round": to.round_title, "office": to.office},
        about=f"pause:{one.id}",
        now=now,
    )


def _note(
    session: Session,
    act: str,
    *,
    pause_id: int,
    office_id: int,
    by: UUID,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    note(session, act=act, actor=by, office_id=office_id, about=f"pause:{pause_id}", now=now, details=details)
