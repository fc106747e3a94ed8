"""Templates name only pages that exist and use only what lies below them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, nodes

from tests.house import rooms

USES = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
every_template = pytest.mark.parametrize("path", list(rooms.template_files()), ids=rooms.template_name)


def _tree(path: Path) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(path.read_text("utf-8"))


def _constants(node: nodes.Expr) -> Iterator[str]:
    for one in [node, *node.find_all(nodes.Const)]:
        if isinstance(one, nodes.Const) and isinstance(one.value, str):
            yield one.value


@every_template
def test_templates_lie_in_a_folder_named_like_their_room(path: Path) -> None:
    assert rooms.template_name(path).startswith(rooms.room_of(path) + "/")


@every_template
def test_includes_go_down_the_rooms(path: Path) -> None:
    used = [name for use in _tree(path).find_all(USES) for name in _constants(use.template)]
    upward = [name for name in used if not rooms.may_use(rooms.room_of(path), name.split("/")[0])]
    absent = [name for name in used if not (rooms.PACKAGE / name.split("/")[0] / "templates" / name).is_file()]
    assert not upward, f"{path.name} looks up to {upward}"
    assert not absent, f"{path.name} uses {absent}, which do not exist"


def test_every_page_named_in_a_template_exists(app: Flask) -> None:
    unknown = [
        f"{rooms.template_name(path)}: {endpoint}"
        for path in rooms.template_files()
        for call in _tree(path).find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "url_for" and call.args
        for endpoint in _constants(call.args[0])
        if endpoint not in app.view_functions
    ]
    assert not unknown, "\n".join(unknown)


def test_every_page_named_in_the_code_exists(app: Flask) -> None:
    unknown = [
        f"{path.name}:{call.lineno} {call.args[0].value}"
        for path in rooms.python_files()
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "url_for" and call.args
        if isinstance(call.args[0], ast.Constant) and str(call.args[0].value).lstrip(".") == call.args[0].value
        if call.args[0].value not in app.view_functions
    ]
    assert not unknown, "\n".join(unknown)


def test_every_template_named_in_the_code_exists_and_lies_below() -> None:
    known = {rooms.template_name(path) for path in rooms.template_files()}
    wrong = [
        f"{path.name}:{node.lineno} {node.value}"
        for path in rooms.python_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _names_a_template(node.value)
        if node.value not in known or not rooms.may_use(rooms.room_of(path), node.value.split("/")[0])
    ]
    assert not wrong, "\n".join(wrong)


def _names_a_template(text: str) -> bool:
    return (
        text.endswith(".html") and "/" in text and text.split("/", maxsplit=1)[0] in rooms.heights() and "<" not in text
    )
