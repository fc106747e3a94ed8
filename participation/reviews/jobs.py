"""What the worker does for second looks: what was blacked out goes once nobody looks at it any more."""

from __future__ import annotations

from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session
from participation.reviews import commands


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("reviews_delete_sealed", delete_sealed)


def delete_sealed() -> None:
    """Blank what served its purpose."""
    commands.delete_sealed(session(), clock=clock)
