"""What a ballot shows of itself: its choice in canonical JSON and the commitment to it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

LARGEST_NUMBER = 2**53 - 1
"""Beyond it, readers in other languages lose digits (RFC 8785, section 3.2.2.3)."""

NONCE_BYTES = 16


def canonical(value: Any) -> str:
    """Return the one way to write a value as JSON (RFC 8785): sorted names, no spaces, only needed escapes.

    :param value: objects, lists, texts, whole numbers, true, false and null
    :raises ValueError: for anything else, and for text that is no Unicode
    """
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()
    return text


def sha256_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def commitment(*, contest: str, question: str, nonce: bytes, choice: str) -> bytes:
    """Return the commitment to a choice, from which nobody can guess it without the nonce.

    SHA-256 over lines: ``participation/ballot/v1``, slug of the contest, slug of the question, the nonce in
    hexadecimal, and the choice in canonical JSON (without a line end behind it).
    """
    lines = ("participation/ballot/v1", contest, question, nonce.hex(), choice)
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _ordered(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= LARGEST_NUMBER:
            return value
        case list() | tuple():
            return [_ordered(one) for one in value]
        case dict() if all(isinstance(name, str) for name in value):
            # RFC 8785 sorts by UTF-16 units, which differs from code points beyond the basic plane.
            return {name: _ordered(value[name]) for name in sorted(value, key=_utf16)}
    raise ValueError(f"no canonical JSON for {type(value).__name__}")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")
