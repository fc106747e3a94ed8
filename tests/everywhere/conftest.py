"""One of everything, a copy of it for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import Databases
from tests.everywhere.example_town import Loaded, load
from tests.everywhere.hostile import corpus_in
from tests.everywhere.site import Peopled, Site, a_peopled_database, a_site


@pytest.fixture(scope="session")
def peopled(database_store: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peopled]:
    """The filled database of this worker, to be copied."""
    folder: Path = tmp_path_factory.mktemp("everywhere")
    found = a_peopled_database(database_store, folder)
    yield found
    database_store.drop(found.url)


@pytest.fixture
def site(peopled: Peopled, database_store: Databases) -> Iterator[Site]:
    """A copy of the filled site of this test's own."""
    with a_site(peopled, database_store) as site:
        yield site


@pytest.fixture(scope="module")
def read_site(peopled: Peopled, database_store: Databases) -> Iterator[Site]:
    """One copy for all tests of a file that only read."""
    with a_site(peopled, database_store) as site:
        yield site


@pytest.fixture(scope="session")
def loaded(database_store: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The example, loaded once."""
    found = load(database_store, tmp_path_factory.mktemp("example"))
    yield found
    database_store.drop(found.url)


@pytest.fixture(scope="session")
def corpus(shared_data: Path) -> list[str]:
    """All 830 inputs of the corpus of hostile text."""
    return corpus_in(shared_data)
