"""Kinds of notices, outcomes of decisions and reasons."""

from __future__ import annotations

from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked


class NoticeKind(StrEnum):
    """Why somebody thinks that a contribution should be looked at."""

    RIGHTS = "rights"
    INSULT = "insult"
    PRIVATE = "private"
    SPAM = "spam"
    OTHER = "other"


class Outcome(StrEnum):
    """What a decision leads to."""

    PUBLISHED = "published"
    WITHHELD = "withheld"


NOTICE_KINDS = {
    NoticeKind.RIGHTS: marked("Verletzt Recht"),
    NoticeKind.INSULT: marked("Beleidigung oder Hass"),
    NoticeKind.PRIVATE: marked("Private Daten"),
    NoticeKind.SPAM: marked("Werbung oder Spam"),
    NoticeKind.OTHER: marked("Etwas anderes"),
}
OUTCOMES = {Outcome.PUBLISHED: marked("veröffentlicht"), Outcome.WITHHELD: marked("nicht veröffentlicht")}


class AlreadyReported(Fact):
    """This participant has an open notice on the same contribution."""

    sentence = marked("Sie haben diesen Beitrag schon gemeldet. Die Moderation sieht ihn sich an.")


class RuleMissing(Unprocessable):
    """Withholding needs a rule of the Netiquette and a reason."""

    sentence = marked("Bitte nennen Sie die verletzte Regel und begründen Sie die Entscheidung.")


class AlreadySo(Fact):
    """The contribution is in that state already."""

    sentence = marked("Das ist schon so entschieden.")


class NothingToDecide(Missing):
    """There is no such contribution in an office of this moderator."""
