"""A role of its own for threats under seal, which the audit opened until now.

Compatible with the release before: lets grants name one more role. Whoever is to open sealed threats needs the new role
from then on; grants of the audit stay and are good for the roll alone.
Locks: role_grant, for a check of its few rows; SQLite copies it. Undoing removes the grants of the new role; that they
were given stays in the journal.

Revision: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BEFORE = "role IN ('moderator', 'staff', 'desk', 'jury', 'audit', 'admin')"
SINCE = "role IN ('moderator', 'staff', 'desk', 'jury', 'audit', 'safeguard', 'admin')"


def upgrade() -> None:
    _admit(SINCE, BEFORE)


def downgrade() -> None:
    op.execute("DELETE FROM role_grant WHERE role = 'safeguard'")
    _admit(BEFORE, SINCE)


def _admit(now: str, before: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE role_grant DROP CONSTRAINT ck_role_grant_role")
        op.execute(f"ALTER TABLE role_grant ADD CONSTRAINT ck_role_grant_role CHECK ({now})")
    else:
        _copy_grants(now, before)


def _copy_grants(now: str, before: str) -> None:
    """SQLite cannot change a CHECK, so the table is made anew from its own words, with its rows and indexes."""
    here = op.get_bind()
    made = here.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'role_grant'"
    ).scalar_one()
    indexes = sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'role_grant'")
    beside = [sql for sql in here.execute(indexes).scalars() if sql]
    if before not in made:
        raise RuntimeError(f"table role_grant does not say: {before}")
    _, columns = made.split("(", 1)
    here.exec_driver_sql(f"CREATE TABLE role_grant_anew ({columns.replace(before, now)}")
    op.execute("INSERT INTO role_grant_anew SELECT * FROM role_grant")
    op.execute("DROP TABLE role_grant")
    op.execute("ALTER TABLE role_grant_anew RENAME TO role_grant")
    for again in beside:
        here.exec_driver_sql(again)
