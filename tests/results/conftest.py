"""A lively round for the tests of results."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from tests.world.results import Lively, a_lively_round


@pytest.fixture
def lively(session: Session, clock: StoppedClock, tmp_path: Path) -> Lively:
    """An open round with votes and a talk; its key lies where the application of the test looks for it."""
    return a_lively_round(session, tmp_path / "keys", clock)
