"""Paging by key: the next page begins after the last row seen, however many rows lie before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows and the key after which the next page begins, or None at the end."""

    rows: tuple[Row, ...]
    after: int | None


def cut(rows: Sequence[Row], size: int, key: Callable[[Row], int]) -> Page[Row]:
    """Make a page of ``size`` from rows read with a limit of ``size + 1``."""
    kept = tuple(rows[:size])
    return Page(kept, key(kept[-1]) if len(rows) > size and kept else None)


def key_from(text: str | None) -> int | None:
    """Read the key of a page from an address; what is no key means the first page."""
    if text and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return None
