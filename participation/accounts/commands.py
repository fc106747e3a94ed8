"""Signing in and out, registering by mail link, keeping what somebody meant to do, and forgetting a person."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from participation.accounts import queries
from participation.accounts.facts import (
    INTENT_HOLDS,
    INVITATION_HOLDS,
    LINK_HOLDS,
    SECOND_TAP,
    SPENT_LINK_KEPT,
    STAYS_SIGNED_IN,
    TERMS_VERSION,
    AccountDisabled,
    ConsentMissing,
    LinkPurpose,
    LinkSpent,
    Opened,
    WrongCredentials,
    why_password_unfit,
)
from participation.accounts.models import Consent, Intent, MailLink, Office, Person, SignIn
from participation.accounts.queries import hashed
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.letters.commands import forget_address, post_letter

_argon2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$RqPXXqR3gOmKLt0L0rw4WA$WGDyXhc/2KJksbVJXo+voy50cCOiLtov3QPDUxLJAG4"
"""Checked where there is no password to check, so that an unknown address costs the same work."""


# ── Passwords: never inside a transaction, since each check takes as long as a hundred statements ─────────────────────
def password_hash(password: str) -> str:
    """Return what is stored of a password.

    :raises PasswordUnfit: if it is shorter than 12 or longer than 256 characters
    """
    unfit = why_password_unfit(password)
    if unfit:
        raise unfit
    return _argon2.hash(_composed(password))


def password_fits(password: str, kept: str | None) -> bool:
    """Say whether a password belongs to a stored hash, by one verification whether there is one or not."""
    fit = why_password_unfit(password) is None
    try:
        _argon2.verify(kept or NOBODYS_HASH, _composed(password) if fit else "")
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None


def _composed(password: str) -> str:
    """Return one spelling for umlauts that keyboards send in two."""
    return unicodedata.normalize("NFC", password)


# ── Signing in and out ────────────────────────────────────────────────────────────────────────────────────────────────
def begin_sign_in(
    session: Session,
    *,
    person_id: UUID,
    verified_hash: str,
    device: str,
    intent_id: UUID | None,
    clock: Clock,
) -> Opened:
    """Begin a session after a password was checked.

    :param verified_hash: the hash it was checked against; a change since then refuses
    :raises WrongCredentials: if the password was changed meanwhile
    :raises AccountDisabled: if the account is shut
    """
    with transaction(session):
        person = _held(session, person_id)
        if person is None or person.password_hash != verified_hash:
            raise WrongCredentials()
        return _open(session, person, device=device, intent_id=intent_id, now=clock())


def _held(session: Session, person_id: UUID) -> Person | None:
    """Return the person, their row locked: who changes a password or shuts an account ends every session, or waits."""
    locked = select(Person).where(Person.id == person_id).with_for_update(key_share=True)
    return session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()


def _open(session: Session, person: Person, *, device: str, intent_id: UUID | None, now: datetime) -> Opened:
    if person.disabled_at is not None or person.erased_at is not None:
        raise AccountDisabled()
    token = secrets.token_urlsafe(32)
    row = SignIn(
        token_hash=hashed(token),
        person_id=person.id,
        created_at=now,
        expires_at=now + STAYS_SIGNED_IN,
        device=device,
    )
    session.add(row)
    return Opened(token, person.id, _bind(session, intent_id, person.id))


def _bind(session: Session, intent_id: UUID | None, person_id: UUID) -> UUID | None:
    """Give what somebody meant to do to the person they turned out to be; return it if it is still there."""
    if intent_id is None:
        return None
    mine = update(Intent).where(Intent.id == intent_id, or_(Intent.person_id.is_(None), Intent.person_id == person_id))
    return intent_id if affected(session, mine.values(person_id=person_id)) else None


def end_sign_in(session: Session, *, person_id: UUID, sign_in_id: int, clock: Clock) -> None:
    """End one session of a person. Ending one that has ended, or somebody else's, changes nothing."""
    with transaction(session):
        mine = (SignIn.id == sign_in_id, SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        session.execute(update(SignIn).where(*mine).values(ended_at=clock()))


def _end_all(session: Session, person_id: UUID, *, now: datetime, but: int | None = None) -> None:
    others = [SignIn.person_id == person_id, SignIn.ended_at.is_(None)]
    if but is not None:
        others.append(SignIn.id != but)
    session.execute(update(SignIn).where(*others).values(ended_at=now))


# ── Links by mail ─────────────────────────────────────────────────────────────────────────────────────────────────────
def request_link(
    session: Session,
    *,
    email: str,
    agreed: bool,
    language: str,
    next_path: str | None,
    intent_id: UUID | None,
    clock: Clock,
) -> None:
    """Send a link to an address: to sign in if somebody has it, to register if nobody does.

    The same statements either way, and whoever asks learns nothing; only the letter says which it is.

    :param agreed: whether they agreed to the terms and said to be sixteen, as the page to register asks
    :param next_path: where to go once signed in, a path of this site
    """
    with transaction(session):
        known = queries.person_by_email(session, email) is not None
        template = ("known" if known else "register") if agreed else ("sign_in" if known else "unknown")
        _send_link(
            session,
            purpose=LinkPurpose.SIGN_IN if known else LinkPurpose.REGISTER,
            template=f"accounts/letters/{template}",
            email=email,
            language=language,
            terms_version=TERMS_VERSION if agreed else None,
            next_path=next_path,
            intent_id=intent_id,
            now=clock(),
        )


def invite(session: Session, *, email: str, language: str, now: datetime) -> UUID:
    """Return the person with an address; who has no account gets one and a letter with a link that holds a week.

    To be called inside the transaction that grants the role.
    """
    person_id, made = _person(session, email=email, language=language, now=now)
    if made:
        _send_link(
            session,
            purpose=LinkPurpose.INVITE,
            template="accounts/letters/invite",
            email=email,
            language=language,
            terms_version=None,
            next_path="/verwaltung",
            intent_id=None,
            now=now,
        )
    return person_id


def _send_link(
    session: Session,
    *,
    purpose: LinkPurpose,
    template: str,
    email: str,
    language: str,
    terms_version: str | None,
    next_path: str | None,
    intent_id: UUID | None,
    now: datetime,
) -> None:
    token = secrets.token_urlsafe(32)
    row = insert(session, MailLink).values(
        token_hash=hashed(token),
        purpose=purpose,
        email=email,
        language=language,
        # Whoever asks may name an intent that is gone.
        intent_id=select(Intent.id).where(Intent.id == intent_id).scalar_subquery(),
        terms_version=terms_version,
        created_at=now,
        expires_at=now + (INVITATION_HOLDS if purpose is LinkPurpose.INVITE else LINK_HOLDS),
    )
    session.execute(row)
    post_letter(
        session,
        template=template,
        to_address=email,
        language=language,
        about=f"link:{hashed(token)[:20]}",
        facts={"token": token, "next_path": next_path},
        now=now,
    )


def use_link(
    session: Session, *, token: str, agreed: bool, device: str, clock: Clock, browser: str | None = None
) -> Opened:
    """Use a link from a mail, once: begin a session, and make the account if there is none.

    The second tap of one finger counts as the first: its answer is the one that the browser waits for.

    :param agreed: whether the terms were agreed to on the link's page
    :param browser: a random mark of the browser, or None if it carries none
    :raises LinkSpent: if it was used, has run out or never was
    :raises ConsentMissing: if the terms were agreed to neither before nor now; the link stays good
    :raises AccountDisabled: if the account is shut
    """
    with transaction(session):
        now = clock()
        link = _spend(session, token=token, browser=browser, now=now)
        person_id: UUID | None
        if link.purpose == LinkPurpose.SIGN_IN:
            person_id = queries.person_by_email(session, link.email)
        else:
            person_id, _ = _person(session, email=link.email, language=link.language, now=now)
        person = _held(session, person_id) if person_id else None
        if person is None or person.email != link.email:
            raise LinkSpent()
        _agree(session, link, person, agreed=agreed, now=now)
        return _open(session, person, device=device, intent_id=link.intent_id, now=now)


def _spend(session: Session, *, token: str, browser: str | None, now: datetime) -> MailLink:
    mark = hashed(browser) if browser else None
    spent = (
        update(MailLink)
        .where(MailLink.token_hash == hashed(token), MailLink.used_at.is_(None), MailLink.expires_at > now)
        .values(used_at=now, used_by=mark)
        .returning(MailLink)
    )
    link = session.execute(spent).scalar_one_or_none()
    if link is None and mark is not None:
        tapped_twice = (MailLink.used_by == mark, MailLink.used_at > now - SECOND_TAP)
        same = select(MailLink).where(MailLink.token_hash == hashed(token), *tapped_twice)
        link = session.execute(same).scalar_one_or_none()
    if link is None:
        raise LinkSpent()
    return link


def _agree(session: Session, link: MailLink, person: Person, *, agreed: bool, now: datetime) -> None:
    """Keep that they agreed to the terms: before the link was sent, or on its page. Who did so once is not asked again.

    An official whose invitation ran out has an account and never agreed.
    """
    version = link.terms_version or (TERMS_VERSION if agreed else None)
    if version is not None:
        given = insert(session, Consent).values(person_id=person.id, terms_version=version, given_at=now)
        session.execute(given.on_conflict_do_nothing())
    elif session.execute(select(Consent.person_id).where(Consent.person_id == person.id).limit(1)).first() is None:
        raise ConsentMissing()


def _person(session: Session, *, email: str, language: str, now: datetime) -> tuple[UUID, bool]:
    """Return who has an address, made now if nobody had it, and whether they were made."""
    row = insert(session, Person).values(id=uuid4(), email=email, language=language, created_at=now)
    made = session.execute(
        row.on_conflict_do_nothing(index_elements=["email"]).returning(Person.id)
    ).scalar_one_or_none()
    if made is not None:
        return made, True
    return session.execute(select(Person.id).where(Person.email == email)).scalar_one(), False


# ── The account ───────────────────────────────────────────────────────────────────────────────────────────────────────
def change_password(
    session: Session, *, person_id: UUID, sign_in_id: int, verified_hash: str | None, new_hash: str, clock: Clock
) -> None:
    """Set a new password and end all other sessions.

    :param verified_hash: the hash that the present password was checked against, or None if there is none
    :raises WrongCredentials: if somebody else changed it meanwhile
    """
    with transaction(session):
        person = _held(session, person_id)
        if person is None or person.erased_at is not None or person.password_hash != verified_hash:
            raise WrongCredentials()
        now = clock()
        person.password_hash = new_hash
        _end_all(session, person_id, now=now, but=sign_in_id)
        _tell_of_new_password(session, person, now=now)


def _tell_of_new_password(session: Session, person: Person, *, now: datetime) -> None:
    assert person.email is not None
    post_letter(
        session,
        template="accounts/letters/password_changed",
        to_address=person.email,
        language=person.language,
        about=f"password:{now.isoformat()}",
        now=now,
    )


def set_language(session: Session, *, person_id: UUID, language: str) -> None:
    """Set the language in which a person is written to."""
    with transaction(session):
        session.execute(update(Person).where(Person.id == person_id).values(language=language))


def disable_person(session: Session, *, person_id: UUID, clock: Clock) -> None:
    """Shut an account and end all its sessions. Shutting one that is shut changes nothing."""
    with transaction(session):
        now = clock()
        open_account = update(Person).where(Person.id == person_id, Person.disabled_at.is_(None))
        session.execute(open_account.values(disabled_at=now))
        _end_all(session, person_id, now=now)


def enable_person(session: Session, *, person_id: UUID) -> None:
    """Open a shut account again."""
    with transaction(session):
        session.execute(update(Person).where(Person.id == person_id).values(disabled_at=None))


def forget(session: Session, *, person_id: UUID, clock: Clock) -> None:
    """Empty a person: address, name, password, consents, sessions, links, letters, what they meant to do.

    On which terms what remains was given stays with the participant; a consent of nobody would prove nothing.
    Forgetting somebody twice changes nothing. To be called last: rooms above find what is theirs by the person, and
    letters to the address are deleted, so a letter of farewell is posted afterwards.
    """
    with transaction(session):
        person = _held(session, person_id)
        if person is None or person.email is None:
            return
        address = person.email
        person.email = person.name = person.password_hash = None
        person.erased_at = clock()
        session.flush()
        session.execute(delete(Consent).where(Consent.person_id == person_id))
        session.execute(delete(SignIn).where(SignIn.person_id == person_id))
        session.execute(delete(MailLink).where(MailLink.email == address))
        session.execute(delete(Intent).where(Intent.person_id == person_id))
        forget_address(session, address=address)


# ── What somebody meant to do ─────────────────────────────────────────────────────────────────────────────────────────
def keep_intent(session: Session, *, path: str, fields: list[tuple[str, str]], page: str | None, clock: Clock) -> UUID:
    """Keep what a visitor sent until they have signed in, a day at most; return its number.

    :param fields: names and values in their order, without the token
    :param page: where it was typed
    """
    with transaction(session):
        kept = Intent(path=path, method="POST", fields={"fields": fields, "page": page}, created_at=clock())
        session.add(kept)
        session.flush()
        return kept.id


def forget_intent(session: Session, *, intent_id: UUID, person_id: UUID) -> None:
    """Delete what a person meant to send, now that it was sent or given up."""
    with transaction(session):
        mine = or_(Intent.person_id.is_(None), Intent.person_id == person_id)
        session.execute(delete(Intent).where(Intent.id == intent_id, mine))


def forget_old(session: Session, *, clock: Clock) -> None:
    """Delete intents older than a day, links and ended sessions that ran out more than a week ago."""
    with transaction(session):
        now = clock()
        session.execute(delete(Intent).where(Intent.created_at < now - INTENT_HOLDS))
        long_ago = now - SPENT_LINK_KEPT
        session.execute(delete(MailLink).where(or_(MailLink.used_at < long_ago, MailLink.expires_at < long_ago)))
        session.execute(delete(SignIn).where(or_(SignIn.ended_at < long_ago, SignIn.expires_at < long_ago)))


# ── Offices ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def add_office(session: Session, *, slug: str, name: dict[str, str]) -> int | None:
    """Add an office inside the caller's transaction; return None if the short name is taken."""
    row = insert(session, Office).values(slug=slug, name=name)
    return session.execute(
        row.on_conflict_do_nothing(index_elements=["slug"]).returning(Office.id)
    ).scalar_one_or_none()


def rename_office(session: Session, *, office_id: int, name: dict[str, str]) -> bool:
    """Give an office another name inside the caller's transaction; return whether there is such an office."""
    return affected(session, update(Office).where(Office.id == office_id).values(name=name)) > 0
