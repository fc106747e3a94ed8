"""Words about talking: comments, replies and ratings on the first Handlungsfeld of a round."""

from __future__ import annotations

from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from participation.contributions.models import Contribution
from participation.discussion import commands
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment, Rating, Thread
from participation.foundation.clock import Clock
from participation.foundation.db import transaction
from tests.world import RoundWords, a_citizen

TEXT = "Auf dem Platz fehlen Bäume und Bänke."


def a_comment(
    session: Session,
    round: RoundWords,
    *,
    clock: Clock,
    who: Who | None = None,
    text: str = TEXT,
    stance: Stance = Stance.IN_FAVOUR,
    thread_id: int | None = None,
    language: str = "de",
) -> int:
    """Post a comment, by somebody new if nobody is named, and return its number."""
    made = commands.post_comment(
        session,
        thread_id=thread_id or round.thread_id,
        who=who or a_citizen(session),
        text=text,
        stance=stance,
        language=language,
        clock=clock,
    )
    return made.id


def a_reply(session: Session, comment_id: int, *, clock: Clock, who: Who | None = None, text: str = TEXT) -> int:
    """Answer a comment, by somebody new if nobody is named, and return the reply's number."""
    who = who or a_citizen(session)
    return commands.reply(session, comment_id=comment_id, who=who, text=text, language="de", clock=clock).id


def a_rating(
    session: Session, comment_id: int, *, clock: Clock, who: Who | None = None, value: Value = Value.AGREE
) -> None:
    """Rate a comment, by somebody new if nobody is named."""
    commands.rate_comment(session, comment_id=comment_id, who=who or a_citizen(session), value=value, clock=clock)


def premoderate(session: Session, thread_id: int, *, so: bool = True) -> None:
    """Let moderation read what is written in a thread before it is public."""
    with transaction(session):
        session.get_one(Thread, thread_id).premoderated = so


def decide(session: Session, comment_id: int, state: str, *, reason: str | None = None) -> None:
    """Set a comment's state as moderation does, and let its thread count again."""
    with transaction(session):
        commands.hold_container(session, comment_id)
        written = session.get_one(Contribution, comment_id, with_for_update={"key_share": True}, populate_existing=True)
        written.state, written.reason_kind = state, reason
        session.flush()
        commands.count_again(session, comment_id)


def fresh_thread(session: Session, thread_id: int) -> Thread:
    """Return the thread as it is in the database now."""
    session.rollback()
    return session.get_one(Thread, thread_id, populate_existing=True)


def fresh_comment(session: Session, comment_id: int) -> Comment:
    """Return the comment as it is in the database now."""
    session.rollback()
    return session.get_one(Comment, comment_id, populate_existing=True)


def everything(session: Session) -> list[tuple[object, ...]]:
    """Return all that was said, rated and counted, to see that nothing changed."""
    session.rollback()
    rows: list[tuple[object, ...]] = []
    for table in (Contribution.__table__, Comment.__table__, Rating.__table__, Thread.__table__):
        rows += sorted((tuple(row) for row in session.execute(table.select())), key=str)
    return rows
