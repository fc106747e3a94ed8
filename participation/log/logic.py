"""Receipts as people bring them: pasted or uploaded, as JSON or as a proof that carries it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from participation.log.facts import LONGEST_RECEIPT, ReceiptUnreadable
from participation.voting.ledger import NONCE_BYTES, canonical, commitment
from participation.voting.notes import PROOF_HEAD, Proof

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,199}")
"""A contest or a question. JSON can spell signs that no database takes and no page can show."""

_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True)
class Slip:
    """What a receipt says. ``choice`` is canonical JSON; without nonce and choice it names its ballot only."""

    contest: str
    question: str
    commitment: bytes
    nonce: bytes | None
    choice: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a receipt.

        :raises ReceiptUnreadable: if it is none
        """
        try:
            found = json.loads(_json_in(text))
            nonce = _bytes(found["nonce"], NONCE_BYTES) if "nonce" in found else None
            choice = canonical(found["choice"]) if "choice" in found else None
            contest, question = found["contest"], found["question"]
            if not (NAME.fullmatch(contest) and NAME.fullmatch(question)) or (nonce is None) != (choice is None):
                raise ReceiptUnreadable()
            return cls(contest, question, _bytes(found["commitment"], 32), nonce, choice)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ReceiptUnreadable() from error

    @property
    def fits(self) -> bool:
        """Whether its check number is that of its choice."""
        if self.nonce is None or self.choice is None:
            return True
        names = {"contest": self.contest, "question": self.question}
        return commitment(**names, nonce=self.nonce, choice=self.choice) == self.commitment

    @property
    def bare(self) -> str:
        """The same without nonce and choice, in canonical JSON: it says which ballot is meant, and nothing of it."""
        return canonical({"contest": self.contest, "question": self.question, "commitment": self.commitment.hex()})

    @property
    def chosen(self) -> Any:
        """The choice, or None."""
        return json.loads(self.choice) if self.choice is not None else None


def _json_in(text: str) -> str:
    if len(text) > LONGEST_RECEIPT:
        raise ReceiptUnreadable()
    plain = text.replace("\r\n", "\n").strip().removeprefix("\ufeff")
    if not plain.startswith(PROOF_HEAD):
        return plain
    extra = Proof.of(plain + "\n").extra
    if extra is None:
        raise ReceiptUnreadable()
    return extra.decode()


def _bytes(text: Any, size: int) -> bytes:
    if not isinstance(text, str) or len(text) != 2 * size or not _HEX.fullmatch(text):
        raise ReceiptUnreadable()
    return bytes.fromhex(text)
