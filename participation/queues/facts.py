"""The lists of the queue."""

from __future__ import annotations

from enum import StrEnum


class Listed(StrEnum):
    """The lists of the queue."""

    HELD = "held"
    REPORTED = "reported"
    REVIEWS = "reviews"
    ESCALATED = "escalated"
    DECIDED = "decided"
