"""Decisions on several contributions at once, with what became of each.

Compatible with the release before: adds new tables and an index.
Locks: letter, while the index is made. Undoing loses which decisions were made together; the decisions stay.

Revision: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSED = "'AlreadySo', 'ChangedMeanwhile', 'DecidedMeanwhile', 'NothingToDecide', 'WithdrawnMeanwhile'"


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_index(op.f("ix_letter_about"), "letter", ["about"])
    op.create_table(
        "bulk_decision",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("law", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('page', 'author', 'likeness')", name=op.f("ck_bulk_decision_how")),
        sa.CheckConstraint("outcome IN ('published', 'withheld')", name=op.f("ck_bulk_decision_outcome")),
        _key("bulk_decision", "made_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_decision")),
    )
    op.create_index(op.f("ix_bulk_decision_made_by"), "bulk_decision", ["made_by"])
    op.create_table(
        "bulk_item",
        sa.Column("bulk_id", BIG_ID, nullable=False),
        sa.Column("contribution_id", BIG_ID, nullable=False),
        sa.Column("decision_id", BIG_ID, nullable=True),
        sa.Column("refused", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(decision_id IS NULL) = (refused IS NOT NULL)", name=op.f("ck_bulk_item_decided_or_refused")
        ),
        sa.CheckConstraint(f"refused IS NULL OR refused IN ({REFUSED})", name=op.f("ck_bulk_item_refused")),
        _key("bulk_item", "bulk_id", "bulk_decision"),
        _key("bulk_item", "contribution_id", "contribution"),
        _key("bulk_item", "decision_id", "moderation_decision"),
        sa.PrimaryKeyConstraint("bulk_id", "contribution_id", name=op.f("pk_bulk_item")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_bulk_item_decision_id")),
    )
    op.create_index(op.f("ix_bulk_item_contribution_id"), "bulk_item", ["contribution_id"])


def downgrade() -> None:
    op.drop_table("bulk_item")
    op.drop_table("bulk_decision")
    op.drop_index(op.f("ix_letter_about"), "letter")
