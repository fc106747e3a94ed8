"""What the worker does for archives."""

from __future__ import annotations

from flask import current_app

from participation.archives import commands
from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session, settings
from participation.voting.keys import KeyFolder


def register(jobs: Jobs) -> None:
    """Let the worker look each minute which archives are wanted, or wanted again."""
    jobs.every_minute("archives", make_archives)


def make_archives() -> None:
    """Make the archives that are wanted; one that fails is named and tried again after a pause."""
    keys, folder = KeyFolder.of(settings()), settings().archive_dir
    _, troubles = commands.make_due(session(), folder=folder, keys=keys, clock=clock)
    for contest_id, trouble in troubles:
        current_app.logger.error("the archive of contest %s could not be made", contest_id, exc_info=trouble)
