"""What the set-up makes for the browser."""

from __future__ import annotations

import gzip
import hashlib
import json
import re

import brotli
import pytest

from participation.foundation import assets
from participation.foundation.assets import STATIC, AssetsMissing, asset_url, prepare

NAMES: dict[str, str] = json.loads((STATIC / "manifest.json").read_text("utf-8"))["files"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_file_carries_the_hash_of_its_content_in_its_name(name: str) -> None:
    content = (STATIC / NAMES[name]).read_bytes()
    assert hashlib.sha256(content).hexdigest()[:12] in NAMES[name]
    assert asset_url(name) == f"/static/{NAMES[name]}"


@pytest.mark.parametrize("name", sorted(name for name in NAMES if not name.endswith(".woff2")))
def test_the_compressed_forms_hold_the_same(name: str) -> None:
    file = STATIC / NAMES[name]
    assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()
    assert brotli.decompress(file.with_name(f"{file.name}.br").read_bytes()) == file.read_bytes()


def test_the_style_sheet_loads_only_our_own_files() -> None:
    sheet = (STATIC / NAMES["app.css"]).read_text("utf-8")
    addresses = {found[1] for found in re.findall(r"""url\((["']?)(.*?)\1\)""", sheet, re.DOTALL)}
    files = {address for address in addresses if not address.startswith("data:")}
    assert files == {NAMES["fira-400.woff2"], NAMES["fira-600.woff2"]}
    assert "@import" not in sheet


def test_a_style_sheet_that_points_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="none of our files"):
        assets._linked("a { background: url(https://example.org/pixel.gif) }", {})


def test_scripts_neither_evaluate_text_nor_ask_for_source_maps() -> None:
    own = (STATIC / NAMES["app.js"]).read_text("utf-8") + (STATIC / NAMES["theme.js"]).read_text("utf-8")
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", own)
    assert "sourceMappingURL" not in (STATIC / NAMES["htmx.js"]).read_text("utf-8")


def test_the_fonts_hold_the_letters_of_european_names() -> None:
    from fontTools.ttLib import TTFont

    letters = set(TTFont(STATIC / NAMES["fira-400.woff2"]).getBestCmap())
    assert letters >= {ord(letter) for letter in "aÄöüßẞçéñøåÆœŁęčőšžŸğışțĶ€–»«„“…’"}


def test_preparing_again_changes_nothing() -> None:
    assert assets._is_current(assets._stamp()), "run make setup first"
    before = {file.name: file.stat().st_mtime_ns for file in STATIC.iterdir()}
    assert "up to date" in prepare()
    assert {file.name: file.stat().st_mtime_ns for file in STATIC.iterdir()} == before


def test_a_name_that_the_set_up_does_not_make_is_refused() -> None:
    with pytest.raises(AssetsMissing, match="nowhere"):
        asset_url("nowhere.css")
