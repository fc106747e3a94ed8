"""Everything that a person reads is marked for translation and stands in the English catalogue."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import BinaryIO

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment, nodes

from tests.house import rooms, translations

GERMAN = re.compile(r"[äöüÄÖÜß»«„]")
MARKERS = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "lazy_ngettext", "pgettext", "marked"}
PATTERNS = {"compile", "match", "search", "sub", "fullmatch", "findall"}
# The shell, the example and the configuration speak to those who run it, not to those who take part; the verifier
# stands alone and carries both languages itself.
NOT_FOR_PEOPLE = {"cli.py", "config.py", "assets.py", "bench.py", "verify.py"}
READ_ALOUD = {"aria-label", "title", "alt", "placeholder", "aria-description", "aria-roledescription"}
NAMES_OF_THINGS = {"CSV", "JSON", "PDF", "RSS", "Bochum", "KERN", "Deutsch", "English", "utf-8", "px", "rem"}
ATTRIBUTE = re.compile(r"""[\w-]+="[^"]*\"""")
WORD = re.compile(r"[^\W\d_]{2,}")


def test_the_english_catalogue_is_whole() -> None:
    gaps = translations.gaps(translations.marked_texts(), translations.read_english())
    assert not gaps, "\n".join(gaps[:60])


def test_a_gap_of_each_kind_is_named() -> None:
    found, english = Catalog(), Catalog(locale="en")
    for text in ("neu", "leer", "noch %(n)s Tage", "wackelig"):
        found.add(text)
    english.add("leer", "")
    english.add("noch %(n)s Tage", "%(days)s days left")
    english.add("wackelig", "wobbly", flags=["fuzzy"])
    english.add("alt", "old")
    named = {line.split(":")[0] for line in translations.gaps(found, english)}
    assert named == {"missing", "untranslated", "other placeholders", "fuzzy", "obsolete"}


def test_a_catalogue_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, english = tmp_path / "en" / "messages.po", Catalog(locale="en")
    english.add("alt", "old")
    translations.write_english(english, path)
    before = path.read_bytes()

    def fail(file: BinaryIO, *_: object, **__: object) -> None:
        file.write(b"half of it")
        raise OSError("the disk is full")

    monkeypatch.setattr(translations, "write_po", fail)
    with pytest.raises(OSError, match="full"):
        translations.write_english(english, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def _spoken_files() -> list[Path]:
    return [
        path
        for path in rooms.python_files()
        if path.name not in NOT_FOR_PEOPLE and rooms.room_of(path) not in {"example"}
    ]


@pytest.mark.parametrize("path", _spoken_files(), ids=lambda path: path.relative_to(rooms.PACKAGE).as_posix())
def test_german_in_the_code_is_marked(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    silent = {id(node) for node in ast.walk(tree) for node in _passed_over(node)}
    unmarked = [
        f"{path.name}:{node.lineno} {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
        if GERMAN.search(node.value) and WORD.search(node.value)
    ]
    assert not unmarked, "\n".join(unmarked)


def _passed_over(node: ast.AST) -> list[ast.AST]:
    """Return the constants below a marking call or in a pattern, and docstrings, which nobody reads on a page."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return list(ast.walk(node)) if name in MARKERS | PATTERNS else []
    return [node.value] if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else []


class _Reader(HTMLParser):
    """Collects what a person would read or hear, and which is no expression."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read: list[str] = []

    def handle_data(self, data: str) -> None:
        # What stands in a condition inside a tag comes here as text.
        self.read.append(ATTRIBUTE.sub("", data))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read += [value for name, value in attrs if name in READ_ALOUD and value]


@pytest.mark.parametrize("path", list(rooms.template_files()), ids=rooms.template_name)
def test_text_in_templates_is_marked(path: Path) -> None:
    tree = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"]).parse(path.read_text("utf-8"))
    reader = _Reader()
    for output in tree.find_all(nodes.Output):
        reader.feed("".join(one.data if isinstance(one, nodes.TemplateData) else "\x1a" for one in output.nodes))
    reader.close()
    unmarked = [text.strip() for text in reader.read if set(WORD.findall(text)) - NAMES_OF_THINGS]
    assert not unmarked, f"{path.name}: {unmarked}"
