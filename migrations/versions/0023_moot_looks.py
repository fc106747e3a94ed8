"""Who asked for a second look at a pause is told once where another decision left nothing to look at.

Compatible with the release before: adds a nullable column only.
Locks: writing_pause, for an ALTER without rewrite. Undoing forgets who was told; after doing it again they are told anew.

Revision: 0023
Revises: 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    was_asked = "CHECK (moot_told_at IS NULL OR (asked_at IS NOT NULL AND outcome IS NULL))"
    column = f"moot_told_at {moment} CONSTRAINT ck_writing_pause_moot_was_asked {was_asked}"
    op.execute(f"ALTER TABLE writing_pause ADD COLUMN {column}")


def downgrade() -> None:
    op.execute("ALTER TABLE writing_pause DROP COLUMN moot_told_at")
