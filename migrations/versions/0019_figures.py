"""The figures of a result stay, not only their checksum.

Compatible with the release before: nothing ever changed figures once they were written.
Locks: result, for a moment. Undoing leaves the checksum guarded, so that `flask recount` names other figures.

Revision: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEPT_BEFORE = ("figures_sha256", "counted_at", "round_id")
KEPT = (*KEPT_BEFORE, "figures")


def upgrade() -> None:
    _keep_result(KEPT)


def downgrade() -> None:
    _keep_result(KEPT_BEFORE)


def _keep_result(columns: tuple[str, ...]) -> None:
    name, on = "keep_result_figures", " ON result" if _is_postgresql() else ""
    condition = " OR ".join(map(_differs, columns))
    op.execute(f"DROP TRIGGER {name}{on}")
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON result FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse('{name}')"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON result WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _differs(column: str) -> str:
    """Say »this column changes«; PostgreSQL compares JSON as text alone."""
    if not _is_postgresql():
        return f"NEW.{column} IS NOT OLD.{column}"
    text = "::text" if column == "figures" else ""
    return f"NEW.{column}{text} IS DISTINCT FROM OLD.{column}{text}"


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
