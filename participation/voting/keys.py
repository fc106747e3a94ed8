"""The folder of contest keys, outside the database: only with a key can one find the ballot of a participant."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path
from uuid import UUID

from participation.voting.facts import KeyLost

KEY_BYTES = 32

_log = logging.getLogger(__name__)
_slug = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_loaded: dict[Path, tuple[tuple[int, int], bytes]] = {}
"""Keys read by this process, with what the file was then: a key that is destroyed or replaced is not used on."""


class KeyFolder:
    """Contest keys as files of 32 random bytes.

    Written to the log are making and loading, never a cast or a look.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self, contest: str) -> None:
        """Make the key of a contest. One that is there already stays: it is left from a publishing that failed.

        The key appears whole or not at all, and is on the disk when this returns.

        :raises KeyLost: if what is there is no key
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path / f".{secrets.token_hex(8)}.new"
        try:
            _write(fresh, secrets.token_bytes(KEY_BYTES))
            os.link(fresh, self._file(contest))
            _log.info("contest key made: %s", contest)
        except FileExistsError:
            self.load(contest)
        finally:
            fresh.unlink(missing_ok=True)
        _settle(self.path)

    def load(self, contest: str) -> bytes:
        """Return the key of a contest.

        :raises KeyLost: if it is not there or is no key
        """
        file = self._file(contest)
        try:
            found = file.stat()
            mark = (found.st_ino, found.st_mtime_ns)
            known = _loaded.get(file)
            if known is not None and known[0] == mark:
                return known[1]
            key = file.read_bytes()
        except OSError as error:
            _loaded.pop(file, None)
            _log.error("contest key cannot be read: %s (%s)", contest, type(error).__name__)
            raise KeyLost() from error
        if len(key) != KEY_BYTES:
            _log.error("contest key is damaged: %s", contest)
            raise KeyLost()
        _loaded[file] = (mark, key)
        _log.info("contest key loaded: %s", contest)
        return key

    def tag(self, *, contest: str, question: str, participant_id: UUID) -> bytes:
        """Return the tag under which the ballot of a participant on a question lies.

        HMAC-SHA256 with the contest's key over the question's slug, a zero byte, and the 16 bytes of the participant.

        :raises KeyLost: if the key is not there
        """
        return hmac.digest(self.load(contest), question.encode() + b"\x00" + participant_id.bytes, hashlib.sha256)

    def _file(self, contest: str) -> Path:
        if not _slug.fullmatch(contest):
            raise ValueError("a contest's slug holds small letters, digits and single hyphens only")
        return self.path / f"{contest}.key"


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
