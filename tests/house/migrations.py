"""Says whether models and migrations agree: ``python -m tests.house.migrations``, on a new SQLite file."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from participation.foundation.model import Base
from tests.engines import engine_for, migrate

ELSEWHERE = ("huey_", "sqlite_")


def differences(connection: Connection) -> list[Any]:
    """Return what a new migration would have to change; CHECKs and triggers are looked at by ``test_schema``."""
    options = {
        "compare_type": True,
        "include_name": lambda name, kind, _: not (kind == "table" and name.startswith(ELSEWHERE)),
    }
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def main() -> int:
    """Migrate a new file, compare, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/check.sqlite3"
        migrate(url, Path(folder))
        engine = engine_for(url)
        with engine.connect() as connection:
            found = differences(connection)
        engine.dispose()
    print(*found, f"migrations: {len(found)} differences" if found else "migrations: equal to the models", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
