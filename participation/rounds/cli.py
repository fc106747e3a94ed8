"""Rounds from the shell."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

import click
from flask.cli import AppGroup

from participation.accounts.queries import person_by_email
from participation.foundation.facts import Fact
from participation.foundation.i18n import moment, words_of
from participation.foundation.web import clock, session, settings
from participation.rounds import commands, queries
from participation.voting.keys import KeyFolder

rounds = AppGroup("rounds", help="Consultation rounds.")
groups = [rounds]


@rounds.command("close")
@click.argument("slug")
@click.option("--by", required=True, metavar="MAIL", help="The official who closes it.")
@click.option("--second", required=True, metavar="MAIL", help="Another official of the round, who agrees.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is shown on top of the round.")
def close(slug: str, by: str, second: str, reason: str) -> None:
    """End a running round before its time."""
    try:
        at = commands.close_early(
            session(),
            round_id=queries.round_id_of(session(), slug),
            by=_person(by),
            second=_person(second),
            reason=reason,
            keys=KeyFolder.of(settings()),
            clock=clock,
        )
    except Fact as fact:
        _refuse(words_of(fact))
    click.echo(f"{slug}: beendet am {moment(at)}.")


def _person(email: str) -> UUID:
    found = person_by_email(session(), email)
    if found is None:
        _refuse(f"Kein Konto mit der Adresse {email}.")
    return found


def _refuse(words: str) -> NoReturn:
    raise click.ClickException(words)
