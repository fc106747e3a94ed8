"""Signals: why a contribution is read before it is public, and the word lists of offices.

Compatible with the release before: adds new tables only.
Locks: none that lasts. Undoing loses word lists, and why contributions waited.

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contribution_signal",
        sa.Column("contribution_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('listed_word', 'links', 'likeness', 'first', 'guest', 'burst', 'crowd')",
            name=op.f("ck_contribution_signal_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["contribution.id"],
            name=op.f("fk_contribution_signal_contribution_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("contribution_id", "kind", name=op.f("pk_contribution_signal")),
    )
    op.create_table(
        "signal_rules",
        sa.Column("office_id", BIG_ID, nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("first_contributions", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_contributions BETWEEN 0 AND 5", name=op.f("ck_signal_rules_first_contributions")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_signal_rules_version")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_signal_rules_office_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_signal_rules")),
    )


def downgrade() -> None:
    op.drop_table("signal_rules")
    op.drop_table("contribution_signal")
