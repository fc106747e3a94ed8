"""What pages share: the session of this request, its moment, who is looking, and answers."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Request, Response, current_app, g, redirect, render_template, request
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from participation.foundation.clock import Clock
from participation.foundation.config import Settings
from participation.foundation.db import ALONE, is_postgresql
from participation.foundation.facts import Viewer
from participation.foundation.model import Base

_OWN_PATH = re.compile(r"/[^/\\]|/$")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]")

db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})


def session() -> Session:
    """Return the plain database session of this request."""
    return db.session()


@contextmanager
def connection() -> Generator[Connection]:
    """Give a bare connection for a single read on a path where a whole session would cost more than the statement.

    The read is not put between BEGIN and ROLLBACK, which on PostgreSQL would be two more ways to the server and back.
    """
    with cast(Engine, current_app.extensions["single_reads"]).connect() as bare:
        yield bare


def prepare_single_reads(app: Flask) -> None:
    """Keep for ``connection`` the engine of the application as it serves reads that stand alone."""
    alone = {"isolation_level": "AUTOCOMMIT"} if db.engine.dialect.name == "postgresql" else {ALONE: True}
    app.extensions["single_reads"] = db.engine.execution_options(**alone)


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions, which get a signature ready at each request, also where no cookie came."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds, at once where there is none."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def read_alone() -> None:
    """Let each statement of this request stand for itself until ``foundation.db.transaction`` begins what is written.

    Each sees what is committed by then anyway (READ COMMITTED), so on PostgreSQL BEGIN and ROLLBACK around what is read
    before a write are only two more ways to the server and back. What was begun before is left as it is.
    """
    if is_postgresql(session()) and not session().in_transaction():
        session().connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def settings() -> Settings:
    """Return the configuration of the running application."""
    return cast(Settings, current_app.extensions["settings"])


def clock() -> datetime:
    """Read the application's clock. Hand this function itself to commands, which read it after their locks."""
    return cast(Clock, current_app.extensions["clock"])()


def now() -> datetime:
    """Return one moment per request, so that all parts of a page agree on the state."""
    if "now" not in g:
        g.now = clock()
    return cast(datetime, g.now)


def viewer() -> Viewer | None:
    """Return who is signed in, or None for a visitor."""
    if not cookie:
        # Nobody without a cookie is signed in. Flask-Login would take several times longer to say so.
        return None
    return cast(Viewer, current_user.viewer) if current_user.is_authenticated else None


def person_id() -> UUID:
    """Return the person behind this request; only for views that ``@needs`` one."""
    somebody = viewer()
    assert somebody is not None
    return somebody.person_id


def see_other(url: str) -> Response:
    """Return the answer that leads on: a POST did what it should, or a short address means another page."""
    return cast(Response, redirect(url, 303))


def safe_path(text: str | None, default: str = "/") -> str:
    """Return a path of this site to go to, or the default for everything that could lead away from it.

    Browsers drop tabs and line ends and read a backslash as a slash, so ``/\\t/example.com`` would leave the site.
    """
    if text and _OWN_PATH.match(text) and not _UNSAFE_IN_PATH.search(text):
        return text
    return default


def this_page() -> str:
    """Return where this page can be read again: its address, of an answer to a POST the page it was sent from."""
    if request.method in {"GET", "HEAD"}:
        return safe_path(request.full_path.removesuffix("?"))
    here = urlsplit(request.referrer or "")
    return safe_path(here.path + (f"?{here.query}" if here.query else "")) if here.netloc == request.host else "/"


def comes_from_here() -> bool:
    """Say whether a page of this site sent this, as far as the browser says."""
    said = request.headers.get("Origin") or request.referrer
    return said is not None and urlsplit(said).netloc == request.host


def page(template: str, status: int = 200, **names: Any) -> Response:
    """Render a template into an answer."""
    return Response(render_template(template, **names), status=status, mimetype="text/html")


def wants_fragment() -> bool:
    """Say whether htmx asks and will put the answer into the page."""
    return request.headers.get("HX-Request") == "true"
