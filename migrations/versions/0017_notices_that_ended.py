"""Notices that ended without a decision, since the author took the contribution back.

Compatible with the release before: adds a nullable column only.
Locks: notice, for an ALTER without rewrite. Undoing forgets why such notices ended; they stay settled.

Revision: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kinds = "CONSTRAINT ck_notice_ended CHECK (ended IS NULL OR ended IN ('withdrawn'))"
    undecided = "CHECK (ended IS NULL OR (settled_at IS NOT NULL AND decision_id IS NULL))"
    op.execute(f"ALTER TABLE notice ADD COLUMN ended VARCHAR {kinds} CONSTRAINT ck_notice_ended_undecided {undecided}")


def downgrade() -> None:
    op.execute("ALTER TABLE notice DROP COLUMN ended")
