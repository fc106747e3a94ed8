"""Who opened a text under seal, when and what for.

Compatible with the release before: adds a new table.
Locks: none that lasts. Undoing loses the purposes; that texts were opened stays in the journal.

Revision: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sealed_opening",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("decision_id", BIG_ID, nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.CheckConstraint("length(purpose) > 0", name=op.f("ck_sealed_opening_purpose")),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["sealed_copy.decision_id"],
            name=op.f("fk_sealed_opening_decision_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["person.id"], name=op.f("fk_sealed_opening_opened_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_opening")),
    )
    op.create_index(op.f("ix_sealed_opening_decision_id"), "sealed_opening", ["decision_id"])
    op.create_index(op.f("ix_sealed_opening_opened_by"), "sealed_opening", ["opened_by"])


def downgrade() -> None:
    op.drop_table("sealed_opening")
