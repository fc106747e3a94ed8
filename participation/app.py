"""Where everything is put together: the only module that knows every room's pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

from dotenv import dotenv_values
from flask import Flask, Response, abort, request
from flask_babel import Babel
from flask_migrate import Migrate
from jinja2 import StrictUndefined
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter
from whitenoise import WhiteNoise

from participation.accounts import jobs as accounts_jobs
from participation.accounts import views as accounts
from participation.archives import cli as archives_cli
from participation.archives import jobs as archives_jobs
from participation.archives import views as archives
from participation.audiences import cli as audiences_cli
from participation.audiences import desk as audiences_desk
from participation.audiences.queries import grants
from participation.brakes import desk as brakes_desk
from participation.concepts import desk as concepts_desk
from participation.contributions import desk as contributions_desk
from participation.contributions import jobs as contributions_jobs
from participation.contributions import views as contributions
from participation.contributions.commands import ask_for_pauses
from participation.discussion import views as discussion
from participation.example import cli as example_cli
from participation.foundation import headers, i18n, markup
from participation.foundation.access import check_token, csrf, csrf_field, undeclared
from participation.foundation.assets import STATIC, asset_url
from participation.foundation.clock import Clock, system_clock
from participation.foundation.config import ROOT, ConfigurationGap, Settings
from participation.foundation.db import make_engine_rules
from participation.foundation.jobs import Jobs
from participation.foundation.web import CookieSessions, db, now, prepare_single_reads, session, this_page, viewer
from participation.front import desk as front_desk
from participation.front import views as front
from participation.letters import cli as letters_cli
from participation.letters import jobs as letters_jobs
from participation.letters import views as letters
from participation.log import cli as log_cli
from participation.log import desk as log_desk
from participation.log import jobs as log_jobs
from participation.log import views as log
from participation.log.queries import key_gaps
from participation.moderation import desk as moderation_desk
from participation.moderation import jobs as moderation_jobs
from participation.moderation import views as moderation
from participation.openness import views as openness
from participation.pauses import desk as pauses_desk
from participation.pauses import jobs as pauses_jobs
from participation.pauses import views as pauses
from participation.pauses.queries import pause_end
from participation.privacy import views as privacy
from participation.queues import desk as queues_desk
from participation.remarks import desk as remarks_desk
from participation.results import cli as results_cli
from participation.results import desk as results_desk
from participation.results import views as results
from participation.reviews import desk as reviews_desk
from participation.reviews import jobs as reviews_jobs
from participation.reviews import views as reviews
from participation.rounds import cli as rounds_cli
from participation.rounds import desk as rounds_desk
from participation.rounds import views as rounds
from participation.voting import views as voting
from participation.voting.keys import KeyFolder, forget_destroyed

PAGES: tuple[ModuleType, ...] = (
    accounts,
    archives,
    audiences_desk,
    brakes_desk,
    concepts_desk,
    contributions,
    contributions_desk,
    discussion,
    front,
    front_desk,
    letters,
    log,
    log_desk,
    moderation,
    moderation_desk,
    openness,
    pauses,
    pauses_desk,
    privacy,
    queues_desk,
    remarks_desk,
    results,
    results_desk,
    reviews,
    reviews_desk,
    rounds,
    rounds_desk,
    voting,
)
"""Everything with pages; each module offers its blueprint as ``bp``."""
SHELL: tuple[ModuleType, ...] = (
    archives_cli,
    audiences_cli,
    example_cli,
    letters_cli,
    log_cli,
    results_cli,
    rounds_cli,
)
"""Everything with commands for the shell, offered as ``groups``."""
WORK: tuple[ModuleType, ...] = (
    accounts_jobs,
    archives_jobs,
    contributions_jobs,
    letters_jobs,
    log_jobs,
    moderation_jobs,
    pauses_jobs,
    reviews_jobs,
)
"""Everything that the worker does, named by ``register``."""

GAPS_NAMED = 3
"""How many keys that do not fit are named at the start; the shell names all."""

LONGEST_REQUEST = 1_000_000
"""Bytes of a request; uploads come with a room of their own."""


class Number(IntegerConverter):
    """Numbers in addresses, small enough for every database."""

    def __init__(self, url_map: object, *arguments: object, **names: object) -> None:
        super().__init__(url_map, max=2**53)  # type: ignore[arg-type]


class Site(Flask):
    """The application, whose functions are all plain ones: Flask would look at each of them at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings | None = None, *, clock: Clock = system_clock) -> Flask:
    """Return the application.

    :param settings: the configuration; read from the environment and ``.env`` if left out
    :param clock: what tells the time; tests and the example bring their own
    :raises ConfigurationGap: naming the first setting that is missing
    """
    settings = settings or Settings.from_environment(_environment())
    app = Site(
        "participation",
        root_path=str(ROOT / "participation"),
        template_folder="foundation/templates",
        static_folder=None,
    )
    app.extensions["settings"] = settings
    app.extensions["clock"] = clock
    app.extensions["pages"] = headers.PageMemory()
    _configure(app, settings)
    _open_database(app, settings)
    _open_jobs(app, settings)
    _add_rooms(app)
    ask_for_pauses(pause_end)
    _dress(app, settings)
    _open_sessions(app)
    _guard(app, settings)
    _answer_when_busy(app)
    _serve_files(app, settings)
    forgotten = undeclared(app)
    if forgotten:
        raise ConfigurationGap(f"These views do not say who may see them: {', '.join(forgotten)}.")
    return app


def name_key_gaps(app: Flask) -> None:
    """Say in one line of the log if contests lack their keys or keys their contest; for processes that serve.

    Nothing stops for it: the pages of such a contest say themselves what cannot be done. A database that has no
    tables yet has no contests either.
    """
    with app.app_context():
        try:
            known = inspect(session().connection()).has_table("contest")
            gaps = key_gaps(session(), keys=KeyFolder.of(app.extensions["settings"])) if known else []
        except DBAPIError as failure:
            app.logger.warning("keys could not be checked: %s", type(failure.orig).__name__)
            return
        finally:
            session().rollback()
    if gaps:
        named = "; ".join(gaps[:GAPS_NAMED])
        app.logger.warning("%s keys do not fit (flask contests check names all): %s", len(gaps), named)


def _environment() -> dict[str, str]:
    """Return the environment over what ``.env`` says."""
    kept = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return kept | dict(os.environ)


def _configure(app: Flask, settings: Settings) -> None:
    app.url_map.converters["int"] = Number
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        # What fails is logged, and parameters may be a ballot or a receipt.
        # The connection given back last goes out first: it knows the pages and statements of the database best.
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True, "pool_use_lifo": True},
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LONGEST_REQUEST,
        MAX_FORM_PARTS=1000,
        SESSION_COOKIE_NAME="sitzung",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_production,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        BABEL_DEFAULT_LOCALE="de",
        BABEL_DEFAULT_TIMEZONE="Europe/Berlin",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, locale_selector=i18n.locale_of_request)
    csrf.init_app(app)
    app.session_interface = CookieSessions()
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies)  # type: ignore[method-assign]


def _open_database(app: Flask, settings: Settings) -> None:
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        make_engine_rules(db.engine)
        prepare_single_reads(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True, render_as_batch=False)


def _open_jobs(app: Flask, settings: Settings) -> None:
    jobs = Jobs(app, settings)
    app.extensions["jobs"] = jobs
    for room in WORK:
        room.register(jobs)


def _add_rooms(app: Flask) -> None:
    """Add each room's pages, those of its officials, and its commands for the shell."""
    for room in PAGES:
        app.register_blueprint(room.bp)
    for room in SHELL:
        for group in room.groups:
            app.cli.add_command(group)


def _dress(app: Flask, settings: Settings) -> None:
    """Give templates their words."""
    i18n.register_filters(app)
    app.jinja_env.filters.update(citizen_html=markup.citizen_html, staff_html=markup.staff_html)
    app.jinja_env.globals.update(
        asset=asset_url,
        brand=settings.brand,
        csrf_field=csrf_field,
        is_development=settings.environment == "development",
        this_page=this_page,
    )

    @app.context_processor
    def everywhere() -> dict[str, object]:
        return {"viewer": viewer(), "now": now()}


def _open_sessions(app: Flask) -> None:
    """Say how a cookie becomes a person and what happens to a visitor who needs to be one."""

    def roles_of(person_id: UUID) -> frozenset[str]:
        return frozenset(grant.role for grant in grants(session(), person_id=person_id, now=now()))

    accounts.open_sessions(app, roles_of)


def _answer_when_busy(app: Flask) -> None:
    """Say so, with a page that sends the same again, where the database is busy or away; no traceback, nothing lost."""

    def unavailable(failure: Exception) -> Response:
        app.logger.error("the database did not answer: %s", failure)
        return front.bare(503)

    app.register_error_handler(OperationalError, unavailable)
    app.register_error_handler(PoolExhausted, unavailable)


def _guard(app: Flask, settings: Settings) -> None:
    @app.before_request
    def refuse_what_no_database_takes() -> None:
        # Most addresses ask for nothing after a question mark, and need not be taken apart to know that.
        asked = request.args.items(multi=True) if request.query_string else ()
        if "\x00" in request.path or any("\x00" in part for pair in asked for part in pair):
            abort(400)

    app.before_request(check_token)

    @app.teardown_appcontext
    def let_go_of_keys(failure: BaseException | None) -> None:
        forget_destroyed()

    @app.after_request
    def secure(response: Response) -> Response:
        return headers.secure(response, transport=settings.is_production)


def _serve_files(app: Flask, settings: Settings) -> None:
    """Serve the static files, compressed once by the set-up, from the application itself."""
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=STATIC if STATIC.exists() else None,
        prefix="static/",
        immutable_file_test=r"-[0-9a-f]{8,}\.",
        add_headers_function=_secure_file,
    )


def _secure_file(collected: object, path: str, url: str) -> None:
    for name, value in headers.ALWAYS.items():
        collected[name] = value  # type: ignore[index]
