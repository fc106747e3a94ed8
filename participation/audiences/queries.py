"""Who takes part, who may act."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office, Person
from participation.audiences.facts import Grant, GrantLine, NotEntitled, OfficeCount, Official, Role
from participation.audiences.models import Audience, Participant, RoleGrant
from participation.foundation.db import run
from participation.foundation.facts import Fact, Holding
from participation.foundation.model import Moment


def participant_id(session: Session, *, audience_id: int, person_id: UUID | None) -> UUID | None:
    """Return the participant that a person is in an audience, or None."""
    if person_id is None:
        return None
    found = select(Participant.id).where(Participant.audience_id == audience_id, Participant.person_id == person_id)
    return session.execute(found).scalar_one_or_none()


def grants(session: Session, *, person_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """Return the roles that a person holds at a moment."""
    return tuple(
        Grant(id=one.id, role=Role(one.role), office_id=one.office_id, audience_id=one.audience_id)
        for one in run(session, _grants(), person=person_id, now=now)
    )


@lru_cache(maxsize=1)
def _grants() -> Select[*tuple[Any, ...]]:
    held = RoleGrant.person_id == bindparam("person")
    columns = (RoleGrant.id, RoleGrant.role, RoleGrant.office_id, RoleGrant.audience_id)
    return select(*columns).where(held, *_current(bindparam("now", type_=Moment()))).order_by(RoleGrant.id)


def audiences_where(*, person_id: UUID, role: Role, now: datetime) -> Select[int]:
    """Return the audiences on which a person may act in a role, as a query to put into ``IN (…)``."""
    return (
        select(Audience.id)
        .join(RoleGrant, or_(RoleGrant.audience_id == Audience.id, RoleGrant.office_id == Audience.office_id))
        .where(RoleGrant.person_id == person_id, RoleGrant.role == role, *_current(now))
    )


def offices_where(*, person_id: UUID, role: Role, now: datetime) -> Select[int | None]:
    """Return the offices over which a person holds a role as a whole, as a query to put into ``IN (…)``."""
    return select(RoleGrant.office_id).where(
        RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.office_id.is_not(None), *_current(now)
    )


def why_not_act(session: Session, *, person_id: UUID, role: Role, audience_id: int, now: datetime) -> Fact | None:
    """Return why a person may not act in a role on an audience, or None if they may."""
    held = audiences_where(person_id=person_id, role=role, now=now).where(Audience.id == audience_id)
    return None if session.execute(held.limit(1)).first() else NotEntitled()


def why_not_act_for_office(
    session: Session, *, person_id: UUID, role: Role, office_id: int, now: datetime
) -> Fact | None:
    """Return why a person may not act in a role for an office, or None if they may."""
    held = offices_where(person_id=person_id, role=role, now=now).where(RoleGrant.office_id == office_id)
    return None if session.execute(held.limit(1)).first() else NotEntitled()


def officials(session: Session, *, now: datetime, audience_id: int | None = None) -> tuple[Official, ...]:
    """Return everybody who holds a role, by address, with all their roles.

    :param audience_id: only the roles that one can act in on this audience: granted for it alone, or for its office
    """
    of_audience = aliased(Audience)
    held = (
        select(Person.id, Person.email, RoleGrant.id, RoleGrant.role, Office.name, RoleGrant.audience_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .outerjoin(of_audience, of_audience.id == RoleGrant.audience_id)
        .outerjoin(Office, Office.id == func.coalesce(RoleGrant.office_id, of_audience.office_id))
        .where(*_current(now), Person.email.is_not(None))
        .order_by(Person.email, RoleGrant.id)
    )
    if audience_id is not None:
        office_id = select(Audience.office_id).where(Audience.id == audience_id).scalar_subquery()
        held = held.where(or_(RoleGrant.audience_id == audience_id, RoleGrant.office_id == office_id))
    found: dict[tuple[UUID, str], list[GrantLine]] = {}
    for person_id, email, grant_id, role, office, only in session.execute(held):
        found.setdefault((person_id, email or ""), []).append(GrantLine(grant_id, Role(role), office, only))
    return tuple(Official(person_id, email, tuple(lines)) for (person_id, email), lines in found.items())


def how_many_act(*, role: Role, now: datetime) -> ColumnElement[int]:
    """Return how many people may act in a role on an audience, to be selected with it."""
    counted = (
        select(func.count(RoleGrant.person_id.distinct()))
        .join(Person, Person.id == RoleGrant.person_id)
        .where(or_(RoleGrant.audience_id == Audience.id, RoleGrant.office_id == Audience.office_id))
        .where(RoleGrant.role == role, Person.email.is_not(None), *_current(now))
    )
    return counted.correlate(Audience).scalar_subquery()


def moderated_by_one(session: Session, *, now: datetime) -> tuple[OfficeCount, ...]:
    """Return the offices in whose name only one person moderates somewhere, by short name."""
    found = select(Office.name, func.count()).join(Audience, Audience.office_id == Office.id)
    alone = found.where(how_many_act(role=Role.MODERATOR, now=now) == 1).group_by(Office.id).order_by(Office.slug)
    return tuple(OfficeCount(*row) for row in session.execute(alone))


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return in which audiences a person takes part, under which name, and the roles they hold or held."""
    taking_part = select(Participant).where(Participant.person_id == person_id)
    held = [
        Holding(
            "audiences",
            "participant",
            text=one.shown_as,
            facts={"audience": one.audience_id, "terms_version": one.terms_version},
        )
        for one in session.execute(taking_part.order_by(Participant.audience_id)).scalars()
    ]
    roles = select(RoleGrant).where(RoleGrant.person_id == person_id).order_by(RoleGrant.id)
    return held + [Holding("audiences", "role", facts=_facts_of(one)) for one in session.execute(roles).scalars()]


def _facts_of(grant: RoleGrant) -> dict[str, Any]:
    return {
        "role": grant.role,
        "office": grant.office_id,
        "audience": grant.audience_id,
        "since": grant.since.isoformat(),
        "until": grant.until.isoformat() if grant.until else None,
    }


def office_of(session: Session, audience_id: int) -> int:
    """Return the office that an audience belongs to."""
    return session.execute(select(Audience.office_id).where(Audience.id == audience_id)).scalar_one()


def _current(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    return (RoleGrant.since <= now, or_(RoleGrant.until.is_(None), RoleGrant.until > now))
