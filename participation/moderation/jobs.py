"""What the worker does for moderation: addresses of reporters and sealed copies go when their time is over."""

from __future__ import annotations

from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session
from participation.moderation import commands


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("moderation_forget_old", forget_old)


def forget_old() -> None:
    """Blank what served its purpose."""
    commands.forget_reporters(session(), clock=clock)
    commands.delete_sealed(session(), clock=clock)
