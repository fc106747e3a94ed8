"""What the worker does for logs: batches, copies and letters of checkpoints, and the end of the objection period."""

from __future__ import annotations

from flask import current_app

from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session, settings
from participation.log import commands
from participation.voting.keys import KeyFolder


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("log_batches", write_batches)
    jobs.every_minute("log_anonymous", make_anonymous)


def write_batches() -> None:
    """Write what is due, and name what could not be continued."""
    keys, witnesses = KeyFolder.of(settings()), settings().witnesses
    for contest_id, fact in commands.write_due(session(), keys=keys, witnesses=witnesses, clock=clock):
        current_app.logger.error("the log of contest %s is not continued: %s", contest_id, fact.name)


def make_anonymous() -> None:
    """Destroy keys and tags whose objection period is over; what fails is named and tried again in the next minute."""
    keys, objection = KeyFolder.of(settings()), settings().objection
    _, troubles = commands.make_due_anonymous(session(), objection=objection, keys=keys, clock=clock)
    for contest_id, trouble in troubles:
        current_app.logger.error("contest %s is not made anonymous: %s", contest_id, trouble, exc_info=trouble)
