"""Taking notices and deciding on contributions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, participant_id, why_not_act
from participation.contributions.commands import locked, locked_all, seal_earlier, set_state, unseal_earlier
from participation.contributions.facts import NETIQUETTE_VERSION, Kind, State, rule_by_slug
from participation.contributions.models import Contribution
from participation.discussion import commands as discussion
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note
from participation.letters.commands import ToPost, post_letter, post_letters, recall_letters
from participation.moderation import queries
from participation.moderation.facts import (
    CONTESTABLE,
    FOUND,
    IMPORTED_REASON,
    KEPT_ORIGINAL,
    KEPT_THREAT,
    LAW_RULE,
    LEAVES_LINKS,
    NEEDS_REASON,
    NOT_THERE_ANY_MORE,
    OPEN_FOR,
    RULE_OF,
    STATE_AFTER,
    UNDO_FOR,
    AlreadyPassedOn,
    AlreadyReported,
    AlreadySo,
    AlreadyUndone,
    ImportedDecision,
    LinkedBack,
    NothingSealed,
    NothingToDecide,
    NothingToReport,
    NoticeEnd,
    NoticeKind,
    Outcome,
    ReasonMissing,
    Receipt,
    SealedKind,
    Standing,
    Taken,
    UndoOver,
    Verdict,
    WithdrawnMeanwhile,
    blacked_out,
    found_by,
    why_no_notice,
    why_not_decide,
    why_not_undo,
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
from participation.windows.commands import hold_door
from participation.windows.queries import audience_of

DECISION_LETTER = "moderation/letters/decision"
RECEIPT_LETTER = "moderation/letters/notice_received"
OUTCOME_LETTER = "moderation/letters/notice_decided"
WITHDRAWN_LETTER = "moderation/letters/notice_withdrawn"
AT_A_TIME = 500
"""Rows per INSERT of an import."""
FREE = {"claimed_by": None, "claimed_at": None, "escalated_by": None, "escalated_at": None, "escalated_why": None}
"""Of a case that nobody has open any more and that is passed on to nobody."""


@dataclass(frozen=True)
class Tally:
    """What a kind of contribution offers, so that its counts follow a decision."""

    hold: Callable[[Session, int, int | None], Any]
    """Lock what carries the counters, that of the other place too, before the contribution itself is locked."""
    count_again: Callable[[Session, int], Any]
    """Count again under that lock."""
    move: Callable[[Session, int, int], int]
    """Move it to another place and return the one it comes from."""
    hold_all: Callable[[Session, Collection[int]], None]
    count_all_again: Callable[[Session, Collection[int]], None]
    """The same two for many at once."""


TALLIES: dict[str, Tally] = {
    Kind.COMMENT: Tally(
        discussion.hold_container,
        discussion.count_again,
        discussion.move_comment,
        discussion.hold_containers,
        discussion.count_all_again,
    )
}


def report(
    session: Session,
    *,
    contribution_id: int,
    kind: NoticeKind,
    text: str,
    reporter: UUID | None,
    clock: Clock,
    email: str | None = None,
    language: str = "de",
) -> Receipt:
    """Keep a notice and return its receipt. It hides nothing and is possible at any time.

    :param reporter: the person signed in, or None; named as participant only if they are one already
    :param email: where receipt and outcome are told, or None
    :raises NothingToReport: unless the contribution is public
    :raises NoticeNeedsText: for »something else« without words
    :raises AlreadyReported: while an open notice of the same participant waits
    """
    with transaction(session):
        window_id = _window_of(session, contribution_id)
        if window_id is None:
            raise NothingToReport()
        now = hold_door(session, window_id, clock)
        # Whoever just withdraws it is waited for, so that nobody reports what is gone.
        locked(session, contribution_id)
        if queries.reportable(session, contribution_id=contribution_id, now=now) is None:
            raise NothingToReport()
        reason = why_no_notice(kind, text)
        if reason is not None:
            raise reason
        row = insert(session, Notice).values(
            contribution_id=contribution_id,
            participant_id=participant_id(session, audience_id=audience_of(session, window_id), person_id=reporter),
            kind=kind,
            text=text.strip(),
            created_at=now,
            token=secrets.token_urlsafe(16),
            email=email or None,
            language=language,
        )
        made = session.execute(row.on_conflict_do_nothing().returning(Notice.id, Notice.token)).one_or_none()
        if made is None:
            raise AlreadyReported()
        if email:
            _confirm_notice(session, number=made.id, token=made.token, email=email, language=language, now=now)
        return Receipt(made.id, made.token)


def _confirm_notice(session: Session, *, number: int, token: str, email: str, language: str, now: datetime) -> None:
    """Say that a notice arrived. The letter repeats nothing that was typed, since anybody may type any address."""
    post_letter(
        session,
        template=RECEIPT_LETTER,
        to_address=email,
        language=language,
        facts={"number": number, "token": token},
        about=f"notice:{number}",
        now=now,
    )


def decide(
    session: Session,
    *,
    contribution_id: int,
    by: UUID,
    outcome: Outcome,
    version: int,
    clock: Clock,
    rule: str | None = None,
    reason: str = "",
    last_seen: int | None = None,
    law: str | None = None,
    passages: Sequence[str] = (),
    duplicate_of: int | None = None,
    moved_to: int | None = None,
) -> int:
    """Decide on a contribution, at any time, and tell its author; return the decision's number.

    Counts follow, open notices are settled, one line goes to the journal. What was imported gets no letter; every
    other letter waits until the decision cannot be undone any more.

    :param rule: slug of the broken rule of the Netiquette; a rule or a law is needed, with a reason, to withhold; what
        is linked or moved rests on the rule for that
    :param law: the broken law in a few words
    :param passages: what to black out, word by word
    :param duplicate_of: the contribution that says the same
    :param moved_to: the thread of another subject of the same round
    :param version: the version of the text that was read
    :param last_seen: the last decision on it that was shown, None if there was none
    :raises NothingToDecide: if it is not theirs to moderate
    :raises WithdrawnMeanwhile: if its author took it back
    :raises ChangedMeanwhile: if the text is another one by now
    :raises DecidedMeanwhile: if somebody decided after the page was opened
    :raises AlreadySo: if nothing would change
    :raises RuleMissing: if a withheld text would have no rule or no reason
    :raises PassageMissing: or NothingLeft, NoSuchOriginal, NoSuchSubject, TooLateToReword
    """
    has_rule = outcome in NEEDS_REASON
    verdict = Verdict(
        by,
        outcome,
        rule if has_rule else RULE_OF.get(outcome),
        reason.strip(),
        last_seen,
        law=(law or "").strip() or None if has_rule else None,
        passages=tuple(dict.fromkeys(passages)) if outcome is Outcome.REDACTED else (),
        duplicate_of=duplicate_of if outcome is Outcome.DUPLICATE else None,
        moved_to=moved_to if outcome is Outcome.MOVED else None,
    )
    with transaction(session):
        now, office_id = enter(session, contribution_id, by=by, clock=clock)
        return _decide(session, contribution_id, office_id=office_id, verdict=verdict, version=version, now=now)


def _decide(
    session: Session, contribution_id: int, *, office_id: int, verdict: Verdict, version: int, now: datetime
) -> int:
    """Decide with the grant checked: container, contribution, own rows, in this order of locks."""
    no_such_place = verdict.outcome is Outcome.MOVED and queries.why_not_there(session, contribution_id, verdict, now)
    if no_such_place:
        raise no_such_place
    kind = hold(session, contribution_id, also=verdict.moved_to, original_id=verdict.duplicate_of)
    standing = queries.standing(session, contribution_id)
    refusal = why_not_decide(standing, verdict) or queries.why_not_there(session, contribution_id, verdict, now)
    if refusal is not None:
        raise refusal
    before = queries.cases_before(session, [contribution_id])[contribution_id]
    link = link_after(verdict, before)
    original = _apply(session, contribution_id, kind=kind, verdict=verdict, version=version, link=link)
    decision_id = _write_decision(session, contribution_id, verdict, standing, version=version, before=before, now=now)
    _seal(session, decision_id, verdict, original, now)
    if verdict.outcome is Outcome.REDACTED:
        seal_earlier(session, contribution_id, now)
    noticed = _settle(session, contribution_id, decision_id=decision_id, verdict=verdict, now=now)
    TALLIES[kind].count_again(session, contribution_id)
    _tell_author(session, contribution_id, decision_id=decision_id, verdict=verdict, standing=standing, now=now)
    details = {"decision": decision_id, "from": standing.state, "to": verdict.outcome, "rule": verdict.rule}
    note(
        session,
        act="moderation:decided",
        actor=verdict.by,
        office_id=office_id,
        about=f"contribution:{contribution_id}",
        details=details | {"version": version, "notices": noticed},
        now=now,
    )
    return decision_id


def hold(session: Session, contribution_id: int, also: int | None = None, *, original_id: int | None = None) -> str:
    """Lock the container, and the one it goes to or comes from, then the contribution; return its kind.

    :param original_id: the contribution that it is to be linked to, which nobody links, hides or withdraws meanwhile
    """
    kind = session.execute(select(Contribution.kind).where(Contribution.id == contribution_id)).scalar_one()
    TALLIES[kind].hold(session, contribution_id, also)
    if original_id is not None:
        # Both at once and in the order of their ids, for somebody may just link them the other way round.
        locked_all(session, {contribution_id, original_id})
    locked(session, contribution_id)
    return str(kind)


def link_after(verdict: Verdict, before: dict[str, Any]) -> int | None:
    """Return what a contribution is a duplicate of after a decision: its link stays, unless it is withheld."""
    is_dropped = STATE_AFTER[verdict.outcome] == State.WITHHELD
    return verdict.duplicate_of or (None if is_dropped else before["duplicate_of"])


def _apply(
    session: Session, contribution_id: int, *, kind: str, verdict: Verdict, version: int, link: int | None
) -> str:
    """Do what was decided to the contribution itself; return the text as it was."""
    original = session.execute(select(Contribution.text).where(Contribution.id == contribution_id)).scalar_one()
    is_withheld = STATE_AFTER[verdict.outcome] == State.WITHHELD
    set_state(
        session,
        contribution_id=contribution_id,
        state=State(STATE_AFTER[verdict.outcome]),
        # A tombstone names a rule; »nothing against the law« is one.
        reason_kind=(verdict.rule or LAW_RULE) if is_withheld else None,
        expected_version=version,
        text=blacked_out(original, verdict.passages) if verdict.outcome is Outcome.REDACTED else None,
        rewording=verdict.outcome is Outcome.REWORD,
        duplicate_of=link,
    )
    session.flush()
    if verdict.moved_to is not None:
        TALLIES[kind].move(session, contribution_id, verdict.moved_to)
    return str(original)


def _write_decision(
    session: Session,
    contribution_id: int,
    verdict: Verdict,
    standing: Standing,
    *,
    version: int,
    before: dict[str, Any],
    now: datetime,
) -> int:
    """Write the decision down; whoever had the case open is done with it, and so is whom it was passed on to."""
    decision = ModerationDecision(
        case_id=_case(session, contribution_id, FREE, now),
        outcome=verdict.outcome,
        rule=verdict.rule,
        law=verdict.law,
        reason=verdict.reason,
        found=found_by(standing),
        netiquette_version=NETIQUETTE_VERSION,
        decided_by=verdict.by,
        decided_at=now,
        contribution_version=version,
        duplicate_of=verdict.duplicate_of,
        moved_to=verdict.moved_to,
        before=before,
        token=secrets.token_urlsafe(16),
    )
    session.add(decision)
    session.flush()
    return decision.id


def _case(session: Session, contribution_id: int, values: dict[str, Any], now: datetime) -> int:
    """Open the case of a contribution, or find it, and write into it; return its number."""
    opened = insert(session, Case).values(contribution_id=contribution_id, opened_at=now, **values)
    # Writing over it with the same number is a write too, so that there is always a row to return.
    kept = values or {"contribution_id": contribution_id}
    made = opened.on_conflict_do_update(index_elements=["contribution_id"], set_=kept).returning(Case.id)
    return int(session.execute(made).scalar_one())


def _seal(session: Session, decision_id: int, verdict: Verdict, original: str, now: datetime) -> None:
    """Keep under seal what was blacked out, and what may be handed to the police."""
    kept = {
        Outcome.REDACTED: (SealedKind.ORIGINAL, KEPT_ORIGINAL),
        Outcome.POLICE: (SealedKind.THREAT, KEPT_THREAT),
    }.get(verdict.outcome)
    if kept is not None:
        kind, span = kept
        session.add(SealedCopy(decision_id=decision_id, kind=kind, text=original, delete_after=now + span))
        session.flush()


def _settle(session: Session, contribution_id: int, *, decision_id: int, verdict: Verdict, now: datetime) -> int:
    """Settle the unanswered notices and tell those who left an address, once nothing can be undone any more."""
    unanswered = update(Notice).where(Notice.contribution_id == contribution_id, queries.unanswered())
    settled = affected(
        session,
        unanswered.values(settled_at=now, decision_id=decision_id).execution_options(synchronize_session=False),
    )
    for notice in queries.reporters_to_tell(session, decision_id):
        post_letter(
            session,
            template=OUTCOME_LETTER,
            to_address=notice.email,
            language=notice.language,
            facts=outcome_facts(notice, verdict),
            about=f"decision:{decision_id}/notice:{notice.number}",
            now=now,
            not_before=now + UNDO_FOR,
        )
    return settled


def settle_withdrawn(session: Session, *, clock: Clock) -> int:
    """Settle open notices on what its author took back, 500 at a time, and tell who left an address; return how many.

    Contributions are withdrawn in rooms that know of no notices, here it is read. Nothing brings one back, so the
    letters leave at once. A notice that somebody else just writes to has its turn later.
    """
    with transaction(session):
        now = clock()
        gone = queries.notices_on_withdrawn().limit(AT_A_TIME)
        found = session.execute(gone.with_for_update(of=Notice, skip_locked=True)).all()
        ended = update(Notice).where(Notice.id.in_([row.id for row in found]))
        session.execute(ended.values(settled_at=now, decision_id=None, ended=NoticeEnd.WITHDRAWN))
        letters = [
            ToPost(
                WITHDRAWN_LETTER,
                row.email,
                "",
                row.language or "de",
                f"notice:{row.id}",
                {"number": row.id, "token": row.token},
            )
            for row in found
            if row.email
        ]
        post_letters(session, letters, now=now, not_before=now)
        return len(found)


def outcome_facts(notice: queries.Reporter, verdict: Verdict) -> dict[str, Any]:
    """Return what the letter to somebody who reported words."""
    return {"number": notice.number, "token": notice.token, "outcome": verdict.outcome, "rule": verdict.rule}


def _tell_author(
    session: Session, contribution_id: int, *, decision_id: int, verdict: Verdict, standing: Standing, now: datetime
) -> None:
    """Put the letter into the outbox, where it waits until nothing can be undone any more.

    Nobody is told of what was imported, nor who has no address any more.
    """
    author = queries.author_to_tell(session, contribution_id, decision_id=decision_id)
    if author is None:
        return
    post_letter(
        session,
        template=DECISION_LETTER,
        to_address=author.email,
        to_name=author.shown_as or "",
        language=author.language,
        facts=decision_facts(author, contribution_id, verdict=verdict, standing=standing),
        about=f"decision:{decision_id}",
        now=now,
        not_before=now + UNDO_FOR,
    )


def decision_facts(
    author: queries.Addressee, contribution_id: int, *, verdict: Verdict, standing: Standing
) -> dict[str, Any]:
    """Return what the letter about a decision words."""
    rule = rule_by_slug(verdict.rule) if verdict.rule else None
    return {
        "outcome": verdict.outcome,
        "noticed": standing.open_notices > 0,
        "found_words": FOUND[found_by(standing)],
        "reason": verdict.reason,
        "law": verdict.law,
        "duplicate_of": verdict.duplicate_of,
        "token": author.token if verdict.outcome in CONTESTABLE else None,
        "until": author.closes_at.isoformat() if verdict.outcome is Outcome.REWORD else None,
        "rule": {"number": rule.number, "title": rule.title, "text": rule.text} if rule else None,
        "netiquette_version": NETIQUETTE_VERSION,
        "text": author.text,
        "round": author.round_title,
        "office": author.office,
        "path": author.home,
        "number": contribution_id,
    }


# ── Taking back ───────────────────────────────────────────────────────────────────────────────────────────────────────
def undo(session: Session, *, decision_id: int, by: UUID, clock: Clock) -> None:
    """Take a decision back within ten minutes: everything is as before, notices wait again, and nobody is told.

    :raises NothingToDecide: if it is not theirs to moderate
    :raises NotYourDecision: if somebody else decided
    :raises UndoOver: after ten minutes
    :raises AlreadyUndone: if it was taken back before
    :raises DecidedMeanwhile: if it does not hold any more
    :raises ChangedMeanwhile: if the author wrote or withdrew since
    :raises LinkedBack: if a link would come back to what is linked to this contribution by now
    """
    with transaction(session):
        taken = queries.decision_to_undo(session, decision_id)
        if taken is None:
            raise NothingToDecide()
        now, office_id = enter(session, taken.contribution_id, by=by, clock=clock)
        kind = hold_for_back(session, taken)
        # Read again under the lock: somebody may have been quicker.
        taken = queries.decision_to_undo(session, decision_id) or taken
        refusal = why_not_undo(taken, queries.standing(session, taken.contribution_id), by=by, now=now)
        if refusal is not None:
            raise refusal
        gone = insert(session, DecisionUndo).values(decision_id=decision_id, undone_by=by, undone_at=now)
        if session.execute(gone.on_conflict_do_nothing().returning(DecisionUndo.decision_id)).first() is None:
            raise AlreadyUndone()
        if not recall_letters(session, about=f"decision:{decision_id}"):
            raise UndoOver()
        link, state = taken.before["duplicate_of"], State(taken.before["state"])
        if link != link_again(session, taken):
            raise LinkedBack(number=link)
        _put_back(session, taken, kind=kind, state=state, link=link, version=taken.version_after, now=now)
        pass_on_again(session, taken)
        session.execute(queries.reopened(decision_id).values(settled_at=None, decision_id=None))
        note(
            session,
            act="moderation:undone",
            actor=by,
            office_id=office_id,
            about=f"contribution:{taken.contribution_id}",
            details={"decision": decision_id},
            now=now,
        )


def hold_for_back(session: Session, taken: Taken) -> str:
    """Lock what is needed to put back what stood before a decision: other place and other contribution too."""
    before = taken.before
    original_id = before.get("duplicate_of")
    return hold(session, taken.contribution_id, also=before.get("thread_id"), original_id=original_id)


def link_again(session: Session, taken: Taken) -> int | None:
    """Return the link that stands when what stood before a decision comes back.

    Bars and places leave links alone, so one that came later stays. None also where the other contribution is linked
    to this one by now, since no two name each other.
    """
    link: int | None = taken.before.get("duplicate_of")
    if taken.outcome in LEAVES_LINKS:
        now_linked = select(Contribution.duplicate_of).where(Contribution.id == taken.contribution_id)
        return session.execute(now_linked).scalar_one()
    if link is None or queries.linked_back(session, {taken.contribution_id: link}):
        return None
    return link


def _put_back(
    session: Session, taken: Taken, *, kind: str, state: State, link: int | None, version: int, now: datetime
) -> None:
    """Undo to the contribution what a decision did; place, text, link and counts come back as they were.

    A text that its author wrote since stays.
    """
    sealed = session.get(SealedCopy, taken.id, populate_existing=True)
    is_original = sealed is not None and sealed.kind == SealedKind.ORIGINAL and sealed.deleted_at is None
    set_state(
        session,
        contribution_id=taken.contribution_id,
        state=state,
        reason_kind=taken.before["reason_kind"] if state == State.WITHHELD else None,
        expected_version=version,
        text=sealed.text if sealed is not None and is_original and version == taken.version_after else None,
        rewording=taken.before["rewording"] and state == State.HELD,
        duplicate_of=link,
    )
    if is_original:
        unseal_earlier(session, taken.contribution_id, taken.decided_at)
    if sealed is not None:
        sealed.text, sealed.deleted_at = "", now
    session.flush()
    if taken.moved_to is not None:
        TALLIES[kind].move(session, taken.contribution_id, taken.before["thread_id"])
    TALLIES[kind].count_again(session, taken.contribution_id)


def pass_on_again(session: Session, taken: Taken) -> None:
    """Let a case that was passed on wait with the others again."""
    before = taken.before
    if before["escalated_at"] is not None:
        values = {
            "escalated_by": UUID(before["escalated_by"]),
            "escalated_at": datetime.fromisoformat(before["escalated_at"]),
            "escalated_why": before["escalated_why"],
        }
        session.execute(update(Case).where(Case.contribution_id == taken.contribution_id).values(**values))


def enter(session: Session, contribution_id: int, *, by: UUID, clock: Clock) -> tuple[datetime, int]:
    """Hold the door of a contribution's window and check the grant; return the moment and the office.

    :raises NothingToDecide: if it is not theirs to moderate
    """
    window_id = _window_of(session, contribution_id)
    if window_id is None:
        raise NothingToDecide()
    now = hold_door(session, window_id, clock)
    audience_id = audience_of(session, window_id)
    if why_not_act(session, person_id=by, role=Role.MODERATOR, audience_id=audience_id, now=now):
        raise NothingToDecide()
    return now, office_of(session, audience_id)


# ── Working side by side ──────────────────────────────────────────────────────────────────────────────────────────────
def open_case(session: Session, *, contribution_id: int, by: UUID, clock: Clock) -> None:
    """Mark a contribution as opened, for ten minutes; what somebody else has open stays theirs.

    :raises NothingToDecide: if it is not theirs to moderate
    """
    with transaction(session):
        now, _ = enter(session, contribution_id, by=by, clock=clock)
        case_id = _case(session, contribution_id, {}, now)
        is_free = or_(Case.claimed_at.is_(None), Case.claimed_at <= now - OPEN_FOR, Case.claimed_by == by)
        session.execute(update(Case).where(Case.id == case_id, is_free).values(claimed_by=by, claimed_at=now))


def escalate(session: Session, *, contribution_id: int, by: UUID, why: str, clock: Clock) -> None:
    """Pass a contribution on to a list of its own, for somebody with more experience. Nobody outside is told.

    :raises NothingToDecide: if it is not theirs to moderate
    :raises ReasonMissing: without a word of why
    :raises WithdrawnMeanwhile: if its author took it back
    :raises AlreadySo: if they passed it on for this reason already
    :raises AlreadyPassedOn: if somebody else did, or for another reason
    """
    if not why.strip():
        raise ReasonMissing()
    with transaction(session):
        now, office_id = enter(session, contribution_id, by=by, clock=clock)
        hold(session, contribution_id)
        if queries.standing(session, contribution_id).state == NOT_THERE_ANY_MORE:
            raise WithdrawnMeanwhile()
        case_id = _case(session, contribution_id, {"claimed_by": None, "claimed_at": None}, now)
        passed_on = update(Case).where(Case.id == case_id, Case.escalated_at.is_(None))
        values = {"escalated_by": by, "escalated_at": now, "escalated_why": why.strip()}
        if not affected(session, passed_on.values(**values)):
            first = session.execute(select(Case.escalated_by, Case.escalated_why).where(Case.id == case_id)).one()
            raise AlreadySo() if tuple(first) == (by, why.strip()) else AlreadyPassedOn()
        note(
            session,
            act="moderation:escalated",
            actor=by,
            office_id=office_id,
            about=f"contribution:{contribution_id}",
            details={"case": case_id},
            now=now,
        )


def free_case(session: Session, contribution_id: int) -> None:
    """Take the marks off a case without a decision: who had it open, or to whom it was passed on, is done with it."""
    session.execute(update(Case).where(Case.contribution_id == contribution_id).values(**FREE))


def await_look(session: Session, decision_id: int) -> None:
    """Note that somebody else is to look at a decision again; to be called with the contribution locked."""
    session.add(AwaitedLook(decision_id=decision_id))


def look_given(session: Session, decision_id: int) -> None:
    """Note that somebody looked at it."""
    session.execute(delete(AwaitedLook).where(AwaitedLook.decision_id == decision_id))


def set_hours(session: Session, *, round_slug: str, hours: int, by: UUID, clock: Clock) -> None:
    """Say within how many hours of working days moderation decides in a round.

    :param hours: 1 to 240
    :raises NothingToDecide: if they do not lead this round
    """
    with transaction(session):
        now = clock()
        found = queries.settings_of(session, round_slug=round_slug, person_id=by, now=now)
        if found is None:
            raise NothingToDecide()
        row = insert(session, ModerationSetting).values(audience_id=found.audience_id, hours=hours)
        session.execute(row.on_conflict_do_update(index_elements=["audience_id"], set_={"hours": hours}))
        note(
            session,
            act="moderation:hours_set",
            actor=by,
            office_id=office_of(session, found.audience_id),
            about=f"round:{round_slug}",
            details={"hours": hours},
            now=now,
        )


def put_right(
    session: Session,
    taken: Taken,
    *,
    kind: str,
    by: UUID,
    reason: str,
    standing: Standing,
    link: int | None,
    version: int,
    now: datetime,
) -> int:
    """Reverse a decision by a new one, after which the contribution is public and stands as it did before that one.

    What another decision blacked out, linked or moved stays so, and that one shapes it again (``still_takes``).

    :param link: what it is linked to from then on (``link_again``)
    :param version: the version that was read, which may be newer than what the decision left
    :raises ChangedMeanwhile: if there is another one by now
    """
    before = queries.cases_before(session, [taken.contribution_id])[taken.contribution_id]
    before |= {"of_review": True, "reverses": taken.id}
    _put_back(session, taken, kind=kind, state=State.PUBLISHED, link=link, version=version, now=now)
    left = session.execute(select(Contribution.version).where(Contribution.id == taken.contribution_id)).scalar_one()
    if left != version:
        # The text that was read for that decision is this version now; an earlier decision may be about the same words.
        before["text_of"] = taken.version_read
    verdict = Verdict(by, Outcome.PUBLISHED, None, reason.strip(), taken.id)
    return _write_decision(session, taken.contribution_id, verdict, standing, version=left, before=before, now=now)


# ── Under seal ────────────────────────────────────────────────────────────────────────────────────────────────────────
def open_sealed(session: Session, *, decision_id: int, by: UUID, purpose: str, clock: Clock) -> None:
    """Open a threat under seal, for ten minutes; who and when is written to the journal before anybody reads.

    :param purpose: what it is opened for, as the file number of the police
    :raises NothingSealed: if there is none in the rounds whose threats they look after, or its time is over
    :raises ReasonMissing: without a purpose
    """
    if not purpose.strip():
        raise ReasonMissing()
    with transaction(session):
        now = clock()
        found = queries.sealed_threat(session, decision_id=decision_id, person_id=by, now=now)
        if found is None:
            raise NothingSealed()
        session.add(SealedOpening(decision_id=decision_id, opened_by=by, opened_at=now, purpose=purpose.strip()))
        window_id = _window_of(session, found.contribution_id)
        assert window_id is not None
        note(
            session,
            act="moderation:opened_sealed",
            actor=by,
            office_id=office_of(session, audience_of(session, window_id)),
            about=f"contribution:{found.contribution_id}",
            details={"decision": decision_id},
            now=now,
        )


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def delete_sealed(session: Session, *, clock: Clock, but: Select[int]) -> int:
    """Blank the sealed copies whose time is over; return how many.

    :param but: the decisions whose copies are still needed
    """
    with transaction(session):
        now = clock()
        over = update(SealedCopy).where(SealedCopy.delete_after <= now, SealedCopy.deleted_at.is_(None))
        over = over.where(SealedCopy.decision_id.not_in(but))
        return affected(session, over.values(text="", deleted_at=now))


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Empty what a person wrote in notices. That there was a notice stays, and so does what they decided in office."""
    with transaction(session):
        session.execute(update(Notice).where(queries.noticed_by(person_id)).values(text="", email=None))


def forget_reporters(session: Session, *, clock: Clock) -> int:
    """Blank the addresses of those who reported, once their outcome is on its way; return how many."""
    with transaction(session):
        told = update(Notice).where(Notice.email.is_not(None), Notice.settled_at < clock() - UNDO_FOR)
        told = told.where(~queries.unanswered())
        return affected(session, told.values(email=None).execution_options(synchronize_session=False))


def _window_of(session: Session, contribution_id: int) -> int | None:
    return session.execute(
        select(Contribution.window_id).where(Contribution.id == contribution_id)
    ).scalar_one_or_none()


# ── What comes from elsewhere ─────────────────────────────────────────────────────────────────────────────────────────
def import_decisions(session: Session, *, decisions: Iterable[ImportedDecision], reason: str = IMPORTED_REASON) -> int:
    """Write down what was decided elsewhere, a thousandfold, and return how many decisions were written.

    Nobody is named as deciding, no rule is named, no letters go out, no state is touched: the contributions come with
    their states. A contribution that has a case here already is passed over, so an import can be run twice.
    """
    written = 0
    rows = iter(decisions)
    with transaction(session):
        while batch := list(islice(rows, AT_A_TIME)):
            written += _import_batch(session, batch, reason)
    return written


def _import_batch(session: Session, batch: Sequence[ImportedDecision], reason: str) -> int:
    opened = insert(session, Case).values(
        [{"contribution_id": row.contribution_id, "opened_at": row.decided_at} for row in batch]
    )
    fresh = session.execute(
        opened.on_conflict_do_nothing(index_elements=["contribution_id"]).returning(Case.contribution_id, Case.id)
    )
    cases = {int(row.contribution_id): int(row.id) for row in fresh}
    decided = [
        {
            "case_id": cases[row.contribution_id],
            "outcome": row.outcome,
            "rule": None,
            "reason": reason,
            "decided_by": None,
            "decided_at": row.decided_at,
            "contribution_version": 1,
        }
        for row in batch
        if row.contribution_id in cases
    ]
    if decided:
        session.execute(insert(session, ModerationDecision).values(decided))
    return len(decided)
