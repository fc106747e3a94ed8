"""Pauses from writing that ended long ago lose whom they concerned; what the report of a year counts stays.

Compatible with the release before: two keys may be empty; rows lose them only a year after their end.
Locks: writing_pause, for an ALTER without rewrite; SQLite copies it, it has few rows. Undoing removes the pauses that
lost their person.

Revision: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEYS = ("participant_id", "decision_id")
CUT = "ck_writing_pause_cut_as_a_whole"
AS_A_WHOLE = (
    "(participant_id IS NULL) = (decision_id IS NULL)"
    " AND (participant_id IS NOT NULL OR (ends_at IS NOT NULL AND words = ''))"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for column in KEYS:
            op.execute(f"ALTER TABLE writing_pause ALTER COLUMN {column} DROP NOT NULL")
        op.execute(f"ALTER TABLE writing_pause ADD CONSTRAINT {CUT} CHECK ({AS_A_WHOLE})")
    else:
        _make_anew(needed=False)


def downgrade() -> None:
    op.execute("DELETE FROM writing_pause WHERE participant_id IS NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE writing_pause DROP CONSTRAINT {CUT}")
        for column in KEYS:
            op.execute(f"ALTER TABLE writing_pause ALTER COLUMN {column} SET NOT NULL")
    else:
        _make_anew(needed=True)


def _make_anew(*, needed: bool) -> None:
    """SQLite cannot change a column, so the table is made anew from its own words, with its rows and indexes."""
    here = op.get_bind()
    made = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'writing_pause'"
    words = here.exec_driver_sql(made).scalar_one().partition("(")[2]
    indexes = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'writing_pause'")
    beside = [sql for sql in here.execute(indexes).scalars() if sql]
    for column, kind in zip(KEYS, ("CHAR(32)", "INTEGER"), strict=True):
        before, now = f"{column} {kind} NOT NULL", f"{column} {kind}"
        before, now = (now, before) if needed else (before, now)
        if before not in words:
            raise RuntimeError(f"table writing_pause does not say: {before}")
        words = words.replace(before, now, 1)
    rule = f"CONSTRAINT {CUT} CHECK ({AS_A_WHOLE}), "
    first = words.index("CONSTRAINT ")
    words = words.replace(rule, "") if needed else words[:first] + rule + words[first:]
    here.exec_driver_sql(f"CREATE TABLE writing_pause_anew ({words}")
    op.execute("INSERT INTO writing_pause_anew SELECT * FROM writing_pause")
    op.execute("DROP TABLE writing_pause")
    op.execute("ALTER TABLE writing_pause_anew RENAME TO writing_pause")
    for again in beside:
        here.exec_driver_sql(again)
