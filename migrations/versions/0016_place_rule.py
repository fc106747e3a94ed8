"""What is linked or moved rests on the sixth rule of the Netiquette, and nothing else does.

Compatible with the release before: it decides under the first version of the Netiquette, which has no such rule, and
shows no rule that it does not know. What was decided under that version stays as it is.
Locks: moderation_decision, while its rows are looked at; SQLite copies it. Undoing is refused while a decision names
the rule.

Revision: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FIVE = "rule IS NULL OR rule IN ('persons', 'hatred', 'private', 'law', 'spam')"
SIX = "rule IS NULL OR rule IN ('persons', 'hatred', 'private', 'law', 'spam', 'place')"
PLACE = "coalesce(netiquette_version, 1) < 2 OR (coalesce(rule, '') = 'place') = (outcome IN ('duplicate', 'moved'))"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _replace(SIX)
        op.create_check_constraint(op.f("ck_moderation_decision_place"), "moderation_decision", PLACE)
    else:
        _copy(FIVE, SIX, add=PLACE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_moderation_decision_place"), "moderation_decision")
        _replace(FIVE)
    else:
        _copy(SIX, FIVE, drop=PLACE)


def _replace(rules: str) -> None:
    op.drop_constraint(op.f("ck_moderation_decision_rule"), "moderation_decision")
    op.create_check_constraint(op.f("ck_moderation_decision_rule"), "moderation_decision", rules)


def _copy(before: str, now: str, *, add: str | None = None, drop: str | None = None) -> None:
    """SQLite cannot change a CHECK, so the table is made anew; all triggers stand aside while it has another name."""
    here = op.get_bind()
    read = here.exec_driver_sql
    triggers = read("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").all()
    made = read("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'moderation_decision'").scalar_one()
    indexes = read(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'moderation_decision' AND sql IS NOT NULL"
    )
    beside = list(indexes.scalars())
    if before not in made:
        raise RuntimeError(f"table moderation_decision does not say: {before}")
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    _, columns = made.replace(before, now).split("(", 1)
    if drop:
        columns = columns.replace(_condition(drop), "")
    if add:
        columns = columns.rstrip().removesuffix(")").rstrip() + _condition(add) + "\n)"
    here.exec_driver_sql(f"CREATE TABLE moderation_decision_anew ({columns}")
    op.execute("INSERT INTO moderation_decision_anew SELECT * FROM moderation_decision")
    op.execute("DROP TABLE moderation_decision")
    op.execute("ALTER TABLE moderation_decision_anew RENAME TO moderation_decision")
    for again in (*beside, *(written for _, written in triggers)):
        here.exec_driver_sql(again)


def _condition(words: str) -> str:
    return f",\n\tCONSTRAINT ck_moderation_decision_place CHECK ({words})"
