"""What is read from a Polis export, and what is refused with its line."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from participation.example import facts
from participation.example.polis import Conversation, read_conversation

NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"
SETS = ("austria-climate.5twd2jsnkf", "scoop-hivemind.freshwater")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the fixture that a test may damage."""
    return Path(shutil.copytree(FIXTURES / "stadtpark", tmp_path / "stadtpark"))


def replace(path: Path, old: bytes, new: bytes) -> None:
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new, 1))


def tally(conversation: Conversation) -> dict[int, tuple[int, int, int]]:
    """Agree, disagree and pass of each statement."""
    counted = Counter((vote.statement, vote.value) for vote in conversation.votes)
    return {
        statement.number: (counted[statement.number, 1], counted[statement.number, -1], counted[statement.number, 0])
        for statement in conversation.statements
    }


def test_the_last_vote_of_a_person_on_a_statement_stands(folder: Path) -> None:
    conversation = read_conversation(folder, now=NOW)
    assert tally(conversation) == {0: (3, 1, 1), 1: (2, 2, 0), 2: (0, 1, 0), 3: (1, 1, 0), 4: (2, 0, 0), 5: (0, 0, 0)}
    assert (conversation.rows, conversation.replaced) == (16, 2)


def test_a_set_is_read_with_its_words_and_people(folder: Path) -> None:
    conversation = read_conversation(folder, now=NOW)
    assert (conversation.name, conversation.topic) == ("stadtpark", "Was fehlt im Stadtpark?")
    assert conversation.description.endswith('erfunden: "Beispieldaten" für die Tests.')
    texts = {statement.number: statement.text for statement in conversation.statements}
    assert texts[1] == "Mehr Licht, auch nachts!\nUnd zwar auf allen Wegen."
    assert texts[4] == "x"
    assert conversation.people == (0, 1, 2, 3, 4, 5)
    assert conversation.voters == {1, 2, 3, 4, 5}
    assert conversation.language == "de"


def test_an_english_set_is_recognised(folder: Path) -> None:
    replace(
        folder / "comments.csv",
        "Es fehlen Bänke im Schatten.".encode(),
        b"The benches and the trees should be in the shade",
    )
    assert read_conversation(folder, now=NOW).language == "en"


DAMAGES = [
    ("votes.csv", b"voter-id,vote", b"voter-id,votum", facts.ColumnGone, 1),
    ("comments.csv", b"comment-body", b"body", facts.ColumnGone, 1),
    ("comments.csv", b"author-id,", b"moderated,", facts.ColumnGone, 1),
    ("votes.csv", b"2024,1,1,1\n", b"2024,1,1\n", facts.WrongWidth, 8),
    ("votes.csv", b"2024,0,1,1\n", b"2024,0,1,1,9\n", facts.WrongWidth, 2),
    ("summary.csv", b"views,9", b"views", facts.WrongWidth, 3),
    ("votes.csv", b"2024,0,5,0\n", b"2024,99,5,0\n", facts.UnknownStatement, 7),
    ("votes.csv", b"2024,0,5,0\n", b"2024,0,5,2\n", facts.NotOneOf, 7),
    ("votes.csv", b"2024,0,5,0\n", b"2024,0,5,\n", facts.NoNumber, 7),
    ("votes.csv", b"2024,0,5,0\n", b"2024,0,-5,0\n", facts.NoNumber, 7),
    ("votes.csv", b"1717001500000", b"1_717_001_500_000", facts.NoNumber, 7),
    ("votes.csv", b"1717001500000", b" 1717001500000", facts.NoNumber, 7),
    ("votes.csv", b"1717001500000", "١٧١٧٠٠١٥٠٠٠٠٠".encode(), facts.NoNumber, 7),
    ("votes.csv", b"1717001500000", b"17170015000000000000", facts.NoNumber, 7),
    ("votes.csv", b"1717001500000", b"999999999999999", facts.NoSuchMoment, 7),
    ("votes.csv", b"1717001500000", b"1717001500", facts.NoSuchMoment, 7),
    ("votes.csv", b"1717001500000", b"1917001500000", facts.NoSuchMoment, 7),
    ("comments.csv", b",4,2,2,0,1,x", b",4,2,2,0,7,x", facts.NotOneOf, 7),
    ("comments.csv", b",4,2,2,0,1,x", b",5,2,2,0,1,x", facts.StatementTwice, 8),
    ("comments.csv", b",4,2,2,0,1,x", b",4,2,2,0,1,", facts.NothingThere, 7),
    ("comments.csv", b"Alles doof", b"Alles\0doof", facts.HoldsNul, 6),
    ("comments.csv", b"Alles doof", b"Alles bl\xf6d", facts.NotUtf8, 6),
    ("comments.csv", b"Alles doof", b'"Alles" doof', facts.Damaged, 6),
    ("comments.csv", b"\xf0\x9f\x9a\xbb\"", b"\xf0\x9f\x9a\xbb", facts.Damaged, 8),
    ("summary.csv", b"topic,Was fehlt im Stadtpark?", b"topic,", facts.NothingThere, 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "fact", "line"), DAMAGES)
def test_a_damaged_file_is_refused_with_its_line(
    folder: Path, name: str, old: bytes, new: bytes, fact: type[facts.Damaged], line: int
) -> None:
    replace(folder / name, old, new)
    with pytest.raises(facts.Damaged) as caught:
        read_conversation(folder, now=NOW)
    assert type(caught.value) is fact
    assert (caught.value.values["file"], caught.value.values["line"]) == (name, line)
    assert name in caught.value.sentence % caught.value.values


@pytest.mark.parametrize("name", ["summary.csv", "comments.csv", "votes.csv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(facts.FileGone) as caught:
        read_conversation(folder, now=NOW)
    assert caught.value.values["file"] == name


@pytest.mark.parametrize("name", ["comments.csv", "votes.csv"])
def test_an_empty_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(facts.ColumnGone):
        read_conversation(folder, now=NOW)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(folder: Path) -> None:
    path = folder / "votes.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_conversation(folder, now=NOW).rows == 16


@pytest.mark.parametrize("name", SETS)
def test_real_sets_give_the_tallies_that_were_counted_elsewhere(shared_data: Path, name: str) -> None:
    folder = shared_data / "polis" / name
    with (folder / "DERIVED_expected_tally.csv").open(encoding="utf-8", newline="") as lines:
        expected = {
            int(row["comment_id"]): (int(row["agree"]), int(row["disagree"]), int(row["pass"]))
            for row in csv.DictReader(lines)
        }
    assert tally(read_conversation(folder, now=NOW)) == expected
