"""A fresh, migrated database for each test: a copied file on SQLite, a database from a template on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import psycopg
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from psycopg import sql
from sqlalchemy import URL, Engine, create_engine, make_url

from participation.foundation.config import Settings
from participation.foundation.db import make_engine_rules
from participation.foundation.web import db

ROOT = Path(__file__).resolve().parents[1]
NAMED = os.environ.get("TEST_DATABASE_URL", "")
"""The PostgreSQL address given to ``make test DATABASE_URL=…``; empty on SQLite."""

ON_POSTGRESQL = NAMED.startswith("postgres")


def settings_for(database_url: str, folder: Path, *, port: int, mail_url: str = "") -> Settings:
    """Return settings of a test installation that keeps everything it writes in ``folder``."""
    return Settings.from_environment(
        {
            "PARTICIPATION_ENV": "test",
            "SECRET_KEY": "test-key-0123456789-abcdefghijklmnopqrstuvwxyz",
            "DATABASE_URL": database_url,
            "VAR_DIR": str(folder),
            "BASE_URL": f"http://127.0.0.1:{port}",
            "PORT": str(port),
            "MAIL_URL": mail_url,
        }
    )


def engine_for(url: str, **pool: int) -> Engine:
    """Return an engine with the rules of the application; the caller disposes of it."""
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address, **pool)
    make_engine_rules(engine)
    return engine


def migrate(url: str, folder: Path, revision: str = "head") -> None:
    """Bring the database at ``url`` up (or down) to a revision, as ``flask db`` does.

    It needs the models alone: while a page is broken, the tests of commands and queries still run.
    """
    load_models()
    app = Flask("migrations")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings_for(url, folder, port=8000).database_url
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True, render_as_batch=False)
    with app.app_context():
        make_engine_rules(db.engine)
        move = downgrade if revision == "base" or revision.startswith("-") else upgrade
        move(revision=revision)
        db.engine.dispose()


def load_models() -> None:
    """Let every table be known."""
    import_module("participation.foundation.limits")
    for path in sorted((ROOT / "participation").glob("*/models.py")):
        import_module(f"participation.{path.parent.name}.models")


@dataclass
class SQLiteFiles:
    """Databases as files of one folder."""

    folder: Path
    template: str = ""

    def empty(self) -> str:
        """Return the address of a new database without tables."""
        return f"sqlite:///{self.folder / f'{uuid4().hex}.sqlite3'}"

    def migrated(self) -> str:
        """Return the address of a new database with the newest schema."""
        if not self.template:
            self.template = self.empty()
            migrate(self.template, self.folder)
        return self.copy_of(self.template)

    def copy_of(self, url: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        source = Path(url.removeprefix("sqlite:///"))
        _gather(source)
        copy = self.empty()
        shutil.copyfile(source, copy.removeprefix("sqlite:///"))
        return copy

    def drop(self, url: str) -> None:
        """Remove the database and what SQLite laid beside it."""
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the template."""
        if self.template:
            self.drop(self.template)


def _gather(path: Path) -> None:
    """Bring what lies in the write-ahead log into the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@dataclass
class PostgreSQLDatabases:
    """Databases beside the named one, on the same server."""

    named: URL
    folder: Path
    prefix: str
    template: str = ""
    count: int = 0

    def empty(self) -> str:
        """Return the address of a new database without tables."""
        return self._create("template0")

    def migrated(self) -> str:
        """Return the address of a new database with the newest schema."""
        if not self.template:
            url = self.empty()
            migrate(url, self.folder)
            self.template = make_url(url).database or ""
        return self._create(self.template)

    def copy_of(self, url: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        return self._create(make_url(url).database or "")

    def drop(self, url: str) -> None:
        """Drop the database even if somebody is still connected."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", make_url(url).database or "")

    def close(self) -> None:
        """Drop the template."""
        if self.template:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.template)

    def _create(self, template: str) -> str:
        self.count += 1
        name = f"{self.prefix}_{self.count}"
        self._execute("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'", name, template)
        return self.named.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str, *names: str) -> None:
        address = self.named.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


Databases = SQLiteFiles | PostgreSQLDatabases


@contextmanager
def databases(folder: Path) -> Iterator[Databases]:
    """Give databases of the engine under test, and clear up at the end."""
    store: Databases = SQLiteFiles(folder)
    if ON_POSTGRESQL:
        named = make_url(NAMED)
        store = PostgreSQLDatabases(named, folder, prefix=f"{named.database}_test_{uuid4().hex[:8]}")
    try:
        yield store
    finally:
        with suppress(psycopg.OperationalError):
            store.close()
