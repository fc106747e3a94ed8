"""Ready-made reasons of offices, internal notes and open tasks of moderators.

Compatible with the release before: adds new tables only.
Locks: none that lasts. Undoing loses templates, notes and tasks; decisions keep the reasons that were made of them.

Revision: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE, OPEN = sa.text("retired_at IS NULL"), sa.text("done_at IS NULL")
OUTCOMES = "'published', 'withheld', 'redacted', 'reword', 'duplicate', 'moved', 'police'"
RULES = "'persons', 'hatred', 'private', 'law', 'spam'"


def upgrade() -> None:
    _add_templates()
    _add_notes()
    _add_tasks()


def _add_templates() -> None:
    op.create_table(
        "reason_template",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("office_id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 80", name=op.f("ck_reason_template_title")),
        sa.CheckConstraint(
            "coalesce(length(text ->> 'de'), 0) BETWEEN 1 AND 900", name=op.f("ck_reason_template_german")
        ),
        sa.CheckConstraint("coalesce(length(text ->> 'en'), 0) <= 900", name=op.f("ck_reason_template_english")),
        sa.CheckConstraint(f"outcome IS NULL OR outcome IN ({OUTCOMES})", name=op.f("ck_reason_template_outcome")),
        sa.CheckConstraint(f"rule IS NULL OR rule IN ({RULES})", name=op.f("ck_reason_template_rule")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_reason_template_version")),
        _key("reason_template", "office_id", "office.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reason_template")),
    )
    op.create_index(op.f("ix_reason_template_office_id"), "reason_template", ["office_id"])
    op.create_index(
        "uq_reason_template_title",
        "reason_template",
        ["office_id", "title"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def _add_notes() -> None:
    op.create_table(
        "case_note",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("contribution_id", BIG_ID, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_case_note_text")),
        sa.CheckConstraint("(emptied_at IS NOT NULL) = (text = '')", name=op.f("ck_case_note_emptied_is_blank")),
        _key("case_note", "contribution_id", "contribution.id"),
        _key("case_note", "written_by", "person.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_note")),
    )
    for column in ("contribution_id", "written_by"):
        op.create_index(op.f(f"ix_case_note_{column}"), "case_note", [column])


def _add_tasks() -> None:
    op.create_table(
        "case_task",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("contribution_id", BIG_ID, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("for_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(text) <= 500", name=op.f("ck_case_task_text")),
        sa.CheckConstraint("(emptied_at IS NOT NULL) = (text = '')", name=op.f("ck_case_task_emptied_is_blank")),
        sa.CheckConstraint("(done_by IS NULL) = (done_at IS NULL)", name=op.f("ck_case_task_done_as_a_whole")),
        _key("case_task", "contribution_id", "contribution.id"),
        *(_key("case_task", column, "person.id") for column in ("for_id", "set_by", "done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_task")),
    )
    for column in ("contribution_id", "for_id", "set_by", "done_by"):
        op.create_index(op.f(f"ix_case_task_{column}"), "case_task", [column])
    op.create_index("ix_case_task_open", "case_task", ["contribution_id"], sqlite_where=OPEN, postgresql_where=OPEN)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def downgrade() -> None:
    for table in ("case_task", "case_note", "reason_template"):
        op.drop_table(table)
