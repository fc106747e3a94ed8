"""A site in which every address leads somewhere, and the people who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from tests.clients import for_tests
from tests.engines import Databases, engine_for, settings_for
from tests.everywhere import places
from tests.everywhere.places import Places
from tests.world.sign_in import carry


@dataclass(frozen=True)
class Peopled:
    """A database that is only copied."""

    url: str
    folder: Path
    places: Places


@dataclass(frozen=True)
class Site:
    """One of everything, served to everybody."""

    app: Flask
    engine: Engine
    places: Places

    def client(self, role: str) -> FlaskClient:
        """Return a new client of somebody in a role; ``visitor`` is not signed in."""
        client = self.app.test_client()
        return client if role == "visitor" else carry(client, self.places.tokens[role])


def a_peopled_database(store: Databases, folder: Path) -> Peopled:
    """Fill a database, to be copied for each test; the caller drops it."""
    url = store.migrated()
    engine = engine_for(url)
    with Session(engine) as session:
        found = places.build(session, _settings(url, folder))
    engine.dispose()
    return Peopled(url, folder, found)


@contextmanager
def a_site(peopled: Peopled, store: Databases) -> Iterator[Site]:
    """Serve a copy of the filled database, at noon of 1 June 2026."""
    from participation.app import create_app

    url = store.copy_of(peopled.url)
    app = for_tests(create_app(_settings(url, peopled.folder), clock=StoppedClock(places.NOON)))
    engine = engine_for(url)
    try:
        yield Site(app, engine, peopled.places)
    finally:
        engine.dispose()
        with app.app_context():
            for own in app.extensions["sqlalchemy"].engines.values():
                own.dispose()
        store.drop(url)


def _settings(url: str, folder: Path) -> Settings:
    return settings_for(url, folder, port=8000, mail_url="smtp://127.0.0.1:9")
