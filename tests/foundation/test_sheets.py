"""A table opened in a spreadsheet executes nothing."""

from __future__ import annotations

import csv
import io

import pytest

from participation.foundation.sheets import csv_lines, masked


@pytest.mark.parametrize("cell", ["=1+1", "+49 234", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_what_could_be_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert masked(cell) == "'" + cell


def test_numbers_and_plain_text_stay() -> None:
    assert [masked(cell) for cell in (-1, 2.5, "Straße", None)] == [-1, 2.5, "Straße", ""]


def test_a_file_reads_back_as_written() -> None:
    rows = [["Größe", 'ein "Zitat"', "zwei\nZeilen", 3], ["", "=x", ";", None]]
    written = "".join(csv_lines(["a", "b", "c", "d"], rows))
    assert list(csv.reader(io.StringIO(written, newline=""))) == [
        ["a", "b", "c", "d"],
        ["Größe", 'ein "Zitat"', "zwei\nZeilen", "3"],
        ["", "'=x", ";", ""],
    ]
    assert written.count("\r\n") == 3
