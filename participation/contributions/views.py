"""The rules of the talk, for everybody to read."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from participation.contributions.facts import HINTS, NETIQUETTE, NETIQUETTE_VERSION, SIGNALS, rule_by_slug
from participation.contributions.forms import why_held
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
    """Let every page name a rule by its slug, a hint, a signal, and why something waits."""
    return {"rule_by_slug": rule_by_slug, "hint_words": HINTS, "signal_words": SIGNALS, "why_held": why_held}
