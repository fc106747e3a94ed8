"""``flask example load`` and ``flask import polis``."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from participation.example import commands
from participation.example.polis import read_conversation
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, session, settings
from participation.log.commands import make_due_anonymous
from participation.voting.keys import KeyFolder

example = click.Group("example", help="Beispieldaten für Entwicklung und Vorführung.")
imports = click.Group("import", help="Übernahme aus anderen Plattformen.")
groups = (example, imports)

ACTS = {
    "Comment": "Kommentare",
    "Reply": "Antworten",
    "Edit": "Änderungen",
    "Withdrawal": "zurückgezogene Kommentare",
    "Rating": "Bewertungen",
    "Ballot": "Stimmen",
    "Notice": "Meldungen",
    "Decision": "Entscheidungen der Moderation",
}


@example.command("load")
@with_appcontext
def load() -> None:
    """Lädt Beispieldaten: ein Konzept, fünf Beteiligungen, etwa sechzig Menschen. Einmal; ein zweiter Aufruf ändert nichts."""
    keys = KeyFolder.of(settings())
    try:
        loaded = commands.load_example(session(), environment=settings().environment, keys=keys, clock=clock)
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    # Two rounds were over long ago. Else the worker would destroy their keys while the web process counts its keys.
    make_due_anonymous(session(), objection=settings().objection, keys=keys, clock=clock)
    if not loaded.anew:
        click.echo("Die Beispieldaten sind schon geladen. Es wurde nichts geändert.")
    for what, number in loaded.acts.items():
        click.echo(f"{number:7} {ACTS[what]}")
    click.echo(f"Anmelden mit dem Passwort {loaded.password}:")
    for email in loaded.sign_ins:
        click.echo(f"  {email}")


@imports.command("polis")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--round", "slug", required=True, help="Kurzname der Beteiligung, die daraus wird: klimarat")
@with_appcontext
def polis(folder: Path, slug: str) -> None:
    """Übernimmt eine Polis-Unterhaltung (summary.csv, comments.csv, votes.csv) als beendete Beteiligung."""
    try:
        conversation = read_conversation(folder, now=clock())
        with click.progressbar(length=len(conversation.votes), label="Bewertungen") as bar:
            report = commands.import_polis(
                session(),
                conversation=conversation,
                slug=slug,
                keys=KeyFolder.of(settings()),
                clock=clock,
                tell=bar.update,
            )
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    if report is None:
        click.echo(f"»{conversation.name}« ist schon als Beteiligung »{slug}« da. Es wurde nichts geändert.")
        return
    for line in _lines_of(report):
        click.echo(line)


def _lines_of(report: commands.Imported) -> tuple[str, ...]:
    return (
        f"{report.statements:7} Aussagen",
        f"{report.published:7} davon veröffentlicht",
        f"{report.withheld:7} davon nicht veröffentlicht",
        f"{report.held:7} davon noch nicht entschieden",
        f"{report.participants:7} Beitragende, davon {report.voters} mit Bewertungen",
        f"{report.rows:7} Zeilen mit Stimmen gelesen",
        f"{report.ratings:7} Bewertungen übernommen (die letzte je Person und Aussage)",
        f"{report.replaced:7} Zeilen durch eine spätere ersetzt und nicht übernommen",
        f"Die Beteiligung steht unter /runden/{report.slug}.",
    )
