"""Facts: named reasons why something may not be, with the sentence that a page says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID


def marked(text: str) -> str:
    """Return the text as it is; the mark lets the translation tools find it."""
    return text


class Fact(Exception):
    """A reason that code can act on and a page can word.

    ``sentence`` is a marked German msgid with ``%(name)s`` placeholders, filled from ``values``. ``status`` is the
    answer's HTTP status. ``way_out`` is an endpoint and a marked label, or None where there is nothing to offer.
    """

    sentence: ClassVar[str] = marked("Das ist nicht möglich.")
    status: ClassVar[int] = 409
    way_out: ClassVar[tuple[str, str] | None] = None

    def __init__(self, **values: Any) -> None:
        super().__init__(type(self).__name__)
        self.values = values

    @property
    def name(self) -> str:
        """The name of the fact as code and logs know it."""
        return type(self).__name__


class Refused(Fact):
    """Somebody is not entitled to do this."""

    sentence = marked("Dazu sind Sie nicht berechtigt.")
    status = 403


class Missing(Fact):
    """There is no such thing, or none that this person may know of."""

    sentence = marked("Das gibt es hier nicht oder nicht mehr.")
    status = 404


class Unprocessable(Fact):
    """What was sent does not hold; the form shows why."""

    sentence = marked("Bitte prüfen Sie Ihre Eingabe.")
    status = 422


class TooMany(Fact):
    """More attempts than the limit admits."""

    sentence = marked(
        "Das waren zu viele Versuche in kurzer Zeit. Bitte warten Sie einen Moment und versuchen Sie es noch einmal."
    )
    status = 429


class Viewer(Protocol):
    """Who is signed in, as far as every page may know."""

    @property
    def person_id(self) -> UUID:
        """The person."""
        ...

    @property
    def name(self) -> str | None:
        """The name last shown beside a contribution."""
        ...

    @property
    def language(self) -> str:
        """The language of the account."""
        ...

    @property
    def roles(self) -> frozenset[str]:
        """Roles held anywhere."""
        ...


@dataclass(frozen=True)
class Holding:
    """One thing that a room holds about a person, for »Meine Beteiligung« and the disclosure.

    ``kind`` is the table or thing in code words, ``text`` what the person wrote, ``facts`` all else, ready for JSON.
    """

    room: str
    kind: str
    text: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    told_from: datetime | None = None
    """From when on it is disclosed; None for at once."""

    @property
    def told(self) -> dict[str, Any]:
        """What the file says of it."""
        return {"room": self.room, "kind": self.kind, "text": self.text, "facts": self.facts}
