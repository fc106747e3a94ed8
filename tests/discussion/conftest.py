"""A round to talk in."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from participation.audiences.facts import Who
from tests.world import RoundWords, a_citizen, a_round


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


@pytest.fixture
def open_sums(session: Session) -> RoundWords:
    """A round that shows how things stand while people talk."""
    return a_round(session, shows_interim=True)


@pytest.fixture
def ada(session: Session) -> Who:
    return a_citizen(session, shown_as="Ada Öztürk")
