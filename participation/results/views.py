"""The result of a round for everybody: the page, and the same figures as CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, stream_with_context
from flask import session as cookie
from flask.typing import ResponseReturnValue

from participation.discussion.facts import STANCES, VALUES
from participation.foundation.access import public
from participation.foundation.headers import build, etag, unchanged
from participation.foundation.i18n import current_language, time_left
from participation.foundation.sheets import csv_lines
from participation.foundation.web import now, page, session, viewer
from participation.results import queries
from participation.results.facts import TIES
from participation.rounds.queries import page_mark
from participation.voting.ledger import canonical

bp = Blueprint("results", __name__, template_folder="templates", url_prefix="/runden")


@bp.get("/<slug>/ergebnis")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show the released result, or say when it comes."""
    mark = _mark(slug)
    kept = unchanged(mark) if mark else None
    if kept is not None:
        return kept
    found = queries.result_page(session(), slug=slug, now=now())
    words: dict[str, Any] = {"stances": STANCES, "values": VALUES, "ties": TIES}
    answer = page("results/result.html", head=found.head, figured=found.figured, **words)
    if mark is not None:
        answer.set_etag(mark, weak=True)
    return answer


@bp.get("/<slug>/ergebnis.csv")
@public
def as_csv(slug: str) -> ResponseReturnValue:
    """Return the figures as a table, one line for each Handlungsfeld."""
    _, figured = queries.released_figures(session(), slug=slug, now=now())
    return _download(csv_lines(*queries.figure_rows(figured)), f"ergebnis-{slug}.csv", "text/csv")


@bp.get("/<slug>/ergebnis/abstimmung.csv")
@public
def votes_as_csv(slug: str) -> ResponseReturnValue:
    """Return every number of the vote, one a line, rounds of a count included."""
    _, figured = queries.released_figures(session(), slug=slug, now=now())
    return _download(csv_lines(queries.VOTE_COLUMNS, queries.vote_rows(figured)), f"abstimmung-{slug}.csv", "text/csv")


@bp.get("/<slug>/ergebnis.json")
@public
def as_json(slug: str) -> ResponseReturnValue:
    """Return the figures as they were counted, their hash, and the talk as it is now."""
    head, figured = queries.released_figures(session(), slug=slug, now=now())
    whole = {
        "figures": figured.figures,
        "figures_sha256": figured.sha256,
        "released_at": head.released_at.isoformat() if head.released_at else None,
        "today": figured.today,
    }
    return _download([canonical(whole), "\n"], f"ergebnis-{slug}.json", "application/json")


@bp.get("/<slug>/ergebnis/kommentare.csv")
@public
def comments_as_csv(slug: str) -> ResponseReturnValue:
    """Return the public comments with their ratings."""
    head, _ = queries.released_figures(session(), slug=slug, now=now())
    lines = stream_with_context(csv_lines(queries.COMMENT_COLUMNS, _comments(head.id)))
    return _download(lines, f"kommentare-{slug}.csv", "text/csv")


def _comments(round_id: int) -> Iterator[Sequence[object]]:
    """Yield the rows while they are sent, from a session of their own: that of the view is closed by then."""
    yield from queries.comment_rows(session(), round_id=round_id, now=now(), public_only=True)


def _download(lines: Iterable[str], name: str, mimetype: str) -> Response:
    """Answer line by line, as a file of its own."""
    return Response(lines, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _mark(slug: str) -> str | None:
    """Return the mark of a visitor's page: all that it depends on; None where a page is somebody's own."""
    if viewer() is not None or cookie.get("_flashes"):
        return None
    found = page_mark(session().connection(), slug=slug, field=None, now=now())
    left = time_left(found.outlook.until, now()) if found.outlook.until else ""
    states = [(window, window.state(now())) for window in found.windows]
    return etag("result", build(), slug, current_language(), found.versions, found.outlook, states, left)
