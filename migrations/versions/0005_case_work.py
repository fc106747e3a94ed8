"""Case work of moderation: receipts for notices, kinds of decisions, undoing, sealed copies, second looks.

Compatible with the release before: adds columns that may be empty or have a default, and new tables; constraints on
outcomes become wider. Locks: contribution, notice, case and moderation_decision, for an ALTER without rewrite.
Undoing loses what is written here, and refuses while there are decisions of the new kinds.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CASE_INDEXES = ("claimed_by", "escalated_by", "escalated_at")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


REASONED = "rule IS NOT NULL OR law IS NOT NULL OR decided_by IS NULL"
RULES_BEFORE = {
    "ck_moderation_decision_outcome": "CHECK (outcome IN ('published', 'withheld'))",
    "ck_moderation_decision_withheld_has_a_reason": (
        "CHECK (outcome = 'published' OR (length(reason) > 0 AND (rule IS NOT NULL OR decided_by IS NULL)))"
    ),
}
RULES_NOW = {
    "ck_moderation_decision_outcome": (
        "CHECK (outcome IN ('published', 'withheld', 'redacted', 'reword', 'duplicate', 'moved', 'police'))"
    ),
    "ck_moderation_decision_withheld_has_a_reason": (
        "CHECK (NOT (outcome IN ('police', 'redacted', 'reword', 'withheld'))"
        f" OR (length(reason) > 0 AND ({REASONED})))"
    ),
    "ck_moderation_decision_found": "CHECK (found IS NULL OR found IN ('notice', 'queue', 'own'))",
    "ck_moderation_decision_duplicate": "CHECK ((outcome = 'duplicate') = (duplicate_of IS NOT NULL))",
    "ck_moderation_decision_moved": "CHECK ((outcome = 'moved') = (moved_to IS NOT NULL))",
    "uq_moderation_decision_id_decided_by": "UNIQUE (id, decided_by)",
    "fk_moderation_decision_duplicate_of": (
        "FOREIGN KEY(duplicate_of) REFERENCES contribution (id) ON DELETE RESTRICT"
    ),
    "fk_moderation_decision_moved_to": "FOREIGN KEY(moved_to) REFERENCES thread (id) ON DELETE RESTRICT",
}


def upgrade() -> None:
    _change(
        "contribution",
        add={"rewording": "BOOLEAN NOT NULL DEFAULT {no}", "duplicate_of": "{number}"},
        constrain={
            "ck_contribution_rewording_is_held": "CHECK (NOT rewording OR state IN ('held', 'withdrawn'))",
            "ck_contribution_duplicate_of_another": "CHECK (duplicate_of IS NULL OR duplicate_of <> id)",
            "fk_contribution_duplicate_of": "FOREIGN KEY(duplicate_of) REFERENCES contribution (id) ON DELETE RESTRICT",
        },
    )
    op.create_index("ix_contribution_duplicate_of", "contribution", ["duplicate_of"])
    _widen_decisions()
    _add_tables()
    _change(
        "case",
        add={
            "claimed_by": "{uuid}",
            "claimed_at": "{moment}",
            "escalated_by": "{uuid}",
            "escalated_at": "{moment}",
            "escalated_why": "VARCHAR",
        },
        constrain={
            "fk_case_claimed_by": "FOREIGN KEY(claimed_by) REFERENCES person (id) ON DELETE RESTRICT",
            "fk_case_escalated_by": "FOREIGN KEY(escalated_by) REFERENCES person (id) ON DELETE RESTRICT",
        },
    )
    for column in CASE_INDEXES:
        op.create_index(f"ix_case_{column}", "case", [column])
    _change(
        "notice",
        add={"decision_id": "{number}", "token": "VARCHAR", "email": "VARCHAR", "language": "VARCHAR"},
        constrain={
            "fk_notice_decision_id": "FOREIGN KEY(decision_id) REFERENCES moderation_decision (id) ON DELETE RESTRICT"
        },
    )
    op.create_index("ix_notice_decision_id", "notice", ["decision_id"])
    op.create_index("uq_notice_token", "notice", ["token"], unique=True)


def _widen_decisions() -> None:
    _change(
        "moderation_decision",
        loosen=tuple(RULES_BEFORE),
        add={
            "law": "VARCHAR",
            "found": "VARCHAR",
            "netiquette_version": "INTEGER",
            "duplicate_of": "{number}",
            "moved_to": "{number}",
            "before": "JSON",
            "token": "VARCHAR",
        },
        constrain=RULES_NOW,
    )
    for column in ("duplicate_of", "moved_to"):
        op.create_index(f"ix_moderation_decision_{column}", "moderation_decision", [column])
    op.create_index("uq_moderation_decision_token", "moderation_decision", ["token"], unique=True)


def _add_tables() -> None:
    op.create_table(
        "decision_undo",
        sa.Column("decision_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("undone_by", sa.Uuid(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=False),
        _key("decision_undo", "decision_id", "moderation_decision"),
        _key("decision_undo", "undone_by", "person"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision_undo"),
    )
    op.create_index("ix_decision_undo_undone_by", "decision_undo", ["undone_by"])
    for act in ("UPDATE", "DELETE"):
        _refuse(f"keep_decision_undo_{act.lower()}", "decision_undo", act)
    op.create_table(
        "sealed_copy",
        sa.Column("decision_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('original', 'threat')", name=op.f("ck_sealed_copy_kind")),
        sa.CheckConstraint("deleted_at IS NULL OR text = ''", name=op.f("ck_sealed_copy_deleted_is_blank")),
        _key("sealed_copy", "decision_id", "moderation_decision"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_sealed_copy"),
    )
    op.create_index("ix_sealed_copy_delete_after", "sealed_copy", ["delete_after"])
    _add_reviews()
    op.create_table(
        "moderation_setting",
        sa.Column("audience_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.CheckConstraint("hours BETWEEN 1 AND 240", name=op.f("ck_moderation_setting_hours")),
        _key("moderation_setting", "audience_id", "audience"),
        sa.PrimaryKeyConstraint("audience_id", name="pk_moderation_setting"),
    )


def _add_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("decision_id", BIG_ID, nullable=False),
        sa.Column("contested_by", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("result_id", BIG_ID, nullable=True),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> contested_by", name=op.f("ck_review_another_person")),
        sa.CheckConstraint("outcome IS NULL OR outcome IN ('upheld', 'reversed')", name=op.f("ck_review_outcome")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)"
            " AND (outcome IS NULL OR length(reason) > 0)",
            name=op.f("ck_review_decided_as_a_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id", "contested_by"],
            ["moderation_decision.id", "moderation_decision.decided_by"],
            name="fk_review_decision_id",
            ondelete="RESTRICT",
        ),
        _key("review", "contested_by", "person"),
        _key("review", "decided_by", "person"),
        _key("review", "result_id", "moderation_decision"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("decision_id", name="uq_review_decision_id"),
        sa.UniqueConstraint("result_id", name="uq_review_result_id"),
    )
    for column in ("contested_by", "decided_by"):
        op.create_index(f"ix_review_{column}", "review", [column])
    op.create_index(
        "ix_review_open",
        "review",
        ["asked_at"],
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("moderation_setting", "review", "sealed_copy", "decision_undo"):
        op.drop_table(table)
    for column in CASE_INDEXES:
        op.drop_index(f"ix_case_{column}", table_name="case")
    _change(
        "case",
        loosen=("fk_case_claimed_by", "fk_case_escalated_by"),
        drop=("claimed_by", "claimed_at", "escalated_by", "escalated_at", "escalated_why"),
    )
    op.drop_index("uq_notice_token", table_name="notice")
    op.drop_index("ix_notice_decision_id", table_name="notice")
    _change("notice", loosen=("fk_notice_decision_id",), drop=("decision_id", "token", "email", "language"))
    op.drop_index("uq_moderation_decision_token", table_name="moderation_decision")
    for column in ("duplicate_of", "moved_to"):
        op.drop_index(f"ix_moderation_decision_{column}", table_name="moderation_decision")
    _change(
        "moderation_decision",
        loosen=tuple(RULES_NOW),
        drop=("law", "found", "netiquette_version", "duplicate_of", "moved_to", "before", "token"),
        constrain=RULES_BEFORE,
    )
    op.drop_index("ix_contribution_duplicate_of", table_name="contribution")
    _change(
        "contribution",
        loosen=(
            "ck_contribution_rewording_is_held",
            "ck_contribution_duplicate_of_another",
            "fk_contribution_duplicate_of",
        ),
        drop=("rewording", "duplicate_of"),
    )


# ── Changing tables on both engines ───────────────────────────────────────────────────────────────────────────────────
def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="RESTRICT")


def _refuse(name: str, table: str, act: str) -> None:
    if _is_postgresql():
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse('{name}')")
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{name}'); END")


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
