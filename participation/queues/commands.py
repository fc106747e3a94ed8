"""Deciding on several contributions at once, and taking that back; statements follow places, not contributions."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.models import Audience
from participation.audiences.queries import audiences_where
from participation.contributions.commands import locked_all, set_states
from participation.contributions.facts import NETIQUETTE_VERSION, ChangedMeanwhile, State
from participation.contributions.models import Contribution
from participation.foundation.clock import Clock
from participation.foundation.db import insert, transaction
from participation.foundation.facts import Fact
from participation.journal.commands import Line, note_all
from participation.letters.commands import ToPost, post_letters, recall_all
from participation.moderation.commands import (
    DECISION_LETTER,
    FREE,
    OUTCOME_LETTER,
    TALLIES,
    decision_facts,
    link_after,
    outcome_facts,
    pass_on_again,
)
from participation.moderation.facts import (
    NEEDS_REASON,
    STATE_AFTER,
    UNDO_FOR,
    LinkedBack,
    NothingToDecide,
    Outcome,
    OwnContribution,
    RuleMissing,
    Standing,
    Taken,
    UndoOver,
    Verdict,
    found_by,
    why_not_decide,
    why_not_undo,
)
from participation.moderation.models import Case, DecisionUndo, ModerationDecision, Notice
from participation.moderation.queries import (
    authors_to_tell,
    cases_before,
    decisions_taken,
    linked_back,
    reopened,
    reporters_of,
    standings,
    unanswered,
)
from participation.queues import queries
from participation.queues.facts import FOR_MANY, MOST_AT_ONCE, Chosen, How, NotForMany, NothingChosen, TooManyChosen
from participation.queues.models import BulkDecision, BulkItem
from participation.windows.commands import hold_door
from participation.windows.models import Window


@dataclass(frozen=True)
class _Held:
    """Contributions that somebody moderates, with their rows and all that carries their counters locked."""

    now: datetime
    offices: dict[int, int]
    """The office of each."""
    kinds: dict[int, str]
    versions: dict[int, int]
    standings: dict[int, Standing]


def decide_many(
    session: Session,
    *,
    chosen: Sequence[Chosen],
    how: How,
    by: UUID,
    outcome: Outcome,
    clock: Clock,
    rule: str | None = None,
    law: str | None = None,
    reason: str = "",
) -> int:
    """Decide on several contributions for one rule and reason; return the number under which the result stands.

    Each gets a decision and a letter of its own, as if it had been decided on alone. What somebody else decided on, or
    what its author changed, after it was chosen is left as it is, and the result says why.

    :param chosen: 1 to 200
    :raises NothingChosen: or TooManyChosen, NotForMany
    :raises RuleMissing: if withheld texts would have no rule or no reason
    """
    by_number = {one.contribution_id: one for one in chosen}
    verdict = _verdict(by_number, by=by, outcome=outcome, rule=rule, law=law, reason=reason)
    with transaction(session):
        held = _hold_all(session, by_number, by=by, clock=clock)
        refused = {number: _why_not(held, number, one, verdict) for number, one in by_number.items()}
        free = sorted(number for number, fact in refused.items() if fact is None)
        decisions = _decide_all(session, free, held=held, verdict=verdict)
        bulk_id = _write_bulk(session, how=how, verdict=verdict, decisions=decisions, refused=refused, now=held.now)
        _note_all(session, held, decisions, verdict=verdict, bulk_id=bulk_id)
        return bulk_id


def _verdict(
    chosen: Collection[int], *, by: UUID, outcome: Outcome, rule: str | None, law: str | None, reason: str
) -> Verdict:
    if not chosen:
        raise NothingChosen()
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyChosen(most=MOST_AT_ONCE)
    if outcome not in FOR_MANY:
        raise NotForMany()
    needs = outcome in NEEDS_REASON
    verdict = Verdict(
        by, outcome, rule if needs else None, reason.strip(), None, law=(law or "").strip() or None if needs else None
    )
    if needs and not ((verdict.rule or verdict.law) and verdict.reason):
        raise RuleMissing()
    return verdict


def _hold_all(
    session: Session, contribution_ids: Collection[int], *, by: UUID, clock: Clock, also: Collection[int] = ()
) -> _Held:
    """Hold the doors, then what carries the counters, then the contributions, each in the order of their ids.

    :param also: other contributions that nobody is to link meanwhile
    """
    placed = (
        select(Contribution.id, Contribution.kind, Contribution.window_id, Window.audience_id, Audience.office_id)
        .join(Window, Window.id == Contribution.window_id)
        .join(Audience, Audience.id == Window.audience_id)
        .where(Contribution.id.in_(contribution_ids))
    )
    rows = session.execute(placed).all()
    now = clock()
    for window_id in sorted({row.window_id for row in rows}):
        now = hold_door(session, window_id, clock)
    theirs = audiences_where(person_id=by, role=Role.MODERATOR, now=now)
    mine = set(session.execute(theirs.where(Audience.id.in_({row.audience_id for row in rows}))).scalars())
    kinds = {row.id: row.kind for row in rows if row.audience_id in mine}
    for kind, numbers in _by_kind(kinds).items():
        TALLIES[kind].hold_all(session, numbers)
    locked = [one for one in locked_all(session, {*kinds, *also}).values() if one.id in kinds]
    return _Held(
        now=now,
        offices={row.id: row.office_id for row in rows if row.id in kinds},
        kinds=kinds,
        versions={one.id: one.version for one in locked},
        standings=standings(session, locked),
    )


def _by_kind(kinds: Mapping[int, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in sorted(kinds):
        found.setdefault(kinds[number], []).append(number)
    return dict(sorted(found.items()))


def _why_not(held: _Held, number: int, chosen: Chosen, verdict: Verdict) -> Fact | None:
    if number not in held.standings:
        return NothingToDecide()
    refusal = why_not_decide(held.standings[number], replace(verdict, last_seen=chosen.last_seen))
    if isinstance(refusal, OwnContribution):
        # Never offered, so whoever sends it made the form themselves.
        return NothingToDecide()
    return refusal or (ChangedMeanwhile() if held.versions[number] != chosen.version else None)


def _decide_all(session: Session, numbers: Sequence[int], *, held: _Held, verdict: Verdict) -> dict[int, int]:
    """Decide on what nothing speaks against; return the decision on each contribution."""
    if not numbers:
        return {}
    before = cases_before(session, numbers)
    state = STATE_AFTER[verdict.outcome]
    to = {
        "state": state,
        # A tombstone names a rule; »nothing against the law« is one.
        "reason_kind": (verdict.rule or "law") if state == State.WITHHELD else None,
        "rewording": False,
    }
    links = {number: link_after(verdict, before[number]) for number in numbers}
    set_states(session, [{"contribution_id": number, "duplicate_of": links[number], **to} for number in numbers])
    decisions = _write_decisions(session, numbers, held=held, verdict=verdict, before=before)
    _settle_all(session, decisions, now=held.now)
    for kind, some in _by_kind({number: held.kinds[number] for number in numbers}).items():
        TALLIES[kind].count_all_again(session, some)
    _tell_all(session, decisions, held=held, verdict=verdict)
    return decisions


def _write_decisions(
    session: Session, numbers: Sequence[int], *, held: _Held, verdict: Verdict, before: dict[int, dict[str, Any]]
) -> dict[int, int]:
    opened = insert(session, Case).values(
        [{"contribution_id": number, "opened_at": held.now, **FREE} for number in numbers]
    )
    opened = opened.on_conflict_do_update(index_elements=["contribution_id"], set_=FREE)
    cases = {row[0]: row[1] for row in session.execute(opened.returning(Case.contribution_id, Case.id))}
    made = [
        {
            "case_id": cases[number],
            "outcome": verdict.outcome,
            "rule": verdict.rule,
            "law": verdict.law,
            "reason": verdict.reason,
            "found": found_by(held.standings[number]),
            "netiquette_version": NETIQUETTE_VERSION,
            "decided_by": verdict.by,
            "decided_at": held.now,
            "contribution_version": held.versions[number],
            "before": before[number],
            "token": secrets.token_urlsafe(16),
        }
        for number in numbers
    ]
    # Some engines would send one statement for each if these were rows of the ORM.
    added = insert(session, ModerationDecision).values(made)
    added = added.returning(ModerationDecision.case_id, ModerationDecision.id)
    decisions = {row[0]: row[1] for row in session.execute(added)}
    return {number: decisions[cases[number]] for number in numbers}


def _settle_all(session: Session, decisions: dict[int, int], *, now: datetime) -> None:
    """Settle the unanswered notices, each by the decision on its contribution."""
    its = (
        select(ModerationDecision.id)
        .join(Case, Case.id == ModerationDecision.case_id)
        .where(Case.contribution_id == Notice.contribution_id, ModerationDecision.id.in_(decisions.values()))
        .correlate(Notice)
        .scalar_subquery()
    )
    waiting = update(Notice).where(Notice.contribution_id.in_(decisions), unanswered())
    session.execute(waiting.values(settled_at=now, decision_id=its).execution_options(synchronize_session=False))


def _tell_all(session: Session, decisions: dict[int, int], *, held: _Held, verdict: Verdict) -> None:
    """Put all letters into the outbox, where they wait until nothing can be undone any more."""
    authors, reporters = authors_to_tell(session, decisions.values()), reporters_of(session, decisions.values())
    letters = []
    for number, decision_id in decisions.items():
        about = f"decision:{decision_id}"
        if decision_id in authors:
            author = authors[decision_id]
            facts = decision_facts(author, number, verdict=verdict, standing=held.standings[number])
            name = author.shown_as or ""
            letters.append(ToPost(DECISION_LETTER, author.email, name, author.language, about, facts))
        for one in reporters.get(decision_id, ()):
            facts = outcome_facts(one, verdict)
            letters.append(ToPost(OUTCOME_LETTER, one.email, "", one.language, f"{about}/notice:{one.number}", facts))
    post_letters(session, letters, now=held.now, not_before=held.now + UNDO_FOR)


def _write_bulk(
    session: Session,
    *,
    how: How,
    verdict: Verdict,
    decisions: dict[int, int],
    refused: Mapping[int, Fact | None],
    now: datetime,
) -> int:
    bulk = BulkDecision(
        how=how,
        outcome=verdict.outcome,
        rule=verdict.rule,
        law=verdict.law,
        reason=verdict.reason,
        made_by=verdict.by,
        made_at=now,
    )
    session.add(bulk)
    session.flush()
    session.add_all(
        BulkItem(
            bulk_id=bulk.id,
            contribution_id=number,
            decision_id=decisions.get(number),
            refused=None if fact is None else fact.name,
        )
        for number, fact in sorted(refused.items())
        # What does not exist has no line that could point to it.
        if fact is None or fact.name != NothingToDecide.__name__
    )
    session.flush()
    return bulk.id


def _note_all(session: Session, held: _Held, decisions: dict[int, int], *, verdict: Verdict, bulk_id: int) -> None:
    lines = [
        Line(
            office_id=held.offices[number],
            about=f"contribution:{number}",
            details={
                "decision": decision_id,
                "from": held.standings[number].state,
                "to": verdict.outcome,
                "rule": verdict.rule,
                "version": held.versions[number],
                "notices": held.standings[number].open_notices,
                "bulk": bulk_id,
            },
        )
        for number, decision_id in decisions.items()
    ]
    note_all(session, lines, act="moderation:decided", actor=verdict.by, now=held.now)


# ── Taking back ───────────────────────────────────────────────────────────────────────────────────────────────────────
def undo_many(session: Session, *, bulk_id: int, by: UUID, clock: Clock) -> tuple[int, int]:
    """Take back within ten minutes what was decided together: what can be, as if each had been taken back alone.

    What somebody decided on anew meanwhile, or what its author changed, stays as it is.

    :returns: how many were taken back, and how many stay
    :raises NothingToDecide: if they decided nothing under this number
    :raises UndoOver: or the reason of the first, if none can be taken back any more
    """
    with transaction(session):
        numbers = queries.decisions_of_bulk(session, bulk_id=bulk_id, by=by)
        if not numbers:
            raise NothingToDecide()
        found = decisions_taken(session, numbers)
        links = {one.contribution_id: one.before["duplicate_of"] for one in found if one.before.get("duplicate_of")}
        by_id = [one.contribution_id for one in found]
        held = _hold_all(session, by_id, by=by, clock=clock, also=links.values())
        # Read again under the lock: somebody may have been quicker.
        found = decisions_taken(session, numbers)
        in_circles = linked_back(session, links)
        refused = {one.id: _why_not_back(held, one, by=by, in_circles=in_circles) for one in found}
        free = [one for one in found if refused[one.id] is None]
        told = recall_all(session, _abouts(session, free))
        refused |= {number: UndoOver() for number in told}
        free = [one for one in free if one.id not in told]
        if not free:
            raise next(fact for fact in refused.values() if fact is not None)
        _put_all_back(session, free, held=held, by=by)
        return len(free), len(found) - len(free)


def _why_not_back(held: _Held, taken: Taken, *, by: UUID, in_circles: Collection[int]) -> Fact | None:
    number = taken.contribution_id
    if number not in held.standings:
        return NothingToDecide()
    standing = held.standings[number]
    changed = held.versions[number] != taken.version_after or standing.state == State.WITHDRAWN
    refusal = why_not_undo(taken, standing, by=by, now=held.now) or (ChangedMeanwhile() if changed else None)
    return refusal or (LinkedBack(number=taken.before["duplicate_of"]) if number in in_circles else None)


def _abouts(session: Session, decisions: Sequence[Taken]) -> dict[str, int]:
    """Return what the letters about decisions are about, each with its decision."""
    numbers = [one.id for one in decisions]
    abouts = {f"decision:{number}": number for number in numbers}
    for number, some in reporters_of(session, numbers).items():
        abouts |= {f"decision:{number}/notice:{one.number}": number for one in some}
    return abouts


def _put_all_back(session: Session, decisions: Sequence[Taken], *, held: _Held, by: UUID) -> None:
    undone = [{"decision_id": one.id, "undone_by": by, "undone_at": held.now} for one in decisions]
    session.execute(insert(session, DecisionUndo).values(undone))
    names = ("state", "reason_kind", "rewording", "duplicate_of")
    set_states(
        session,
        [{"contribution_id": one.contribution_id} | {name: one.before[name] for name in names} for one in decisions],
    )
    for one in decisions:
        pass_on_again(session, one)
    again = reopened(*(one.id for one in decisions)).values(settled_at=None, decision_id=None)
    session.execute(again.execution_options(synchronize_session=False))
    for kind, some in _by_kind({one.contribution_id: held.kinds[one.contribution_id] for one in decisions}).items():
        TALLIES[kind].count_all_again(session, some)
    lines = [
        Line(held.offices[one.contribution_id], f"contribution:{one.contribution_id}", {"decision": one.id})
        for one in decisions
    ]
    note_all(session, lines, act="moderation:undone", actor=by, now=held.now)
