"""Putting letters into the outbox, and taking them out one by one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.letters.facts import GIVEN_UP_AFTER, KEPT_FOR, LEASE, Due, pause_after
from participation.letters.models import Letter


def post_letter(
    session: Session,
    *,
    template: str,
    to_address: str,
    language: str,
    about: str,
    now: datetime,
    facts: dict[str, Any] | None = None,
    to_name: str = "",
    not_before: datetime | None = None,
) -> None:
    """Add a letter to the outbox, in the transaction of what it tells of; the worker sends it.

    The same template to the same address about the same thing goes out once.

    :param template: name under ``templates/<room>/letters/``, as ``accounts/letters/register``
    :param about: what it is about: ``decision:7``
    :param facts: what the template words; JSON; blanked once sent
    :param not_before: when it leaves at the earliest; until then it can be taken back
    """
    row = insert(session, Letter).values(
        template=template,
        to_address=to_address,
        to_name=to_name,
        language=language,
        facts=facts or {},
        about=about,
        message_id=f"<{uuid4()}@beteiligung>",
        created_at=now,
        next_try_at=not_before or now,
        attempts=0,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["template", "to_address", "about"]))


def recall_letters(session: Session, *, about: str) -> bool:
    """Delete the letters about something that nobody was sent yet; return whether none of them had left.

    :param about: as given to ``post_letter``; letters about its parts (``decision:7/notice:3``) go with it
    """
    those = or_(Letter.about == about, Letter.about.startswith(f"{about}/", autoescape=True))
    waiting = delete(Letter).where(those, Letter.attempts == 0)
    session.execute(waiting.execution_options(synchronize_session=False))
    return session.execute(select(Letter.id).where(those).limit(1)).first() is None


def claim_letter(session: Session, *, clock: Clock) -> Due | None:
    """Take the next letter that is due, or None.

    The attempt is written down and the letter put off before anything is sent: no lock is held while a mail server
    thinks, no second worker takes the same letter, and a crash repeats it later with the same Message-ID.
    """
    with transaction(session):
        now = clock()
        due = (
            select(Letter)
            .where(Letter.sent_at.is_(None), Letter.given_up_at.is_(None), Letter.next_try_at <= now)
            .order_by(Letter.next_try_at, Letter.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        letter = session.execute(due.execution_options(populate_existing=True)).scalar_one_or_none()
        if letter is None:
            return None
        letter.attempts += 1
        letter.next_try_at = now + LEASE
        return Due(
            id=letter.id,
            template=letter.template,
            to_address=letter.to_address,
            to_name=letter.to_name,
            language=letter.language,
            facts=dict(letter.facts),
            message_id=letter.message_id,
            attempts=letter.attempts,
        )


def mark_sent(session: Session, *, letter_id: int, clock: Clock) -> None:
    """Write down that a letter was taken, and blank what it said."""
    with transaction(session):
        sent = update(Letter).where(Letter.id == letter_id)
        session.execute(sent.values(sent_at=clock(), facts={}, trouble=None))


def mark_failed(session: Session, *, due: Due, trouble: str, for_good: bool, clock: Clock) -> None:
    """Write down why a letter was not taken; try again after a growing pause unless it is refused for good."""
    with transaction(session):
        now = clock()
        failed = update(Letter).where(Letter.id == due.id, Letter.sent_at.is_(None))
        values: dict[str, Any] = {"trouble": trouble[:500]}
        if for_good:
            values |= {"given_up_at": now, "facts": {}}
        else:
            values["next_try_at"] = now + pause_after(due.attempts)
        session.execute(failed.values(**values))


def give_up_old(session: Session, *, clock: Clock) -> int:
    """Give up the letters that could not be sent for two days; return how many."""
    with transaction(session):
        now = clock()
        old = update(Letter).where(
            Letter.sent_at.is_(None), Letter.given_up_at.is_(None), Letter.created_at < now - GIVEN_UP_AFTER
        )
        return affected(session, old.values(given_up_at=now, facts={}))


def forget_old(session: Session, *, clock: Clock) -> int:
    """Delete letters that went or were given up three months ago, with their addresses; return how many."""
    with transaction(session):
        long_ago = clock() - KEPT_FOR
        over = or_(Letter.sent_at < long_ago, Letter.given_up_at < long_ago)
        return affected(session, delete(Letter).where(over))


def forget_address(session: Session, *, address: str) -> None:
    """Delete all letters to an address, sent or waiting."""
    with transaction(session):
        session.execute(delete(Letter).where(Letter.to_address == address))
