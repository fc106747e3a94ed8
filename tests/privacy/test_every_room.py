"""Whatever knows people speaks when they ask and forgets when they go."""

from __future__ import annotations

import ast
from importlib import import_module

from participation.foundation.model import Base
from participation.privacy.commands import ROOMS
from participation.privacy.facts import ROOM_NAMES
from tests.house import rooms

PEOPLE = {"person", "participant"}
SPEAKS_FOR = {"letters": "accounts"}
"""Letters know addresses and no people, so accounts speaks for them."""


def rooms_that_know_people() -> dict[str, set[str]]:
    """Return the rooms whose tables hold a key to a person or participant, or are one, each with these tables."""
    for path in rooms.python_files():
        if path.name == "models.py":
            import_module(f"participation.{rooms.room_of(path)}.models")
    found: dict[str, set[str]] = {}
    for mapper in Base.registry.mappers:
        keys = {key.column.table.name for key in mapper.local_table.foreign_keys}  # type: ignore[attr-defined]
        if keys & PEOPLE or mapper.local_table.name in PEOPLE:  # type: ignore[attr-defined]
            room = mapper.class_.__module__.split(".")[1]
            found.setdefault(room, set()).add(mapper.local_table.name)  # type: ignore[attr-defined]
    return found


def test_every_room_that_knows_people_is_on_the_list() -> None:
    listed = {room.name for room in ROOMS}
    forgotten = {room: tables for room, tables in rooms_that_know_people().items() if room not in listed}
    assert not forgotten, f"privacy.commands.ROOMS knows nothing of {forgotten}"


def test_the_search_for_such_rooms_finds_them() -> None:
    found = rooms_that_know_people()
    assert found["voting"] == {"roll_entry"}
    assert found["moderation"] == {"notice", "moderation_decision", "case", "decision_undo", "sealed_opening"}
    assert found["queues"] == {"bulk_decision"}
    assert found["reviews"] == {"review"}
    assert found["remarks"] == {"case_note", "case_task"}
    assert {"accounts", "audiences", "contributions", "discussion", "results", "rounds"} <= set(found)


def test_no_room_stands_twice_and_each_has_a_name_that_people_understand() -> None:
    names = [room.name for room in ROOMS]
    assert len(names) == len(set(names))
    assert set(names) | set(SPEAKS_FOR) == set(ROOM_NAMES)


def test_accounts_and_names_are_forgotten_last() -> None:
    assert [room.name for room in ROOMS][-2:] == ["audiences", "accounts"]


def test_the_list_alone_says_who_forgets() -> None:
    """No room forgets for another one, so that each is asked once and in the order of the list."""
    callers = [
        f"{path.parent.name}: {ast.unparse(call)}"
        for path in rooms.python_files()
        if path.name == "commands.py"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and function.name == "forget"
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".forget")
    ]
    assert callers == []
