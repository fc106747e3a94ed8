"""The example as people meet it: loaded once by a worker, copied for those who change it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.app import create_app
from participation.foundation.clock import StoppedClock
from tests.engines import Databases, engine_for, settings_for
from tests.everywhere.pages import forms_on, links_on
from tests.world.sign_in import signed_in

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
OPEN = "/runden/smart-city-handlungsfelder"
CONCEPTS, ROUNDS = "/verwaltung/konzepte", "/verwaltung/runden"
FIELD = f"{OPEN}/handlungsfelder/energie-und-waerme"
SILENT = f"{OPEN}/handlungsfelder/wissenstransfer"
"""A Handlungsfeld that nobody has commented on."""


@dataclass(frozen=True)
class Loaded:
    """A database with the example that is only copied, and the folder with its keys."""

    url: str
    folder: Path


@dataclass(frozen=True)
class Town:
    """One copy of the example, served."""

    app: Flask
    engine: Engine

    def client(self, name: str) -> FlaskClient:
        """Return a new client of ``name@example.org``; ``visitor`` is not signed in."""
        if name == "visitor":
            return self.app.test_client()
        with Session(self.engine) as session:
            return signed_in(self.app, session, self.person(name))

    def person(self, name: str) -> UUID:
        """Return who signs in as ``name@example.org``."""
        with Session(self.engine) as session:
            return session.execute(select(Person.id).where(Person.email == f"{name}@example.org")).scalar_one()


def load(store: Databases, folder: Path) -> Loaded:
    """Load the example through the shell into a new database; the caller drops it."""
    url = store.migrated()
    app = create_app(settings_for(url, folder, port=8000), clock=StoppedClock(NOON))
    loaded = app.test_cli_runner().invoke(args=["example", "load"])
    assert loaded.exit_code == 0, loaded.output
    _add_what_is_being_written(app, url)
    _let_go(app)
    return Loaded(url, folder)


def _add_what_is_being_written(app: Flask, url: str) -> None:
    """Add what the example has no need of: a version in work, a draft of a round, a comment that can still be edited."""
    engine = engine_for(url)
    town = Town(app, engine)
    staff, citizen = town.client("leitung"), town.client("buergerin")
    concept = next(
        link for link in links_on(staff.get(CONCEPTS).text, CONCEPTS) if link.startswith(f"{CONCEPTS}/smart")
    )
    _send(staff, concept, f"{concept}/fassungen")
    _send(staff, f"{ROUNDS}/neu", ROUNDS, title_de="Im Entwurf", concept_version_id="1")
    _send(citizen, SILENT, "/kommentare", text="Die Vortragsreihe gern auch in Wattenscheid.", stance="in_favour")
    engine.dispose()


def _send(client: FlaskClient, page: str, action: str, **typed: str) -> None:
    """Send the form of a page that goes to an address ending so, filled in as far as named."""
    form = next(one for one in forms_on(client.get(page).text, page) if one.action.endswith(action))
    answer = client.post(form.action, data=dict(form.fields) | typed)
    assert answer.status_code == 303, f"{form.action}: {answer.status}"


@contextmanager
def a_town(loaded: Loaded, store: Databases) -> Iterator[Town]:
    """Serve a copy of the example, at noon of 1 June 2026."""
    url = store.copy_of(loaded.url)
    app = create_app(settings_for(url, loaded.folder, port=8000), clock=StoppedClock(NOON))
    engine = engine_for(url)
    try:
        yield Town(app, engine)
    finally:
        engine.dispose()
        _let_go(app)
        store.drop(url)


def _let_go(app: Flask) -> None:
    with app.app_context():
        for own in app.extensions["sqlalchemy"].engines.values():
            own.dispose()
