"""Case work of moderation: receipts for notices.

Compatible with the release before: adds nullable columns and new tables only.
Locks: notice, for an ALTER without rewrite. Undoing loses receipts and addresses of those who reported.

Revision: 0003
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _change(
        "notice",
        add={"decision_id": "{number}", "token": "VARCHAR", "email": "VARCHAR", "language": "VARCHAR"},
        constrain={
            "fk_notice_decision_id": "FOREIGN KEY(decision_id) REFERENCES moderation_decision (id) ON DELETE RESTRICT"
        },
    )
    op.create_index("ix_notice_decision_id", "notice", ["decision_id"])
    op.create_index("uq_notice_token", "notice", ["token"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_notice_token", table_name="notice")
    op.drop_index("ix_notice_decision_id", table_name="notice")
    _change("notice", loosen=("fk_notice_decision_id",), drop=("decision_id", "token", "email", "language"))


# ── Changing tables on both engines ───────────────────────────────────────────────────────────────────────────────────
def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _change(
    table: str,
    *,
    loosen: tuple[str, ...] = (),
    drop: tuple[str, ...] = (),
    add: dict[str, str] | None = None,
    constrain: dict[str, str] | None = None,
) -> None:
    """Take constraints and columns from a table and give it others; SQLite needs the table made anew for that."""
    columns = {name: _typed(words) for name, words in (add or {}).items()}
    if _is_postgresql():
        changes = [f"DROP CONSTRAINT {name}" for name in loosen] + [f"DROP COLUMN {name}" for name in drop]
        changes += [f"ADD COLUMN {name} {words}" for name, words in columns.items()]
        changes += [f"ADD CONSTRAINT {name} {words}" for name, words in (constrain or {}).items()]
        op.execute(f'ALTER TABLE "{table}" {", ".join(changes)}')
    else:
        _make_anew(table, gone=(*loosen, *drop), columns=columns, constraints=constrain or {})


def _typed(words: str) -> str:
    if _is_postgresql():
        return words.format(number="BIGINT", moment="TIMESTAMP WITH TIME ZONE", uuid="UUID", no="false")
    return words.format(number="INTEGER", moment="DATETIME", uuid="CHAR(32)", no="0")


def _make_anew(table: str, *, gone: tuple[str, ...], columns: dict[str, str], constraints: dict[str, str]) -> None:
    """Make a table of SQLite anew from its own words, with its rows, indexes and triggers.

    Foreign keys are off meanwhile (see ``env.py``), so tables that refer to it keep their rows.
    """
    read = op.get_bind().exec_driver_sql
    made = read("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).scalar_one()
    beside = read("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'table'", (table,)).scalars().all()
    lines = [line.strip() for line in made.partition("(")[2].rpartition(")")[0].split(", \n")]
    kept = [line for line in lines if line.removeprefix("CONSTRAINT ").split()[0] not in gone]
    old_columns = [line.split()[0] for line in kept if not line.startswith(("CONSTRAINT ", "PRIMARY ", "UNIQUE "))]
    words = kept[: len(old_columns)] + [f"{name} {words}" for name, words in columns.items()]
    words += kept[len(old_columns) :] + [f"CONSTRAINT {name} {words}" for name, words in constraints.items()]
    names = ", ".join(old_columns)
    op.execute(sa.text("CREATE TABLE made_anew (\n\t" + ", \n\t".join(words).replace(":", r"\:") + "\n)"))
    op.execute(f'INSERT INTO made_anew ({names}) SELECT {names} FROM "{table}"')
    op.execute(f'DROP TABLE "{table}"')
    op.execute(f'ALTER TABLE made_anew RENAME TO "{table}"')
    for again in filter(None, beside):
        op.execute(again)
