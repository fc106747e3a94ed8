"""Words for accounts: a password, a link that was sent, the way through the mailbox."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.commands import password_hash
from participation.accounts.models import Person
from participation.foundation.db import transaction
from participation.letters.models import Letter

PASSWORD = "ein Satz, den niemand errät"


def with_password(session: Session, person_id: UUID, password: str = PASSWORD) -> str:
    """Give somebody a password, and return their address."""
    with transaction(session):
        session.execute(update(Person).where(Person.id == person_id).values(password_hash=password_hash(password)))
    email = session.execute(select(Person.email).where(Person.id == person_id)).scalar_one()
    assert email is not None
    return email


def letters_to(session: Session, address: str) -> list[Letter]:
    """Return the letters to an address that wait or went, oldest first."""
    session.rollback()
    found = select(Letter).where(Letter.to_address == address).order_by(Letter.id)
    return list(session.execute(found.execution_options(populate_existing=True)).scalars())


def link_to(session: Session, address: str) -> str:
    """Return the path of the newest link that waits to be sent to an address."""
    token = letters_to(session, address)[-1].facts["token"]
    return f"/anmeldelink/{token}"
