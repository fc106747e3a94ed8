"""Kinds of notices, lists of the queue, outcomes of decisions, and reasons why something is not decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from participation.foundation.facts import Fact, Missing, Unprocessable, marked

LONGEST_NOTICE, LONGEST_REASON = 2000, 2000
UNDO_FOR = timedelta(minutes=10)
"""How long a decision can be taken back; letters about it leave afterwards."""
IMPORTED_REASON = marked("Übernommen aus Polis")
NOT_THERE_ANY_MORE = "withdrawn"
"""State of a contribution whose author took it back."""


class NoticeKind(StrEnum):
    """Why somebody thinks that a contribution should be looked at."""

    RIGHTS = "rights"
    INSULT = "insult"
    PRIVATE = "private"
    SPAM = "spam"
    OTHER = "other"


class Outcome(StrEnum):
    """What a decision leads to; the value is the state of the contribution afterwards."""

    PUBLISHED = "published"
    WITHHELD = "withheld"


class Listed(StrEnum):
    """The lists of the queue."""

    HELD = "held"
    REPORTED = "reported"
    DECIDED = "decided"


NOTICE_KINDS = {
    NoticeKind.RIGHTS: marked("Verletzt Recht"),
    NoticeKind.INSULT: marked("Beleidigung oder Hass"),
    NoticeKind.PRIVATE: marked("Private Daten"),
    NoticeKind.SPAM: marked("Werbung oder Spam"),
    NoticeKind.OTHER: marked("Etwas anderes"),
}
OUTCOMES = {Outcome.PUBLISHED: marked("veröffentlicht"), Outcome.WITHHELD: marked("nicht veröffentlicht")}


@dataclass(frozen=True)
class Receipt:
    """What somebody who reports gets: a number to name, and the address of a page that nobody guesses."""

    number: int
    token: str


@dataclass(frozen=True)
class Verdict:
    """What somebody wants to decide, and what they had read when they did."""

    by: UUID
    outcome: Outcome
    rule: str | None
    reason: str
    last_seen: int | None
    """The last decision on the same contribution that they knew of."""


@dataclass(frozen=True)
class Decided:
    """The decision that holds now."""

    id: int
    outcome: str
    rule: str | None
    reason: str
    decided_by: UUID | None


@dataclass(frozen=True)
class Standing:
    """How things stand with a contribution once its row is locked."""

    state: str
    last: Decided | None
    open_notices: int


@dataclass(frozen=True)
class ImportedDecision:
    """What was decided on a contribution before it came here."""

    contribution_id: int
    outcome: Outcome
    decided_at: datetime


class AlreadyReported(Fact):
    """This participant has an open notice on the same contribution."""

    sentence = marked("Sie haben diesen Beitrag schon gemeldet. Die Moderation sieht ihn sich an.")


class NoticeNeedsText(Unprocessable):
    """»Something else« says nothing without words."""

    sentence = marked("Bitte schreiben Sie in einem Satz, worum es geht.")


class NoSuchNotice(Missing):
    """No notice has this address."""

    sentence = marked("Zu dieser Adresse gibt es keine Meldung. Bitte prüfen Sie, ob der Link vollständig ist.")


class NothingToReport(Missing):
    """There is no such contribution, or it is not public."""

    sentence = marked("Diesen Beitrag gibt es nicht, oder er ist nicht öffentlich.")


class RuleMissing(Unprocessable):
    """Withholding needs a rule of the Netiquette and a reason."""

    sentence = marked("Bitte nennen Sie die verletzte Regel und begründen Sie die Entscheidung.")


class AlreadySo(Fact):
    """The contribution is in that state already, for that reason."""

    sentence = marked("Das ist schon so entschieden.")


class DecidedMeanwhile(Fact):
    """Somebody else decided after this page was opened; nothing of theirs is overwritten unread."""

    sentence = marked(
        "Über diesen Beitrag wurde inzwischen schon entschieden. Ihre Entscheidung ist nicht gespeichert. Bitte lesen"
        " Sie die andere und entscheiden Sie, ob Sie sie ändern wollen."
    )


class WithdrawnMeanwhile(Fact):
    """Its author took the contribution back; nothing is left to decide."""

    sentence = marked("Dieser Beitrag wurde inzwischen von seiner Verfasserin oder seinem Verfasser zurückgezogen.")


class NothingToDecide(Missing):
    """There is no such contribution in an office of this moderator."""


def why_no_notice(kind: NoticeKind, text: str) -> Fact | None:
    """Return why a notice is not taken, or None."""
    return NoticeNeedsText() if kind is NoticeKind.OTHER and not text.strip() else None


def why_not_decide(standing: Standing, verdict: Verdict) -> Fact | None:
    """Return why a verdict cannot become a decision, or None. Whether the text was edited is asked apart from this.

    To keep what is public after a notice is a decision of its own; without a notice it says nothing new. Withholding
    again under another rule or with another reason corrects what the author was told.
    """
    if verdict.outcome is Outcome.WITHHELD and not (verdict.rule and verdict.reason.strip()):
        return RuleMissing()
    if standing.state == NOT_THERE_ANY_MORE:
        return WithdrawnMeanwhile()
    last = standing.last
    if (last.id if last else None) != verdict.last_seen:
        return AlreadySo() if last is not None and _same(last, verdict) else DecidedMeanwhile()
    if standing.state != verdict.outcome or standing.open_notices:
        return None
    if verdict.outcome is Outcome.PUBLISHED or (last is not None and _same_reason(last, verdict)):
        return AlreadySo()
    return None


def _same(last: Decided, verdict: Verdict) -> bool:
    """Say whether this is a second click on the same button by the same person."""
    return last.decided_by == verdict.by and last.outcome == verdict.outcome and _same_reason(last, verdict)


def _same_reason(last: Decided, verdict: Verdict) -> bool:
    return last.rule == verdict.rule and last.reason == verdict.reason.strip()
