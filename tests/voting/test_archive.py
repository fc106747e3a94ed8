"""The archive of a contest: which files it holds, what it keeps to itself, and that it comes out the same each time."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest

from participation.voting.archive import Archive, ArchiveUnsound, archive_name, write_archive
from participation.voting.ledger import sha256_of
from participation.voting.notes import Signer, Verifier
from tests.world.archives import CONTEST, METHODS, ORIGIN, SIGNER, Voted, a_voted_contest, unpacked, written


@pytest.fixture(scope="module")
def voted() -> Voted:
    return a_voted_contest(ballots={"netze": 30, "bildung": 12}, paper=6)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in unpacked(path)["ballots.jsonl"].splitlines()]


def test_the_archive_holds_all_that_a_recount_needs_and_nothing_else(voted: Voted, tmp_path: Path) -> None:
    names = set(unpacked(written(voted, tmp_path)))
    checkpoints = {name for name in names if name.startswith("checkpoints/")}
    assert len(checkpoints) == len(voted.archive.checkpoints)
    assert names - checkpoints == {
        "SHA256SUMS", "SHA256SUMS.note", "ballots.jsonl", "log.txt", "public_key.txt", "results.json",
        "roll_count.json", "rules.json", "verify.py",
    }  # fmt: skip


def test_the_checksums_are_those_of_any_tool_and_are_signed(voted: Voted, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(voted, tmp_path)) as packed:
        packed.extractall(tmp_path / "files")
    check = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=tmp_path / "files", check=False)
    assert check.returncode == 0
    files = unpacked(tmp_path / "contest-runde-1.zip")
    key = Verifier.of(files["public_key.txt"].decode())
    assert key.open(files["SHA256SUMS.note"].decode()) == files["SHA256SUMS"].decode()


def test_the_rules_in_the_archive_have_the_checksum_that_the_site_shows(voted: Voted, tmp_path: Path) -> None:
    rules = unpacked(written(voted, tmp_path))["rules.json"]
    assert hashlib.sha256(rules).hexdigest() == sha256_of(voted.archive.rules)


@pytest.mark.parametrize("method", METHODS)
def test_an_archive_made_again_is_the_same_byte_for_byte(method: str, tmp_path: Path) -> None:
    once = a_voted_contest(method)
    first = io.BytesIO()
    digest = write_archive(first, once.archive, signer=SIGNER)
    again = written(a_voted_contest(method), tmp_path)
    assert again.read_bytes() == first.getvalue()
    assert digest == hashlib.sha256(first.getvalue()).hexdigest()


def test_nothing_in_the_archive_tells_when_or_where_it_was_made(voted: Voted, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(voted, tmp_path)) as packed:
        about = {(one.date_time, one.create_system, one.compress_type, one.extra) for one in packed.infolist()}
    assert about == {((1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED, b"")}


def test_ballots_lie_in_the_order_of_their_commitments(voted: Voted, tmp_path: Path) -> None:
    commitments = [line["commitment"] for line in _lines(written(voted, tmp_path))]
    assert commitments == sorted(commitments)
    assert len(commitments) == 42


def test_of_fewer_than_twenty_ballots_nobody_learns_a_choice(voted: Voted, tmp_path: Path) -> None:
    shown = {(line["question"], tuple(sorted(line))) for line in _lines(written(voted, tmp_path))}
    assert shown == {
        ("netze", ("choice", "commitment", "nonce", "question")),
        ("bildung", ("commitment", "question")),
    }


@pytest.mark.parametrize(("number", "is_open"), [(19, False), (20, True)])
def test_twenty_are_enough(number: int, is_open: bool, tmp_path: Path) -> None:
    lines = _lines(written(a_voted_contest(ballots={"netze": number}), tmp_path))
    assert all(("choice" in line) is is_open for line in lines)


@pytest.mark.parametrize("method", METHODS)
def test_the_rule_sheet_can_keep_whole_ballots_from_the_public(method: str, tmp_path: Path) -> None:
    closed = a_voted_contest(method, terms={"ballots_public": False})
    assert not any("choice" in line or "nonce" in line for line in _lines(written(closed, tmp_path)))
    assert all("choice" in line for line in _lines(written(closed, tmp_path, whole=True)))


def test_the_audit_office_gets_every_ballot_and_how_it_came(voted: Voted, tmp_path: Path) -> None:
    lines = _lines(written(voted, tmp_path, whole=True))
    assert all("choice" in line for line in lines)
    assert sum(line["kind"] == "paper" for line in lines) == 12
    assert archive_name(CONTEST, whole=True) != archive_name(CONTEST)


def test_the_public_learns_only_how_many_came_on_paper_and_of_no_group_below_five(tmp_path: Path) -> None:
    def told(paper: int) -> object:
        path = written(a_voted_contest(ballots={"netze": 30}, paper=paper), tmp_path)
        assert not any("kind" in line for line in _lines(path))
        return json.loads(unpacked(path)["roll_count.json"])["netze"]

    assert told(5) == {"roll": 30, "paper": 5}
    assert told(0) == {"roll": 30, "paper": 0}
    assert told(4) == {"roll": 30}
    assert told(26) == {"roll": 30}


def _refused(archive: Archive, signer: Signer = SIGNER) -> str:
    with pytest.raises(ArchiveUnsound) as found:
        write_archive(io.BytesIO(), archive, signer=signer)
    return str(found.value)


def test_what_does_not_fit_together_is_not_archived(voted: Voted) -> None:
    archive, ballots = voted.archive, voted.ballots
    assert "order" in _refused(replace(archive, ballots=ballots[::-1]))
    assert "order" in _refused(replace(archive, ballots=[ballots[0], *ballots]))
    assert "in the roll" in _refused(replace(archive, ballots=ballots[1:]))
    assert "in the roll" in _refused(replace(archive, roll={"netze": 30}))
    assert "checkpoint" in _refused(archive, Signer(ORIGIN, token_bytes(32)))


def test_whoever_waits_is_told_how_far_it_is(voted: Voted) -> None:
    told: list[int] = []
    write_archive(io.BytesIO(), voted.archive, signer=SIGNER, progress=told.append)
    assert told == [42]
    told.clear()
    many = a_voted_contest(ballots={"netze": 2500}, batch=3000)
    write_archive(io.BytesIO(), many.archive, signer=SIGNER, progress=told.append)
    assert told == [1000, 2000, 2500]


def test_an_archive_is_made_of_streams(voted: Voted) -> None:
    """Nothing asks for the leaves or ballots twice, so they may come straight out of a query."""
    streamed = replace(voted.archive, ballots=iter(voted.ballots), leaves=iter(list(voted.archive.leaves)))
    first, again = io.BytesIO(), io.BytesIO()
    write_archive(first, streamed, signer=SIGNER)
    write_archive(again, voted.archive, signer=SIGNER)
    assert first.getvalue() == again.getvalue()
