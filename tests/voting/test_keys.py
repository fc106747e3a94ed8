"""Contest keys: made once, never overwritten, private, and found missing rather than made anew."""

from __future__ import annotations

import hashlib
import hmac
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from participation.voting.facts import KeyLost
from participation.voting.keys import KeyFolder, _loaded
from participation.voting.ledger import canonical, commitment

SOMEBODY = UUID("12345678-1234-5678-1234-567812345678")


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_a_key_is_32_bytes_that_only_the_server_reads(keys: KeyFolder) -> None:
    keys.make("runde-1")
    file = keys.path / "runde-1.key"
    assert file.stat().st_size == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    assert [path.name for path in keys.path.iterdir()] == ["runde-1.key"]


def test_a_key_is_never_overwritten(keys: KeyFolder) -> None:
    keys.make("runde-1")
    before = keys.load("runde-1")
    keys.make("runde-1")
    assert keys.load("runde-1") == before == (keys.path / "runde-1.key").read_bytes()


def test_many_who_make_the_same_key_at_once_get_one(keys: KeyFolder) -> None:
    def make(_: int) -> bytes:
        mine = KeyFolder(keys.path)
        mine.make("runde-1")
        return mine.load("runde-1")

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(make, range(64)))) == 1


def test_two_contests_have_two_keys(keys: KeyFolder) -> None:
    keys.make("runde-1")
    keys.make("runde-2")
    assert keys.load("runde-1") != keys.load("runde-2")


def test_a_missing_key_is_named_and_not_made(keys: KeyFolder) -> None:
    with pytest.raises(KeyLost):
        keys.load("runde-1")
    assert not keys.path.exists()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_refused(keys: KeyFolder, content: bytes) -> None:
    keys.path.mkdir()
    (keys.path / "runde-1.key").write_bytes(content)
    with pytest.raises(KeyLost):
        keys.load("runde-1")
    with pytest.raises(KeyLost):
        keys.make("runde-1")


def test_a_key_that_was_destroyed_is_not_used_on(keys: KeyFolder) -> None:
    keys.make("runde-1")
    keys.load("runde-1")
    (keys.path / "runde-1.key").unlink()
    with pytest.raises(KeyLost):
        keys.tag(contest="runde-1", question="feld-1", participant_id=SOMEBODY)


def test_a_key_destroyed_on_another_machine_leaves_the_memory_with_the_next_request(
    keys: KeyFolder, client: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "mounted").symlink_to(keys.path, target_is_directory=True)
    elsewhere = KeyFolder(tmp_path / "mounted")
    for contest in ("runde-1", "runde-2"):
        keys.make(contest)
        keys.load(contest)
    elsewhere.destroy("runde-1")
    client.get("/healthz")
    assert {file.stem for file in _loaded if file.parent == keys.path} == {"runde-2"}


@pytest.mark.parametrize("slug", ["", "../secret", "a/b", "Runde", "runde_1", "runde-", "a\x00b"])
def test_no_slug_leaves_the_folder(keys: KeyFolder, slug: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        keys.make(slug)


def test_the_log_names_making_and_loading_and_nothing_else(keys: KeyFolder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    keys.make("runde-1")
    for _ in range(5):
        keys.tag(contest="runde-1", question="feld-1", participant_id=SOMEBODY)
    assert [record.getMessage() for record in caplog.records] == [
        "contest key made: runde-1",
        "contest key loaded: runde-1",
    ]


def test_the_tag_is_the_documented_hmac(keys: KeyFolder) -> None:
    keys.make("runde-1")
    key = (keys.path / "runde-1.key").read_bytes()
    expected = hmac.new(key, b"feld-1\x00" + SOMEBODY.bytes, hashlib.sha256).digest()
    assert keys.tag(contest="runde-1", question="feld-1", participant_id=SOMEBODY) == expected


# ── What stands on a ballot ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("dafuer", '"dafuer"'),
        ({"b": 1, "a": [True, None, "ä"]}, '{"a":[true,null,"ä"],"b":1}'),
        ('\u20ac$\x0f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ("\b\t\f\r\x7f", '"\\b\\t\\f\\r\x7f"'),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}, None),
    ],
)
def test_canonical_json_follows_rfc_8785(value: object, written: str | None) -> None:
    expected = written or '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'
    assert canonical(value) == expected


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, {1: "a"}, object(), "\ud800", b"x"])
def test_what_has_no_one_way_to_write_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


def test_the_commitment_is_the_documented_hash() -> None:
    nonce = bytes(range(16))
    lines = f'participation/ballot/v1\nrunde-1\nfeld-1\n{nonce.hex()}\n"dafuer"'
    expected = hashlib.sha256(lines.encode()).digest()
    assert commitment(contest="runde-1", question="feld-1", nonce=nonce, choice='"dafuer"') == expected
