"""What the worker does for pauses: those who asked in vain are told; those long over lose whom they concerned."""

from __future__ import annotations

from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session
from participation.pauses import commands


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("pauses_tell_moot", tell_moot)
    jobs.every_minute("pauses_forget_old", forget_old)


def tell_moot() -> None:
    """Tell who asked for a second look that nothing is left to look at."""
    commands.tell_moot(session(), clock=clock)


def forget_old() -> None:
    """Forget what counts no more."""
    commands.forget_old(session(), clock=clock)
