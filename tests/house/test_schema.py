"""The live schema is the one that the models declare, with every trigger, and migrations can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, MetaData, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import tests.world as world
from participation.foundation.db import transaction
from participation.foundation.model import Base
from tests import engines
from tests.engines import Databases, engine_for, migrate
from tests.house import rooms, schema
from tests.house.migrations import differences

engines.load_models()


@pytest.fixture
def connection(engine: Engine) -> Connection:
    with engine.connect() as connection:
        yield connection


def _room_of_table() -> dict[str, str]:
    return {mapper.local_table.name: mapper.class_.__module__.split(".")[1] for mapper in Base.registry.mappers}


def test_models_and_migrations_are_equal(connection: Connection) -> None:
    assert not differences(connection)


def test_every_declared_constraint_lives(connection: Connection) -> None:
    live = set(schema.enforced(connection))
    absent = [line for line in schema.declared(Base.metadata) if line not in live]
    assert not absent, "\n".join(absent)


def test_nothing_lives_that_no_model_declares(connection: Connection) -> None:
    declared = set(schema.declared(Base.metadata)) | set(schema.triggers(connection))
    extra = [line for line in schema.enforced(connection) if line not in declared]
    assert not extra, "\n".join(extra)


def test_what_the_database_enforces_is_what_we_want(connection: Connection) -> None:
    wanted = schema.WANTED.read_text("utf-8").splitlines()
    assert schema.enforced(connection) == wanted, "python -m tests.house.schema writes the list anew"


def test_every_key_says_what_happens_on_deletion() -> None:
    silent = [
        f"{table.name}.{key.column_keys}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if not key.ondelete
    ]
    assert not silent


def test_every_key_to_a_person_or_participant_restricts() -> None:
    loose = [
        f"{table.name}.{key.column_keys}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table.name in {"person", "participant"} and key.ondelete != "RESTRICT"
    ]
    assert not loose


def test_keys_point_down_the_rooms() -> None:
    room = _room_of_table()
    upward = [
        f"{table.name} -> {key.referred_table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if not rooms.may_use(room[table.name], room[key.referred_table.name])
    ]
    assert not upward


def test_no_table_joins_a_participant_and_a_ballot() -> None:
    ballot = Base.metadata.tables["ballot"]
    assert {key.referred_table.name for key in ballot.foreign_key_constraints} == {"question"}
    assert not any({"at", "on"} & set(column.name.split("_")) for column in ballot.columns)
    referring = [
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_key_constraints
        if key.referred_table.name == "ballot"
    ]
    assert not referring


@pytest.mark.postgresql
def test_no_guarded_table_is_emptied_past_its_guards(connection: Connection) -> None:
    for table in {line.split(" trigger ")[0] for line in schema.triggers(connection)}:
        with pytest.raises(IntegrityError, match=f"keep_{table}_truncate"):
            connection.execute(text(f'TRUNCATE "{table}" CASCADE'))
        connection.rollback()


@pytest.mark.sqlite
@pytest.mark.parametrize("table", schema.ROWS_WITHOUT_NUMBER)
def test_sqlite_does_not_number_votes(connection: Connection, table: str) -> None:
    statement = text("SELECT sql FROM sqlite_master WHERE name = :name")
    assert "WITHOUT ROWID" in connection.execute(statement, {"name": table}).scalar_one()


def test_migrations_go_up_down_and_up_on_a_filled_database(database_store: Databases, tmp_path: Path) -> None:
    url = database_store.migrated()
    engine = engine_for(url)
    try:
        with Session(engine) as session:
            round = world.a_round(session)
            world.a_moderator(session, round)
            world.a_participant(session, audience_id=round.audience_id)
        before = _schema_of(engine)
        migrate(url, tmp_path, "base")
        assert _tables_of(engine) <= {"alembic_version"}, "undoing leaves tables behind"
        migrate(url, tmp_path)
        assert _schema_of(engine) == before
        with Session(engine) as session, transaction(session):
            assert world.a_round(session).id == 1, "undoing leaves rows behind"
    finally:
        engine.dispose()
        database_store.drop(url)


def test_each_migration_alone_can_be_undone(database_store: Databases, tmp_path: Path) -> None:
    from alembic.script import ScriptDirectory

    revisions = [one.revision for one in ScriptDirectory(str(rooms.ROOT / "migrations")).walk_revisions("base", "head")]
    url = database_store.empty()
    engine = engine_for(url)
    try:
        for revision in reversed(revisions):
            migrate(url, tmp_path, revision)
            above = _schema_of(engine)
            migrate(url, tmp_path, "-1")
            migrate(url, tmp_path, revision)
            assert _schema_of(engine) == above, f"{revision} leaves something behind"
    finally:
        engine.dispose()
        database_store.drop(url)


def _schema_of(engine: Engine) -> tuple[list[str], list[str]]:
    with engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        columns = [
            f"{column.table.name}.{column.name} {column.type}" for table in found.sorted_tables for column in table.c
        ]
        return schema.enforced(connection), sorted(columns)


def _tables_of(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return set(found.tables)
