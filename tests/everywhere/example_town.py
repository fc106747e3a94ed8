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
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from participation.accounts.models import Person
from participation.app import create_app
from participation.contributions.models import Contribution
from participation.discussion.models import Comment, Thread
from participation.foundation.clock import StoppedClock
from participation.voting.models import Question
from tests.engines import Databases, engine_for, settings_for

NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
OPEN = "/runden/smart-city-handlungsfelder"
COMING = "/runden/unterwegs-in-bochum"
RELEASED = "/runden/smart-city-erster-entwurf"


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

    def person(self, name: str) -> UUID:
        """Return who signs in as ``name@example.org``."""
        with Session(self.engine) as session:
            return session.execute(select(Person.id).where(Person.email == f"{name}@example.org")).scalar_one()

    def numbers(self) -> dict[str, int]:
        """Return keys that addresses name: comments in each state and of the citizen, a question, a concept's parts."""
        with Session(self.engine) as session:
            mine = select(Contribution.id).where(Contribution.state == "published").order_by(Contribution.id.desc())
            mine = mine.join(Comment).join(Thread).where(Thread.home.like(f"{OPEN}/%"))
            states = {
                state: select(Contribution.id).where(Contribution.state == state).order_by(Contribution.id)
                for state in ("held", "withheld", "published")
            }
            question = select(Question.id).where(Question.slug == "netz-infrastruktur").order_by(Question.id.desc())
            wanted = {**states, "question": question, "open": mine}
            return {name: session.execute(found.limit(1)).scalar_one() for name, found in wanted.items()}


def load(store: Databases, folder: Path) -> Loaded:
    """Load the example through the shell into a new database; the caller drops it."""
    url = store.migrated()
    app = create_app(settings_for(url, folder, port=8000), clock=StoppedClock(NOON))
    loaded = app.test_cli_runner().invoke(args=["example", "load"])
    assert loaded.exit_code == 0, loaded.output
    _let_go(app)
    return Loaded(url, folder)


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
