"""Of several that are decided on together one may be left for a second look, or since the decision shown was undone.

Compatible with the release before: lets a line say two more reasons. That release shows no such result, it makes none.
Locks: bulk_item, for a check of its rows; SQLite copies it. Undoing removes the lines with these.

Revision: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BEFORE = "'AlreadySo', 'ChangedMeanwhile', 'DecidedMeanwhile', 'NothingToDecide', 'WithdrawnMeanwhile'"
SINCE = (
    "'AlreadySo', 'ChangedMeanwhile', 'DecidedMeanwhile', 'LookAwaited', 'NothingToDecide', 'UndoneMeanwhile',"
    " 'WithdrawnMeanwhile'"
)


def upgrade() -> None:
    _admit(SINCE, BEFORE)


def downgrade() -> None:
    op.execute("DELETE FROM bulk_item WHERE refused IN ('LookAwaited', 'UndoneMeanwhile')")
    _admit(BEFORE, SINCE)


def _admit(now: str, before: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_bulk_item_refused"), "bulk_item")
        op.create_check_constraint(op.f("ck_bulk_item_refused"), "bulk_item", f"refused IS NULL OR refused IN ({now})")
    else:
        _copy_items(now, before)


def _copy_items(now: str, before: str) -> None:
    """SQLite cannot change a CHECK, so the table is made anew from its own words, with its rows and indexes."""
    here = op.get_bind()
    made = here.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'bulk_item'"
    ).scalar_one()
    indexes = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'bulk_item'")
    beside = [sql for sql in here.execute(indexes).scalars() if sql]
    if before not in made:
        raise RuntimeError(f"table bulk_item does not say: {before}")
    _, columns = made.split("(", 1)
    here.exec_driver_sql(f"CREATE TABLE bulk_item_anew ({columns.replace(before, now)}")
    op.execute("INSERT INTO bulk_item_anew SELECT * FROM bulk_item")
    op.execute("DROP TABLE bulk_item")
    op.execute("ALTER TABLE bulk_item_anew RENAME TO bulk_item")
    for again in beside:
        here.exec_driver_sql(again)
