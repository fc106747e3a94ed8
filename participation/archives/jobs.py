"""What the worker does for archives."""

from __future__ import annotations

from flask import current_app

from participation.archives import commands, queries
from participation.foundation.jobs import Jobs
from participation.foundation.web import clock, session, settings
from participation.voting.keys import KeyFolder


def register(jobs: Jobs) -> None:
    """Let the worker look each minute which archives are wanted."""
    jobs.every_minute("archives", make_archives)


def make_archives() -> None:
    """Make the archives that are wanted; one that fails is named and tried again after a pause."""
    keys, folder = KeyFolder.of(settings()), settings().var_dir / "archives"
    for contest_id in queries.due(session(), now=clock()):
        try:
            commands.make_archive(session(), contest_id=contest_id, folder=folder, keys=keys, clock=clock)
        except Exception:
            session().rollback()
            current_app.logger.exception("the archive of contest %s could not be made", contest_id)
