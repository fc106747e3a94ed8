"""Applications as tests use them: clients that read pages to their end, templates that are compiled once."""

from __future__ import annotations

from types import CodeType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse


class WholeAnswers(FlaskClient):
    """Reads every answer to its end, as browsers do: what is streamed is closed before the next request begins."""

    def open(self, *args: Any, buffered: bool = True, **names: Any) -> TestResponse:
        """Send a request and return the whole answer."""
        return super().open(*args, buffered=buffered, **names)


class CompiledOnce(BytecodeCache):
    """Compiled templates by name and content, for all applications of a process: half a page test is compiling else."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket if its template was compiled before."""
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._compiled[bucket.key, bucket.checksum] = bucket.code


COMPILED = CompiledOnce()


def for_tests(app: Flask) -> Flask:
    """Let every client of an application read whole answers, compile no template twice, and return the application."""
    app.test_client_class = WholeAnswers
    app.jinja_env.bytecode_cache = COMPILED
    return app


def connections_out(app: Flask) -> int:
    """Return how many connections to the database are in use; a session that was only dropped counts until collected."""
    with app.app_context():
        return int(app.extensions["sqlalchemy"].engines[None].pool.checkedout())
