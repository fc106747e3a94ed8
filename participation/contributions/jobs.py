"""What the worker does for contributions: earlier texts go when their time is over."""

from __future__ import annotations

from participation.contributions import commands
from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("contributions_forget_old", forget_old)


def forget_old() -> None:
    """Delete what served its purpose."""
    commands.delete_earlier_texts(session(), clock=clock)
