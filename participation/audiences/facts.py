"""Roles, kinds of participants, names that may stand beside a contribution, and reasons of admission."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from participation.foundation.facts import Fact, Refused, Unprocessable, marked

SHORTEST_NAME, LONGEST_NAME = 2, 60

NOBODY = UUID(int=0)
"""Who a visitor is looked up as, so that one statement serves all. Not NULL, which imported participants have in place
of a person."""


class Role(StrEnum):
    """What officials may be. Every signed-in person is a citizen besides; roles imply nothing else."""

    MODERATOR = "moderator"
    STAFF = "staff"
    DESK = "desk"
    JURY = "jury"
    AUDIT = "audit"
    SAFEGUARD = "safeguard"
    ADMIN = "admin"


ROLE_NAMES = {
    Role.MODERATOR: marked("Moderation"),
    Role.STAFF: marked("Verfahrensleitung"),
    Role.DESK: marked("Schalter"),
    Role.JURY: marked("Jury"),
    Role.AUDIT: marked("Prüfung"),
    Role.SAFEGUARD: marked("Bedrohungsmanagement"),
    Role.ADMIN: marked("Administration"),
}
GRANTED_NOW = (Role.STAFF, Role.MODERATOR, Role.SAFEGUARD, Role.AUDIT, Role.ADMIN)
"""The roles that something exists for."""


class Kind(StrEnum):
    """How a participant came."""

    ACCOUNT = "account"
    GUEST = "guest"
    PAPER = "paper"
    IMPORTED = "imported"
    ORGANISATION = "organisation"


class Admission(StrEnum):
    """Who is admitted."""

    REGISTERED = "registered"
    """Everybody with an account."""
    NOBODY = "nobody"
    """Nobody any more: what was imported from elsewhere."""


@dataclass(frozen=True)
class Who:
    """Who wants to act. ``shown_as`` is the name they chose with this act, or None to leave it as it is."""

    person_id: UUID
    shown_as: str | None = None


@dataclass(frozen=True)
class Grant:
    """A role somebody holds now, over an office, over one audience, or (admin) over everything."""

    id: int
    role: Role
    office_id: int | None
    audience_id: int | None


@dataclass(frozen=True)
class GrantLine:
    """A role somebody holds now, with the office it is for; of one audience the office it belongs to."""

    id: int
    role: Role
    office_name: dict[str, str] | None
    audience_id: int | None


@dataclass(frozen=True)
class Official:
    """Somebody who may act, and in which roles."""

    person_id: UUID
    email: str
    grants: tuple[GrantLine, ...]


@dataclass(frozen=True)
class OfficeCount:
    """An office, and in how many audiences of it something is so."""

    name: dict[str, str]
    audiences: int


class NotAdmitted(Refused):
    """The audience does not admit this person."""

    sentence = marked("An dieser Beteiligung können Sie nicht teilnehmen.")


class NotEntitled(Refused):
    """The person holds no such role over this thing."""

    sentence = marked("Für diese Beteiligung haben Sie keine Berechtigung.")


class NameMissing(Unprocessable):
    """A contribution needs a name to stand beside it, and none was chosen yet."""

    sentence = marked("Bitte wählen Sie einen Namen, der neben Ihrem Beitrag steht.")


class NameNotUsable(Unprocessable):
    """The name is too short, too long, holds invisible signs, or sounds like an office."""

    sentence = marked(
        "Dieser Name geht nicht. Bitte wählen Sie 2 bis 60 Zeichen, keine Adresse und nichts, das nach Amt oder"
        " Moderation klingt."
    )


class ScopeMissing(Unprocessable):
    """A role was named without what it is for, or with too much."""

    sentence = marked(
        "Bitte wählen Sie, wofür die Rolle gilt: Stelle oder Beteiligung. Nur die Administration gilt überall."
    )


class LastAdmin(Fact):
    """Nobody would be left who can grant roles."""

    sentence = marked("Das ist die letzte Administration. Berechtigen Sie zuerst eine andere Person.")


RESERVED = re.compile(
    r"\b(moderation|moderator(in)?|administration|administrator(in)?|admin|verwaltung|stadtverwaltung|stadt\s+bochum"
    r"|verfahrensleitung|oberb(ü|ue)rgermeister(in)?|rathaus|gel(ö|oe)schtes\s+konto)\b|✓|✔|☑|🏛|®|™",
    re.IGNORECASE,
)


def name_is_usable(name: str) -> bool:
    """Say whether a name may stand beside a contribution.

    Marks of offices cannot be typed, nor an address, nor signs that nobody sees or that turn the writing direction.
    Letters that look alike in other scripts are not looked for; the mark of an office on the page is more than a word.
    """
    plain = unicodedata.normalize("NFKC", name)
    if not SHORTEST_NAME <= len(plain.strip()) <= LONGEST_NAME or "@" in plain:
        return False
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for sign in plain):
        return False
    return any(sign.isalnum() for sign in plain) and not RESERVED.search(plain)


_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def short_name(name: str) -> str:
    """Return what stands for a name in addresses: small letters, digits and hyphens, 60 at most."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "stelle"
