"""The log of moderation as a page, a table and a feed, and the report of a year."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from participation.foundation.access import public
from participation.foundation.paging import key_from
from participation.foundation.sheets import csv_lines
from participation.foundation.web import now, page, session, settings
from participation.moderation.facts import NOTICE_KINDS
from participation.openness import queries
from participation.openness.facts import LOOKS, TOLD, day_begins
from participation.openness.queries import LogLine, Only

bp = Blueprint("openness", __name__, template_folder="templates")

WORDS: dict[str, Any] = {"outcomes": TOLD, "looks": LOOKS}


@bp.get("/moderationsprotokoll")
@public
def log() -> ResponseReturnValue:
    """Show what moderation decided, a line each, without people and texts."""
    only, after = _only(), key_from(request.args.get("after"))
    found = queries.log(session(), now=now(), only=only, after=after)
    return page("openness/log.html", log=found, only=only, after=after, **WORDS)


@bp.get("/moderationsprotokoll.csv")
@public
def log_as_csv() -> ResponseReturnValue:
    """Return the log as a table, narrowed like the page."""
    lines = stream_with_context(csv_lines(queries.COLUMNS, _cells(_only())))
    name = {"Content-Disposition": 'attachment; filename="moderationsprotokoll.csv"'}
    return Response(lines, mimetype="text/csv", headers=name)


def _cells(only: Only) -> Iterator[tuple[object, ...]]:
    """Yield the rows while they are sent, from a session of their own: that of the view is closed by then."""
    yield from map(queries.cells, queries.lines(session(), now=now(), only=only))


@bp.get("/moderationsprotokoll.atom")
@public
def feed() -> ResponseReturnValue:
    """Return the newest lines as an Atom feed, narrowed like the page; older ones follow page by page (RFC 5005)."""
    only, after = _only(), key_from(request.args.get("after"))
    found = queries.feed(session(), now=now(), only=only, after=after, size=queries.FEED_SIZE)
    told = render_template(
        "openness/feed.xml",
        lines=found.rows,
        narrowed={"runde": only.round_slug, "jahr": only.year},
        after=after,
        older=found.after,
        base=settings().base_url,
        updated=_updated(found.rows),
        midnight_after=_midnight_after,
        name_of=_name_of,
        **WORDS,
    )
    return Response(told, mimetype="application/atom+xml")


@bp.get("/moderationsbericht")
@public
def newest_report() -> ResponseReturnValue:
    """Show the report of the newest year."""
    return _report(None)


@bp.get("/moderationsbericht/<int:year>")
@public
def report(year: int) -> ResponseReturnValue:
    """Show what moderation did in a year."""
    return _report(year)


def _report(year: int | None) -> ResponseReturnValue:
    found = queries.report(session(), year=year, now=now())
    return page("openness/report.html", report=found, kinds=NOTICE_KINDS, **WORDS)


def _only() -> Only:
    """Return what the address narrows the log to; nonsense narrows nothing."""
    year = request.args.get("jahr", "")
    is_year = len(year) == 4 and year.isascii() and year.isdigit() and 1900 < int(year) < 9999
    return Only(request.args.get("runde") or None, int(year) if is_year else None)


def _updated(lines: Sequence[LogLine]) -> str:
    newest = max(lines, key=lambda line: line.changed_on, default=None)
    return _midnight_after(newest) if newest else "1970-01-01T00:00:00+00:00"


def _midnight_after(line: LogLine) -> str:
    """Return the end of the day on which a line became what it is: the hour is told to nobody."""
    return day_begins(line.changed_on + timedelta(days=1)).isoformat()


def _name_of(line: LogLine) -> str:
    """Return a name for a line that stays the same and says nothing of its place among the others."""
    key = settings().secret_key.encode()
    mark = hmac.new(key, f"openness:{line.key}".encode(), hashlib.sha256).hexdigest()[:32]
    return f"urn:moderationsprotokoll:{mark}"
