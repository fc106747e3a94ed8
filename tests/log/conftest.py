"""A round whose vote is open, and its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from participation.voting.keys import KeyFolder
from tests.world import RoundWords, a_round


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    """The folder of keys, with the second place for checkpoints beside it."""
    return KeyFolder(tmp_path / "keys", "beteiligung.example", tmp_path / "checkpoints")


@pytest.fixture
def round(session: Session, keys: KeyFolder) -> RoundWords:
    """An open round with two questions."""
    return a_round(session, keys=keys)
