"""Writing contributions: taking them, changing them, and setting their state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import NameMissing, NameNotUsable, Who, name_is_usable
from participation.audiences.models import Participant
from participation.contributions.facts import (
    NETIQUETTE_VERSION,
    ChangedMeanwhile,
    Kind,
    NoLongerThere,
    NotYours,
    State,
    why_unfit,
)
from participation.contributions.models import Contribution
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from participation.foundation.facts import Missing
from participation.windows.models import Window


def contribute(
    session: Session,
    *,
    kind: Kind,
    window_id: int,
    author: Participant,
    text: str,
    language: str,
    held: bool,
    now: datetime,
) -> Contribution:
    """Take a contribution; the caller holds the door of the window, joined its audience, and adds the kind's own row.

    :param text: plain text, 10 to 5,000 characters after trimming
    :param held: whether moderation reads it before it is public
    :raises TextTooShort: or TextTooLong
    :raises NameMissing: if neither this act nor an earlier one chose a name
    """
    unfit = why_unfit(text)
    if unfit is not None:
        raise unfit
    if author.shown_as is None:
        raise NameMissing()
    written = Contribution(
        kind=kind,
        participant_id=author.id,
        window_id=window_id,
        text=text.strip(),
        language=language,
        state=State.HELD if held else State.PUBLISHED,
        netiquette_version=NETIQUETTE_VERSION,
        created_at=now,
    )
    session.add(written)
    session.flush()
    return written


def own(session: Session, *, contribution_id: int, who: Who) -> Contribution:
    """Return a contribution of this person, its row locked.

    :raises Missing: if there is none
    :raises NotYours: if somebody else wrote it
    """
    written = locked(session, contribution_id)
    author = session.execute(select(Participant.person_id).where(Participant.id == written.participant_id)).scalar_one()
    if author != who.person_id:
        raise NotYours()
    return written


def locked(session: Session, contribution_id: int) -> Contribution:
    """Return a contribution with its row locked until the commit.

    :raises Missing: if there is none
    """
    row = select(Contribution).where(Contribution.id == contribution_id).with_for_update(key_share=True)
    written = session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()
    if written is None:
        raise Missing()
    return written


def revise(written: Contribution, *, text: str, held: bool, now: datetime) -> None:
    """Give a locked contribution a new text; who decides on the old one is told.

    :raises NoLongerThere: if it was withheld or withdrawn
    :raises TextTooShort: or TextTooLong
    """
    unfit = why_unfit(text)
    if unfit is not None:
        raise unfit
    if written.state not in (State.HELD, State.PUBLISHED):
        raise NoLongerThere()
    written.text = text.strip()
    written.state = State.HELD if held else written.state
    written.rewording = False
    written.version += 1
    written.edited_at = now
    written.netiquette_version = NETIQUETTE_VERSION


def withdraw(written: Contribution) -> None:
    """Take a locked contribution back. Withdrawing twice changes nothing.

    :raises NoLongerThere: if moderation withheld it
    """
    if written.state == State.WITHHELD:
        raise NoLongerThere()
    if written.state != State.WITHDRAWN:
        written.state = State.WITHDRAWN
        written.version += 1


def set_state(
    session: Session,
    *,
    contribution_id: int,
    state: State,
    reason_kind: str | None,
    expected_version: int,
    text: str | None = None,
    rewording: bool = False,
    duplicate_of: int | None = None,
) -> Contribution:
    """Set the state as moderation decided on the version that was read; the version stays as long as the text does.

    :param text: the text with personal data blacked out, or put back; None leaves it

    :raises ChangedMeanwhile: if the author changed or withdrew it after it was read
    """
    written = locked(session, contribution_id)
    if written.version != expected_version or written.state == State.WITHDRAWN:
        raise ChangedMeanwhile()
    written.state = state
    written.reason_kind = reason_kind
    written.rewording = rewording
    written.duplicate_of = duplicate_of
    if text is not None:
        written.text = text
        written.version += 1
    return written


def change_shown_name(session: Session, *, person_id: UUID, name: str, clock: Clock) -> None:
    """Change the name beside contributions, in everything not over yet and for what comes later.

    Pages that show it look different from then on; discussion's command of the same name tells them.

    :raises NameNotUsable: if the name cannot stand there
    """
    if not name_is_usable(name):
        raise NameNotUsable()
    with transaction(session):
        # The person first, as every act does that brings a name.
        session.execute(update(Person).where(Person.id == person_id, Person.erased_at.is_(None)).values(name=name))
        alive = select(Window.audience_id).where(Window.closed_at.is_(None), Window.closes_at > clock())
        mine = update(Participant).where(
            Participant.person_id == person_id, Participant.shown_as.is_not(None), Participant.audience_id.in_(alive)
        )
        session.execute(mine.values(shown_as=name).execution_options(synchronize_session="fetch"))


def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Withdraw what nobody saw yet; what was public stays, without a name, as »Gelöschtes Konto«.

    Others answered and rated it, and counts must go on to hold; the deletion page says so before. Of what was
    withdrawn the text goes, of what waits for moderation too. What was withheld stays for who asks why.
    """
    with transaction(session):
        mine = select(Participant.id).where(Participant.person_id == person_id)
        unseen = or_(Contribution.state == State.HELD, Contribution.state == State.WITHDRAWN)
        session.execute(
            update(Contribution)
            .where(Contribution.participant_id.in_(mine), unseen, Contribution.text != "")
            .values(state=State.WITHDRAWN, text="", version=Contribution.version + 1)
        )


# ── Imports from other platforms ──────────────────────────────────────────────────────────────────────────────────────
def import_contributions(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert ready rows by the thousand, without the rules of length; return how many.

    :param rows: all columns of ``contribution`` but ``id`` (which may be given)
    """
    done, left = 0, iter(rows)
    while some := [dict(row) for row in islice(left, 1000)]:
        session.execute(insert(Contribution), some)
        done += len(some)
    return done
