"""Taking notices and deciding on contributions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import office_of, participant_id, why_not_act
from participation.contributions.commands import set_state
from participation.contributions.facts import Kind, State, rule_by_slug
from participation.contributions.models import Contribution
from participation.discussion import commands as discussion
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note
from participation.letters.commands import post_letter
from participation.moderation import queries
from participation.moderation.facts import (
    IMPORTED_REASON,
    UNDO_FOR,
    AlreadyReported,
    ImportedDecision,
    NothingToDecide,
    NothingToReport,
    NoticeKind,
    Outcome,
    Receipt,
    Verdict,
    why_no_notice,
    why_not_decide,
)
from participation.moderation.models import Case, ModerationDecision, Notice
from participation.windows.commands import hold_door
from participation.windows.queries import audience_of

DECISION_LETTER = "moderation/letters/decision"
RECEIPT_LETTER = "moderation/letters/notice_received"
OUTCOME_LETTER = "moderation/letters/notice_decided"
AT_A_TIME = 500
"""Rows per INSERT of an import."""


@dataclass(frozen=True)
class Tally:
    """What a kind of contribution offers, so that its counts follow a decision."""

    hold: Callable[[Session, int], Any]
    """Lock what carries the counters, before the contribution itself is locked."""
    count_again: Callable[[Session, int], Any]
    """Count again under that lock."""


TALLIES: dict[str, Tally] = {Kind.COMMENT: Tally(discussion.hold_container, discussion.count_again)}


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
) -> int:
    """Publish or withhold a contribution, at any time, and tell its author; return the decision's number.

    Counts follow, open notices are settled, one line goes to the journal. What was imported gets no letter.

    :param rule: slug of the broken rule of the Netiquette; needed with a reason to withhold
    :param version: the version of the text that was read
    :param last_seen: the last decision on it that was shown, None if there was none
    :raises NothingToDecide: if it is not theirs to moderate
    :raises WithdrawnMeanwhile: if its author took it back
    :raises ChangedMeanwhile: if the text is another one by now
    :raises DecidedMeanwhile: if somebody decided after the page was opened
    :raises AlreadySo: if nothing would change
    :raises RuleMissing: if a withheld text would have no rule or no reason
    """
    verdict = Verdict(by, outcome, rule if outcome is Outcome.WITHHELD else None, reason.strip(), last_seen)
    with transaction(session):
        window_id = _window_of(session, contribution_id)
        if window_id is None:
            raise NothingToDecide()
        now = hold_door(session, window_id, clock)
        audience_id = audience_of(session, window_id)
        if why_not_act(session, person_id=by, role=Role.MODERATOR, audience_id=audience_id, now=now):
            raise NothingToDecide()
        office_id = office_of(session, audience_id)
        return _decide(session, contribution_id, office_id=office_id, verdict=verdict, version=version, now=now)


def _decide(
    session: Session, contribution_id: int, *, office_id: int, verdict: Verdict, version: int, now: datetime
) -> int:
    """Decide with the grant checked: container, contribution, own rows, in this order of locks."""
    kind = session.execute(select(Contribution.kind).where(Contribution.id == contribution_id)).scalar_one()
    TALLIES[kind].hold(session, contribution_id)
    session.execute(select(Contribution.id).where(Contribution.id == contribution_id).with_for_update(key_share=True))
    standing = queries.standing(session, contribution_id)
    refusal = why_not_decide(standing, verdict)
    if refusal is not None:
        raise refusal
    set_state(
        session,
        contribution_id=contribution_id,
        state=State(verdict.outcome),
        reason_kind=verdict.rule,
        expected_version=version,
    )
    decision_id = _write_decision(session, contribution_id, verdict, version, now)
    noticed = _settle(session, contribution_id, decision_id=decision_id, verdict=verdict, now=now)
    TALLIES[kind].count_again(session, contribution_id)
    _tell_author(session, contribution_id, decision_id=decision_id, verdict=verdict, noticed=noticed > 0, now=now)
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


def _write_decision(session: Session, contribution_id: int, verdict: Verdict, version: int, now: datetime) -> int:
    opened = insert(session, Case).values(contribution_id=contribution_id, opened_at=now)
    session.execute(opened.on_conflict_do_nothing(index_elements=["contribution_id"]))
    decision = ModerationDecision(
        case_id=session.execute(select(Case.id).where(Case.contribution_id == contribution_id)).scalar_one(),
        outcome=verdict.outcome,
        rule=verdict.rule,
        reason=verdict.reason,
        decided_by=verdict.by,
        decided_at=now,
        contribution_version=version,
    )
    session.add(decision)
    session.flush()
    return decision.id


def _settle(session: Session, contribution_id: int, *, decision_id: int, verdict: Verdict, now: datetime) -> int:
    """Settle the open notices and tell those who left an address, once nothing can be undone any more."""
    open_ones = update(Notice).where(Notice.contribution_id == contribution_id, Notice.settled_at.is_(None))
    settled = affected(session, open_ones.values(settled_at=now, decision_id=decision_id))
    for notice in queries.reporters_to_tell(session, decision_id):
        post_letter(
            session,
            template=OUTCOME_LETTER,
            to_address=notice.email,
            language=notice.language,
            facts={"number": notice.number, "token": notice.token, "outcome": verdict.outcome, "rule": verdict.rule},
            about=f"decision:{decision_id}/notice:{notice.number}",
            now=now,
            not_before=now + UNDO_FOR,
        )
    return settled


def _tell_author(
    session: Session, contribution_id: int, *, decision_id: int, verdict: Verdict, noticed: bool, now: datetime
) -> None:
    """Put the letter into the outbox, where it waits until nothing can be undone any more.

    Nobody is told of what was imported, nor who has no address any more.
    """
    author = queries.author_to_tell(session, contribution_id)
    if author is None:
        return
    rule = rule_by_slug(verdict.rule) if verdict.rule else None
    facts = {
        "outcome": verdict.outcome,
        "noticed": noticed,
        "reason": verdict.reason,
        "rule": {"number": rule.number, "title": rule.title, "text": rule.text} if rule else None,
        "text": author.text,
        "round": author.round_title,
        "office": author.office,
        "path": author.home,
        "number": contribution_id,
    }
    post_letter(
        session,
        template=DECISION_LETTER,
        to_address=author.email,
        to_name=author.shown_as or "",
        language=author.language,
        facts=facts,
        about=f"decision:{decision_id}",
        now=now,
        not_before=now + UNDO_FOR,
    )


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Empty what a person wrote in notices. That there was a notice stays, and so does what they decided in office."""
    with transaction(session):
        session.execute(update(Notice).where(queries.noticed_by(person_id)).values(text="", email=None))


def forget_reporters(session: Session, *, clock: Clock) -> int:
    """Blank the addresses of those who reported, once their outcome is on its way; return how many."""
    with transaction(session):
        told = update(Notice).where(Notice.email.is_not(None), Notice.settled_at < clock() - UNDO_FOR)
        return affected(session, told.values(email=None))


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
