"""An emergency brake for one discussion: what holds now on the thread, what was done as rows that never change.

Compatible with the release before: adds nullable columns and new tables.
Locks: thread, for an ALTER without rewrite. Undoing loses all brakes; those that hold end at once.

Revision: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
AS_A_WHOLE = (
    "(brake IS NULL) = (brake_since IS NULL) AND (brake IS NULL) = (brake_until IS NULL)"
    " AND (brake IS NULL) = (brake_reason IS NULL) AND (brake IS NULL OR brake_since < brake_until)"
)


def upgrade() -> None:
    kinds = "CHECK (brake IS NULL OR brake IN ('held', 'slow'))"
    op.execute(f"ALTER TABLE thread ADD COLUMN brake VARCHAR CONSTRAINT ck_thread_brake {kinds}")
    op.add_column("thread", sa.Column("brake_since", MOMENT, nullable=True))
    op.add_column("thread", sa.Column("brake_until", MOMENT, nullable=True))
    whole = f"CONSTRAINT ck_thread_brake_as_a_whole CHECK ({AS_A_WHOLE})"
    op.execute(f"ALTER TABLE thread ADD COLUMN brake_reason JSON {whole}")
    op.create_table(
        "thread_brake",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("thread_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("pulled_by", sa.Uuid(), nullable=False),
        sa.Column("pulled_at", MOMENT, nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('held', 'slow')", name=op.f("ck_thread_brake_kind")),
        sa.CheckConstraint("hours BETWEEN 1 AND 72", name=op.f("ck_thread_brake_hours")),
        sa.CheckConstraint("since <= pulled_at AND pulled_at < ends_at", name=op.f("ck_thread_brake_order")),
        _key("thread_brake", "thread_id", "thread"),
        _key("thread_brake", "pulled_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_brake")),
    )
    op.create_index("ix_thread_brake_last", "thread_brake", ["thread_id", "id"])
    op.create_index(op.f("ix_thread_brake_pulled_by"), "thread_brake", ["pulled_by"])
    op.create_table(
        "thread_brake_release",
        sa.Column("brake_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=False),
        sa.Column("released_at", MOMENT, nullable=False),
        _key("thread_brake_release", "brake_id", "thread_brake"),
        _key("thread_brake_release", "released_by", "person"),
        sa.PrimaryKeyConstraint("brake_id", name=op.f("pk_thread_brake_release")),
    )
    op.create_index(op.f("ix_thread_brake_release_released_by"), "thread_brake_release", ["released_by"])
    for table in ("thread_brake", "thread_brake_release"):
        for act in ("UPDATE", "DELETE"):
            _refuse(f"keep_{table}_{act.lower()}", table, act)


def downgrade() -> None:
    op.drop_table("thread_brake_release")
    op.drop_table("thread_brake")
    # The column whose check names the others goes first.
    for column in ("brake_reason", "brake_until", "brake_since", "brake"):
        op.execute(f"ALTER TABLE thread DROP COLUMN {column}")


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def _refuse(name: str, table: str, act: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse('{name}')")
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{name}'); END")
