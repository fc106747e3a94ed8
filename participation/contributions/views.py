"""The rules of the talk, for everybody to read."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from participation.contributions.facts import NETIQUETTE, NETIQUETTE_VERSION, rule_by_slug
from participation.foundation.access import public
from participation.foundation.web import page

bp = Blueprint("contributions", __name__, template_folder="templates")


@bp.get("/netiquette")
@public
def netiquette() -> ResponseReturnValue:
    """Show the numbered rules; each can be linked to."""
    return page("contributions/netiquette.html", rules=NETIQUETTE, version=NETIQUETTE_VERSION)


@bp.app_context_processor
def rules() -> dict[str, object]:
    """Let every page name a rule by its slug, beside a tombstone or a decision."""
    return {"rule_by_slug": rule_by_slug}
