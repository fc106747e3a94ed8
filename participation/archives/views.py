"""The archive of a contest for everybody, and how it is checked."""

from __future__ import annotations

from flask import Blueprint, current_app, send_from_directory
from flask.typing import ResponseReturnValue

from participation.archives import queries
from participation.archives.facts import NoArchiveYet
from participation.foundation.access import public
from participation.foundation.web import page, session, settings
from participation.voting.archive import archive_name

bp = Blueprint("archives", __name__, template_folder="templates", url_prefix="/abstimmungen")

AGAIN = 60
"""Seconds until the worker has looked for missing files again."""


@bp.get("/<contest>/archiv")
@public
def show(contest: str) -> ResponseReturnValue:
    """Offer the archive and explain the verifier, or say how far it is."""
    return page("archives/archive.html", archive=_found(contest), name=archive_name(contest))


@bp.get("/<contest>/archiv.zip")
@public
def download(contest: str) -> ResponseReturnValue:
    """Return the archive; while its file is missing, the page that says so."""
    found = _found(contest)
    name = archive_name(found.slug)
    if found.is_lost:
        current_app.logger.warning("%s does not lie in %s; do worker and web share it?", name, settings().archive_dir)
        answer = page("archives/archive.html", 503, archive=found, name=name)
        answer.headers["Retry-After"] = str(AGAIN)
        return answer
    if not found.is_there:
        raise NoArchiveYet()
    return send_from_directory(settings().archive_dir, name, as_attachment=True, download_name=name)


def _found(contest: str) -> queries.ArchivePage:
    found = queries.archive_page(session(), contest=contest, folder=settings().archive_dir)
    if found is None:
        raise NoArchiveYet()
    return found
