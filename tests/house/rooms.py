"""The rooms and their order, read from the import contract, so that there is one list only."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path

from tests.engines import ROOT

PACKAGE = ROOT / "participation"


def heights() -> dict[str, int]:
    """Return the height of each room; rooms of one height stand beside each other."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / "setup.cfg")
    layers = contracts["importlinter:contract:rooms"]["layers"].split("\n")
    floors = [line.strip() for line in layers if line.strip()]
    return {room.strip(" ()"): -floor for floor, line in enumerate(floors) for room in line.split("|")}


def may_use(upper: str, lower: str) -> bool:
    """Say whether a room may use another (or itself)."""
    height = heights()
    return upper == lower or height[lower] < height[upper]


def room_of(path: Path) -> str:
    """Return the room a file of the package lies in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def python_files() -> Iterator[Path]:
    """Yield every Python file of the package."""
    yield from sorted(PACKAGE.rglob("*.py"))


def template_files() -> Iterator[Path]:
    """Yield every template of the package: pages, partials, letters."""
    yield from sorted(path for path in PACKAGE.glob("*/templates/**/*") if path.is_file())


def template_name(path: Path) -> str:
    """Return the name under which Jinja knows a template: ``<room>/…``."""
    return path.relative_to(PACKAGE / room_of(path) / "templates").as_posix()
