"""Writing contributions: taking them, weighing signals, changing them, setting their state; the lists of offices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.audiences.facts import NameMissing, NameNotUsable, Role, Who, name_is_usable
from participation.audiences.models import Participant
from participation.audiences.queries import why_not_act_for_office
from participation.contributions import queries
from participation.contributions.facts import (
    KEPT_EARLIER,
    NETIQUETTE_VERSION,
    ChangedMeanwhile,
    Hint,
    Kind,
    ListsChangedMeanwhile,
    NoLongerThere,
    NotYours,
    ReadFirst,
    Signal,
    State,
    WritingPaused,
    why_unfit,
)
from participation.contributions.models import Contribution, ContributionSignal, EarlierText, SignalRules
from participation.contributions.signals import entries, hints
from participation.contributions.signals import signals as signals_in
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.foundation.facts import Missing
from participation.journal.commands import note
from participation.windows.models import Window

PauseEnd = Callable[[Session, UUID, datetime], datetime | None]
"""Until when a participant writes nothing at a moment; None where no pause holds them."""
PAUSES: dict[str, PauseEnd] = {}
"""Who knows what a pause rests on: a room above, entered by ``app``. Without it the end written down counts."""


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
    signals: Collection[Signal] = (),
) -> Contribution:
    """Take a contribution; the caller holds the door of the window, joined its audience, and adds the kind's own row.

    :param text: plain text, 10 to 5,000 characters after trimming
    :param held: whether moderation reads everything here before it is public
    :param signals: why moderation reads this one first, from ``weigh``
    :raises WritingPaused: while two officials paused the author from writing in this round
    :raises TextTooShort: or TextTooLong
    :raises NameMissing: if neither this act nor an earlier one chose a name
    """
    check_pause(session, author, now)
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
        state=State.HELD if held or signals else State.PUBLISHED,
        netiquette_version=NETIQUETTE_VERSION,
        created_at=now,
    )
    session.add(written)
    session.flush()
    _keep_signals(session, written, signals)
    return written


def ask_for_pauses(end: PauseEnd) -> None:
    """Let a room above say whether what a pause rests on still holds."""
    PAUSES["end"] = end


def check_pause(session: Session, author: Participant, now: datetime) -> None:
    """Refuse who is paused from writing. At the very moment of its end a pause is over.

    Whoever has none written down costs no statement.

    :raises WritingPaused: with its end
    """
    if author.silent_until is None or now >= author.silent_until:
        return
    until = PAUSES["end"](session, author.id, now) if PAUSES else author.silent_until
    if until is not None:
        raise WritingPaused(until=until)


def weigh(
    session: Session,
    *,
    author: Participant,
    window_id: int,
    text: str,
    language: str,
    noticed: Collection[Signal] = (),
    read: Collection[Hint] | None = None,
    but: int | None = None,
) -> tuple[Signal, ...]:
    """Return why moderation should read a text before it is public; nothing is written.

    To be asked before containers are locked: what was withheld here is compared with.

    :param noticed: what the page noticed on the way: a burst, a crowd
    :param read: the hints that the author has read, None where nobody could have been shown any
    :param but: the contribution that gets this text, if there is one already
    :raises ReadFirst: if there is something to point out to the author before
    """
    words, around = queries.rules_around(session, author=author, window_id=window_id, but=but)
    unread = () if read is None else tuple(one for one in hints(text, words, language) if one.kind not in read)
    if unread:
        raise ReadFirst(unread)
    found = signals_in(text, words, language, replace(around, noticed=tuple(noticed)))
    return tuple(Signal(one.kind) for one in found)


def _keep_signals(session: Session, written: Contribution, signals: Collection[Signal]) -> None:
    if signals:
        rows = [{"contribution_id": written.id, "kind": kind} for kind in signals]
        session.execute(plain_insert(ContributionSignal), rows)


def own(session: Session, *, contribution_id: int, who: Who) -> tuple[Contribution, Participant]:
    """Return a contribution of this person, its row locked, and who they are there.

    :raises Missing: if there is none
    :raises NotYours: if somebody else wrote it
    """
    written = locked(session, contribution_id)
    author = session.get_one(Participant, written.participant_id)
    if author.person_id != who.person_id:
        raise NotYours()
    return written, author


def locked(session: Session, contribution_id: int) -> Contribution:
    """Return a contribution with its row locked until the commit.

    :raises Missing: if there is none
    """
    row = select(Contribution).where(Contribution.id == contribution_id).with_for_update(key_share=True)
    written = session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()
    if written is None:
        raise Missing()
    return written


def revise(
    session: Session,
    written: Contribution,
    *,
    text: str,
    held: bool,
    now: datetime,
    signals: Collection[Signal] = (),
) -> None:
    """Give a locked contribution a new text; who decides on the old one is told, and can compare the two.

    The signals are those of the new text. What waits already goes on waiting, for the reason it had.

    :raises NoLongerThere: if it was withheld or withdrawn
    :raises TextTooShort: or TextTooLong
    """
    unfit = why_unfit(text)
    if unfit is not None:
        raise unfit
    if written.state not in (State.HELD, State.PUBLISHED):
        raise NoLongerThere()
    # Of what stays public old signals are history; of what waits again they would be told as the reason.
    if signals or (held and written.state == State.PUBLISHED):
        mine = delete(ContributionSignal).where(ContributionSignal.contribution_id == written.id)
        session.execute(mine.execution_options(synchronize_session=False))
        _keep_signals(session, written, signals)
    session.add(EarlierText(contribution_id=written.id, version=written.version, text=written.text, replaced_at=now))
    written.text = text.strip()
    written.state = State.HELD if held or signals else written.state
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


def seal_earlier(session: Session, contribution_id: int, at: datetime) -> None:
    """Seal the earlier texts of a contribution in which something was blacked out, since it may stand in them too."""
    mine = update(EarlierText).where(EarlierText.contribution_id == contribution_id, EarlierText.sealed_at.is_(None))
    session.execute(mine.values(sealed_at=at))


def unseal_earlier(session: Session, contribution_id: int, at: datetime) -> None:
    """Take back what was sealed at a moment, since nothing is blacked out any more."""
    mine = update(EarlierText).where(EarlierText.contribution_id == contribution_id, EarlierText.sealed_at == at)
    session.execute(mine.values(sealed_at=None))


def delete_earlier_texts(session: Session, *, clock: Clock) -> int:
    """Delete the earlier texts whose time is over; return how many."""
    with transaction(session):
        return affected(session, delete(EarlierText).where(EarlierText.replaced_at <= clock() - KEPT_EARLIER))


def locked_all(session: Session, contribution_ids: Collection[int]) -> dict[int, Contribution]:
    """Return contributions with their rows locked in the order of their ids; what there is none of is left out."""
    rows = select(Contribution).where(Contribution.id.in_(contribution_ids)).order_by(Contribution.id)
    locked_rows = rows.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {one.id: one for one in session.execute(locked_rows).scalars()}


def set_states(session: Session, states: Collection[Mapping[str, Any]]) -> None:
    """Set the state of many locked contributions at once; whether somebody read another version the caller asked.

    :param states: ``contribution_id``, ``state``, ``reason_kind``, ``rewording`` and ``duplicate_of`` of each
    """
    names = ("state", "reason_kind", "rewording", "duplicate_of")
    row = update(Contribution).where(Contribution.id == bindparam("contribution_id"))
    if states:
        session.connection().execute(row.values({name: bindparam(name) for name in names}), list(states))
        session.expire_all()


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
    withdrawn the text goes, of what waits for moderation too. What was withheld stays for who asks why. What any of
    it was before its author changed it goes.
    """
    with transaction(session):
        mine = select(Participant.id).where(Participant.person_id == person_id)
        unseen = or_(Contribution.state == State.HELD, Contribution.state == State.WITHDRAWN)
        written = select(Contribution.id).where(Contribution.participant_id.in_(mine))
        session.execute(delete(EarlierText).where(EarlierText.contribution_id.in_(written)))
        gone = select(Contribution.id).where(Contribution.participant_id.in_(mine), unseen)
        session.execute(delete(ContributionSignal).where(ContributionSignal.contribution_id.in_(gone)))
        session.execute(
            update(Contribution)
            .where(Contribution.participant_id.in_(mine), unseen, Contribution.text != "")
            .values(state=State.WITHDRAWN, text="", version=Contribution.version + 1)
        )


# ── The lists of an office ────────────────────────────────────────────────────────────────────────────────────────────
def save_rules(
    session: Session, *, office_id: int, words: Mapping[str, str], first: int, seen: int, by: UUID, clock: Clock
) -> None:
    """Save what an office has looked at before it is public; it holds for what is written from now on.

    :param words: word lists as typed, one entry a line, by the language of the texts that they are for
    :param first: how many first contributions of an account moderation reads before they are public
    :param seen: the version that was read, 0 for none
    :raises EntryNotUsable: or TooManyEntries
    :raises NotEntitled: if they do not lead rounds for this office
    :raises ListsChangedMeanwhile: if somebody saved others since
    """
    kept = {language: list(entries(typed)) for language, typed in words.items()}
    with transaction(session):
        now = clock()
        refusal = why_not_act_for_office(session, person_id=by, role=Role.STAFF, office_id=office_id, now=now)
        if refusal is not None:
            raise refusal
        values = {"words": kept, "first_contributions": first, "version": seen + 1, "changed_at": now}
        fresh = insert(session, SignalRules).values(office_id=office_id, **values)
        # Of two who read the same version the second finds none to change, whatever came first.
        saved = fresh.on_conflict_do_update(
            index_elements=["office_id"], set_=values, where=SignalRules.version == seen
        ).returning(SignalRules.office_id)
        if session.execute(saved).scalar_one_or_none() is None:
            raise ListsChangedMeanwhile()
        details = {"version": seen + 1, "first": first, "entries": {name: len(some) for name, some in kept.items()}}
        about = f"office:{office_id}"
        note(
            session,
            act="contributions:changed_lists",
            actor=by,
            office_id=office_id,
            about=about,
            now=now,
            details=details,
        )


# ── Imports from other platforms ──────────────────────────────────────────────────────────────────────────────────────
def import_contributions(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert ready rows by the thousand, without the rules of length; return how many.

    :param rows: all columns of ``contribution`` but ``id`` (which may be given)
    """
    done, left = 0, iter(rows)
    while some := [dict(row) for row in islice(left, 1000)]:
        session.execute(plain_insert(Contribution), some)
        done += len(some)
    return done
