"""No question has the name of a page that every contest has.

Compatible with the release before: its command refuses these names already.
Locks: question, while its few rows are looked at; SQLite copies them. Undoing loses nothing but the condition.

Revision: 0014
Revises: 0013
"""

from collections.abc import Callable

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAMES = ("archiv", "beleg", "karten", "pruefen", "pruefpunkte", "ruecknahme", "stimme")
RESERVED = f"slug NOT IN ({', '.join(map(repr, NAMES))})"
CONDITION = f",\n\tCONSTRAINT ck_question_slug_not_reserved CHECK ({RESERVED})"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_check_constraint(op.f("ck_question_slug_not_reserved"), "question", RESERVED)
    else:
        _copy_questions(lambda made: made.rstrip().removesuffix(")").rstrip() + CONDITION + "\n)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_question_slug_not_reserved"), "question")
    else:
        _copy_questions(lambda made: made.replace(CONDITION, ""))


def _copy_questions(altered: Callable[[str], str]) -> None:
    """SQLite cannot change a CHECK, so the table is made anew; all triggers stand aside while it has another name."""
    here = op.get_bind()
    triggers = here.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name").all()
    made = here.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'question'").scalar_one()
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    _, columns = altered(made).split("(", 1)
    here.exec_driver_sql(f"CREATE TABLE question_anew ({columns}")
    op.execute("INSERT INTO question_anew SELECT * FROM question")
    op.execute("DROP TABLE question")
    op.execute("ALTER TABLE question_anew RENAME TO question")
    for _, written in triggers:
        here.exec_driver_sql(written)
