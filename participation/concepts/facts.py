"""Short names made from titles, fingerprints of texts, and reasons why a concept may not be changed."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked
from participation.voting.facts import RESERVED_NAMES

LONGEST_SLUG = 60
RESERVED_SLUGS = frozenset({"neu"}) | RESERVED_NAMES
"""Words that stand in addresses where a short name could."""

GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " und "})


class Kind(StrEnum):
    """What stands in an order that staff may change."""

    LEITTHEMA = "leitthema"
    HANDLUNGSFELD = "handlungsfeld"


class VersionFrozen(Fact):
    """A round asks about this version, so it stays as it is."""

    sentence = marked(
        "Diese Fassung ist eingefroren, weil eine Beteiligung auf ihr beruht. Legen Sie eine neue Fassung an."
    )


class VersionStillOpen(Fact):
    """There is a version already that can be edited."""

    sentence = marked("Die letzte Fassung ist noch nicht eingefroren. Ändern Sie einfach diese.")


class SlugTaken(Unprocessable):
    """Another one has this short name already."""

    sentence = marked("Diesen Titel oder Kurznamen gibt es schon. Bitte wählen Sie einen anderen.")


class NoSuchConcept(Missing):
    """There is no such concept in an office of this person."""


class StillUsed(Fact):
    """It holds others that must go first."""

    sentence = marked("Das enthält noch Handlungsfelder. Verschieben oder löschen Sie diese zuerst.")


class TextChangedMeanwhile(Fact):
    """Somebody else saved the text after this page was opened."""

    sentence = marked(
        "Jemand hat diesen Text inzwischen geändert. Ihre Eingabe steht noch hier und ist nicht gespeichert."
        " Vergleichen Sie beide und speichern Sie dann noch einmal."
    )


def slug_of(title: str) -> str:
    """Return the short name for addresses that a German title makes: »Digitale Bildung & Teilhabe« becomes
    ``digitale-bildung-und-teilhabe``. At most 60 characters, never empty."""
    german = unicodedata.normalize("NFC", title).lower().translate(GERMAN)
    plain = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > LONGEST_SLUG:
        slug = slug[: LONGEST_SLUG + 1].rpartition("-")[0] or slug[:LONGEST_SLUG]
    slug = slug.strip("-") or "ohne-namen"
    return f"{slug}-1" if slug in RESERVED_SLUGS else slug


def fingerprint(*texts: object) -> str:
    """Return the mark of what somebody read, to be sent back with what they make of it."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
