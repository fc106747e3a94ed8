"""A filled database for the measurements: 1,000 Handlungsfelder with 50 comments and 50 ratings each, one with 5,000."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from participation.accounts.commands import password_hash
from participation.accounts.models import Person
from participation.audiences.facts import Kind
from participation.audiences.models import Participant
from participation.contributions.models import Contribution
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.db import transaction
from participation.voting.keys import KeyFolder
from tests.world import RoundWords, a_person, a_round

FIELDS = 1_000
COMMENTS = 50
LONG_THREAD = 5_000
PASSWORD = "ein langes Passwort nur hier"


def fill(session: Session, keys: KeyFolder, *, voters: int) -> tuple[RoundWords, list[RoundWords], list[str]]:
    """Return the big round, a small round per voter, and the addresses of the voters."""
    now = datetime.now(UTC)
    times = {"opens": now - timedelta(days=5), "closes": now + timedelta(days=30)}
    big = a_round(session, handlungsfelder=FIELDS, **times)
    small = [a_round(session, handlungsfelder=1, **times) for _ in range(voters)]
    for made in (big, *small):
        keys.make(made.contest_slug)
    _talk(session, big, now)
    addresses = [f"voter-{number}@example.org" for number in range(voters)]
    hashed = password_hash(PASSWORD)
    for address in addresses:
        person = a_person(session, email=address)
        with transaction(session):
            session.execute(update(Person).where(Person.id == person).values(password_hash=hashed))
    return big, small, addresses


def _talk(session: Session, made: RoundWords, now: datetime) -> None:
    people = [uuid4() for _ in range(COMMENTS)]
    with transaction(session):
        session.execute(
            insert(Participant),
            [
                {"id": one, "audience_id": made.audience_id, "kind": Kind.IMPORTED, "shown_as": f"Stimme {number}"}
                for number, one in enumerate(people)
            ],
        )
        numbers = iter(range(1, 10_000_000))
        for place, subject in enumerate(made.subjects):
            many = LONG_THREAD if place == 0 else COMMENTS
            ids = [next(numbers) for _ in range(many)]
            session.execute(insert(Contribution), list(_texts(made, ids, people, now)))
            session.execute(insert(Comment), [_comment(one, subject.thread_id) for one in ids])
            session.execute(insert(Rating), [_rating(ids[0], person, now) for person in people])
            session.execute(update(Thread).where(Thread.id == subject.thread_id).values(comments=many, in_favour=many))


def _texts(made: RoundWords, ids: list[int], people: list[UUID], now: datetime) -> Iterator[dict[str, object]]:
    for one in ids:
        yield {
            "id": one,
            "kind": "comment",
            "participant_id": people[one % len(people)],
            "window_id": made.talk_window_id,
            "text": f"Das ist Beitrag {one}. " + "Er sagt etwas über Straßen, Netze und Schulen. " * 6,
            "language": "de",
            "state": "published",
            "sealed": False,
            "version": 1,
            "netiquette_version": 1,
            "created_at": now - timedelta(days=4) + timedelta(seconds=one % 86_400),
        }


def _comment(one: int, thread_id: int) -> dict[str, object]:
    return {
        "id": one,
        "kind": "comment",
        "thread_id": thread_id,
        "level": 0,
        "stance": "in_favour",
        "agree": 0,
        "disagree": 0,
        "passed": 0,
        "replies": 0,
    }


def _rating(comment_id: int, participant_id: UUID, now: datetime) -> dict[str, object]:
    return {"comment_id": comment_id, "participant_id": participant_id, "value": "agree", "rated_on": now.date()}
