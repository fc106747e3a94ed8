"""What is released stays released, and on SQLite nothing is put in the place of what stays.

A count and a release keep their moment. And ``INSERT OR REPLACE`` and ``UPDATE OR REPLACE`` delete the row that is in
their way without passing SQLite's triggers on DELETE, unless the connection has switched ``recursive_triggers`` on, as
the application's own do. The guards below hold on every connection.

They lie on what a vote rests on. Each costs a look into an index per row: a microsecond or two on a vote, which takes
milliseconds. Keys for which the commands insert with ON CONFLICT have none: a guard before INSERT would refuse there
what is only to be passed over.

Compatible with the release before: the commands never did any of this; a second count at once is refused with another
message. Locks: contest and round for a moment. Undoing takes the guards away.

Revision: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WRITTEN_ONCE = ("counted_at", "released_at")

IN_THE_WAY = {
    "ballot": [("commitment",)],
    "checkpoint": [("contest_id", "size")],
    "contest": [("id",), ("slug",), ("window_id",)],
    "early_close": [("round_id",)],
    "journal_entry": [("id",)],
    "log_leaf": [("contest_id", "index"), ("contest_id", "leaf")],
    "moderation_decision": [("id",)],
    "question": [("id",)],
    "result": [("round_id",)],
    "round": [("id",)],
    "tie_decision": [("id",)],
    "window": [("id",)],
}
"""By which keys a row may stand in the way of another. After the close roll, ballots and the log take no rows at all."""

REFUSED_ANYWAY = {"checkpoint", "early_close", "journal_entry", "log_leaf", "moderation_decision"}
"""Tables of which no row may be changed."""


def upgrade() -> None:
    for table in ("contest", "round"):
        _keep_moments(table)
    if _is_postgresql():
        op.execute(
            "CREATE TRIGGER keep_round_truncate BEFORE TRUNCATE ON round FOR EACH STATEMENT"
            " EXECUTE FUNCTION refuse('keep_round_truncate')"
        )
    else:
        for table in IN_THE_WAY:
            for name, act, condition in _replacing(table):
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {act} ON \"{table}\" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
                )


def downgrade() -> None:
    for table in ("contest", "round"):
        op.execute(f"DROP TRIGGER keep_{table}_moments" + (f' ON "{table}"' if _is_postgresql() else ""))
    if _is_postgresql():
        op.execute("DROP TRIGGER keep_round_truncate ON round")
    else:
        for table in IN_THE_WAY:
            for name, _, _ in _replacing(table):
                op.execute(f"DROP TRIGGER {name}")


def _keep_moments(table: str) -> None:
    name, differs = f"keep_{table}_moments", "IS DISTINCT FROM" if _is_postgresql() else "IS NOT"
    condition = " OR ".join(f"OLD.{one} IS NOT NULL AND NEW.{one} {differs} OLD.{one}" for one in WRITTEN_ONCE)
    if _is_postgresql():
        op.execute(
            f'CREATE TRIGGER {name} BEFORE UPDATE ON "{table}" FOR EACH ROW WHEN ({condition})'
            f" EXECUTE FUNCTION refuse('{name}')"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON \"{table}\" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _replacing(table: str) -> list[tuple[str, str, str]]:
    """Return the name, act and condition of the guards against replacing rows of a table."""
    keys = IN_THE_WAY[table]
    guards = [(f"keep_{table}_replace_insert", "INSERT", " OR ".join(_taken(table, key) for key in keys))]
    if table not in REFUSED_ANYWAY:
        moved = [f"({_moves(key)}) AND {_taken(table, key)}" for key in keys]
        columns = ", ".join(f'"{column}"' for key in keys for column in key)
        guards.append((f"keep_{table}_replace_update", f"UPDATE OF {columns}", " OR ".join(moved)))
    return guards


def _taken(table: str, key: tuple[str, ...]) -> str:
    equal = " AND ".join(f'there."{column}" = NEW."{column}"' for column in key)
    return f'EXISTS (SELECT 1 FROM "{table}" there WHERE {equal})'


def _moves(key: tuple[str, ...]) -> str:
    return " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in key)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
