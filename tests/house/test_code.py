"""Rules about the code itself: contracts, the clock, sizes, what may write HTML."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import rooms

LONGEST_FUNCTION = 40
TIME_READERS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("func", "now"),
    ("func", "current_timestamp"),
}
every_file = pytest.mark.parametrize(
    "path", list(rooms.python_files()), ids=lambda p: str(p.relative_to(rooms.PACKAGE))
)
every_template = pytest.mark.parametrize("path", list(rooms.template_files()), ids=rooms.template_name)


def test_the_import_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=rooms.ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@every_file
def test_only_the_clock_reads_the_time(path: Path) -> None:
    if path == rooms.PACKAGE / "foundation" / "clock.py":
        return
    readers = [
        f"{path.name}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and (_last_name(node.value), node.attr) in TIME_READERS
    ]
    assert not readers, "\n".join(readers)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


@every_file
def test_functions_stay_short(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    long = [
        f"{path.name}:{node.lineno} {node.name}: {_lines(node)}"
        for node in functions
        if _lines(node) > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the length without docstring: an explanation shall cost nothing."""
    first = function.body[0]
    explained = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if explained else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


@every_file
def test_each_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} has no docstring"


@every_file
def test_html_is_trusted_in_the_foundation_alone(path: Path) -> None:
    if rooms.room_of(path) == "foundation":
        return
    assert not re.search(r"\bMarkup\(|autoescape\s*=\s*False|render_template_string", path.read_text("utf-8"))


@every_template
def test_templates_trust_no_html_outside_the_macros(path: Path) -> None:
    if rooms.template_name(path) == "foundation/macros.html":
        return
    assert not re.search(r"\|\s*safe\b|autoescape\s+false|\bMarkup\b", path.read_text("utf-8"))


@every_template
def test_templates_carry_no_script_style_or_handler(path: Path) -> None:
    text = path.read_text("utf-8")
    inline = re.findall(r"<style|\sstyle=|\son[a-z]+=\"|javascript:|<script(?![^>]*\ssrc=)", text)
    assert not inline, f"{path.name}: {inline}"
    assert not re.search(r"[\s\"']hx-(?!on)", text), "the Nu checker takes data-hx-* only"
