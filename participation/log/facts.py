"""When a batch is written, how long the link to people lasts, and why a log is not continued."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked

FEWEST = 50
"""So many casts wait on a question before they are written: each is of another participant, so none stands out."""

PAUSE = timedelta(minutes=10)
"""Between two batches of a contest, so that checkpoints tell little of when somebody voted."""

LONGEST_RECEIPT = 20_000
"""Characters; a receipt has about a thousand."""


class Found(StrEnum):
    """What checking a receipt finds."""

    INCLUDED = "included"
    VOID = "void"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"
    CHANGED = "changed"


class NoSuchContest(Missing):
    """There is no such vote, or none that anybody may know of."""

    sentence = marked("Diese Abstimmung gibt es hier nicht oder nicht mehr.")


class NoLog(Missing):
    """The contest keeps no log: it was published before there were any."""

    sentence = marked("Zu dieser Abstimmung gibt es kein öffentliches Protokoll.")


class LogBroken(Fact):
    """The log does not continue what was signed last; nothing is signed until somebody knows why."""

    sentence = marked(
        "Das Protokoll dieser Abstimmung passt nicht zu seinem letzten Prüfpunkt. Bis das geklärt ist, wird nichts"
        " unterschrieben und nicht ausgezählt. Bitte wenden Sie sich an die Technik."
    )
    status = 503


class NoReceipts(Missing):
    """The rules of the contest offer none."""

    sentence = marked("Diese Abstimmung gibt keine Belege aus.")


class ReceiptsOver(Fact):
    """Receipts are shown until the close alone; who saved one checks it on."""

    sentence = marked(
        "Belege zeigen wir nur, solange die Abstimmung läuft. Sie ist seit %(ended_at)s beendet. Einen Beleg, den Sie"
        " gespeichert haben, können Sie weiter prüfen."
    )


class ReceiptUnreadable(Unprocessable):
    """What was pasted or uploaded is no receipt."""

    sentence = marked(
        "Das ist kein Beleg, den wir lesen können. Bitte fügen Sie den ganzen Text ein oder wählen Sie die Datei, die"
        " Sie nach der Stimmabgabe gespeichert haben."
    )


class RollStillOpen(Fact):
    """A sample drawn while people vote would tell who took part already."""

    sentence = marked("Solange abgestimmt wird, zieht niemand eine Stichprobe aus dem Verzeichnis.")


class SampleUnfounded(Unprocessable):
    """A sample is drawn for a reason and from a seed of one line."""

    sentence = marked("Bitte nennen Sie den Anlass und in einer Zeile, woraus gelost wird.")


class StillContestable(Fact):
    """The objection period still runs, so the key stays."""

    sentence = marked("Die Einspruchsfrist läuft noch bis %(until)s.")
