"""``flask example load`` and ``flask import polis``."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from participation.example import commands
from participation.foundation.facts import Fact
from participation.foundation.i18n import words_of
from participation.foundation.web import clock, session, settings
from participation.voting.keys import KeyFolder

example = click.Group("example", help="Beispieldaten für Entwicklung und Vorführung.")
groups = (example,)


@example.command("load")
@with_appcontext
def load() -> None:
    """Lädt Beispieldaten: ein Konzept, drei Beteiligungen, etwa sechzig Menschen. Einmal; ein zweiter Aufruf ändert nichts."""
    try:
        loaded = commands.load_example(
            session(), environment=settings().environment, keys=KeyFolder(settings().key_dir), clock=clock
        )
    except Fact as fact:
        raise click.ClickException(words_of(fact)) from fact
    if not loaded.anew:
        click.echo("Die Beispieldaten sind schon geladen. Es wurde nichts geändert.")
    for what, number in loaded.acts.items():
        click.echo(f"{number:6} {what}")
    click.echo(f"Anmelden mit dem Passwort {loaded.password}:")
    for email in loaded.sign_ins:
        click.echo(f"  {email}")
