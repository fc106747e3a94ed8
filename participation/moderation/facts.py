"""Kinds of notices, lists of the queue, outcomes of decisions, and reasons why something is not decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any
from uuid import UUID

from participation.contributions.facts import PLACE_RULE
from participation.foundation.facts import Fact, Missing, Refused, Unprocessable, marked

LONGEST_NOTICE, LONGEST_REASON = 2000, 2000
LONGEST_LAW = 120
HOURS, MOST_HOURS = 24, 240
"""Within how many hours of working days moderation decides, where a round says nothing else."""
ALIKE = 0.6
"""From which share of common words on two texts count as alike."""
OPEN_FOR = timedelta(minutes=10)
"""How long an opened contribution is marked for the others."""
KEPT_ORIGINAL, KEPT_THREAT = timedelta(days=184), timedelta(days=365)
"""How long sealed copies are kept: a day longer than a decision can be contested, and what a prosecutor may ask for.

An original about which a second look is open is kept until that is given.
"""
SEEN_FOR = timedelta(minutes=10)
"""How long a sealed text is shown to who opened it; after that it is opened, and written down, again."""
A_WORD = re.compile(r"[^\W\d_]+")
BLACK = "█████"
"""In place of what is blacked out, whatever its length."""
MOST_WORDS = 1200
"""Of texts with more words no differences are worked out; 5,000 characters of German or English have up to 900."""
UNDO_FOR = timedelta(minutes=10)
"""How long a decision can be taken back; letters about it leave afterwards."""
IMPORTED_REASON = marked("Übernommen aus Polis")
LAW_RULE = "law"
"""The rule of the Netiquette that a tombstone names where only a law is broken."""
NOT_THERE_ANY_MORE = "withdrawn"
"""State of a contribution whose author took it back."""


class NoticeKind(StrEnum):
    """Why somebody thinks that a contribution should be looked at."""

    RIGHTS = "rights"
    INSULT = "insult"
    PRIVATE = "private"
    SPAM = "spam"
    OTHER = "other"


class NoticeEnd(StrEnum):
    """How a notice is settled without a decision."""

    WITHDRAWN = "withdrawn"
    """The author took the contribution back before."""


class Outcome(StrEnum):
    """What a decision leads to."""

    PUBLISHED = "published"
    WITHHELD = "withheld"
    REDACTED = "redacted"
    """Public, with personal data blacked out; the original is sealed."""
    REWORD = "reword"
    """Held until its author finds other words."""
    DUPLICATE = "duplicate"
    """Public, and linked to the contribution that says the same."""
    MOVED = "moved"
    """Public, with another subject of the round."""
    POLICE = "police"
    """Withheld as a threat, with a sealed copy for those who may hand it over."""


STATE_AFTER = {
    Outcome.PUBLISHED: "published",
    Outcome.WITHHELD: "withheld",
    Outcome.REDACTED: "published",
    Outcome.REWORD: "held",
    Outcome.DUPLICATE: "published",
    Outcome.MOVED: "published",
    Outcome.POLICE: "withheld",
}
"""The state of the contribution after each outcome."""
NEEDS_REASON = frozenset({Outcome.WITHHELD, Outcome.REDACTED, Outcome.REWORD, Outcome.POLICE})
"""What takes something from its author, or asks something of them, names a rule or a law, and the facts."""
RULE_OF = {Outcome.DUPLICATE: PLACE_RULE, Outcome.MOVED: PLACE_RULE}
"""What is linked or moved breaks no other rule, so nobody picks one; the other contribution or subject is the fact."""
LEAVES_LINKS = frozenset({Outcome.REDACTED, Outcome.MOVED})
"""Bars and a place say nothing about what a contribution is linked to."""
CONTESTABLE = frozenset(Outcome) - {Outcome.PUBLISHED}


class Found(StrEnum):
    """How moderation came to look at a contribution."""

    NOTICE = "notice"
    QUEUE = "queue"
    OWN = "own"


FOUND = {
    Found.NOTICE: marked("durch eine Meldung"),
    Found.QUEUE: marked("beim Lesen vor der Veröffentlichung"),
    Found.OWN: marked("beim Lesen durch die Moderation"),
}


class SealedKind(StrEnum):
    """Why a text is kept under seal."""

    ORIGINAL = "original"
    """What was blacked out; goes after a set time."""
    THREAT = "threat"
    """For the police, if those who may decide so hand it over."""


NOTICE_KINDS = {
    NoticeKind.RIGHTS: marked("Verletzt Recht"),
    NoticeKind.INSULT: marked("Beleidigung oder Hass"),
    NoticeKind.PRIVATE: marked("Private Daten"),
    NoticeKind.SPAM: marked("Werbung oder Spam"),
    NoticeKind.OTHER: marked("Etwas anderes"),
}
OUTCOMES = {
    Outcome.PUBLISHED: marked("veröffentlicht"),
    Outcome.WITHHELD: marked("nicht veröffentlicht"),
    Outcome.REDACTED: marked("mit Schwärzungen veröffentlicht"),
    Outcome.REWORD: marked("um andere Worte gebeten"),
    Outcome.DUPLICATE: marked("als doppelt verknüpft"),
    Outcome.MOVED: marked("zu einem anderen Thema verschoben"),
    Outcome.POLICE: marked("nicht veröffentlicht, als Drohung gesichert"),
}


def told_as(outcome: str) -> Outcome:
    """Return an outcome as all but moderators may know it. That a threat is secured for the police nobody is told."""
    return Outcome.WITHHELD if outcome == Outcome.POLICE else Outcome(outcome)


class Mark(StrEnum):
    """What became of a piece of a text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class Piece:
    """Some words of two texts that are compared: in both, only in the older, or only in the newer."""

    mark: Mark
    text: str


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
    law: str | None = None
    """The law that is broken, as »§ 185 StGB«."""
    passages: tuple[str, ...] = ()
    """What is blacked out, word by word."""
    duplicate_of: int | None = None
    moved_to: int | None = None
    """The thread of the other subject."""


@dataclass(frozen=True)
class Decided:
    """The decision that holds now."""

    id: int
    outcome: str
    rule: str | None
    reason: str
    decided_by: UUID | None
    law: str | None = None
    duplicate_of: int | None = None
    moved_to: int | None = None


def version_after(read: int, outcome: str) -> int:
    """Return the version of a text that a decision leaves which was made on another one."""
    return read + (outcome == Outcome.REDACTED)


@dataclass(frozen=True)
class Taken:
    """A decision that may be taken back or looked at again, with how things stood before it."""

    id: int
    contribution_id: int
    outcome: str
    decided_by: UUID | None
    decided_at: datetime
    version_read: int
    moved_to: int | None
    before: dict[str, Any]
    undone: bool
    is_of_review: bool
    """Whether a second look brought it, which is not taken back by a click."""
    left_again: int | None = None
    """The version in which the text that it left stands now, if that is a later one with the same words."""

    @property
    def version_after(self) -> int:
        """The version of the text that the decision left."""
        return self.left_again or version_after(self.version_read, self.outcome)


@dataclass(frozen=True)
class Standing:
    """How things stand with a contribution once its row is locked."""

    state: str
    last: Decided | None
    open_notices: int
    rewording: bool = False
    author: UUID | None = None
    """The account that wrote it; None for what was imported or whose author is gone."""
    shaping: Decided | None = None
    """The last decision that changed something: why the contribution stands as it does."""
    passed_on: bool = False
    """Whether a moderator passed it on and nobody has decided since."""
    awaited: tuple[Decided, ...] = ()
    """The decisions at which somebody else is still to look again, and reversing which gives something back."""


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


class AlreadyPassedOn(AlreadySo):
    """Somebody else passed it on, for a reason of theirs."""

    sentence = marked("Jemand anderes hat diesen Beitrag inzwischen weitergegeben. Der Grund steht auf dieser Seite.")


class DecidedMeanwhile(Fact):
    """Somebody else decided after this page was opened; nothing of theirs is overwritten unread."""

    sentence = marked(
        "Über diesen Beitrag wurde inzwischen schon entschieden. Ihre Entscheidung ist nicht gespeichert. Bitte lesen"
        " Sie die andere und entscheiden Sie, ob Sie sie ändern wollen."
    )


class UndoneMeanwhile(DecidedMeanwhile):
    """The decision that was shown was taken back; there is none to read, or an older one holds again."""

    sentence = marked(
        "Die Entscheidung, die hier stand, wurde inzwischen zurückgenommen. Ihre ist nicht gespeichert. Bitte sehen Sie"
        " sich den Beitrag noch einmal an und entscheiden Sie neu."
    )


class PassageMissing(Unprocessable):
    """What is to be blacked out does not stand in the text like that."""

    sentence = marked("»%(passage)s« steht so nicht im Text. Bitte schreiben Sie die Stelle genau ab.")


class NothingLeft(Unprocessable):
    """Everything would be black."""

    sentence = marked("Vom Text bliebe nichts zu lesen. Bitte halten Sie den Beitrag dann zurück.")


class NoSuchOriginal(Unprocessable):
    """The other contribution is not public, not of this round, or a duplicate itself."""

    sentence = marked(
        "Bitte nennen Sie die Nummer eines anderen öffentlichen Beitrags dieser Beteiligung, der nicht selbst doppelt"
        " ist."
    )


class NoSuchSubject(Unprocessable):
    """The round has no such subject to move to."""

    sentence = marked("Bitte wählen Sie ein anderes Thema derselben Beteiligung.")


class TooLateToReword(Unprocessable):
    """Nobody could change the text any more, since the talk is over."""

    sentence = marked("Die Diskussion ist beendet, der Text lässt sich nicht mehr ändern.")


class UndoOver(Fact):
    """The ten minutes are over; letters are on their way."""

    sentence = marked(
        "Die zehn Minuten sind vorbei, der Brief ist unterwegs. Sie können den Beitrag öffnen und neu entscheiden."
    )


class LinkedBack(Fact):
    """The link that would come back leads to where this contribution is linked to by now."""

    sentence = marked(
        "Damit käme der Verweis auf Beitrag %(number)s zurück, aber der verweist inzwischen selbst auf diesen. Die"
        " Entscheidung bleibt deshalb. Sie können den Beitrag öffnen und neu entscheiden."
    )


class AlreadyUndone(Fact):
    """The decision was taken back before."""

    sentence = marked("Diese Entscheidung ist schon zurückgenommen.")


class OwnContribution(Refused):
    """Nobody decides on what they wrote themselves, whatever their role."""

    sentence = marked("Über Ihren eigenen Beitrag entscheidet eine andere Person.")


class LookAwaited(Fact):
    """A second look is somebody else's; who decided does not get ahead of it, unless to publish."""

    sentence = marked(
        "Die Verfasserin oder der Verfasser hat um eine Überprüfung Ihrer Entscheidung gebeten. Solange sie wartet,"
        " entscheidet hier eine andere Person. Veröffentlichen können Sie den Beitrag selbst."
    )


class NotYourDecision(Refused):
    """Only who decided takes it back; everybody else decides anew."""

    sentence = marked("Zurücknehmen kann nur, wer entschieden hat. Sie können den Beitrag öffnen und neu entscheiden.")


class ReasonMissing(Unprocessable):
    """A second look needs reasons, and so does passing something on."""

    sentence = marked("Bitte begründen Sie das in einem Satz.")


class WithdrawnMeanwhile(Fact):
    """Its author took the contribution back; nothing is left to decide."""

    sentence = marked("Dieser Beitrag wurde inzwischen von seiner Verfasserin oder seinem Verfasser zurückgezogen.")


class NothingSealed(Missing):
    """There is no such sealed text in the rounds that this person looks after, or its time is over."""

    sentence = marked("Hier ist kein versiegelter Text. Vielleicht ist seine Zeit abgelaufen.")


class NothingToDecide(Missing):
    """There is no such contribution in an office of this moderator."""


def why_no_notice(kind: NoticeKind, text: str) -> Fact | None:
    """Return why a notice is not taken, or None."""
    return NoticeNeedsText() if kind is NoticeKind.OTHER and not text.strip() else None


def why_not_decide(standing: Standing, verdict: Verdict) -> Fact | None:
    """Return why a verdict cannot become a decision, or None. Whether the text was edited is asked apart from this.

    To keep what is public after a notice, or once it was passed on, is a decision of its own; else it says nothing
    new. Withholding again under another rule or with another reason corrects what the author was told.
    """
    if verdict.outcome in NEEDS_REASON and not ((verdict.rule or verdict.law) and verdict.reason.strip()):
        return RuleMissing()
    if standing.author == verdict.by:
        return OwnContribution()
    if standing.state == NOT_THERE_ANY_MORE:
        return WithdrawnMeanwhile()
    last = standing.last
    if (last.id if last else None) != verdict.last_seen:
        return AlreadySo() if last is not None and _same(last, verdict) else _decided_otherwise(last, verdict)
    if _gets_ahead(standing, verdict):
        return LookAwaited()
    return AlreadySo() if _says_nothing_new(standing, verdict) else None


def _decided_otherwise(last: Decided | None, verdict: Verdict) -> Fact:
    is_undone = verdict.last_seen is not None and (last is None or last.id < verdict.last_seen)
    return UndoneMeanwhile() if is_undone else DecidedMeanwhile()


def _gets_ahead(standing: Standing, verdict: Verdict) -> bool:
    """Say whether somebody puts another decision in the place of their own at which somebody else is to look again."""
    if verdict.outcome is Outcome.PUBLISHED:
        return False
    theirs = [one for one in standing.awaited if one.decided_by == verdict.by]
    return any(not _stand_beside(one.outcome, verdict.outcome) for one in theirs)


def _stand_beside(one: str, other: Outcome) -> bool:
    """Say whether two decisions leave each other as they are, as do those of different kinds on what is public."""
    return one != other and STATE_AFTER[Outcome(one)] == STATE_AFTER[other] == "published"


def _says_nothing_new(standing: Standing, verdict: Verdict) -> bool:
    shaping = standing.shaping
    if standing.state != STATE_AFTER[verdict.outcome] or standing.open_notices or standing.passed_on:
        return False
    if verdict.outcome is Outcome.PUBLISHED:
        # What is blacked out, linked or moved is public too; to publish it again changes nothing of that.
        return True
    if verdict.outcome is Outcome.REDACTED or (verdict.outcome is Outcome.REWORD and not standing.rewording):
        return False
    return shaping is not None and _same_reason(shaping, verdict)


def _same(last: Decided, verdict: Verdict) -> bool:
    """Say whether this is a second click on the same button by the same person."""
    return last.decided_by == verdict.by and last.outcome == verdict.outcome and _same_reason(last, verdict)


def _same_reason(last: Decided, verdict: Verdict) -> bool:
    """Say whether the author would read the same."""
    told = (last.outcome, last.rule, last.law, last.reason, last.duplicate_of, last.moved_to)
    return told == (
        verdict.outcome,
        verdict.rule,
        verdict.law,
        verdict.reason.strip(),
        verdict.duplicate_of,
        verdict.moved_to,
    )


def found_by(standing: Standing) -> Found:
    """Return how moderation came to look at a contribution."""
    if standing.open_notices:
        return Found.NOTICE
    return Found.QUEUE if standing.state == "held" else Found.OWN


def why_not_undo(taken: Taken, standing: Standing, *, by: UUID, now: datetime) -> Fact | None:
    """Return why a decision cannot be taken back, or None. Whether the text changed is asked apart from this."""
    if taken.undone:
        return AlreadyUndone()
    if taken.decided_by != by:
        return NotYourDecision()
    if now >= taken.decided_at + UNDO_FOR or taken.is_of_review or not taken.before:
        return UndoOver()
    return None if standing.last is not None and standing.last.id == taken.id else DecidedMeanwhile()


def likeness(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1: common three-letter runs over all of them (Jaccard)."""
    return next(likenesses(one, [other]))


def likenesses(one: str, others: Iterable[str]) -> Iterator[float]:
    """Yield how alike a text is to each of some others; 0.1 ms for a text of 400 characters."""
    mine = _runs(one)
    for theirs in map(_runs, others):
        common = len(mine & theirs)
        yield common / (len(mine) + len(theirs) - common) if common else 0.0


def _runs(text: str) -> set[str]:
    found: set[str] = set()
    for word in set(A_WORD.findall(text.casefold())):
        found.update([word[at : at + 3] for at in range(max(1, len(word) - 2))])
    return found


def blacked_out(text: str, passages: Sequence[str]) -> str:
    """Return the text with some passages blacked out, wherever they stand.

    :raises PassageMissing: for a passage that does not stand in it
    :raises NothingLeft: if no letter or digit would be left
    """
    for passage in sorted(passages, key=len, reverse=True):
        if passage not in text:
            raise PassageMissing(passage=passage)
    for passage in sorted(passages, key=len, reverse=True):
        text = text.replace(passage, BLACK)
    if not any(sign.isalnum() for sign in text):
        raise NothingLeft()
    return text


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """Return the newer text in pieces, word by word, with what the older one had in their place.

    White space alone is no difference. The texts are at most 5,000 characters; with more words than people write in
    these, nothing is compared and one text stands beside the other, so that nobody keeps a page busy for seconds.
    """
    old, new = _words(before), _words(after)
    if max(len(old), len(new)) > MOST_WORDS:
        return Piece(Mark.GONE, before), Piece(Mark.NEW, after)
    found: list[Piece] = []
    matched = SequenceMatcher(None, [word.rstrip() for word in old], [word.rstrip() for word in new])
    for act, from_old, to_old, from_new, to_new in matched.get_opcodes():
        if act == "equal":
            found.append(Piece(Mark.SAME, "".join(new[from_new:to_new])))
            continue
        gone, added = "".join(old[from_old:to_old]), "".join(new[from_new:to_new])
        found += [Piece(mark, text) for mark, text in ((Mark.GONE, gone), (Mark.NEW, added)) if text]
    return tuple(found)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*", text)
