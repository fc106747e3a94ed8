"""Reading contributions, and the one rule that says who sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from participation.accounts.models import Office
from participation.audiences.facts import Kind as ParticipantKind
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import offices_where
from participation.contributions.facts import KEPT_EARLIER, Signal, State, Words
from participation.contributions.models import Contribution, ContributionSignal, EarlierText, SignalRules
from participation.contributions.signals import COMPARED, Circumstances
from participation.foundation.facts import Holding
from participation.windows.models import Window

MOST_WORDINGS = 10


@dataclass(frozen=True)
class OfficeRules:
    """The word lists of an office as its staff reads them."""

    office_id: int
    office: dict[str, str]
    words: Words
    first: int
    version: int
    """0 as long as the office never saved any."""
    changed_at: datetime | None


@dataclass(frozen=True)
class Wording:
    """A text as it was before its author changed it."""

    version: int
    text: str
    replaced_at: datetime


def is_public(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the one visibility rule; the query must join ``Contribution`` and its ``Window``.

    :param now: a moment, or its place in a statement that is built once
    """
    return and_(
        Contribution.state == State.PUBLISHED,
        Contribution.sealed.is_(False),
        Window.published_at.is_not(None),
        Window.published_at <= now,
    )


# ── Signals ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def signals_of(session: Session, contribution_ids: Collection[int]) -> dict[int, tuple[Signal, ...]]:
    """Return why contributions were to be read before they are public, those without a signal left out.

    One statement, none for no contributions.
    """
    if not contribution_ids:
        return {}
    found = select(ContributionSignal.contribution_id, ContributionSignal.kind).where(
        ContributionSignal.contribution_id.in_(contribution_ids)
    )
    kinds: dict[int, set[str]] = {}
    for contribution_id, kind in session.execute(found):
        kinds.setdefault(contribution_id, set()).add(kind)
    return {one: tuple(kind for kind in Signal if kind in found) for one, found in kinds.items()}


def rules_around(
    session: Session, *, author: Participant, window_id: int, but: int | None = None
) -> tuple[Words, Circumstances]:
    """Return the word lists that hold in a window, and what is known of an author and the place.

    One statement, and one more where something was withheld in this window.

    :param but: a contribution that is not counted, since it is the one in question
    """
    withheld = select(func.count()).where(*_withheld_in(window_id)).scalar_subquery()
    office = select(Audience.office_id).join(Window, Window.audience_id == Audience.id).where(Window.id == window_id)
    published = _published(author).where(Contribution.id != (but or 0)).scalar_subquery()
    found = session.execute(
        select(SignalRules.words, SignalRules.first_contributions, published.label("public"), withheld.label("gone"))
        .select_from(Office)
        .outerjoin(SignalRules, SignalRules.office_id == Office.id)
        .where(Office.id == office.scalar_subquery())
    ).one()
    return _as_words(found.words), Circumstances(
        is_guest=author.kind == ParticipantKind.GUEST,
        published=found.public,
        first=found.first_contributions or 0,
        withheld=_newest_withheld(session, window_id) if found.gone else (),
    )


def _published(author: Participant) -> Select[int]:
    """Count what an account has in public, whatever the round; of who has no account what they have here."""
    public = select(func.count(Contribution.id)).where(Contribution.state == State.PUBLISHED)
    if author.person_id is None:
        return public.where(Contribution.participant_id == author.id)
    joined = public.join(Participant, Participant.id == Contribution.participant_id)
    return joined.where(Participant.person_id == author.person_id)


def _withheld_in(window_id: int) -> tuple[ColumnElement[bool], ...]:
    """What was withheld here; what came withheld from elsewhere was judged by other rules."""
    return (
        Contribution.window_id == window_id,
        Contribution.state == State.WITHHELD,
        Contribution.reason_kind != "imported",
    )


def _newest_withheld(session: Session, window_id: int) -> tuple[str, ...]:
    newest = select(Contribution.text).where(*_withheld_in(window_id)).order_by(Contribution.id.desc())
    return tuple(session.execute(newest.limit(COMPARED)).scalars())


def rules_of_offices(session: Session, *, person_id: UUID, now: datetime) -> tuple[OfficeRules, ...]:
    """Return the word lists of every office that a person leads rounds for, by the office's short name."""
    mine = Office.id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now))
    return tuple(_office_rules(row) for row in session.execute(_OFFICE_RULES.where(mine).order_by(Office.slug)))


def rules_of_office(session: Session, *, office_id: int, person_id: UUID, now: datetime) -> OfficeRules | None:
    """Return the word lists of an office, or None if this person does not lead rounds for it."""
    mine = Office.id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now))
    row = session.execute(_OFFICE_RULES.where(mine, Office.id == office_id)).one_or_none()
    return None if row is None else _office_rules(row)


_OFFICE_RULES = select(
    Office.id,
    Office.name,
    SignalRules.words,
    SignalRules.first_contributions,
    SignalRules.version,
    SignalRules.changed_at,
).outerjoin(SignalRules, SignalRules.office_id == Office.id)


def _office_rules(row: Any) -> OfficeRules:
    return OfficeRules(row[0], row[1], _as_words(row[2]), row[3] or 0, row[4] or 0, row[5])


def _as_words(kept: dict[str, list[str]] | None) -> Words:
    return {language: tuple(entries) for language, entries in (kept or {}).items()}


# ── What texts were before ────────────────────────────────────────────────────────────────────────────────────────────
def wordings(session: Session, *, contribution_id: int, now: datetime) -> tuple[Wording, ...]:
    """Return the last ten texts that a contribution had before, newest first; for moderators alone.

    What is sealed is left out, and so is what is over, whether the job ran or not.
    """
    kept = (EarlierText.sealed_at.is_(None), EarlierText.replaced_at > now - KEPT_EARLIER)
    found = select(EarlierText.version, EarlierText.text, EarlierText.replaced_at)
    newest = found.where(EarlierText.contribution_id == contribution_id, *kept).order_by(EarlierText.version.desc())
    return tuple(Wording(*row) for row in session.execute(newest.limit(MOST_WORDINGS)))


# ── What a person left here ───────────────────────────────────────────────────────────────────────────────────────────
def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return everything this person handed in, whatever became of it."""
    found = session.execute(
        select(
            *(Contribution.id, Contribution.kind, Contribution.text, Contribution.state),
            *(Contribution.created_at, Contribution.netiquette_version, Participant.shown_as),
        )
        .join(Participant, Participant.id == Contribution.participant_id)
        .where(Participant.person_id == person_id)
        .order_by(Contribution.id)
    ).all()
    signals = signals_of(session, [row.id for row in found])
    held = [Holding("contributions", row.kind, row.text, _facts_of(row, signals.get(row.id, ()))) for row in found]
    return held + _earlier_held(session, person_id)


def _earlier_held(session: Session, person_id: UUID) -> list[Holding]:
    earlier = select(EarlierText.contribution_id, EarlierText.text, EarlierText.replaced_at)
    earlier = earlier.join(Contribution, Contribution.id == EarlierText.contribution_id)
    mine = earlier.join(Participant, Participant.id == Contribution.participant_id)
    found = mine.where(Participant.person_id == person_id).order_by(EarlierText.contribution_id, EarlierText.version)
    return [
        Holding("contributions", "earlier_text", text, {"contribution": number, "until": at.isoformat()})
        for number, text, at in session.execute(found)
    ]


def _facts_of(row: Any, signals: tuple[Signal, ...]) -> dict[str, Any]:
    told = {"state": row.state, "at": row.created_at.isoformat(), "shown_as": row.shown_as}
    told |= {"netiquette_version": row.netiquette_version}
    return told | ({"signals": [str(kind) for kind in signals]} if signals else {})
