"""Who is signed in, what a link is good for, what is kept for somebody."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import Session

from participation.accounts.facts import (
    Credentials,
    IntentGone,
    KeptIntent,
    Link,
    LinkPurpose,
    LinkSpent,
    OfficeLine,
    OpenSession,
    SignedIn,
)
from participation.accounts.models import Consent, Intent, MailLink, Office, Person, SignIn
from participation.foundation.db import run
from participation.foundation.facts import Holding
from participation.letters.queries import held_about_address


def hashed(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def signed_in(session: Session, *, token: str, now: datetime) -> SignedIn | None:
    """Return whose session a cookie's token opens; nobody's once it ended, ran out, or the account is shut."""
    found = run(session, _signed_in(), token=hashed(token), now=now).one_or_none()
    if found is None:
        return None
    return SignedIn(
        person_id=found.person_id,
        sign_in_id=found.id,
        email=found.email,
        name=found.name,
        language=found.language,
        has_password=found.has_password,
        since=found.created_at,
    )


@lru_cache(maxsize=1)
def _signed_in() -> Select[*tuple[Any, ...]]:
    return (
        select(
            SignIn.id,
            SignIn.created_at,
            Person.id.label("person_id"),
            Person.email,
            Person.name,
            Person.language,
            Person.password_hash.is_not(None).label("has_password"),
        )
        .join(Person, Person.id == SignIn.person_id)
        .where(
            SignIn.token_hash == bindparam("token"),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > bindparam("now"),
            Person.disabled_at.is_(None),
            Person.erased_at.is_(None),
        )
    )


def credentials(session: Session, *, email: str) -> Credentials:
    """Return what a password is checked against; the same single statement for known and unknown addresses."""
    found = session.execute(select(Person.id, Person.password_hash).where(Person.email == email)).one_or_none()
    return Credentials(found.id, found.password_hash) if found else Credentials(None, None)


def password_hash_of(session: Session, person_id: UUID) -> str | None:
    """Return the hash of a person's password, or None if they set none."""
    return session.execute(select(Person.password_hash).where(Person.id == person_id)).scalar_one()


def person_by_email(session: Session, email: str) -> UUID | None:
    """Return who has an address."""
    return session.execute(select(Person.id).where(Person.email == email.lower())).scalar_one_or_none()


def link(session: Session, *, token: str, now: datetime) -> Link:
    """Return what a link from a mail is good for.

    :raises LinkSpent: if it was used, has run out or never was
    """
    agreed = exists().where(Consent.person_id == Person.id, Person.email == MailLink.email)
    found = session.execute(
        select(MailLink.purpose, MailLink.email, (MailLink.terms_version.is_not(None) | agreed).label("agreed")).where(
            MailLink.token_hash == hashed(token), MailLink.used_at.is_(None), MailLink.expires_at > now
        )
    ).one_or_none()
    if found is None:
        raise LinkSpent()
    return Link(LinkPurpose(found.purpose), found.email, asks_consent=not found.agreed)


def address_of_spent_link(session: Session, *, token: str) -> str | None:
    """Return the address that a link was sent to, whether it still holds or not."""
    return session.execute(select(MailLink.email).where(MailLink.token_hash == hashed(token))).scalar_one_or_none()


def kept_intent(session: Session, *, intent_id: UUID, person_id: UUID) -> KeptIntent:
    """Return what a person meant to send.

    What nobody signed in for yet may be opened by whoever knows its number, which only that visitor was told.

    :raises IntentGone: if it was sent, is too old, or belongs to somebody else
    """
    found = session.execute(
        select(Intent.path, Intent.fields, Intent.person_id).where(Intent.id == intent_id)
    ).one_or_none()
    if found is None or found.person_id not in {None, person_id}:
        raise IntentGone()
    fields = tuple((name, value) for name, value in found.fields["fields"])
    return KeptIntent(intent_id, found.path, fields, found.fields.get("page"))


def sessions_of(session: Session, *, person_id: UUID, now: datetime) -> tuple[OpenSession, ...]:
    """Return the open sessions of a person, newest first."""
    open_ones = (
        select(SignIn.id, SignIn.device, SignIn.created_at, SignIn.expires_at)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
        .order_by(SignIn.created_at.desc(), SignIn.id.desc())
        .limit(50)
    )
    return tuple(OpenSession(*row) for row in session.execute(open_ones))


def offices(session: Session) -> tuple[OfficeLine, ...]:
    """Return all offices by their short name."""
    rows = session.execute(select(Office.id, Office.slug, Office.name).order_by(Office.slug))
    return tuple(OfficeLine(*row) for row in rows)


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return what accounts and letters hold about a person."""
    person = session.execute(select(Person).where(Person.id == person_id)).scalar_one()
    account = {
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "has_password": person.password_hash is not None,
        "created_at": person.created_at.isoformat(),
    }
    held = [Holding("accounts", "account", facts=account)]
    held += _consents(session, person_id) + _sign_ins(session, person_id) + _intents(session, person_id)
    if person.email is not None:
        held += _links(session, person.email) + held_about_address(session, person.email)
    return held


def _consents(session: Session, person_id: UUID) -> list[Holding]:
    rows = session.execute(select(Consent.terms_version, Consent.given_at).where(Consent.person_id == person_id))
    return [
        Holding("accounts", "consent", facts={"terms_version": version, "given_at": at.isoformat()})
        for version, at in rows
    ]


def _sign_ins(session: Session, person_id: UUID) -> list[Holding]:
    rows = session.execute(
        select(SignIn.created_at, SignIn.device).where(SignIn.person_id == person_id).order_by(SignIn.id)
    )
    return [
        Holding("accounts", "sign_in", facts={"created_at": at.isoformat(), "device": device}) for at, device in rows
    ]


def _intents(session: Session, person_id: UUID) -> list[Holding]:
    rows = session.execute(select(Intent.path, Intent.fields, Intent.created_at).where(Intent.person_id == person_id))
    return [
        Holding(
            "accounts",
            "intent",
            text="\n".join(value for _, value in fields["fields"]),
            facts={"path": path, "created_at": at.isoformat()},
        )
        for path, fields, at in rows
    ]


def _links(session: Session, email: str) -> list[Holding]:
    rows = session.execute(
        select(MailLink.purpose, MailLink.created_at, MailLink.used_at).where(MailLink.email == email)
    )
    return [
        Holding(
            "accounts",
            "mail_link",
            facts={"purpose": purpose, "created_at": at.isoformat(), "used_at": used.isoformat() if used else None},
        )
        for purpose, at, used in rows
    ]
