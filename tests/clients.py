"""The client with which tests read pages."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class WholeAnswers(FlaskClient):
    """Reads every answer to its end, as browsers do: what is streamed is closed before the next request begins."""

    def open(self, *args: Any, buffered: bool = True, **names: Any) -> TestResponse:
        """Send a request and return the whole answer."""
        return super().open(*args, buffered=buffered, **names)


def read_whole_answers(app: Flask) -> Flask:
    """Let every client of an application read whole answers, and return the application."""
    app.test_client_class = WholeAnswers
    return app
