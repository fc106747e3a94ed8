"""Archives from the shell."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from participation.archives import commands
from participation.archives.facts import ArchiveUnsound
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, session, settings
from participation.log.queries import contest_id_of
from participation.voting.keys import KeyFolder

archives = AppGroup("archives", help="Archives of released contests.")
groups = [archives]


@archives.command("make")
def make() -> None:
    """Make now the archives that are wanted or whose file is gone, as the worker does each minute."""
    keys, folder = KeyFolder.of(settings()), settings().archive_dir
    made, troubles = commands.make_due(session(), folder=folder, keys=keys, clock=clock)
    for contest_id in made:
        click.echo(f"contest {contest_id}: made")
    for contest_id, trouble in troubles:
        click.echo(f"contest {contest_id}: {words_of(trouble) if isinstance(trouble, Fact) else trouble}", err=True)
    if troubles:
        sys.exit(1)


@archives.command("whole")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def whole(slug: str, file: Path) -> None:
    """Write the archive of SLUG with all ballots open to FILE, for the audit office alone."""
    contest_id = contest_id_of(session(), slug)
    if contest_id is None:
        raise click.ClickException(f"No contest of the name {slug}.")
    try:
        sha256 = commands.write_whole(session(), contest_id=contest_id, target=file, keys=KeyFolder.of(settings()))
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    except (ArchiveUnsound, OSError) as trouble:
        raise click.ClickException(f"{file} was not written: {trouble}") from trouble
    click.echo(f"{file}: {sha256}")
