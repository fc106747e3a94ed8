"""What the worker clears away: kept intents, spent links, ended sessions, old counts of tries."""

from __future__ import annotations

from participation.accounts import commands
from participation.foundation import limits
from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("accounts_forget_old", forget_old)


def forget_old() -> None:
    """Delete what is older than its purpose."""
    commands.forget_old(session(), clock=clock)
    limits.forget_old(session(), clock=clock)
