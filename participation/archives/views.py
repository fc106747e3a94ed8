"""The archive of a contest for everybody, and how it is checked."""

from __future__ import annotations

from flask import Blueprint, send_from_directory
from flask.typing import ResponseReturnValue

from participation.archives import queries
from participation.archives.facts import NoArchiveYet
from participation.foundation.access import public
from participation.foundation.web import page, session, settings
from participation.voting.archive import archive_name

bp = Blueprint("archives", __name__, template_folder="templates", url_prefix="/abstimmungen")


@bp.get("/<contest>/archiv")
@public
def show(contest: str) -> ResponseReturnValue:
    """Offer the archive and explain the verifier, or say how far it is."""
    return page("archives/archive.html", archive=_found(contest), name=archive_name(contest))


@bp.get("/<contest>/archiv.zip")
@public
def download(contest: str) -> ResponseReturnValue:
    """Return the archive."""
    found = _found(contest)
    if found.made_at is None:
        raise NoArchiveYet()
    name = archive_name(found.slug)
    return send_from_directory(settings().var_dir / "archives", name, as_attachment=True, download_name=name)


def _found(contest: str) -> queries.ArchivePage:
    found = queries.archive_page(session(), contest=contest)
    if found is None:
        raise NoArchiveYet()
    return found
