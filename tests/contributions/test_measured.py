"""Signals on real texts: civic contributions pass, and the figures of the documentation are those of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import signals as bench
from tests.engines import ROOT

DOCUMENT = ROOT / "docs" / "moderation-signals.md"
MOST_HELD = 0.01


@pytest.fixture
def civic(shared_data: Path) -> list[str]:
    """The 459 contributions of Moers and the 697 of Ottensen."""
    texts = [text for some in bench.contributions(shared_data).values() for text in some]
    assert len(texts) == 1156
    return texts


def test_at_most_one_in_a_hundred_real_contributions_is_held_because_of_its_text(civic: list[str]) -> None:
    held = [text for text in civic if bench.held(text)]
    assert len(held) <= MOST_HELD * len(civic), held


def test_hardly_anybody_of_them_would_have_been_shown_a_hint(civic: list[str]) -> None:
    assert sum(map(bench.hinted, civic)) <= MOST_HELD * len(civic)


def test_the_baselines_are_those_that_were_measured_elsewhere(shared_data: Path) -> None:
    words, tweets = bench.foreign_words(shared_data), bench.tweets(shared_data)
    assert len(words) == 66
    whole = bench.measured(bench.whole_words(words), tweets)
    assert (whole.right, whole.offensive, whole.wrong, whole.other) == (81, 1688, 4, 3321)
    parts = bench.measured(bench.parts_of_words(words), tweets)
    assert (round(parts.recall, 3), round(parts.false_positives, 3)) == (0.159, 0.088)
    moers = bench.contributions(shared_data)["Moers"]
    assert sum(map(bench.parts_of_words(words), moers)) == 106
    assert len(moers) == 459


def test_what_is_held_is_mostly_offensive(shared_data: Path) -> None:
    """A moderator who reads what is held finds a reason for it nine times of ten."""
    assert bench.measured(bench.held, bench.tweets(shared_data)).precision >= 0.9


def test_the_documented_tables_are_those_of_today(shared_data: Path) -> None:
    document = DOCUMENT.read_text("utf-8")
    absent = [line for line in bench.table(shared_data) if line not in document]
    assert not absent, "python -m tests.bench.signals prints them anew"
