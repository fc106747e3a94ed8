"""Texts as they were before their authors changed them, so that moderators see what changed.

Compatible with the release before: adds a new table.
Locks: none that lasts. Undoing loses the earlier texts; what is there now stays.

Revision: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "earlier_text",
        sa.Column("contribution_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_earlier_text_version")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contribution.id"], name=op.f("fk_earlier_text_contribution_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("contribution_id", "version", name=op.f("pk_earlier_text")),
    )
    op.create_index(op.f("ix_earlier_text_replaced_at"), "earlier_text", ["replaced_at"])


def downgrade() -> None:
    op.drop_table("earlier_text")
