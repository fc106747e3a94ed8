"""Votes that anyone can recount: the public log, and nothing changes after the close.

Compatible with the release before: adds tables and columns that may be empty, and triggers that refuse only what the
commands never did. Contests published before have no log key; they stay without a log.
Locks: contest and ballot, for an ALTER without rewrite. Undoing loses the logs, their checkpoints, and which ballots
came on paper.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("log_leaf", "checkpoint")
"""Tables whose rows neither change nor go."""

KEPT = {"contest_log_key": "log_key", "contest_anonymous_at": "anonymous_at"}
"""Columns of a contest that stay once they are written, by the name of the guard."""

OF_CONTEST = (
    'SELECT 1 FROM contest c JOIN "window" w ON w.id = c.window_id WHERE c.id IN ({keys}) AND w.closed_at IS NOT NULL'
)
OF_QUESTION = (
    'SELECT 1 FROM question q JOIN contest c ON c.id = q.contest_id JOIN "window" w ON w.id = c.window_id'
    " WHERE q.id IN ({keys}) AND w.closed_at IS NOT NULL"
)
CLOSED = {
    "question": ("contest_id", OF_CONTEST),
    "option": ("question_id", OF_QUESTION),
    "roll_entry": ("question_id", OF_QUESTION),
    "ballot": ("question_id", OF_QUESTION),
    "pending_leaf": ("question_id", OF_QUESTION),
    "log_leaf": ("contest_id", OF_CONTEST),
    "checkpoint": ("contest_id", OF_CONTEST),
}
"""What is finished with the close: each table's key, and how one sees that its contest is closed."""

ONLY_THE_TAG = (
    "NEW.question_id = OLD.question_id AND NEW.nonce = OLD.nonce AND NEW.choice = OLD.choice"
    " AND NEW.commitment = OLD.commitment AND NEW.kind = OLD.kind AND EXISTS (SELECT 1 FROM question q"
    " JOIN contest c ON c.id = q.contest_id WHERE q.id = OLD.question_id AND c.anonymous_at IS NOT NULL)"
)
"""The one change of a ballot after the close: a new tag at random, once the key is destroyed."""

WAITING = (
    "NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND EXISTS (SELECT 1 FROM pending_leaf p"
    " JOIN question q ON q.id = p.question_id JOIN contest c ON c.id = q.contest_id WHERE c.window_id = NEW.id)"
)
"""Closing is refused while something still waits to be written into the log."""

STILL_OPEN = (
    'NEW.anonymous_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "window" w WHERE w.id = NEW.window_id'
    " AND w.closed_at IS NOT NULL)"
)
"""Nothing is called anonymous before the close."""


def upgrade() -> None:
    op.execute("ALTER TABLE contest ADD COLUMN log_key VARCHAR")
    op.add_column("contest", sa.Column("anonymous_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE ballot ADD COLUMN kind VARCHAR DEFAULT 'account' NOT NULL"
        " CONSTRAINT ck_ballot_kind CHECK (kind IN ('account', 'paper'))"
    )
    _make_log()
    _make_archive()
    _make_triggers()


def downgrade() -> None:
    _drop_triggers()
    for table in ("contest_archive", "checkpoint", "log_leaf", "pending_leaf"):
        op.drop_table(table)
    op.execute("ALTER TABLE ballot DROP COLUMN kind")
    op.execute("ALTER TABLE contest DROP COLUMN anonymous_at")
    op.execute("ALTER TABLE contest DROP COLUMN log_key")


def _make_log() -> None:
    op.create_table(
        "pending_leaf",
        sa.Column("question_id", BIG_ID, nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('cast', 'void')", name=op.f("ck_pending_leaf_kind")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_pending_leaf_question_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("question_id", "commitment", "kind", name=op.f("pk_pending_leaf")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_leaf",
        sa.Column("contest_id", BIG_ID, nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_log_leaf_contest_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("contest_id", "index", name=op.f("pk_log_leaf")),
        sa.UniqueConstraint("contest_id", "leaf", name=op.f("uq_log_leaf_contest_id_leaf")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("contest_id", BIG_ID, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_checkpoint_contest_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("contest_id", "size", name=op.f("pk_checkpoint")),
    )


def _make_archive() -> None:
    op.create_table(
        "contest_archive",
        sa.Column("contest_id", BIG_ID, nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.CheckConstraint("done >= 0 AND done <= 100", name=op.f("ck_contest_archive_done")),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_contest_archive_contest_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("contest_id", name=op.f("pk_contest_archive")),
    )


# ── Triggers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _guards() -> list[tuple[str, str, str, str]]:
    """Return the name, table, act and condition of each guard."""
    differs = "IS DISTINCT FROM" if _is_postgresql() else "IS NOT"
    guards = [
        (f"keep_{table}_{act.lower()}", table, act, "TRUE") for table in APPEND_ONLY for act in ("UPDATE", "DELETE")
    ]
    guards += [
        (f"keep_{name}", "contest", "UPDATE", f"OLD.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column}")
        for name, column in KEPT.items()
    ]
    guards += [_closed(table, act) for table in CLOSED for act in ("INSERT", "UPDATE", "DELETE")]
    guards.append(("close_window_with_waiting_leaves", "window", "UPDATE", WAITING))
    guards.append(("anonymous_contest_is_closed", "contest", "UPDATE", STILL_OPEN))
    return guards


def _closed(table: str, act: str) -> tuple[str, str, str, str]:
    key, query = CLOSED[table]
    rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}[act]
    condition = f"EXISTS ({query.format(keys=', '.join(f'{row}.{key}' for row in rows))})"
    if (table, act) == ("ballot", "UPDATE"):
        condition = f"{condition} AND NOT ({ONLY_THE_TAG})"
    return f"closed_{table}_{act.lower()}", table, act, condition


def _make_triggers() -> None:
    for name, table, act, condition in _guards():
        if _is_postgresql():
            answer = "OLD" if act == "DELETE" else "NEW"
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
                f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                f"RETURN {answer}; END $$"
            )
            op.execute(f'CREATE TRIGGER {name} BEFORE {act} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {name}()')
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON \"{table}\" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
            )


def _drop_triggers() -> None:
    """On SQLite one by one, since a column that a trigger names cannot be dropped; PostgreSQL's go with their functions."""
    for name, *_ in _guards():
        op.execute(f"DROP FUNCTION {name} CASCADE" if _is_postgresql() else f"DROP TRIGGER {name}")
