"""The ladder of pauses, who may do what with one, and reasons why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from participation.foundation.facts import Fact, Missing, Refused, Unprocessable, marked

LADDER = (timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=30), timedelta(days=90))
"""How long a pause lasts: the first one the shortest, the next one only after it. The last step is repeated."""
REMEMBERED = timedelta(days=365)
"""An earlier pause that ended longer ago than this does not count any more, and is forgotten."""
CUT = "–"
"""In place of reasons, once nobody is to be named any more."""
CONTEST_FOR = timedelta(days=183)
"""Six months, as for every decision of moderation."""
LONGEST_REASON, LONGEST_BASIS, LONGEST_REFERENCE = 2000, 2000, 200


class Outcome(StrEnum):
    """What a second look at a pause leads to."""

    UPHELD = "upheld"
    REVERSED = "reversed"


OUTCOMES = {
    Outcome.UPHELD: marked("bestätigt"),
    Outcome.REVERSED: marked("aufgehoben"),
}


class State(StrEnum):
    """Where a pause stands; worked out from its facts and the clock."""

    PROPOSED = "proposed"
    WITHDRAWN = "withdrawn"
    RUNNING = "running"
    OVER = "over"
    OVERTAKEN = "overtaken"
    """What it rested on was decided anew before its end."""
    LIFTED = "lifted"


STATES = {
    State.PROPOSED: marked("vorgeschlagen"),
    State.WITHDRAWN: marked("nicht bestätigt"),
    State.RUNNING: marked("läuft"),
    State.OVER: marked("beendet"),
    State.OVERTAKEN: marked("vorzeitig beendet"),
    State.LIFTED: marked("aufgehoben"),
}


@dataclass(frozen=True)
class Acts:
    """Who did what with a pause, as far as it decides what may be done next."""

    proposed_by: UUID
    confirmed_by: UUID | None = None
    withdrawn: bool = False
    ends_at: datetime | None = None
    asked: bool = False
    outcome: str | None = None
    overtaken_at: datetime | None = None
    """When the contribution that it rests on was decided anew, if that was before its end."""


def step_after(earlier: int) -> int:
    """Return the step of the ladder, from 1, after so many pauses that count."""
    return min(earlier + 1, len(LADDER))


def state_of(acts: Acts, now: datetime) -> State:
    """Return where a pause stands. It ends by itself: at the very moment of its end it is over."""
    if acts.ends_at is None:
        return State.WITHDRAWN if acts.withdrawn else State.PROPOSED
    if acts.outcome == Outcome.REVERSED:
        return State.LIFTED
    if acts.overtaken_at is not None:
        return State.OVERTAKEN
    return State.RUNNING if now < acts.ends_at else State.OVER


class NoLegalBasis(Fact):
    """The office has not entered what allows it to pause anybody."""

    sentence = marked("Schreibpausen sind für diese Stelle ausgeschaltet, weil keine Rechtsgrundlage eingetragen ist.")


class BasisChangedMeanwhile(Fact):
    """Somebody else entered or removed the legal basis after the page was opened."""

    sentence = marked(
        "Jemand anderes hat die Rechtsgrundlage inzwischen geändert. Ihre Fassung ist nicht gespeichert. Bitte"
        " vergleichen Sie und tragen Sie sie dann noch einmal ein."
    )


class NothingWithheld(Fact):
    """A pause rests on a decision that holds and took a contribution back, and on each decision once."""

    sentence = marked(
        "Eine Schreibpause stützt sich auf einen Beitrag, der zurückgehalten ist und bleibt. Zu diesem Beitrag gibt es"
        " keine solche Entscheidung, sie kann noch zurückgenommen werden, sie ist älter als ein Jahr, oder es gab dazu"
        " schon eine Schreibpause."
    )


class NoLongerWithheld(Fact):
    """The decision that a proposal rests on does not hold any more, as after a second look."""

    sentence = marked("Die Entscheidung, auf der dieser Vorschlag beruht, gilt nicht mehr. Bitte lehnen Sie ihn ab.")


class NobodyToPause(Fact):
    """Nobody stands behind the contribution who could write another one."""

    sentence = marked("Hinter diesem Beitrag steht kein Konto, das schreiben könnte.")


class AlreadyPaused(Fact):
    """A pause runs, or one is proposed."""

    sentence = marked("Für diese Person läuft schon eine Schreibpause, oder eine ist vorgeschlagen.")


class AlreadySettled(Fact):
    """Somebody confirmed or withdrew the proposal."""

    sentence = marked("Über diesen Vorschlag ist schon entschieden.")


class OwnProposal(Refused):
    """Who proposes does not confirm."""

    sentence = marked("Einen Vorschlag bestätigt eine andere Person als die, von der er kommt.")


class StepChanged(Fact):
    """An earlier pause was lifted or overtaken since, so this one would be too long."""

    sentence = marked("Eine frühere Schreibpause zählt inzwischen nicht mehr. Bitte schlagen Sie diese neu vor.")


class NothingToReview(Fact):
    """Nobody asked for a second look, it was given, or the pause has ended already."""

    sentence = marked("Hier wartet keine Überprüfung.")


class NotAnotherPerson(Refused):
    """A second look is given by somebody who neither proposed nor confirmed."""

    sentence = marked("Die Überprüfung übernimmt eine Person, die weder vorgeschlagen noch bestätigt hat.")


class AlreadyAsked(Fact):
    """Each pause is looked at a second time once."""

    sentence = marked("Um eine Überprüfung dieser Schreibpause wurde schon gebeten.")


class NothingToAsk(Fact):
    """What it rested on does not hold any more, so it has ended already."""

    sentence = marked(
        "Diese Schreibpause ist schon beendet, weil über den Beitrag, auf dem sie beruhte, neu entschieden wurde."
        " Es gibt nichts mehr zu überprüfen."
    )


class TooLateToAsk(Fact):
    """Six months are over."""

    sentence = marked("Eine Überprüfung ist sechs Monate lang möglich. Diese Zeit ist vorbei.")


class ReasonNeeded(Unprocessable):
    """Nobody is paused, and nothing reviewed, without a reason."""

    sentence = marked("Bitte begründen Sie das in einem Satz.")


class NoSuchPause(Missing):
    """There is no such pause, or none that this person may see."""


def why_not_confirm(acts: Acts, by: UUID) -> Fact | None:
    """Return why somebody does not confirm a proposal, or None."""
    if acts.withdrawn or acts.ends_at is not None:
        return AlreadySettled()
    return OwnProposal() if by == acts.proposed_by else None


def why_not_withdraw(acts: Acts) -> Fact | None:
    """Return why a proposal cannot be withdrawn or turned down, or None."""
    return AlreadySettled() if acts.withdrawn or acts.ends_at is not None else None


def why_not_ask(acts: Acts, confirmed_at: datetime | None, now: datetime) -> Fact | None:
    """Return why its author gets no second look, or None."""
    if confirmed_at is None:
        return NoSuchPause()
    if acts.asked:
        return AlreadyAsked()
    if acts.overtaken_at is not None:
        return NothingToAsk()
    return TooLateToAsk() if now >= confirmed_at + CONTEST_FOR else None


def why_not_review(acts: Acts, by: UUID) -> Fact | None:
    """Return why somebody does not give a second look, or None."""
    if not acts.asked or acts.outcome is not None or acts.overtaken_at is not None:
        return NothingToReview()
    return NotAnotherPerson() if by in (acts.proposed_by, acts.confirmed_by) else None
