"""Erasing a person everywhere, and the list of all rooms that hold something about people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.accounts import commands as accounts
from participation.accounts import queries as accounts_held
from participation.accounts.models import Person
from participation.audiences import commands as audiences
from participation.audiences import queries as audiences_held
from participation.brakes import queries as brakes_held
from participation.contributions import commands as contributions
from participation.contributions import queries as contributions_held
from participation.discussion import commands as discussion
from participation.discussion import queries as discussion_held
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from participation.foundation.facts import Holding
from participation.moderation import commands as moderation
from participation.moderation import queries as moderation_held
from participation.pauses import commands as pauses
from participation.pauses import queries as pauses_held
from participation.privacy import queries
from participation.privacy.facts import NotConfirmed, is_deletion_word
from participation.queues import queries as queues_held
from participation.remarks import commands as remarks
from participation.remarks import queries as remarks_held
from participation.results import queries as results_held
from participation.reviews import commands as reviews
from participation.reviews import queries as reviews_held
from participation.rounds import queries as rounds_held
from participation.voting import commands as voting
from participation.voting import queries as voting_held
from participation.voting.keys import KeyFolder
from participation.windows.commands import hold_door

Forget = Callable[[Session, UUID, Clock, KeyFolder], None]


@dataclass(frozen=True)
class Room:
    """What a room with a key to people offers."""

    name: str
    held_about: Callable[[Session, UUID], list[Holding]]
    forget: Forget


def _without_keys(forget: Callable[..., None]) -> Forget:
    def forgets(session: Session, person_id: UUID, clock: Clock, keys: KeyFolder) -> None:
        forget(session, person_id=person_id, clock=clock)

    return forgets


def _acts_of_office_stay(session: Session, person_id: UUID, clock: Clock, keys: KeyFolder) -> None:
    """Leave what somebody did in office: the row names a person who is emptied."""


ROOMS = (
    Room("voting", voting_held.held_about, voting.forget),
    Room("discussion", discussion_held.held_about, _without_keys(discussion.forget)),
    Room("contributions", contributions_held.held_about, _without_keys(contributions.forget)),
    Room("queues", queues_held.held_about, _acts_of_office_stay),
    Room("brakes", brakes_held.held_about, _acts_of_office_stay),
    Room("pauses", pauses_held.held_about, _without_keys(pauses.forget)),
    Room("remarks", remarks_held.held_about, _without_keys(remarks.forget)),
    Room("reviews", reviews_held.held_about, _without_keys(reviews.forget)),
    Room("moderation", moderation_held.held_about, _without_keys(moderation.forget)),
    Room("results", results_held.held_about, _acts_of_office_stay),
    Room("rounds", rounds_held.held_about, _acts_of_office_stay),
    Room("audiences", audiences_held.held_about, _without_keys(audiences.forget)),
    Room("accounts", accounts_held.held_about, _without_keys(accounts.forget)),
)
"""Every room that keeps something about people, in the order of forgetting: what still finds the person comes first.

Accounts speaks for letters too, which know addresses and no people.
"""


def confirm(session: Session, *, person_id: UUID, typed: str) -> None:
    """Check that its owner wants the account gone: by the password, or by the word where there is none.

    To be called outside a transaction, since checking a password takes long.

    :raises NotConfirmed: if what was typed is neither
    """
    kept = accounts_held.password_hash_of(session, person_id)
    session.rollback()
    fits = accounts.password_fits(typed, kept) if kept is not None else is_deletion_word(typed)
    if not fits:
        raise NotConfirmed()


def erase(session: Session, *, person_id: UUID, clock: Clock, keys: KeyFolder) -> None:
    """Empty a person for good, at any time, in one transaction. Erasing twice changes nothing.

    Ballots and ratings of what is still open are withdrawn first: else deleting and registering again would give a
    second voice. What is closed keeps its counts.

    :raises LastAdmin: if nobody would be left who can grant roles
    :raises KeyLost: if an open vote cannot be withdrawn because its key is not there
    """
    with transaction(session):
        for window_id in queries.windows_of(session, person_id):
            hold_door(session, window_id, clock)
        _hold(session, person_id)
        for room in ROOMS:
            room.forget(session, person_id, clock, keys)


def _hold(session: Session, person_id: UUID) -> None:
    """Hold the person until the commit: whoever acts as them waits, and then is nobody any more."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
