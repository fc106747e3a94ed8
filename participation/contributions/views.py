"""The rules of the talk, for everybody to read."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from participation.contributions.facts import (
    HINTS,
    NETIQUETTE_VERSION,
    NETIQUETTES,
    SIGNALS,
    NoSuchVersion,
    rule_by_slug,
)
from participation.contributions.forms import why_held
from participation.foundation.access import public
from participation.foundation.web import page

bp = Blueprint("contributions", __name__, template_folder="templates")


@bp.get("/netiquette")
@public
def netiquette() -> ResponseReturnValue:
    """Show the numbered rules of today; each can be linked to."""
    return _show(NETIQUETTE_VERSION)


@bp.get("/netiquette/fassungen/<int:version>")
@public
def netiquette_version(version: int) -> ResponseReturnValue:
    """Show the rules as they stood when somebody wrote or decided under them."""
    return _show(version)


def _show(version: int) -> ResponseReturnValue:
    if version not in NETIQUETTES:
        raise NoSuchVersion()
    return page(
        "contributions/netiquette.html",
        rules=NETIQUETTES[version],
        version=version,
        present=NETIQUETTE_VERSION,
        others=[one for one in NETIQUETTES if one != version],
    )


@bp.app_context_processor
def rules() -> dict[str, object]:
    """Let every page name a rule by its slug, the present rules, a hint, a signal, and why something waits."""
    words = {"rule_by_slug": rule_by_slug, "netiquette_version": NETIQUETTE_VERSION}
    return words | {"hint_words": HINTS, "signal_words": SIGNALS, "why_held": why_held}
