"""First schema: all tables of a consultation round, and the triggers that keep what must not change.

Compatible with the release before: there is none.
Locks: none, the database is empty. Undoing loses everything.

Revision: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("journal_entry", "moderation_decision", "early_close")
"""Tables whose rows neither change nor go."""

KEPT = {
    "window_closed_at": ("window", "OLD.closed_at IS NOT NULL AND {closed_at}"),
    "concept_version_frozen_at": ("concept_version", "OLD.frozen_at IS NOT NULL"),
    "contest_rules": ("contest", "OLD.rules_sha256 IS NOT NULL AND ({rules_sha256} OR {method} OR {slug})"),
    "result_figures": ("result", "{figures_sha256} OR {counted_at} OR {round_id}"),
}
"""Facts that stay once they are written: the name of the guard, its table, and when it refuses an update."""

FROZEN = {
    "leitthema": "{row}.concept_version_id",
    "handlungsfeld_version": "{row}.concept_version_id",
    "kernziel": "(SELECT h.concept_version_id FROM handlungsfeld_version h WHERE h.id = {row}.handlungsfeld_version_id)",
}
"""Parts of a concept's version, and how one finds the version; nothing of a frozen one changes."""


def upgrade() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
    )
    op.create_index(op.f("ix_journal_entry_about"), "journal_entry", ["about"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("to_address", sa.String(), nullable=False),
        sa.Column("to_name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letter_message_id")),
        sa.UniqueConstraint("template", "to_address", "about", name=op.f("uq_letter_template_to_address_about")),
    )
    op.create_index(
        "ix_letter_waiting",
        "letter",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_table(
        "office",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("slug", name=op.f("uq_office_slug")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('de', 'en')", name=op.f("ck_person_language")),
        sa.CheckConstraint("(erased_at IS NULL) = (email IS NOT NULL)", name=op.f("ck_person_erased_is_empty")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_lower")),
        sa.CheckConstraint(
            "erased_at IS NULL OR (password_hash IS NULL AND name IS NULL)", name=op.f("ck_person_erased_keeps_nothing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("span_began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "span_began_at", name=op.f("pk_rate_limit")),
    )
    op.create_table(
        "audience",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("admission", sa.String(), nullable=False),
        sa.CheckConstraint("admission IN ('registered', 'nobody')", name=op.f("ck_audience_admission")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_audience_office_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience")),
    )
    op.create_index(op.f("ix_audience_office_id"), "audience", ["office_id"], unique=False)
    op.create_table(
        "concept",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_concept_office_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept")),
        sa.UniqueConstraint("slug", name=op.f("uq_concept_slug")),
    )
    op.create_index(op.f("ix_concept_office_id"), "concept", ["office_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("terms_version", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("person_id", "terms_version", name=op.f("pk_consent")),
    )
    op.create_table(
        "intent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_intent_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent")),
    )
    op.create_index(op.f("ix_intent_created_at"), "intent", ["created_at"], unique=False)
    op.create_index(op.f("ix_intent_person_id"), "intent", ["person_id"], unique=False)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_person_id"), "sign_in", ["person_id"], unique=False)
    op.create_table(
        "concept_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("concept_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_concept_version_number")),
        sa.ForeignKeyConstraint(
            ["concept_id"], ["concept.id"], name=op.f("fk_concept_version_concept_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept_version")),
        sa.UniqueConstraint("concept_id", "number", name=op.f("uq_concept_version_concept_id_number")),
    )
    op.create_table(
        "mail_link",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("terms_version", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.String(), nullable=True),
        sa.CheckConstraint("purpose IN ('register', 'sign_in', 'invite')", name=op.f("ck_mail_link_purpose")),
        sa.ForeignKeyConstraint(["intent_id"], ["intent.id"], name=op.f("fk_mail_link_intent_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mail_link")),
    )
    op.create_index(op.f("ix_mail_link_created_at"), "mail_link", ["created_at"], unique=False)
    op.create_table(
        "participant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audience_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("guest_key_hash", sa.String(), nullable=True),
        sa.Column("shown_as", sa.String(), nullable=True),
        sa.Column("terms_version", sa.String(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("guest_key_hash IS NULL OR kind = 'guest'", name=op.f("ck_participant_guest_has_key")),
        sa.CheckConstraint(
            "kind IN ('account', 'guest', 'paper', 'imported', 'organisation')", name=op.f("ck_participant_kind")
        ),
        sa.CheckConstraint("person_id IS NULL OR kind = 'account'", name=op.f("ck_participant_person_has_account")),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_participant_audience_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_participant_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("audience_id", "guest_key_hash", name=op.f("uq_participant_audience_id_guest_key_hash")),
        sa.UniqueConstraint("audience_id", "person_id", name=op.f("uq_participant_audience_id_person_id")),
    )
    op.create_index(op.f("ix_participant_person_id"), "participant", ["person_id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("audience_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "CASE WHEN role = 'admin' THEN office_id IS NULL AND audience_id IS NULL ELSE (office_id IS NULL) <> (audience_id IS NULL) END",
            name=op.f("ck_role_grant_scope"),
        ),
        sa.CheckConstraint(
            "role IN ('moderator', 'staff', 'desk', 'jury', 'audit', 'admin')", name=op.f("ck_role_grant_role")
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_role_grant_until_after_since")),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_role_grant_audience_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_role_grant_office_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(
        "uq_role_grant_admin",
        "role_grant",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL AND role = 'admin'"),
        postgresql_where=sa.text("until IS NULL AND role = 'admin'"),
    )
    op.create_index(
        "uq_role_grant_audience",
        "role_grant",
        ["person_id", "role", "audience_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL AND audience_id IS NOT NULL"),
        postgresql_where=sa.text("until IS NULL AND audience_id IS NOT NULL"),
    )
    op.create_index(
        "uq_role_grant_office",
        "role_grant",
        ["person_id", "role", "office_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL AND office_id IS NOT NULL"),
        postgresql_where=sa.text("until IS NULL AND office_id IS NOT NULL"),
    )
    op.create_table(
        "window",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audience_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("closed_at IS NULL OR closed_at <= closes_at", name=op.f("ck_window_never_closed_late")),
        sa.CheckConstraint(
            "closed_at IS NULL OR published_at IS NOT NULL", name=op.f("ck_window_only_published_is_closed")
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_window_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_window_audience_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window")),
    )
    op.create_index(op.f("ix_window_audience_id"), "window", ["audience_id"], unique=False)
    op.create_table(
        "contest",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("rules_sha256", sa.String(), nullable=True),
        sa.Column("receipts", sa.Boolean(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("method IN ('approval')", name=op.f("ck_contest_method")),
        sa.CheckConstraint(
            "released_at IS NULL OR counted_at IS NOT NULL", name=op.f("ck_contest_counted_before_released")
        ),
        sa.ForeignKeyConstraint(["window_id"], ["window.id"], name=op.f("fk_contest_window_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest")),
        sa.UniqueConstraint("slug", name=op.f("uq_contest_slug")),
        sa.UniqueConstraint("window_id", name=op.f("uq_contest_window_id")),
    )
    op.create_table(
        "contribution",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason_kind", sa.String(), nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("netiquette_version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("source_key", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'withheld') = (reason_kind IS NOT NULL)", name=op.f("ck_contribution_withheld_has_a_reason")
        ),
        sa.CheckConstraint("kind IN ('comment')", name=op.f("ck_contribution_kind")),
        sa.CheckConstraint(
            "reason_kind IS NULL OR reason_kind IN ('persons', 'hatred', 'private', 'law', 'spam', 'imported')",
            name=op.f("ck_contribution_reason_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('held', 'published', 'withheld', 'withdrawn')", name=op.f("ck_contribution_state")
        ),
        sa.CheckConstraint("(source IS NULL) = (source_key IS NULL)", name=op.f("ck_contribution_source_has_a_key")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contribution_version")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_contribution_participant_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["window.id"], name=op.f("fk_contribution_window_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        sa.UniqueConstraint("id", "kind", name=op.f("uq_contribution_id_kind")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_contribution_source_source_key")),
    )
    op.create_index(
        "ix_contribution_held",
        "contribution",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(op.f("ix_contribution_participant_id"), "contribution", ["participant_id"], unique=False)
    op.create_index(op.f("ix_contribution_window_id"), "contribution", ["window_id"], unique=False)
    op.create_table(
        "leitthema",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("concept_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["concept_version_id"],
            ["concept_version.id"],
            name=op.f("fk_leitthema_concept_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leitthema")),
        sa.UniqueConstraint("concept_version_id", "slug", name=op.f("uq_leitthema_concept_version_id_slug")),
        sa.UniqueConstraint("id", "concept_version_id", name=op.f("uq_leitthema_id_concept_version_id")),
    )
    op.create_table(
        "round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("audience_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("concept_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("mandate", sa.JSON(), nullable=False),
        sa.Column("influence", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("premoderated", sa.Boolean(), nullable=False),
        sa.Column("shows_interim", sa.Boolean(), nullable=False),
        sa.Column("release_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_sheet", sa.JSON(), nullable=True),
        sa.Column("rule_sheet_sha256", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "level IS NULL OR level IN ('information', 'konsultation', 'mitwirkung', 'mitentscheidung')",
            name=op.f("ck_round_level"),
        ),
        sa.CheckConstraint(
            "(rule_sheet IS NULL) = (rule_sheet_sha256 IS NULL)", name=op.f("ck_round_rule_sheet_is_hashed")
        ),
        sa.CheckConstraint(
            "released_at IS NULL OR counted_at IS NOT NULL", name=op.f("ck_round_counted_before_released")
        ),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.id"], name=op.f("fk_round_audience_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["concept_version_id"],
            ["concept_version.id"],
            name=op.f("fk_round_concept_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("audience_id", name=op.f("uq_round_audience_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_round_slug")),
    )
    op.create_index(op.f("ix_round_concept_version_id"), "round", ["concept_version_id"], unique=False)
    op.create_table(
        "thread",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("premoderated", sa.Boolean(), nullable=False),
        sa.Column("shows_sums", sa.Boolean(), nullable=False),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("in_favour", sa.Integer(), nullable=False),
        sa.Column("against", sa.Integer(), nullable=False),
        sa.Column("question", sa.Integer(), nullable=False),
        sa.Column("neutral", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["window.id"], name=op.f("fk_thread_window_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("home", name=op.f("uq_thread_home")),
    )
    op.create_index(op.f("ix_thread_window_id"), "thread", ["window_id"], unique=False)
    op.create_table(
        "case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contribution_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contribution.id"], name=op.f("fk_case_contribution_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("contribution_id", name=op.f("uq_case_contribution_id")),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("parent_level", sa.Integer(), nullable=True),
        sa.Column("stance", sa.String(), nullable=True),
        sa.Column("agree", sa.Integer(), nullable=False),
        sa.Column("disagree", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind = 'comment'", name=op.f("ck_comment_kind")),
        sa.CheckConstraint(
            "stance IS NULL OR stance IN ('in_favour', 'against', 'question', 'neutral')",
            name=op.f("ck_comment_stance"),
        ),
        sa.CheckConstraint(
            "(level = 0 AND parent_id IS NULL AND parent_level IS NULL) OR (level = 1 AND parent_id IS NOT NULL AND parent_level = 0 AND stance IS NULL)",
            name=op.f("ck_comment_one_level_deep"),
        ),
        sa.CheckConstraint(
            "agree >= 0 AND disagree >= 0 AND passed >= 0 AND replies >= 0", name=op.f("ck_comment_counters")
        ),
        sa.ForeignKeyConstraint(
            ["id", "kind"],
            ["contribution.id", "contribution.kind"],
            name=op.f("fk_comment_id_kind"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id", "thread_id", "parent_level"],
            ["comment.id", "comment.thread_id", "comment.level"],
            name=op.f("fk_comment_parent_id_thread_id_parent_level"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_comment_thread_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("id", "thread_id", "level", name=op.f("uq_comment_id_thread_id_level")),
    )
    op.create_index("ix_comment_in_thread", "comment", ["thread_id", "level", "id"], unique=False)
    op.create_index("ix_comment_parent", "comment", ["parent_id", "id"], unique=False)
    op.create_table(
        "early_close",
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closed_by <> confirmed_by", name=op.f("ck_early_close_two_officials")),
        sa.CheckConstraint("length(reason) >= 10", name=op.f("ck_early_close_reason")),
        sa.ForeignKeyConstraint(
            ["closed_by"], ["person.id"], name=op.f("fk_early_close_closed_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_early_close_confirmed_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_early_close_round_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_early_close")),
    )
    op.create_index(op.f("ix_early_close_closed_by"), "early_close", ["closed_by"], unique=False)
    op.create_index(op.f("ix_early_close_confirmed_by"), "early_close", ["confirmed_by"], unique=False)
    op.create_table(
        "handlungsfeld_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("concept_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leitthema_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["concept_version_id"],
            ["concept_version.id"],
            name=op.f("fk_handlungsfeld_version_concept_version_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["leitthema_id", "concept_version_id"],
            ["leitthema.id", "leitthema.concept_version_id"],
            name=op.f("fk_handlungsfeld_version_leitthema_id_concept_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handlungsfeld_version")),
        sa.UniqueConstraint(
            "concept_version_id", "slug", name=op.f("uq_handlungsfeld_version_concept_version_id_slug")
        ),
    )
    op.create_index(
        op.f("ix_handlungsfeld_version_leitthema_id"), "handlungsfeld_version", ["leitthema_id"], unique=False
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contribution_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('rights', 'insult', 'private', 'spam', 'other')", name=op.f("ck_notice_kind")),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contribution.id"], name=op.f("fk_notice_contribution_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_notice_participant_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_contribution_id"), "notice", ["contribution_id"], unique=False)
    op.create_index(op.f("ix_notice_participant_id"), "notice", ["participant_id"], unique=False)
    op.create_index(
        "uq_notice_open",
        "notice",
        ["contribution_id", "participant_id"],
        unique=True,
        sqlite_where=sa.text("settled_at IS NULL AND participant_id IS NOT NULL"),
        postgresql_where=sa.text("settled_at IS NULL AND participant_id IS NOT NULL"),
    )
    op.create_table(
        "part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("window_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("effect IN ('informs', 'recommends', 'decides')", name=op.f("ck_part_effect")),
        sa.CheckConstraint("kind IN ('talk', 'vote')", name=op.f("ck_part_kind")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_part_round_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["window_id"], ["window.id"], name=op.f("fk_part_window_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("id", "round_id", name=op.f("uq_part_id_round_id")),
        sa.UniqueConstraint("round_id", "kind", name=op.f("uq_part_round_id_kind")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_part_round_id_position")),
        sa.UniqueConstraint("window_id", name=op.f("uq_part_window_id")),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contest_id"], ["contest.id"], name=op.f("fk_question_contest_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("contest_id", "position", name=op.f("uq_question_contest_id_position")),
        sa.UniqueConstraint("contest_id", "slug", name=op.f("uq_question_contest_id_slug")),
    )
    op.create_table(
        "result",
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("figures_sha256", sa.String(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_by", sa.Uuid(), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["counted_by"], ["person.id"], name=op.f("fk_result_counted_by"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["released_by"], ["person.id"], name=op.f("fk_result_released_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_result_round_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_result")),
    )
    op.create_index(op.f("ix_result_counted_by"), "result", ["counted_by"], unique=False)
    op.create_index(op.f("ix_result_released_by"), "result", ["released_by"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("voter_tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_ballot_question_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("question_id", "voter_tag", name=op.f("pk_ballot")),
        sa.UniqueConstraint("commitment", name=op.f("uq_ballot_commitment")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "kernziel",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handlungsfeld_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handlungsfeld_version_id"],
            ["handlungsfeld_version.id"],
            name=op.f("fk_kernziel_handlungsfeld_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kernziel")),
    )
    op.create_index(
        op.f("ix_kernziel_handlungsfeld_version_id"), "kernziel", ["handlungsfeld_version_id"], unique=False
    )
    op.create_table(
        "moderation_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contribution_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome = 'published' OR (length(reason) > 0 AND (rule IS NOT NULL OR decided_by IS NULL))",
            name=op.f("ck_moderation_decision_withheld_has_a_reason"),
        ),
        sa.CheckConstraint("outcome IN ('published', 'withheld')", name=op.f("ck_moderation_decision_outcome")),
        sa.CheckConstraint(
            "rule IS NULL OR rule IN ('persons', 'hatred', 'private', 'law', 'spam')",
            name=op.f("ck_moderation_decision_rule"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case.id"], name=op.f("fk_moderation_decision_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_moderation_decision_decided_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_decision")),
    )
    op.create_index(op.f("ix_moderation_decision_case_id"), "moderation_decision", ["case_id"], unique=False)
    op.create_index(op.f("ix_moderation_decision_decided_by"), "moderation_decision", ["decided_by"], unique=False)
    op.create_table(
        "option",
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_option_question_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("question_id", "slug", name=op.f("pk_option")),
        sa.UniqueConstraint("question_id", "position", name=op.f("uq_option_question_id_position")),
    )
    op.create_table(
        "rating",
        sa.Column("comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.CheckConstraint("value IN ('agree', 'disagree', 'pass')", name=op.f("ck_rating_value")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_rating_comment_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_rating_participant_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("comment_id", "participant_id", name=op.f("pk_rating")),
    )
    op.create_index(op.f("ix_rating_participant_id"), "rating", ["participant_id"], unique=False)
    op.create_table(
        "roll_entry",
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("participant_id", sa.Uuid(), nullable=False),
        sa.Column("took_part_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_roll_entry_participant_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_roll_entry_question_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("question_id", "participant_id", name=op.f("pk_roll_entry")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_roll_entry_participant_id"), "roll_entry", ["participant_id"], unique=False)
    op.create_table(
        "subject",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("handlungsfeld_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(kind = 'handlungsfeld') = (handlungsfeld_version_id IS NOT NULL)",
            name=op.f("ck_subject_handlungsfeld_is_named"),
        ),
        sa.CheckConstraint("kind IN ('handlungsfeld', 'text')", name=op.f("ck_subject_kind")),
        sa.ForeignKeyConstraint(
            ["handlungsfeld_version_id"],
            ["handlungsfeld_version.id"],
            name=op.f("fk_subject_handlungsfeld_version_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_subject_round_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
        sa.UniqueConstraint("id", "round_id", name=op.f("uq_subject_id_round_id")),
        sa.UniqueConstraint("round_id", "slug", name=op.f("uq_subject_round_id_slug")),
    )
    op.create_index(op.f("ix_subject_handlungsfeld_version_id"), "subject", ["handlungsfeld_version_id"], unique=False)
    op.create_table(
        "subject_part",
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(thread_id IS NULL) <> (question_id IS NULL)", name=op.f("ck_subject_part_one_mechanism")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_subject_part_part_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_subject_part_question_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.id"], name=op.f("fk_subject_part_subject_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_subject_part_thread_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("subject_id", "part_id", name=op.f("pk_subject_part")),
        sa.UniqueConstraint("question_id", name=op.f("uq_subject_part_question_id")),
        sa.UniqueConstraint("thread_id", name=op.f("uq_subject_part_thread_id")),
    )
    op.create_index(op.f("ix_subject_part_part_id"), "subject_part", ["part_id"], unique=False)

    _make_triggers()


def downgrade() -> None:
    _drop_triggers()
    op.drop_index(op.f("ix_subject_part_part_id"), table_name="subject_part")
    op.drop_table("subject_part")
    op.drop_index(op.f("ix_subject_handlungsfeld_version_id"), table_name="subject")
    op.drop_table("subject")
    op.drop_index(op.f("ix_roll_entry_participant_id"), table_name="roll_entry")
    op.drop_table("roll_entry")
    op.drop_index(op.f("ix_rating_participant_id"), table_name="rating")
    op.drop_table("rating")
    op.drop_table("option")
    op.drop_index(op.f("ix_moderation_decision_decided_by"), table_name="moderation_decision")
    op.drop_index(op.f("ix_moderation_decision_case_id"), table_name="moderation_decision")
    op.drop_table("moderation_decision")
    op.drop_index(op.f("ix_kernziel_handlungsfeld_version_id"), table_name="kernziel")
    op.drop_table("kernziel")
    op.drop_table("ballot")
    op.drop_index(op.f("ix_result_released_by"), table_name="result")
    op.drop_index(op.f("ix_result_counted_by"), table_name="result")
    op.drop_table("result")
    op.drop_table("question")
    op.drop_table("part")
    op.drop_index(
        "uq_notice_open",
        table_name="notice",
        sqlite_where=sa.text("settled_at IS NULL AND participant_id IS NOT NULL"),
        postgresql_where=sa.text("settled_at IS NULL AND participant_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_notice_participant_id"), table_name="notice")
    op.drop_index(op.f("ix_notice_contribution_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_handlungsfeld_version_leitthema_id"), table_name="handlungsfeld_version")
    op.drop_table("handlungsfeld_version")
    op.drop_index(op.f("ix_early_close_confirmed_by"), table_name="early_close")
    op.drop_index(op.f("ix_early_close_closed_by"), table_name="early_close")
    op.drop_table("early_close")
    op.drop_index("ix_comment_parent", table_name="comment")
    op.drop_index("ix_comment_in_thread", table_name="comment")
    op.drop_table("comment")
    op.drop_table("case")
    op.drop_index(op.f("ix_thread_window_id"), table_name="thread")
    op.drop_table("thread")
    op.drop_index(op.f("ix_round_concept_version_id"), table_name="round")
    op.drop_table("round")
    op.drop_table("leitthema")
    op.drop_index(op.f("ix_contribution_window_id"), table_name="contribution")
    op.drop_index(op.f("ix_contribution_participant_id"), table_name="contribution")
    op.drop_index(
        "ix_contribution_held",
        table_name="contribution",
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.drop_table("contribution")
    op.drop_table("contest")
    op.drop_index(op.f("ix_window_audience_id"), table_name="window")
    op.drop_table("window")
    op.drop_index(
        "uq_role_grant_office",
        table_name="role_grant",
        sqlite_where=sa.text("until IS NULL AND office_id IS NOT NULL"),
        postgresql_where=sa.text("until IS NULL AND office_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_role_grant_audience",
        table_name="role_grant",
        sqlite_where=sa.text("until IS NULL AND audience_id IS NOT NULL"),
        postgresql_where=sa.text("until IS NULL AND audience_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_role_grant_admin",
        table_name="role_grant",
        sqlite_where=sa.text("until IS NULL AND role = 'admin'"),
        postgresql_where=sa.text("until IS NULL AND role = 'admin'"),
    )
    op.drop_table("role_grant")
    op.drop_index(op.f("ix_participant_person_id"), table_name="participant")
    op.drop_table("participant")
    op.drop_index(op.f("ix_mail_link_created_at"), table_name="mail_link")
    op.drop_table("mail_link")
    op.drop_table("concept_version")
    op.drop_index(op.f("ix_sign_in_person_id"), table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index(op.f("ix_intent_person_id"), table_name="intent")
    op.drop_index(op.f("ix_intent_created_at"), table_name="intent")
    op.drop_table("intent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_concept_office_id"), table_name="concept")
    op.drop_table("concept")
    op.drop_index(op.f("ix_audience_office_id"), table_name="audience")
    op.drop_table("audience")
    op.drop_table("rate_limit")
    op.drop_table("person")
    op.drop_table("office")
    op.drop_index(
        "ix_letter_waiting", table_name="letter", postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL")
    )
    op.drop_table("letter")
    op.drop_index(op.f("ix_journal_entry_about"), table_name="journal_entry")
    op.drop_table("journal_entry")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _make_triggers() -> None:
    if _is_postgresql():
        op.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            _refuse(f"keep_{table}_{act.lower()}", table, act, None)
    for name, (table, condition) in KEPT.items():
        _refuse(f"keep_{name}", table, "UPDATE", _worded(condition))
    for table in ("window", "result"):
        _refuse(f"keep_{table}_delete", table, "DELETE", None)
    for table, version in FROZEN.items():
        _freeze(table, version)


def _worded(condition: str) -> str:
    """Write ``{column}`` as »this column changes« in the words of the engine."""
    differs = "IS DISTINCT FROM" if _is_postgresql() else "IS NOT"
    columns = ("closed_at", "rules_sha256", "method", "slug", "figures_sha256", "counted_at", "round_id")
    return condition.format(**{column: f"NEW.{column} {differs} OLD.{column}" for column in columns})


def _refuse(name: str, table: str, act: str, condition: str | None) -> None:
    when = f" WHEN ({condition})" if condition else ""
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON \"{table}\" FOR EACH ROW{when} EXECUTE FUNCTION refuse('{name}')"
        )
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON \"{table}\"{when} BEGIN SELECT RAISE(ABORT, '{name}'); END")


def _freeze(table: str, version: str) -> None:
    for act, rows in {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}.items():
        name = f"freeze_{table}_{act.lower()}"
        versions = ", ".join(version.format(row=row) for row in rows)
        frozen = f"EXISTS (SELECT 1 FROM concept_version v WHERE v.id IN ({versions}) AND v.frozen_at IS NOT NULL)"
        if _is_postgresql():
            answer = "OLD" if act == "DELETE" else "NEW"
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {frozen} THEN "
                f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                f"RETURN {answer}; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {frozen} BEGIN SELECT RAISE(ABORT, '{name}'); END"
            )


def _drop_triggers() -> None:
    """SQLite drops triggers with their tables; PostgreSQL keeps the functions."""
    if not _is_postgresql():
        return
    for table in FROZEN:
        for act in ("insert", "update", "delete"):
            op.execute(f"DROP FUNCTION freeze_{table}_{act} CASCADE")
    op.execute("DROP FUNCTION refuse CASCADE")
