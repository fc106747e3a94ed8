"""The logs of votes from the shell: what does not fit between contests and keys, batches, the end of objections."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from participation.accounts.queries import person_by_email
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, session, settings
from participation.log import commands, queries
from participation.voting.keys import KeyFolder

contests = AppGroup("contests", help="Logs and keys of contests.")
groups = [contests]


@contests.command("check")
def check() -> None:
    """Name contests without their keys and keys without their contest; the exit status is 1 if there are any."""
    gaps = queries.key_gaps(session(), keys=KeyFolder.of(settings()))
    for line in gaps:
        click.echo(line)
    if gaps:
        sys.exit(1)
    click.echo("Alle Schlüssel passen.")


@contests.command("sample")
@click.argument("slug")
@click.option("--by", required=True, metavar="MAIL", help="Who audits; the journal names them.")
@click.option("--number", default=30, show_default=True, help="How many people to draw.")
@click.option("--reason", required=True, help="What the sample is drawn for; the journal keeps it.")
@click.option("--seed", required=True, help="A line that nobody could choose, such as the numbers of a lottery.")
def sample(slug: str, by: str, number: int, reason: str, seed: str) -> None:
    """Draw lots among the roll of SLUG, one line each: participant, kind, address."""
    auditor, contest_id = person_by_email(session(), by), queries.contest_id_of(session(), slug)
    if auditor is None or contest_id is None:
        raise click.ClickException("No such account or contest.")
    try:
        drawn = commands.sample_roll(
            session(), contest_id=contest_id, by=auditor, number=number, reason=reason, seed=seed, clock=clock
        )
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    for line in drawn:
        click.echo(f"{line.participant_id},{line.kind},{line.email or ''}")


@contests.command("batch")
def batch() -> None:
    """Do now what the worker does each minute: batches that are due, copies and letters of checkpoints."""
    keys, witnesses = KeyFolder.of(settings()), settings().witnesses
    troubles = commands.write_due(session(), keys=keys, witnesses=witnesses, clock=clock)
    for contest_id, fact in troubles:
        click.echo(f"contest {contest_id}: {words_of(fact)}", err=True)
    if troubles:
        sys.exit(1)


@contests.command("anonymise")
def anonymise() -> None:
    """Do now what the worker does each minute: destroy keys and tags whose objection period is over."""
    keys, objection = KeyFolder.of(settings()), settings().objection
    done, troubles = commands.make_due_anonymous(session(), objection=objection, keys=keys, clock=clock)
    for contest_id in done:
        click.echo(f"contest {contest_id}: anonym")
    for contest_id, trouble in troubles:
        click.echo(f"contest {contest_id}: {words_of(trouble) if isinstance(trouble, Fact) else trouble}", err=True)
    if troubles:
        sys.exit(1)
