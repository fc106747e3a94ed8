"""Making audiences, joining them, and granting roles."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, and_, bindparam, select, update
from sqlalchemy.orm import Session

from participation.accounts.commands import add_office, invite, rename_office
from participation.accounts.models import Office, Person
from participation.audiences import queries
from participation.audiences.facts import (
    Admission,
    Kind,
    LastAdmin,
    NameNotUsable,
    NotAdmitted,
    NotEntitled,
    Role,
    ScopeMissing,
    Who,
    name_is_usable,
    short_name,
)
from participation.audiences.models import Audience, Participant, RoleGrant
from participation.foundation.clock import Clock
from participation.foundation.db import insert, insert_on, is_postgresql, run, transaction
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
    known = _admit(session, audience_id=audience_id, who=who)
    if who.shown_as is not None and not name_is_usable(who.shown_as):
        raise NameNotUsable()
    mine = known or _enter(session, audience_id=audience_id, person_id=who.person_id, terms_version=terms_version)
    participant = session.get_one(Participant, mine)
    if who.shown_as is not None and who.shown_as != participant.shown_as:
        participant.shown_as = who.shown_as
        session.execute(update(Person).where(Person.id == who.person_id).values(name=who.shown_as))
    return participant


def join_unnamed(session: Session, *, audience_id: int, who: Who, terms_version: str, now: datetime) -> UUID:
    """Return the same participant by its id alone, for an act beside which no name stands: a ballot.

    :raises NotAdmitted: if the audience does not admit the person, or the account is disabled or erased
    """
    known = _admit(session, audience_id=audience_id, who=who)
    return known or _enter(session, audience_id=audience_id, person_id=who.person_id, terms_version=terms_version)


def _enter(session: Session, *, audience_id: int, person_id: UUID, terms_version: str) -> UUID:
    """Make a person a participant; if they became one just now, by another of their acts, that one is returned."""
    person = {"audience_id": audience_id, "person_id": person_id, "terms_version": terms_version}
    entered = _entering(is_postgresql(session))
    made: UUID | None = run(session, entered, id=uuid4(), kind=Kind.ACCOUNT, **person).scalar_one_or_none()
    if made is not None:
        return made
    mine = (Participant.audience_id == audience_id, Participant.person_id == person_id)
    return session.execute(select(Participant.id).where(*mine)).scalar_one()


@lru_cache(maxsize=2)
def _entering(on_postgresql: bool) -> Any:
    row = insert_on(on_postgresql, Participant.__table__)
    return row.on_conflict_do_nothing(index_elements=["audience_id", "person_id"]).returning(Participant.id)


def _admit(session: Session, *, audience_id: int, who: Who) -> UUID | None:
    """Refuse who is not admitted, and hold the person until the act is done; return who they are already, if anybody.

    Otherwise somebody could erase the account while a vote is on its way, and vote again with a new one. Who brings a
    name will write it to the person, so their lock is the stronger one from the beginning.
    """
    held = _admitted(names=who.shown_as is not None)
    found = run(session, held, audience=audience_id, person=who.person_id).one_or_none()
    if found is None or found.admission != Admission.REGISTERED:
        raise NotAdmitted()
    known: UUID | None = found.participant_id
    return known


@lru_cache(maxsize=2)
def _admitted(*, names: bool) -> Select[str, UUID | None]:
    mine = and_(Participant.audience_id == Audience.id, Participant.person_id == Person.id)
    able = (
        select(Audience.admission, Participant.id.label("participant_id"))
        .select_from(Audience)
        .join(Person, Person.id == bindparam("person"))
        .outerjoin(Participant, mine)
        .where(Audience.id == bindparam("audience"), Person.disabled_at.is_(None), Person.erased_at.is_(None))
    )
    return able.with_for_update(of=Person, read=not names, key_share=names)


# ── Roles ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def invite_official(
    session: Session,
    *,
    email: str,
    role: Role,
    language: str,
    by: UUID | None,
    clock: Clock,
    office_id: int | None = None,
    audience_id: int | None = None,
) -> UUID:
    """Let whoever has an address act in a role; who has no account gets one, and a letter with a link.

    :param by: an administrator, or None where the shell acts
    :raises NotEntitled: if ``by`` is no administrator
    :raises ScopeMissing: if the role is not named with just what it needs: an office, an audience, for admin nothing
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        person_id = invite(session, email=email, language=language, now=now)
        grant_role(
            session, person_id=person_id, role=role, by=by, clock=clock, office_id=office_id, audience_id=audience_id
        )
        return person_id


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
    :raises ScopeMissing: if the role is not named with just what it needs: an office, an audience, for admin nothing
    :raises Missing: if there is no such office or audience
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        _check_scope(session, role=role, office_id=office_id, audience_id=audience_id)
        row = insert(session, RoleGrant).values(
            person_id=person_id, role=role, office_id=office_id, audience_id=audience_id, since=now
        )
        made = session.execute(row.on_conflict_do_nothing().returning(RoleGrant.id)).scalar_one_or_none()
        if made is None:
            return None
        details = {"person": str(person_id), "role": role, "audience": audience_id}
        _note(session, "audiences:granted", by=by, office_id=office_id, grant_id=made, now=now, details=details)
        return session.get_one(RoleGrant, made)


def _check_scope(session: Session, *, role: Role, office_id: int | None, audience_id: int | None) -> None:
    scopes = (office_id is not None) + (audience_id is not None)
    if scopes != (0 if role is Role.ADMIN else 1):
        raise ScopeMissing()
    if office_id is not None and session.get(Office, office_id) is None:
        raise Missing()
    if audience_id is not None and session.get(Audience, audience_id) is None:
        raise Missing()


def withdraw_role(session: Session, *, grant_id: int, by: UUID | None, clock: Clock) -> None:
    """End a grant now. Ending one that has ended changes nothing.

    :raises LastAdmin: if nobody would be left who can grant
    :raises NotEntitled: if ``by`` is no administrator
    """
    with transaction(session):
        admins = _hold_admins(session)
        now = clock()
        _check_admin(session, by=by, now=now)
        grant = session.get(RoleGrant, grant_id, with_for_update=True, populate_existing=True)
        if grant is None:
            raise Missing()
        _end(session, grant, admins=admins, by=by, now=now)


def _hold_admins(session: Session) -> set[int]:
    """Return the grants of all who can grant, locked in one order, so that two cannot withdraw each other at once."""
    held = (
        select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == Role.ADMIN, RoleGrant.until.is_(None))
        .where(Person.disabled_at.is_(None), Person.erased_at.is_(None))
        .order_by(RoleGrant.id)
    )
    return set(session.execute(held.with_for_update(of=RoleGrant)).scalars())


def _end(session: Session, grant: RoleGrant, *, admins: set[int], by: UUID | None, now: datetime) -> None:
    if grant.until is not None:
        return
    if admins == {grant.id}:
        raise LastAdmin()
    # A grant for later than now never began.
    grant.until = max(now, grant.since)
    session.flush()
    _note(session, "audiences:withdrew", by=by, office_id=grant.office_id, grant_id=grant.id, now=now)


def _note(
    session: Session,
    act: str,
    *,
    by: UUID | None,
    office_id: int | None,
    grant_id: int,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    note(session, act=act, actor=by, office_id=office_id, about=f"grant:{grant_id}", now=now, details=details)


def _check_admin(session: Session, *, by: UUID | None, now: datetime) -> None:
    if by is not None and not any(grant.role is Role.ADMIN for grant in queries.grants(session, person_id=by, now=now)):
        raise NotEntitled()


# ── Offices ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def make_office(session: Session, *, name: dict[str, str], by: UUID | None, clock: Clock) -> int:
    """Add an office; its short name in addresses comes from the German one and stays.

    :param by: an administrator, or None where the shell acts
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        wanted = short_name(name["de"])
        made = add_office(session, slug=wanted, name=name)
        number = 2
        while made is None:
            made = add_office(session, slug=f"{wanted}-{number}", name=name)
            number += 1
        note(session, act="audiences:office_added", actor=by, office_id=made, about=f"office:{made}", now=now)
        return made


def name_office(session: Session, *, office_id: int, name: dict[str, str], by: UUID | None, clock: Clock) -> None:
    """Give an office another name.

    :param by: an administrator, or None where the shell acts
    """
    with transaction(session):
        now = clock()
        _check_admin(session, by=by, now=now)
        if not rename_office(session, office_id=office_id, name=name):
            raise Missing()
        note(
            session, act="audiences:office_renamed", actor=by, office_id=office_id, about=f"office:{office_id}", now=now
        )


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def forget(session: Session, *, person_id: UUID, clock: Clock) -> None:
    """Take the names off everything a person contributed, and end their roles.

    Who they are among the participants stays: the person behind is emptied, and the acts must go on counting once.

    :raises LastAdmin: if nobody would be left who can grant
    """
    with transaction(session):
        admins = _hold_admins(session)
        now = clock()
        mine = update(Participant).where(Participant.person_id == person_id, Participant.erased_at.is_(None))
        session.execute(mine.values(shown_as=None, erased_at=now))
        held = select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
        for grant in session.execute(held.order_by(RoleGrant.id).with_for_update()).scalars().all():
            _end(session, grant, admins=admins, by=person_id, now=now)


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
