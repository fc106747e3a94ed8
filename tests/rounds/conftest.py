"""What the tests of rounds begin with: an office, its staff, a draft that lacks nothing, and a folder for keys."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from participation.foundation.clock import StoppedClock
from participation.rounds.commands import write_round
from participation.rounds.models import Round
from participation.voting.keys import KeyFolder
from tests.world import BEFORE, a_concept_version, a_draft, a_staff_member, an_office


@pytest.fixture
def office(session: Session) -> int:
    return an_office(session)


@pytest.fixture
def staff(session: Session, office: int) -> UUID:
    return a_staff_member(session, office_id=office)


@pytest.fixture
def second(session: Session, office: int) -> UUID:
    return a_staff_member(session, office_id=office)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


@pytest.fixture
def version(session: Session, office: int) -> int:
    """A version of a concept that is still edited, with three Handlungsfelder."""
    return a_concept_version(session, office_id=office, handlungsfelder=3, frozen=False)


@pytest.fixture
def draft(session: Session, office: int, staff: UUID, version: int) -> Round:
    """A draft in which nothing is missing, open from May to the end of June 2026."""
    told = a_draft(version)
    return write_round(session, office_id=office, draft=told, by=staff, clock=StoppedClock(BEFORE), slug="leben")
