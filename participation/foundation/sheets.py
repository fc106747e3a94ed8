"""Tables for spreadsheets: CSV in which no cell can act as a formula, written line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def masked(cell: object) -> object:
    """Return a cell that a spreadsheet shows and does not execute: text that could be a formula gets an apostrophe."""
    if isinstance(cell, str) and cell.startswith(DANGEROUS):
        return "'" + cell
    return "" if cell is None else cell


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file (comma, quotes where needed, CRLF), the header first."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in _with(header, rows):
        writer.writerow([masked(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _with(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    yield header
    yield from rows
