"""What officials did stays as it was written."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.commands import note
from participation.journal.models import JournalEntry


def test_a_line_is_written_with_the_act_or_not_at_all(session: Session, clock: StoppedClock) -> None:
    with pytest.raises(KeyError), transaction(session):
        note(session, act="rounds:published", actor=None, office_id=1, about="round:1", now=clock())
        raise KeyError
    assert session.query(JournalEntry).count() == 0


@pytest.mark.parametrize("change", ["UPDATE journal_entry SET act = 'nichts'", "DELETE FROM journal_entry"])
def test_nobody_rewrites_the_journal(session: Session, clock: StoppedClock, change: str) -> None:
    with transaction(session):
        note(
            session, act="rounds:published", actor=None, office_id=1, about="round:1", now=clock(), details={"parts": 2}
        )
    with pytest.raises(DatabaseError, match="keep_journal_entry"), transaction(session):
        session.execute(text(change))
    kept = session.query(JournalEntry).one()
    assert (kept.act, kept.about, kept.details, kept.at) == ("rounds:published", "round:1", {"parts": 2}, clock())
