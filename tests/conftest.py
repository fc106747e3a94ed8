"""Fixtures that every test may ask for, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from tests import engines
from tests.clients import for_tests
from tests.crowds import CROWD
from tests.engines import ON_POSTGRESQL, ROOT, Databases
from tests.servers import Live, Postbox, serve
from tests.statements import Statements, statements_of

pytest_plugins = ["tests.browsers"]

IN_CI = os.environ.get("CI", "") not in ("", "0", "false")
ENGINE_MARKS = {"postgresql": ON_POSTGRESQL, "sqlite": not ON_POSTGRESQL}
LEFT_OUT = {
    "postgresql": "needs PostgreSQL: make test DATABASE_URL=postgresql://…",
    "sqlite": "is looked at on SQLite alone",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other engine. CI runs both, so there it is deselected, which is no skip."""
    for mark, applies in ENGINE_MARKS.items():
        others = [] if applies else [item for item in items if item.get_closest_marker(mark)]
        if IN_CI and others:
            items[:] = [item for item in items if item not in others]
            config.hook.pytest_deselected(items=others)
        for item in others:
            item.add_marker(pytest.mark.skip(reason=LEFT_OUT[mark]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn a skip into a failure in CI, where everything that a test needs must be there."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file that skips itself."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report


# ── The database and the clock ────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="session")
def database_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases of the engine under test: ``empty()``, ``migrated()``, ``drop(url)``."""
    with engines.databases(tmp_path_factory.mktemp("databases")) as store:
        yield store


@pytest.fixture
def engine_url(database_store: Databases) -> Iterator[str]:
    """The address of a migrated database of this test's own."""
    url = database_store.migrated()
    yield url
    database_store.drop(url)


@pytest.fixture
def engine(engine_url: str) -> Iterator[Engine]:
    """An engine on this test's database, with the application's rules."""
    engine = engines.engine_for(engine_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A plain session on this test's database.

    What somebody else commits is seen after ``session.rollback()``, which ends the read that is still open.
    """
    with Session(engine) as session:
        yield session


@pytest.fixture
def new_session(engine: Engine) -> Iterator[Callable[[], Session]]:
    """Makes further sessions on this test's database, for threads that meet."""
    opened: list[Session] = []

    def make() -> Session:
        opened.append(Session(engine))
        return opened[-1]

    yield make
    for session in opened:
        session.close()


@pytest.fixture
def crowd(engine_url: str) -> Iterator[Engine]:
    """An engine on which every thread of a crowd finds a connection of its own."""
    engine = engines.engine_for(engine_url, pool_size=CROWD + 2, max_overflow=0)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that stands at noon of 1 June 2026 in Bochum until the test moves it."""
    return StoppedClock(datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")))


@pytest.fixture
def statements(engine: Engine) -> Callable[[], AbstractContextManager[Statements]]:
    """Notes the SQL of all engines: ``with statements() as seen: …; assert len(seen) <= 15``."""
    return statements_of


# ── The application ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def own_socket() -> Iterator[socket.socket]:
    """A socket on a free port of this machine, taken before the settings must name it."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    yield taken
    taken.close()


@pytest.fixture(scope="session")
def mail_port() -> int:
    """The port at which this worker's test installations expect their mail server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def settings(engine_url: str, tmp_path: Path, own_socket: socket.socket, mail_port: int) -> Settings:
    """Settings of this test's installation; what it writes lies in ``tmp_path``."""
    port = own_socket.getsockname()[1]
    return engines.settings_for(engine_url, tmp_path, port=port, mail_url=f"smtp://127.0.0.1:{mail_port}")


@pytest.fixture
def app(settings: Settings, clock: StoppedClock) -> Iterator[Flask]:
    """The application on this test's database and clock."""
    from participation.app import create_app

    app = for_tests(create_app(settings, clock=clock))
    yield app
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without a browser; more of them by ``app.test_client()``."""
    return app.test_client()


@pytest.fixture
def live(app: Flask, own_socket: socket.socket, clock: StoppedClock) -> Iterator[Live]:
    """The application served by waitress from a thread of this process: ``live.url``, ``live.clock``, ``live.app``."""
    with serve(app, own_socket, clock) as live:
        yield live


@pytest.fixture
def smtp(mail_port: int) -> Iterator[Postbox]:
    """A mail server: ``smtp.letters`` is what came; ``smtp.answer`` lets it refuse or hang."""
    with Postbox(mail_port) as postbox:
        yield postbox


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real input of third parties, which lies beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real input in ../shared/data")
    return folder
