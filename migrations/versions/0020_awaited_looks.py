"""Decisions at which somebody else is to look again: until then who made them does not decide anew.

Compatible with the release before: adds a new table only, which that release leaves empty.
Locks: none that lasts. Undoing forgets the marks; the requests themselves stay in ``review``.

Revision: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "awaited_look",
        sa.Column("decision_id", BIG_ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["moderation_decision.id"],
            name=op.f("fk_awaited_look_decision_id_moderation_decision"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_awaited_look")),
    )
    op.execute("INSERT INTO awaited_look (decision_id) SELECT decision_id FROM review WHERE decided_at IS NULL")


def downgrade() -> None:
    op.drop_table("awaited_look")
