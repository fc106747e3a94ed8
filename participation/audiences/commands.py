"""Making audiences, joining them, and granting roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences import queries
from participation.audiences.facts import (
    Admission,
    Kind,
    LastAdmin,
    NameNotUsable,
    NotAdmitted,
    NotEntitled,
    Role,
    Who,
    name_is_usable,
)
from participation.audiences.models import Audience, Participant, RoleGrant
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.foundation.facts import Missing
from participation.journal.commands import note

AT_A_TIME = 1000
"""Rows per INSERT of an import."""


def make_audience(session: Session, *, office_id: int, admission: Admission = Admission.REGISTERED) -> Audience:
    """Add an audience of an office; the caller's transaction commits it."""
    audience = Audience(office_id=office_id, admission=admission)
    session.add(audience)
    session.flush()
    return audience


def join(session: Session, *, audience_id: int, who: Who, terms_version: str, now: datetime) -> Participant:
    """Return the participant that a person is in an audience, made now if they were none.

    To be called inside a gated command's transaction. A name that comes with the act is kept, for this audience and
    as the person's last.

    :raises NotAdmitted: if the audience does not admit the person, or the account is disabled or erased
    :raises NameNotUsable: if the name cannot stand beside a contribution
    """
    _admit(session, audience_id=audience_id, person_id=who.person_id)
    if who.shown_as is not None and not name_is_usable(who.shown_as):
        raise NameNotUsable()
    row = insert(session, Participant).values(
        id=uuid4(), audience_id=audience_id, kind=Kind.ACCOUNT, person_id=who.person_id, terms_version=terms_version
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["audience_id", "person_id"]))
    participant = session.execute(
        select(Participant).where(Participant.audience_id == audience_id, Participant.person_id == who.person_id)
    ).scalar_one()
    if who.shown_as is not None and who.shown_as != participant.shown_as:
        participant.shown_as = who.shown_as
        session.execute(update(Person).where(Person.id == who.person_id).values(name=who.shown_as))
    return participant


def _admit(session: Session, *, audience_id: int, person_id: UUID) -> None:
    admission = session.execute(select(Audience.admission).where(Audience.id == audience_id)).scalar_one()
    able = select(Person.id).where(Person.id == person_id, Person.disabled_at.is_(None), Person.erased_at.is_(None))
    if admission != Admission.REGISTERED or session.execute(able).first() is None:
        raise NotAdmitted()


def grant_role(
    session: Session,
    *,
    person_id: UUID,
    role: Role,
    by: UUID | None,
    clock: Clock,
    office_id: int | None = None,
    audience_id: int | None = None,
) -> RoleGrant | None:
    """Let a person act in a role, over an office, one audience, or (admin) everything.

    Granting what is held already changes nothing and returns None.

    :param by: an administrator, or None where the shell acts
    :raises NotEntitled: if ``by`` is no administrator
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        row = insert(session, RoleGrant).values(
            person_id=person_id, role=role, office_id=office_id, audience_id=audience_id, since=now
        )
        made = session.execute(row.on_conflict_do_nothing().returning(RoleGrant.id)).scalar_one_or_none()
        if made is None:
            return None
        details = {"person": str(person_id), "role": role, "audience": audience_id}
        note(
            session,
            act="audiences:granted",
            actor=by,
            office_id=office_id,
            about=f"grant:{made}",
            now=now,
            details=details,
        )
        return session.get_one(RoleGrant, made)


def withdraw_role(session: Session, *, grant_id: int, by: UUID, clock: Clock) -> None:
    """End a grant now. Ending one that has ended changes nothing.

    :raises LastAdmin: if nobody would be left who can grant
    :raises NotEntitled: if ``by`` is no administrator
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        grant = session.get(RoleGrant, grant_id, with_for_update=True)
        if grant is None:
            raise Missing()
        if grant.role == Role.ADMIN and _admins(session) <= 1:
            raise LastAdmin()
        ended = update(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.until.is_(None)).values(until=now)
        if affected(session, ended):
            note(
                session,
                act="audiences:withdrew",
                actor=by,
                office_id=grant.office_id,
                about=f"grant:{grant_id}",
                now=now,
            )


def _check_admin(session: Session, *, by: UUID | None, now: datetime) -> None:
    if by is not None and not any(grant.role is Role.ADMIN for grant in queries.grants(session, person_id=by, now=now)):
        raise NotEntitled()


def _admins(session: Session) -> int:
    """Count the administrators, their rows locked so that two cannot withdraw each other at once."""
    held = select(RoleGrant.id).where(RoleGrant.role == Role.ADMIN, RoleGrant.until.is_(None)).order_by(RoleGrant.id)
    return len(session.execute(held.with_for_update()).all())


# ── What comes from elsewhere ─────────────────────────────────────────────────────────────────────────────────────────
def import_participants(session: Session, *, audience_id: int, number: int) -> list[UUID]:
    """Add people who took part elsewhere, without person and name; return their ids in the order they were made.

    To be called inside the import's transaction. The audience admits nobody from then on, so that nobody acts beside
    them under rules that were never theirs.
    """
    session.execute(update(Audience).where(Audience.id == audience_id).values(admission=Admission.NOBODY))
    ids = [uuid4() for _ in range(number)]
    for start in range(0, number, AT_A_TIME):
        rows = [
            {"id": participant_id, "audience_id": audience_id, "kind": Kind.IMPORTED}
            for participant_id in ids[start : start + AT_A_TIME]
        ]
        session.execute(insert(session, Participant), rows)
    return ids
