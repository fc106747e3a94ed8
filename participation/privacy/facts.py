"""Names of rooms for the disclosure, and reasons why an account is not deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from participation.audiences.facts import ROLE_NAMES
from participation.contributions.facts import NETIQUETTE, SIGNALS
from participation.discussion.facts import VALUES
from participation.foundation.facts import Missing, Unprocessable, marked
from participation.moderation.facts import NOTICE_KINDS, OUTCOMES
from participation.reviews.facts import REVIEW_OUTCOMES

DELETION_WORDS = (marked("löschen"), "delete")
"""What somebody without a password types to confirm, in either language of the page."""

ROOM_NAMES = {
    "accounts": marked("Ihr Konto"),
    "letters": marked("E-Mails an Sie"),
    "audiences": marked("Teilnahme, Namen und Rollen"),
    "contributions": marked("Ihre Beiträge"),
    "discussion": marked("Ihre Bewertungen"),
    "voting": marked("Abstimmungen, an denen Sie teilgenommen haben"),
    "rounds": marked("Ihre Amtshandlungen in Beteiligungen"),
    "queues": marked("Sammelentscheidungen der Moderation"),
    "remarks": marked("Interne Notizen und Aufgaben der Moderation"),
    "reviews": marked("Überprüfungen von Entscheidungen"),
    "pauses": marked("Schreibpausen"),
    "brakes": marked("Notbremsen, die Sie gezogen oder gelöst haben"),
    "moderation": marked("Meldungen und Entscheidungen der Moderation"),
    "results": marked("Ihre Amtshandlungen bei Auszählungen"),
}

FACT_NAMES = {
    "asked_at": marked("gebeten"),
    "at": marked("Zeitpunkt"),
    "audience": marked("Nummer des Teilnehmerkreises"),
    "brake": marked("Nummer der Notbremse"),
    "comment": marked("Nummer des Kommentars"),
    "contest": marked("Abstimmung"),
    "contribution": marked("Nummer des Beitrags"),
    "counted_at": marked("ausgezählt"),
    "created_at": marked("angelegt"),
    "decided_at": marked("entschieden"),
    "device": marked("Gerät"),
    "done_at": marked("erledigt"),
    "due_on": marked("bis"),
    "email": marked("E-Mail-Adresse"),
    "given_at": marked("zugestimmt"),
    "has_password": marked("Passwort gesetzt"),
    "kind": marked("Art"),
    "language": marked("Sprache"),
    "law": marked("Gesetz"),
    "made_at": marked("entschieden"),
    "name": marked("Name"),
    "netiquette_version": marked("Fassung der Netiquette"),
    "office": marked("Stelle"),
    "on": marked("Tag"),
    "outcome": marked("Entscheidung"),
    "path": marked("Seite"),
    "pause": marked("Nummer der Schreibpause"),
    "purpose": marked("Zweck"),
    "question": marked("Frage"),
    "reason": marked("Begründung"),
    "role": marked("Rolle"),
    "round": marked("Nummer der Beteiligung"),
    "rule": marked("Regel der Netiquette"),
    "sent_at": marked("abgeschickt"),
    "settled_at": marked("erledigt"),
    "shown_as": marked("Angezeigter Name"),
    "signals": marked("Anlass der Prüfung"),
    "since": marked("seit"),
    "state": marked("Stand"),
    "template": marked("Vorlage"),
    "terms_version": marked("Fassung der Bedingungen"),
    "title": marked("Titel"),
    "took_part_on": marked("teilgenommen am"),
    "undone": marked("zurückgenommen"),
    "until": marked("bis"),
    "used_at": marked("benutzt"),
    "value": marked("Bewertung"),
}
"""What rooms call their facts, in words that people understand; the file keeps the short names."""

VALUE_NAMES: dict[str, Mapping[Any, str]] = {
    "kind": NOTICE_KINDS,
    "language": {"de": "Deutsch", "en": "English"},
    "outcome": {**OUTCOMES, **REVIEW_OUTCOMES},
    "role": ROLE_NAMES,
    "rule": {rule.slug: rule.title for rule in NETIQUETTE},
    "signals": SIGNALS,
    "state": {
        "held": marked("wird geprüft"),
        "published": marked("veröffentlicht"),
        "withheld": marked("nicht veröffentlicht"),
        "withdrawn": marked("zurückgezogen"),
    },
    "template": {
        "accounts/letters/invite": marked("Einladung"),
        "accounts/letters/known": marked("Sie haben schon ein Konto"),
        "accounts/letters/password_changed": marked("Ihr Passwort wurde geändert"),
        "accounts/letters/register": marked("Ihr Link zum Registrieren"),
        "accounts/letters/sign_in": marked("Ihr Link zum Anmelden"),
        "accounts/letters/unknown": marked("Zu dieser Adresse gibt es noch kein Konto"),
        "moderation/letters/decision": marked("Entscheidung über Ihren Beitrag"),
        "moderation/letters/notice_decided": marked("Entscheidung über Ihre Meldung"),
        "moderation/letters/notice_received": marked("Ihre Meldung ist angekommen"),
        "pauses/letters/paused": marked("Sie können für eine Zeit nichts schreiben"),
        "pauses/letters/reviewed": marked("Überprüfung Ihrer Schreibpause"),
        "reviews/letters/review_asked": marked("Ihre Bitte um Überprüfung ist angekommen"),
        "reviews/letters/review_given": marked("Ergebnis der Überprüfung"),
    },
    "value": VALUES,
}
"""What the short words of such facts mean. What is not named here is shown as it is kept."""


class NoVote(Missing):
    """They did not vote on it, or nobody may know of it yet: both are answered alike."""

    sentence = marked("Dazu haben Sie keine Stimme abgegeben.")


class NotConfirmed(Unprocessable):
    """What was typed does not confirm that the account shall go."""

    sentence = marked("Das stimmt nicht überein. Ihr Konto ist nicht gelöscht.")


def is_deletion_word(typed: str) -> bool:
    """Say whether somebody typed the word that confirms."""
    return typed.strip().casefold() in DELETION_WORDS
