"""The folder of keys, outside the database.

Of each contest it holds the contest key, with which alone one finds the ballot of a participant, and the key that
signs its log.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from participation.foundation.config import Settings
from participation.voting.facts import KeyLost, SigningKeyLost

KEY_BYTES = 32
KEY, SIGNING_KEY = ".key", ".signing-key"

_log = logging.getLogger(__name__)
_slug = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_loaded: dict[Path, tuple[tuple[int, int], bytes]] = {}
"""Keys read by this process, with what the file was then: a key that is destroyed or replaced is not used on."""


class KeyFolder:
    """Keys as files of 32 random bytes.

    Written to the log are making, loading and destroying, never a cast or a look.

    :param host: where the site is found; part of the name under which logs are signed from now on
    :param copies: where the last checkpoint of each log lies a second time
    """

    def __init__(self, path: Path, host: str = "localhost", copies: Path | None = None) -> None:
        self.path = path
        self.host = host
        self.copies = copies or path / "checkpoints"

    @classmethod
    def of(cls, settings: Settings) -> KeyFolder:
        """Return the folder of an installation."""
        return cls(settings.key_dir, urlsplit(settings.base_url).netloc, settings.checkpoint_dir)

    def make(self, contest: str) -> None:
        """Make the key of a contest. One that is there already stays: it is left from a publishing that failed.

        The key appears whole or not at all, and is on the disk when this returns.

        :raises KeyLost: if what is there is no key
        """
        if _make(self._file(contest)):
            _log.info("contest key made: %s", contest)
        else:
            self.load(contest)

    def make_signing_key(self, contest: str) -> None:
        """Make the key that signs the log of a contest; one that is there already stays.

        :raises SigningKeyLost: if what is there is no key
        """
        if _make(self._file(contest, SIGNING_KEY)):
            _log.info("signing key made: %s", contest)
        else:
            self.signing_seed(contest)

    def origin(self, contest: str) -> str:
        """Return the name under which a log that is frozen now is signed."""
        return f"{self.host}/abstimmungen/{contest}"

    def signing_seed(self, contest: str) -> bytes:
        """Return the secret that signs the log of a contest. It links nobody to anything.

        :raises SigningKeyLost: if it is not there or is no key
        """
        try:
            seed = self._file(contest, SIGNING_KEY).read_bytes()
        except OSError as error:
            _log.error("signing key cannot be read: %s (%s)", contest, type(error).__name__)
            raise SigningKeyLost() from error
        if len(seed) != KEY_BYTES:
            _log.error("signing key is damaged: %s", contest)
            raise SigningKeyLost()
        return seed

    def destroy(self, contest: str) -> bool:
        """Destroy the key of a contest for good, and say whether it was there. The signing key stays.

        Once this returns the name is gone from the disk; what backups hold is for those who keep them to destroy.
        """
        file = self._file(contest)
        _loaded.pop(file, None)
        try:
            file.unlink()
        except FileNotFoundError:
            return False
        _settle(self.path)
        _log.info("contest key destroyed: %s", contest)
        return True

    def contests(self) -> set[str]:
        """Return the slugs of the contests whose key lies here."""
        return {file.stem for file in self.path.glob(f"*{KEY}")} if self.path.is_dir() else set()

    def signed_contests(self) -> set[str]:
        """Return the slugs of the contests whose signing key lies here."""
        return {file.stem for file in self.path.glob(f"*{SIGNING_KEY}")} if self.path.is_dir() else set()

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

    def kept_checkpoint(self, contest: str) -> str | None:
        """Return the last checkpoint of a log as it lies in the second place, or None."""
        file = self._copy(contest)
        return file.read_text("utf-8") if file.exists() else None

    def keep_checkpoint(self, contest: str, note: str) -> None:
        """Lay a checkpoint into the second place, whole or not at all."""
        file = self._copy(contest)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.parent / f".{secrets.token_hex(8)}.new"
        _write(fresh, note.encode())
        fresh.replace(file)
        _settle(file.parent)

    def _copy(self, contest: str) -> Path:
        self._file(contest)
        return self.copies / f"{contest}.txt"

    def _file(self, contest: str, kind: str = KEY) -> Path:
        if not _slug.fullmatch(contest):
            raise ValueError("a contest's slug holds small letters, digits and single hyphens only")
        return self.path / f"{contest}{kind}"


def forget_destroyed() -> None:
    """Let go of the keys of this process whose file is gone: another machine destroyed them."""
    for file in list(_loaded):
        try:
            file.stat()
        except OSError:
            _loaded.pop(file, None)


def _make(file: Path) -> bool:
    """Write a new key unless one is there, and say whether it was written."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.parent / f".{secrets.token_hex(8)}.new"
    try:
        _write(fresh, secrets.token_bytes(KEY_BYTES))
        os.link(fresh, file)
        return True
    except FileExistsError:
        return False
    finally:
        fresh.unlink(missing_ok=True)
        _settle(file.parent)


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
