"""What the worker does for moderation: notices on what is gone are settled; what served its purpose goes."""

from __future__ import annotations

from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session
from participation.moderation import commands


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("moderation_settle_withdrawn", settle_withdrawn)
    jobs.every_minute("moderation_forget_old", forget_old)


def forget_old() -> None:
    """Blank what served its purpose."""
    commands.forget_reporters(session(), clock=clock)


def settle_withdrawn() -> None:
    """Settle what was reported and is gone."""
    commands.settle_withdrawn(session(), clock=clock)
