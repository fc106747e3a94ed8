"""A frozen contest keeps its window, its rules and its receipts; no guarded table is emptied at once.

TRUNCATE passes by the triggers on rows. And an archive that is made again remembers the checksum it had before.

Compatible with the release before: adds a column that may be empty, and guards against what the commands never did.
Locks: each guarded table for a moment, for its trigger. Undoing loses the earlier checksums of archives.

Revision: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FROZEN_BEFORE = ("rules_sha256", "method", "slug")
FROZEN = (*FROZEN_BEFORE, "window_id", "receipts", "rules")
"""Columns of a contest that stay once its rules are frozen."""

GUARDED = (
    "ballot",
    "checkpoint",
    "concept_version",
    "contest",
    "decision_undo",
    "early_close",
    "handlungsfeld_version",
    "journal_entry",
    "kernziel",
    "leitthema",
    "log_leaf",
    "moderation_decision",
    "option",
    "pending_leaf",
    "question",
    "result",
    "roll_entry",
    "thread_brake",
    "thread_brake_release",
    "tie_decision",
    "window",
)
"""Tables with guards on their rows. SQLite knows no TRUNCATE, and its DELETE passes no trigger by."""


def upgrade() -> None:
    op.add_column("contest_archive", sa.Column("earlier_sha256", sa.String(), nullable=True))
    _keep_contest(FROZEN)
    if _is_postgresql():
        for table in GUARDED:
            name = f"keep_{table}_truncate"
            op.execute(
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON \"{table}\" FOR EACH STATEMENT EXECUTE FUNCTION refuse('{name}')"
            )


def downgrade() -> None:
    if _is_postgresql():
        for table in GUARDED:
            op.execute(f'DROP TRIGGER keep_{table}_truncate ON "{table}"')
    _keep_contest(FROZEN_BEFORE)
    op.execute("ALTER TABLE contest_archive DROP COLUMN earlier_sha256")


def _keep_contest(columns: tuple[str, ...]) -> None:
    name, on = "keep_contest_rules", " ON contest" if _is_postgresql() else ""
    condition = f"OLD.rules_sha256 IS NOT NULL AND ({' OR '.join(map(_differs, columns))})"
    op.execute(f"DROP TRIGGER {name}{on}")
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON contest FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse('{name}')"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON contest WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _differs(column: str) -> str:
    """Say »this column changes«; PostgreSQL compares JSON as text alone."""
    if not _is_postgresql():
        return f"NEW.{column} IS NOT OLD.{column}"
    text = "::text" if column == "rules" else ""
    return f"NEW.{column}{text} IS DISTINCT FROM OLD.{column}{text}"


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
