"""Results from the shell: the audit's export, and the recount of every stored figure."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import click
from flask.cli import AppGroup, with_appcontext

from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.sheets import csv_lines
from participation.foundation.web import clock, session
from participation.results import commands, queries
from participation.results.facts import NotCounted
from participation.rounds.queries import round_id_of
from participation.voting.ledger import canonical

results = AppGroup("results", help="Results of rounds.")


@results.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(slug: str, file: Path) -> None:
    """Write results.json and comments.csv of a counted round, comments of all states, for the audit.

    What was withheld, is held or was withdrawn stands there without its text.
    """
    unfinished = file.with_name(f".{file.name}.part")
    try:
        lines = _write(slug, unfinished)
        unfinished.replace(file)
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    finally:
        unfinished.unlink(missing_ok=True)
    click.echo(f"{file}: results.json, comments.csv ({lines} Zeilen)")


def _write(slug: str, file: Path) -> int:
    round_id, now = round_id_of(session(), slug), clock()
    figured = queries.figured(session(), round_id=round_id, now=now)
    if figured is None:
        raise NotCounted()
    whole = {"figures": figured.figures, "figures_sha256": figured.sha256, "today": figured.today}
    rows = queries.comment_rows(session(), round_id=round_id, now=now, public_only=False)
    written = -1
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        bundle.writestr("results.json", canonical(whole) + "\n")
        with bundle.open("comments.csv", "w", force_zip64=True) as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
            for line in csv_lines(queries.COMMENT_COLUMNS, rows):
                text.write(line)
                written += 1
    return written


@click.command("recount")
@with_appcontext
def recount() -> None:
    """Count everything again and name what differs; the exit status is 1 if anything does."""
    differing = commands.recount(session())
    for line in differing:
        click.echo(line)
    if differing:
        click.echo(f"{len(differing)} Abweichungen.", err=True)
        sys.exit(1)
    click.echo("Alles stimmt.")


groups = [results, recount]
