"""Pauses from writing: the legal basis of an office, proposals and what became of them; decisions are read by day.

Compatible with the release before: adds new tables and a nullable column.
Locks: participant, for an ALTER without rewrite. Undoing loses all pauses, running ones too.

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
PEOPLE = ("proposed_by", "confirmed_by", "withdrawn_by", "reviewed_by")


def upgrade() -> None:
    op.add_column("participant", sa.Column("silent_until", MOMENT, nullable=True))
    op.create_table(
        "legal_basis",
        sa.Column("office_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(reference) > 0", name=op.f("ck_legal_basis_reference")),
        _key("legal_basis", "office_id", "office"),
        _key("legal_basis", "entered_by", "person"),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_legal_basis")),
    )
    op.create_index(op.f("ix_legal_basis_entered_by"), "legal_basis", ["entered_by"])
    _make_pauses()
    # The public log is read by day.
    op.create_index("ix_moderation_decision_day", "moderation_decision", ["decided_at", "id"])


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def _make_pauses() -> None:
    op.create_table(
        "writing_pause",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", BIG_ID, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("review_reason", sa.String(), nullable=False),
        *_rules(),
        _key("writing_pause", "participant_id", "participant"),
        _key("writing_pause", "decision_id", "moderation_decision"),
        *(_key("writing_pause", column, "person") for column in PEOPLE),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writing_pause")),
    )
    for column in ("participant_id", *PEOPLE):
        op.create_index(op.f(f"ix_writing_pause_{column}"), "writing_pause", [column])
    proposed = sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL")
    _make_unique("uq_writing_pause_proposed", "participant_id", proposed)
    _make_unique("uq_writing_pause_decision", "decision_id", sa.text("withdrawn_at IS NULL"))


def _make_unique(name: str, column: str, where: sa.TextClause) -> None:
    op.create_index(name, "writing_pause", [column], unique=True, sqlite_where=where, postgresql_where=where)


def _rules() -> list[sa.CheckConstraint]:
    rules = {
        "rule": "rule IN ('persons', 'hatred', 'private', 'law', 'spam')",
        "reason": "length(reason) > 0",
        "step": "step BETWEEN 1 AND 5",
        "four_eyes": "confirmed_by IS NULL OR confirmed_by <> proposed_by",
        "confirmed_as_a_whole": "(confirmed_by IS NULL) = (confirmed_at IS NULL)"
        " AND (confirmed_by IS NULL) = (ends_at IS NULL) AND (ends_at IS NULL OR ends_at > confirmed_at)",
        "settled_once": "confirmed_at IS NULL OR withdrawn_at IS NULL",
        "asked_of_confirmed": "asked_at IS NULL OR confirmed_at IS NOT NULL",
        "outcome": "outcome IS NULL OR outcome IN ('upheld', 'reversed')",
        "reviewed_as_a_whole": "(outcome IS NULL) = (reviewed_by IS NULL) AND (outcome IS NULL) = (reviewed_at IS NULL)"
        " AND (outcome IS NULL OR (asked_at IS NOT NULL AND length(review_reason) > 0))",
        "another_person": "reviewed_by IS NULL OR (reviewed_by <> proposed_by AND reviewed_by <> confirmed_by)",
    }
    return [sa.CheckConstraint(rule, name=op.f(f"ck_writing_pause_{name}")) for name, rule in rules.items()]


def downgrade() -> None:
    op.drop_index("ix_moderation_decision_day", table_name="moderation_decision")
    op.drop_table("writing_pause")
    op.drop_table("legal_basis")
    op.drop_column("participant", "silent_until")
