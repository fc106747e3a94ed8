"""Who comes back asks on the connection they have."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from participation.foundation.clock import StoppedClock
from participation.foundation.serving import keep_connections
from tests.servers import serve


@pytest.fixture
def connection(app: Flask, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPConnection]:
    monkeypatch.setattr(HTTPChannel, "task_class", WSGITask)
    keep_connections()
    with socket.create_server(("127.0.0.1", 0)) as listening, serve(app, listening, clock):
        made = HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=30)
        yield made
        made.close()


@pytest.fixture
def app() -> Flask:
    """The smallest application that answers with and without a body."""
    app = Flask("small")
    app.add_url_rule("/<int:status>", "whole", lambda status: ("" if status in {204, 304} else "Hallo", status))
    app.add_url_rule("/stueckweise", "pieces", lambda: iter(("Ha", "llo")))
    return app


def ask(connection: HTTPConnection, path: str, **headers: str) -> tuple[bytes, bool]:
    """Return the body, and whether the server keeps the connection."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.read(), not answer.will_close


@pytest.mark.parametrize("status", [200, 204, 304])
def test_the_connection_lasts_beyond_an_answer(connection: HTTPConnection, status: int) -> None:
    _, kept = ask(connection, f"/{status}")
    mine = connection.sock
    assert kept and ask(connection, "/200") == (b"Hallo", True)
    assert connection.sock is mine


def test_it_ends_where_the_browser_wishes_so_and_where_only_the_end_shows_that_all_came(
    connection: HTTPConnection,
) -> None:
    assert ask(connection, "/304", Connection="close") == (b"", False)
    assert ask(connection, "/stueckweise") == (b"Hallo", False)
