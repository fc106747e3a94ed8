"""What can be said of accounts without looking: languages, roles of links, and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from participation.foundation.facts import Fact, Unprocessable, marked

LANGUAGES = ("de", "en")
TERMS_VERSION = "2026-11"
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


class LinkPurpose(StrEnum):
    """What a link sent by mail is good for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    INVITE = "invite"


@dataclass(frozen=True)
class SignedIn:
    """The person behind this request, as the pages know them."""

    person_id: UUID
    sign_in_id: int
    email: str
    name: str | None
    """The name last shown beside a contribution."""
    language: str
    has_password: bool
    roles: frozenset[str] = frozenset()
    """Roles held anywhere; what they are good for is decided on the thing itself."""


class LinkSpent(Fact):
    """The link was used, has run out, or never was."""

    sentence = marked("Dieser Link gilt nicht mehr. Fordern Sie einfach einen neuen an.")
    status = 410
    way_out = ("accounts.sign_in", marked("Neuen Link anfordern"))


class WrongCredentials(Unprocessable):
    """Address and password do not belong together; which of the two is wrong is never said."""

    sentence = marked("E-Mail-Adresse und Passwort passen nicht zusammen.")


class IntentGone(Fact):
    """What somebody meant to do was done already or is older than a day."""

    sentence = marked("Diese Eingabe liegt nicht mehr vor. Sie wurde schon abgeschickt oder ist älter als einen Tag.")
    status = 410
