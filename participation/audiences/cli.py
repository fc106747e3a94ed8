"""Accounts of officials from the shell: the first administrator, and shutting an account."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from participation.accounts.commands import disable_person, enable_person
from participation.accounts.forms import same_address
from participation.accounts.queries import person_by_email
from participation.audiences import commands
from participation.audiences.facts import Role
from participation.foundation.web import clock, session

accounts = AppGroup("accounts", help="Accounts of officials.")


@accounts.command("admin")
@click.argument("mail")
def make_admin(mail: str) -> None:
    """Make MAIL an administrator; without an account they get an invitation."""
    commands.invite_official(session(), email=_address(mail), role=Role.ADMIN, language="de", by=None, clock=clock)
    click.echo(f"{_address(mail)} is an administrator. Without an account, an invitation is on its way by mail.")


@accounts.command("disable")
@click.argument("mail")
def disable(mail: str) -> None:
    """Shut the account of MAIL and end all its sessions."""
    person_id = person_by_email(session(), _address(mail))
    if person_id is None:
        raise click.ClickException(f"Nobody has the address {mail}.")
    disable_person(session(), person_id=person_id, clock=clock)
    click.echo("The account is shut, its sessions are ended.")


@accounts.command("enable")
@click.argument("mail")
def enable(mail: str) -> None:
    """Open the shut account of MAIL again."""
    person_id = person_by_email(session(), _address(mail))
    if person_id is None:
        raise click.ClickException(f"Nobody has the address {mail}.")
    enable_person(session(), person_id=person_id)
    click.echo("The account is open again.")


def _address(mail: str) -> str:
    try:
        return same_address(mail)
    except ValueError as wrong:
        raise click.ClickException(f"{mail} is no mail address: {wrong}") from wrong


groups = [accounts]
