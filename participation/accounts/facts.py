"""What can be said of accounts without looking: languages, purposes of links, names of devices, and reasons."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from participation.foundation.facts import Fact, Refused, Unprocessable, marked

LANGUAGES = ("de", "en")
TERMS_VERSION = "2026-11"
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
STAYS_SIGNED_IN = timedelta(days=30)
LINK_HOLDS = timedelta(minutes=60)
INVITATION_HOLDS = timedelta(days=7)
SECOND_TAP = timedelta(minutes=1)
"""So long after its use a link still lets the same browser in: its first answer may have got lost on the way."""
INTENT_HOLDS = timedelta(days=1)
SPENT_LINK_KEPT = timedelta(days=7)
LONGEST_INTENT = 50_000
"""Characters of all kept fields together; more is not kept."""
MOST_FIELDS = 100


@dataclass(frozen=True)
class Limit:
    """How many tries are admitted for one address, and for one network, where a whole school may sit behind it."""

    what: str
    most: int
    per: timedelta
    most_by_network: int = 300


LETTERS_AN_HOUR = Limit("letter", 6, timedelta(hours=1), most_by_network=100)
SIGN_INS_A_QUARTER = Limit("sign-in", 20, timedelta(minutes=15))
INTENTS_AN_HOUR = Limit("intent", 0, timedelta(hours=1))


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
    since: datetime
    """When this session began."""


@dataclass(frozen=True)
class Credentials:
    """What a password is checked against; ``person_id`` is None if nobody has the address."""

    person_id: UUID | None
    password_hash: str | None


@dataclass(frozen=True)
class OpenSession:
    """A session of a person on some device."""

    id: int
    device: str
    since: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Link:
    """A link from a mail, as long as it holds."""

    purpose: LinkPurpose
    email: str
    asks_consent: bool
    """Whether the terms must be agreed to on its page, since nobody did before it was sent."""


@dataclass(frozen=True)
class Opened:
    """A session that was just begun: the token for the cookie, and what the person meant to do before."""

    token: str
    person_id: UUID
    intent_id: UUID | None


@dataclass(frozen=True)
class KeptIntent:
    """What somebody meant to send: where, the fields in their order, and the page it was typed on."""

    id: UUID
    path: str
    fields: tuple[tuple[str, str], ...]
    page: str | None


@dataclass(frozen=True)
class TypedLine:
    """A field of a kept form as the person knows it; marked msgids but for what they typed themselves."""

    label: str
    value: str
    is_word: bool
    """Whether the value is one of ours, to be translated."""


@dataclass(frozen=True)
class OfficeLine:
    """An office in a list."""

    id: int
    slug: str
    name: dict[str, str]


class LinkSpent(Fact):
    """The link was used, has run out, or never was."""

    sentence = marked("Dieser Link gilt nicht mehr. Fordern Sie einfach einen neuen an.")
    status = 410
    way_out = ("accounts.sign_in", marked("Neuen Link anfordern"))


class ConsentMissing(Unprocessable):
    """Nobody gets an account without the terms and without being sixteen."""

    sentence = marked("Bitte bestätigen Sie Ihr Alter und die Teilnahmebedingungen.")


class WrongCredentials(Unprocessable):
    """Address and password do not belong together; which of the two is wrong is never said."""

    sentence = marked("E-Mail-Adresse und Passwort passen nicht zusammen.")


class WrongPassword(Unprocessable):
    """The present password was mistyped."""

    sentence = marked("Das bisherige Passwort stimmt nicht.")


class PasswordUnfit(Unprocessable):
    """The new password is too short or too long."""

    sentence = marked("Das Passwort braucht mindestens %(least)s und höchstens %(most)s Zeichen.")

    def __init__(self) -> None:
        super().__init__(least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)


class NotFresh(Refused):
    """A password may be set without the present one only shortly after a sign-in by mail link."""

    sentence = marked(
        "Melden Sie sich zur Sicherheit ab und mit einem Link per E-Mail neu an. Danach können Sie ein Passwort setzen."
    )


class AccountDisabled(Refused):
    """The account was disabled by the administration."""

    sentence = marked("Dieses Konto ist gesperrt. Wenden Sie sich bitte an die Stelle im Impressum.")


class IntentGone(Fact):
    """What somebody meant to do was done already or is older than a day."""

    sentence = marked("Diese Eingabe liegt nicht mehr vor. Sie wurde schon abgeschickt oder ist älter als einen Tag.")
    status = 410
    way_out = ("privacy.overview", marked("Meine Beteiligung"))


def why_password_unfit(password: str) -> PasswordUnfit | None:
    """Return why a password cannot be taken, or None. Length is all that is asked."""
    return None if SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD else PasswordUnfit()


def may_set_password_without_present_one(*, by_link: bool, since: datetime, now: datetime) -> bool:
    """Say whether a session is fresh: begun by a mail link within the hour, so that the mailbox proved who it is."""
    return by_link and now - since <= LINK_HOLDS


def network_of(address: str) -> str:
    """Return what tells one sender from another: the address, of IPv6 the network that a household gets."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    # An IPv4 address written as IPv6 would else be one network with all others.
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def is_never_kept(field_name: str) -> bool:
    """Say whether a field of a form must not be stored: tokens and passwords."""
    return field_name in {"csrf_token", "vorhaben"} or "password" in field_name


def fits_into_an_intent(fields: list[tuple[str, str]]) -> bool:
    """Say whether the fields of a form are few and short enough to be kept."""
    return len(fields) <= MOST_FIELDS and sum(len(name) + len(value) for name, value in fields) <= LONGEST_INTENT


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """Return what a browser says of itself in two words (»Firefox, Android«), or nothing if it is none we know."""
    found = [next((word for sign, word in words if sign in user_agent), None) for words in (_BROWSERS, _SYSTEMS)]
    return ", ".join(word for word in found if word)


_FIELD_WORDS = {
    "title_de": marked("Titel"),
    "summary_de": marked("Worum es geht"),
    "text_de": marked("Ihr Text"),
    "text": marked("Ihr Text"),
    "body": marked("Ihr Text"),
    "reason": marked("Begründung"),
    "explanation": marked("Begründung"),
    "shown_as": marked("Name"),
    "stance": marked("Haltung"),
    "rating": marked("Bewertung"),
    "value": marked("Bewertung"),
}
_CHOSEN = {"stance", "rating", "value"}
_VALUE_WORDS = {
    "in_favour": marked("dafür"),
    "against": marked("dagegen"),
    "question": marked("Frage"),
    "neutral": marked("neutral"),
    "agree": marked("stimme zu"),
    "disagree": marked("stimme nicht zu"),
    "pass": marked("unsicher"),
}


def typed_lines(fields: tuple[tuple[str, str], ...]) -> tuple[TypedLine, ...]:
    """Return what is worth showing of a form before it is sent: what somebody typed or chose."""
    shown = [(name, value) for name, value in fields if name in _FIELD_WORDS and value.strip()]
    return tuple(_typed_line(name, value) for name, value in shown)


def _typed_line(name: str, value: str) -> TypedLine:
    is_word = name in _CHOSEN and value in _VALUE_WORDS
    return TypedLine(_FIELD_WORDS[name], _VALUE_WORDS[value] if is_word else value, is_word)
