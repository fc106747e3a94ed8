"""Where officials begin: what they may do here."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from participation.audiences.facts import Role
from participation.foundation.access import needs
from participation.foundation.web import page, viewer
from participation.front.facts import tasks_for

bp = Blueprint("front_desk", __name__, template_folder="templates")


@bp.get("/verwaltung")
@needs(*Role)
def index() -> ResponseReturnValue:
    """List what the roles of the person in front of it are good for."""
    somebody = viewer()
    roles = somebody.roles if somebody else frozenset()
    return page("front/desk.html", tasks=tasks_for(roles), roles=sorted(roles))
