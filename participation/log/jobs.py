"""What the worker does for logs: batches, copies and letters of checkpoints, and the end of the objection period."""

from __future__ import annotations

from flask import current_app

from participation.foundation.facts import Fact
from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, now, session, settings
from participation.log import commands, queries
from participation.voting.keys import KeyFolder


def register(jobs: Jobs) -> None:
    """Let the worker do this each minute."""
    jobs.every_minute("log_batches", write_batches)
    jobs.every_minute("log_anonymous", make_anonymous)


def write_batches() -> None:
    """Write the batches that are due, lay copies into the second place, and mail first and last checkpoints.

    A contest whose log cannot be continued stops none of the others.
    """
    keys = KeyFolder.of(settings())
    for contest_id in queries.with_waiting(session()):
        try:
            commands.write_batch(session(), contest_id=contest_id, keys=keys, clock=clock)
        except Fact as fact:
            current_app.logger.error("the log of contest %s is not continued: %s", contest_id, fact.name)
    commands.keep_copies(session(), keys=keys)
    commands.mail_checkpoints(session(), witnesses=settings().witnesses, clock=clock)


def make_anonymous() -> None:
    """Destroy keys and tags of contests whose objection period is over."""
    keys, objection = KeyFolder.of(settings()), settings().objection
    for contest_id in queries.to_make_anonymous(session(), objection=objection, now=now(), keys=keys):
        commands.make_anonymous(session(), contest_id=contest_id, objection=objection, by=None, keys=keys, clock=clock)
