"""Further ways to vote: selection, points, importance, ranking, budget.

Compatible with the release before: adds columns that are empty or have a default, and lets contests name more methods.
Locks: contest, question, option and part, for an ALTER; SQLite copies contest, which has few rows. Undoing loses what
drafts say of the way to vote, and is refused while there is a contest that uses another way than Zustimmung.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = "method IN ('approval')"
SINCE = "method IN ('approval', 'selection', 'points', 'importance', 'ranking', 'budget')"


def upgrade() -> None:
    _admit(SINCE, BEFORE)
    op.add_column("question", sa.Column("terms", sa.JSON(), server_default="{}", nullable=False))
    op.execute('ALTER TABLE "option" ADD COLUMN cost INTEGER CONSTRAINT ck_option_cost CHECK (cost >= 0)')
    op.add_column("part", sa.Column("way", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE part DROP COLUMN way")
    op.execute('ALTER TABLE "option" DROP COLUMN cost')
    op.execute("ALTER TABLE question DROP COLUMN terms")
    _admit(BEFORE, SINCE)


def _admit(now: str, before: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE contest DROP CONSTRAINT ck_contest_method")
        op.execute(f"ALTER TABLE contest ADD CONSTRAINT ck_contest_method CHECK ({now})")
    else:
        _copy_contest(now, before)


def _copy_contest(now: str, before: str) -> None:
    """SQLite cannot change a CHECK, so the table is made anew; all triggers stand aside while it has another name."""
    here = op.get_bind()
    triggers = here.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").all()
    made = here.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'contest'").scalar_one()
    if before not in made:
        raise RuntimeError(f"table contest does not say: {before}")
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    _, columns = made.split("(", 1)
    here.exec_driver_sql(f"CREATE TABLE contest_anew ({columns.replace(before, now)}")
    op.execute("INSERT INTO contest_anew SELECT * FROM contest")
    op.execute("DROP TABLE contest")
    op.execute("ALTER TABLE contest_anew RENAME TO contest")
    for _, written in triggers:
        here.exec_driver_sql(written)
