"""Ties at which a count had to stop, and how they were settled.

Compatible with the release before: adds one table.
Locks: none. Undoing loses how ties were settled; results that are counted keep it in their figures.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = {
    "keep_tie_decision_update": ("UPDATE", "OLD.how IS NOT NULL OR {question_id} OR {between} OR {kind}"),
    "keep_tie_decision_delete": ("DELETE", None),
}
"""What ties stays, and what is settled stays settled: the name of the guard, its act, and when it refuses."""


def upgrade() -> None:
    op.create_table(
        "tie_decision",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("question_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("between", sa.String(), nullable=False),
        sa.Column("in_round", sa.Integer(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.Column("seed", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('elimination', 'winner', 'seat', 'order')", name=op.f("ck_tie_decision_kind")),
        sa.CheckConstraint("how IN ('lot', 'staff')", name=op.f("ck_tie_decision_how")),
        sa.CheckConstraint(
            "(how IS NULL) = (placed IS NULL) AND (how IS NULL) = (reason IS NULL)"
            " AND (how IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_tie_decision_settled_whole"),
        ),
        sa.CheckConstraint(
            "(seed IS NOT NULL) = (how IS NOT NULL AND how = 'lot')", name=op.f("ck_tie_decision_seed_of_lots")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_tie_decision_decided_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_tie_decision_question_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tie_decision")),
        sa.UniqueConstraint("question_id", "between", name=op.f("uq_tie_decision_question_id_between")),
    )
    op.create_index(op.f("ix_tie_decision_decided_by"), "tie_decision", ["decided_by"], unique=False)
    for name, (act, condition) in KEPT.items():
        _refuse(name, act, _worded(condition))


def downgrade() -> None:
    op.drop_table("tie_decision")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _worded(condition: str | None) -> str:
    """Write ``{column}`` as »this column changes« in the words of the engine."""
    if condition is None:
        return ""
    differs = "IS DISTINCT FROM" if _is_postgresql() else "IS NOT"
    columns = ("question_id", "between", "kind")
    worded = condition.format(**{column: f'NEW."{column}" {differs} OLD."{column}"' for column in columns})
    return f" WHEN ({worded})"


def _refuse(name: str, act: str, when: str) -> None:
    """On PostgreSQL with the function that the first schema made for this."""
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON tie_decision FOR EACH ROW{when} EXECUTE FUNCTION refuse('{name}')"
        )
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON tie_decision{when} BEGIN SELECT RAISE(ABORT, '{name}'); END")
