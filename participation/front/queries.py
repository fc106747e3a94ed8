"""Whether the database answers and has the schema that the code expects."""

from __future__ import annotations

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.foundation.config import ROOT


def why_not_ready(session: Session) -> str | None:
    """Return what keeps the application from working, in a few words for whoever operates it, or None."""
    try:
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        return "database"
    return None if found == _newest_migration() else "migrations"


@cache
def _newest_migration() -> str | None:
    scripts = Config()
    scripts.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(scripts).get_current_head()
