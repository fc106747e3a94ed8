"""How long letters are tried, and what a due letter is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

LEASE = timedelta(minutes=15)
"""How long a letter is put off while it is being sent: longer than a mail server may take for all its answers."""
GIVEN_UP_AFTER = timedelta(days=2)
KEPT_FOR = timedelta(days=90)
"""How long an address stays in the outbox, which keeps the same letter from going out again."""
LONGEST_PAUSE = timedelta(hours=4)


@dataclass(frozen=True)
class Due:
    """A letter that was taken out to be sent now."""

    id: int
    template: str
    to_address: str
    to_name: str
    language: str
    facts: dict[str, Any]
    message_id: str
    attempts: int


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after a failure: 1, 2, 4, … minutes, four hours at most."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 20)), LONGEST_PAUSE)
