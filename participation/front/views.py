"""The start page, the pages every site owes its readers, the switch of language, and the error pages."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from participation.accounts.facts import TERMS_VERSION, typed_lines
from participation.foundation.access import public, public_without_token
from participation.foundation.facts import Fact
from participation.foundation.i18n import COOKIE, LANGUAGES, words_of
from participation.foundation.web import (
    comes_from_here,
    now,
    page,
    safe_path,
    see_other,
    session,
    settings,
    wants_fragment,
)
from participation.front.facts import mishap
from participation.front.queries import why_not_ready
from participation.rounds import queries as rounds

bp = Blueprint("front", __name__, template_folder="templates")

A_YEAR = 365 * 24 * 3600
PLAIN = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
NEVER_REPEATED = frozenset({"password", "new_password", "current_password", "typed"})
"""Fields that no page writes out again: every password, whatever its form calls it."""


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Show the rounds that run, come and are over."""
    return page("front/home.html", rounds=rounds.rounds_for_home(session(), now()))


@bp.get("/impressum")
@public
def imprint() -> ResponseReturnValue:
    """Say who is responsible."""
    return page("front/imprint.html")


@bp.get("/datenschutz")
@public
def privacy() -> ResponseReturnValue:
    """Say what is kept, why and how long."""
    return page("front/privacy.html")


@bp.get("/barrierefreiheit")
@public
def accessibility() -> ResponseReturnValue:
    """Say how accessible this is, what is missing and where to complain."""
    return page("front/accessibility.html")


@bp.get("/so-wird-gezaehlt")
@public
def counting() -> ResponseReturnValue:
    """Say in plain words how votes are kept and counted, what that protects against, and what not."""
    return page("front/counting.html", weeks=settings().objection.days // 7)


@bp.get("/teilnahmebedingungen")
@public
def terms() -> ResponseReturnValue:
    """Show the terms in the version that new accounts agree to."""
    return page("front/terms.html", version=TERMS_VERSION)


@bp.post("/sprache")
@public_without_token
def speak() -> ResponseReturnValue:
    """Keep the chosen language in a cookie and go back to the page."""
    answer = see_other(safe_path(request.form.get("next")))
    language = request.form.get("language")
    if language in LANGUAGES:
        secure = settings().is_production
        answer.set_cookie(COOKIE, language, max_age=A_YEAR, httponly=True, samesite="Lax", secure=secure)
    return answer


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return "ok\n", 200, PLAIN


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Say whether the database answers and is migrated."""
    missing = why_not_ready(session())
    return (f"{missing}\n", 503, PLAIN) if missing else ("ready\n", 200, PLAIN)


@bp.app_errorhandler(Fact)
def tell(fact: Fact) -> Response:
    """Word a reason, with the way out it knows. What is only out of reach for now can be sent again from the page."""
    if fact.status == 503:
        return bare(503, fact)
    return _mishap_page(fact.status, text=words_of(fact), way_out=fact.way_out)


@bp.app_errorhandler(HTTPException)
def stumble(error: HTTPException) -> ResponseReturnValue:
    """Word an error of the protocol; a redirect passes as it is."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    answer = _mishap_page(status, text=gettext(mishap(status).text))
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


@bp.app_errorhandler(CSRFError)
def ask_again(error: CSRFError) -> ResponseReturnValue:
    """Show what was typed, to be sent again: the page was older than the session, since somebody signed in elsewhere.

    Only what this site's own pages sent. Another site shall put no words into anybody's mouth.
    """
    sent = [] if wants_fragment() or not comes_from_here() else _again() or []
    fields = [(name, value) for name, value in sent if name != "csrf_token"]
    if not fields:
        return stumble(error)
    path = safe_path(request.full_path.removesuffix("?"))
    return page("front/again.html", 400, path=path, fields=fields, lines=typed_lines(tuple(fields)))


@bp.app_errorhandler(InternalServerError)
def fail(error: InternalServerError) -> Response:
    """Apologise."""
    return bare(500)


def bare(status: int, fact: Fact | None = None) -> Response:
    """Word a failure without asking the database: it may be what failed. A post can be sent again from the page."""
    chosen = request.cookies.get(COOKIE)
    language = chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "de"
    with force_locale(language):
        words = mishap(status)
        # Not render_template: what it adds to every page asks who is signed in.
        html = current_app.jinja_env.get_template("front/bare.html").render(
            title=gettext(words.title),
            text=words_of(fact) if fact else gettext(words.text),
            language=language,
            fragment=wants_fragment(),
            again=_again() if status == 503 else None,
            method=request.method,
            path=safe_path(request.full_path.removesuffix("?")),
        )
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    if status == 503:
        answer.headers["Retry-After"] = "10"
    return answer


def _mishap_page(status: int, *, text: str, way_out: tuple[str, str] | None = None) -> Response:
    template = "front/_mishap.html" if wants_fragment() else "front/mishap.html"
    return page(template, status, title=gettext(mishap(status).title), text=text, way_out=way_out)


def _again() -> list[tuple[str, str]] | None:
    """Return the fields of the post that failed, but no passwords; None for a post that cannot be read."""
    try:
        fields = list(request.form.items(multi=True))
    except HTTPException:
        return None
    return [(name, value) for name, value in fields if name not in NEVER_REPEATED]
