"""Reading the export of a Polis conversation, checked whole before anything is made of it.

The format is that of compdemocracy/openData: ``summary.csv``, ``comments.csv`` and ``votes.csv`` in one folder.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from participation.example.facts import (
    ColumnGone,
    Damaged,
    FileGone,
    HoldsNul,
    NoNumber,
    NoSuchMoment,
    NothingThere,
    NotOneOf,
    NotUtf8,
    StatementTwice,
    UnknownStatement,
    WrongWidth,
)

SUMMARY, COMMENTS, VOTES = "summary.csv", "comments.csv", "votes.csv"
COMMENT_COLUMNS = ("timestamp", "comment-id", "author-id", "moderated", "comment-body")
VOTE_COLUMNS = ("timestamp", "comment-id", "voter-id", "vote")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this no conversation took place; seconds taken for milliseconds end up here."""

ATTRIBUTION = (
    "Data was gathered using the Polis software (compdemocracy.org/polis) and is sub-licensed under CC BY 4.0 with"
    " Attribution to The Computational Democracy Project."
)
"""What the licence of the published conversations asks to be printed."""

NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
ENGLISH = re.compile(r"\b(the|and|of|is|are|should|to)\b", re.IGNORECASE)
GERMAN = re.compile(r"\b(der|die|das|und|ist|sind|soll|nicht)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody wrote. ``moderated`` is 1 accepted, 0 undecided, -1 rejected."""

    number: int
    author: int
    at: datetime
    moderated: int
    text: str


@dataclass(frozen=True, slots=True)
class Vote:
    """The last vote of a person on a statement: 1 agree, -1 disagree, 0 pass."""

    statement: int
    voter: int
    at: datetime
    value: int


@dataclass(frozen=True)
class Conversation:
    """A whole set. ``rows`` counts the lines of votes, of which later ones replaced earlier ones."""

    name: str
    topic: str
    address: str
    description: str
    statements: tuple[Statement, ...]
    votes: tuple[Vote, ...]
    rows: int

    @property
    def replaced(self) -> int:
        """How many lines of votes were replaced by a later one of the same person on the same statement."""
        return self.rows - len(self.votes)

    @cached_property
    def voters(self) -> frozenset[int]:
        """Everybody who voted."""
        return frozenset(vote.voter for vote in self.votes)

    @cached_property
    def people(self) -> tuple[int, ...]:
        """Everybody who voted or wrote, in the order of their numbers."""
        return tuple(sorted(self.voters | {statement.author for statement in self.statements}))

    @cached_property
    def moments(self) -> tuple[datetime, datetime]:
        """The first and the last thing that happened."""
        happened = [statement.at for statement in self.statements] + [vote.at for vote in self.votes]
        return min(happened), max(happened)

    @property
    def source(self) -> str:
        """How contributions name the set they come from; with a statement's number it is unique."""
        return f"polis:{self.name}"

    @property
    def title(self) -> dict[str, str]:
        """The topic, in the variants that staff's texts have."""
        return self._in_its_language(self.topic)

    @property
    def summary(self) -> dict[str, str]:
        """The first paragraph of the description, or the topic where there is none."""
        return self._in_its_language(self.description.partition("\n\n")[0] or self.topic)

    @property
    def text(self) -> dict[str, str]:
        """The whole description, which is Markdown, or the topic where there is none."""
        return self._in_its_language(self.description or self.topic)

    @property
    def note(self) -> dict[str, str]:
        """Where it comes from and under which licence."""
        german, english = f"Übernommen aus Polis: {self.address}", f"Imported from Polis: {self.address}"
        return {"de": f"{german}. {ATTRIBUTION}", "en": f"{english}. {ATTRIBUTION}"}

    def _in_its_language(self, text: str) -> dict[str, str]:
        """German is required everywhere, so an English text stands for the German one too."""
        return {"de": text} if self.language == "de" else {"de": text, "en": text}

    @cached_property
    def language(self) -> str:
        """``de`` or ``en``, guessed from the small words of the statements."""
        text = " ".join(statement.text for statement in self.statements)
        return "en" if len(ENGLISH.findall(text)) > len(GERMAN.findall(text)) else "de"


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a file, with the line on which it begins."""

    file: str
    number: int
    fields: dict[str, str]

    def whole(self, column: str) -> int:
        """Return the number in a column."""
        value = self.fields[column]
        if not NUMBER.fullmatch(value):
            raise NoNumber(file=self.file, line=self.number, column=column, value=shortened(value))
        return int(value)

    def key(self, column: str) -> int:
        """Return the number in a column, which must not be negative."""
        number = self.whole(column)
        if number < 0:
            raise NoNumber(file=self.file, line=self.number, column=column, value=number)
        return number

    def verdict(self, column: str) -> int:
        """Return -1, 0 or 1."""
        number = self.whole(column)
        if number not in {-1, 0, 1}:
            raise NotOneOf(file=self.file, line=self.number, column=column, value=number, allowed="-1, 0, 1")
        return number

    def moment(self, column: str, latest: datetime) -> datetime:
        """Return the moment that a column gives in milliseconds since 1970."""
        milliseconds = self.whole(column)
        try:
            moment = EPOCH + timedelta(milliseconds=milliseconds)
        except OverflowError:
            moment = EPOCH
        if not EARLIEST <= moment < latest:
            raise NoSuchMoment(file=self.file, line=self.number, value=milliseconds)
        return moment

    def text(self, column: str) -> str:
        """Return the text of a column, which says something."""
        value = self.fields[column]
        if not value.strip():
            raise NothingThere(file=self.file, line=self.number, column=column)
        return value


def read_conversation(folder: Path, *, now: datetime) -> Conversation:
    """Read and check a whole set.

    Of several votes of one person on one statement the last by time stands; of two at the same millisecond the one
    further down in the file. Files are not sorted by time.

    :raises Damaged: with file and line, for the first thing that is not as it should be
    """
    summary = dict(_pairs(folder / SUMMARY))
    statements = tuple(_statements(folder / COMMENTS, now))
    rows, votes = _votes(folder / VOTES, now, {statement.number for statement in statements})
    return Conversation(
        name=folder.resolve().name,
        topic=summary["topic"].strip(),
        address=summary.get("url", "").strip(),
        description=summary.get("conversation-description", "").replace("\r\n", "\n").strip(),
        statements=statements,
        votes=votes,
        rows=rows,
    )


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    topic = ""
    for number, record in _records(path):
        if len(record) != 2:
            raise WrongWidth(file=path.name, line=number, found=len(record), expected=2)
        topic = topic or (record[1].strip() if record[0] == "topic" else "")
        yield record[0], record[1]
    if not topic:
        raise NothingThere(file=path.name, line=1, column="topic")


def _statements(path: Path, now: datetime) -> Iterator[Statement]:
    seen: set[int] = set()
    for line in _lines(path, COMMENT_COLUMNS):
        number = line.key("comment-id")
        if number in seen:
            raise StatementTwice(file=path.name, line=line.number, value=number)
        seen.add(number)
        yield Statement(
            number=number,
            author=line.key("author-id"),
            at=line.moment("timestamp", now),
            moderated=line.verdict("moderated"),
            text=line.text("comment-body"),
        )
    if not seen:
        raise NothingThere(file=path.name, line=1, column="comment-body")


def _votes(path: Path, now: datetime, known: set[int]) -> tuple[int, tuple[Vote, ...]]:
    rows = 0
    last: dict[tuple[int, int], Vote] = {}
    for line in _lines(path, VOTE_COLUMNS):
        rows += 1
        vote = Vote(
            statement=line.key("comment-id"),
            voter=line.key("voter-id"),
            at=line.moment("timestamp", now),
            value=line.verdict("vote"),
        )
        if vote.statement not in known:
            raise UnknownStatement(file=path.name, line=line.number, value=vote.statement)
        before = last.get((vote.statement, vote.voter))
        if before is None or vote.at >= before.at:
            last[vote.statement, vote.voter] = vote
    return rows, tuple(last.values())


def _lines(path: Path, needed: tuple[str, ...]) -> Iterator[Line]:
    records = _records(path)
    _, header = next(records, (1, []))
    for column in needed:
        if header.count(column) != 1:
            raise ColumnGone(file=path.name, line=1, column=column)
    for number, record in records:
        if len(record) != len(header):
            raise WrongWidth(file=path.name, line=number, found=len(record), expected=len(header))
        yield Line(path.name, number, dict(zip(header, record, strict=True)))


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            raise Damaged(file=path.name, line=number) from broken
        if record:
            yield number, record


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as gone:
        raise FileGone(file=path.name, line=0) from gone
    if b"\0" in raw:
        raise HoldsNul(file=path.name, line=_line_at(raw, raw.index(b"\0")))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise NotUtf8(file=path.name, line=_line_at(raw, broken.start)) from broken


def _line_at(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position) + 1


def shortened(value: str) -> str:
    """Return what a message can show of a value."""
    return value if len(value) <= 40 else value[:40] + "…"
