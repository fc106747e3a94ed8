"""Names of rooms for the disclosure, and reasons why an account is not deleted."""

from __future__ import annotations

from participation.foundation.facts import Unprocessable, marked

DELETION_WORDS = ("löschen", "delete")
"""What somebody without a password types to confirm, in either language of the page."""

ROOM_NAMES = {
    "accounts": marked("Ihr Konto"),
    "letters": marked("E-Mails an Sie"),
    "audiences": marked("Teilnahme, Namen und Rollen"),
    "contributions": marked("Ihre Beiträge"),
    "discussion": marked("Ihre Bewertungen"),
    "voting": marked("Abstimmungen, an denen Sie teilgenommen haben"),
    "rounds": marked("Ihre Amtshandlungen in Beteiligungen"),
    "moderation": marked("Meldungen und Entscheidungen der Moderation"),
    "results": marked("Ihre Amtshandlungen bei Auszählungen"),
}


class NotConfirmed(Unprocessable):
    """What was typed does not confirm that the account shall go."""

    sentence = marked("Das stimmt nicht überein. Ihr Konto ist nicht gelöscht.")


def is_deletion_word(typed: str) -> bool:
    """Say whether somebody typed the word that confirms."""
    return typed.strip().casefold() in DELETION_WORDS
