"""Levels, effects and parts of a round, its state, what is missing before publishing, and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from participation.foundation.facts import Fact, Missing, Unprocessable, marked
from participation.windows.facts import State as WindowState
from participation.windows.facts import WindowTimes

SHORTEST_ROUND = timedelta(days=21)
SHORTEST_REASON = 10
RELEASE_AFTER = timedelta(days=14)
"""Results are due this long after the close, where the rule sheet names nothing else."""


class Level(StrEnum):
    """How far citizens' say goes."""

    INFORMATION = "information"
    CONSULTATION = "konsultation"
    COOPERATION = "mitwirkung"
    CODECISION = "mitentscheidung"


class Effect(StrEnum):
    """What follows from the result of a part."""

    INFORMS = "informs"
    RECOMMENDS = "recommends"
    DECIDES = "decides"


class PartKind(StrEnum):
    """What people do in a part."""

    TALK = "talk"
    VOTE = "vote"


class SubjectKind(StrEnum):
    """What a round is about."""

    HANDLUNGSFELD = "handlungsfeld"
    TEXT = "text"


class State(StrEnum):
    """Derived from the clock and the facts at each request."""

    DRAFT = "draft"
    COMING = "coming"
    RUNNING = "running"
    BETWEEN = "between"
    """Something is over and something else has not begun."""
    COUNTING = "counting"
    """All is over and the result not yet released."""
    RELEASED = "released"


LEVELS = {
    Level.INFORMATION: marked("Information"),
    Level.CONSULTATION: marked("Konsultation"),
    Level.COOPERATION: marked("Mitwirkung"),
    Level.CODECISION: marked("Mitentscheidung"),
}
LEVEL_SENTENCES = {
    Level.INFORMATION: marked("Die Stadt informiert und hört zu."),
    Level.CONSULTATION: marked("Die Stadt fragt nach Ihrer Meinung und wägt sie ab."),
    Level.COOPERATION: marked("Bürger*innen und Stadt arbeiten den Vorschlag gemeinsam aus."),
    Level.CODECISION: marked("Bürger*innen und Stadt entscheiden gemeinsam."),
}
EFFECTS = {
    Effect.INFORMS: marked("Das Ergebnis informiert die Entscheidung. Es bindet niemanden."),
    Effect.RECOMMENDS: marked("Das Ergebnis ist eine Empfehlung. Wer davon abweicht, begründet das."),
    Effect.DECIDES: marked("Das Ergebnis entscheidet."),
}


PART_TITLES: dict[PartKind, dict[str, str]] = {
    PartKind.TALK: {"de": marked("Diskussion"), "en": "Discussion"},
    PartKind.VOTE: {"de": marked("Abstimmung"), "en": "Vote"},
}
"""What a part is called unless it gets a title of its own."""

STEPS = {
    State.DRAFT: marked("Noch nicht veröffentlicht. Das sieht niemand außer Ihrer Stelle."),
    State.COMING: marked("Es beginnt am %(moment)s."),
    State.RUNNING: marked("Offen bis %(moment)s. Danach wird ausgezählt."),
    State.BETWEEN: marked("Weiter geht es am %(moment)s."),
    State.COUNTING: marked("Es wird ausgezählt. Das Ergebnis kommt bis zum %(moment)s."),
    State.RELEASED: marked("Das Ergebnis liegt seit dem %(moment)s vor."),
}
"""The next step of a round in each state; ``moment`` is that of :class:`Outlook`."""

MORE_TO_COME = marked("Offen bis %(moment)s. Danach geht es nach einer Pause weiter.")


@dataclass(frozen=True)
class Outlook:
    """Where a round stands at a moment and what comes next."""

    state: State
    at: datetime | None
    """The moment that the next step names."""
    goes_on: bool = False
    """Whether something begins after what is open now, with a pause between."""

    @property
    def step(self) -> str:
        """The next step, a marked msgid with a place for ``%(moment)s``."""
        return MORE_TO_COME if self.goes_on else STEPS[self.state]

    @property
    def until(self) -> datetime | None:
        """What the time left counts to; None where nothing runs or begins."""
        return self.at if self.state in {State.COMING, State.RUNNING, State.BETWEEN} else None


def state_of(windows: Sequence[WindowTimes], released_at: datetime | None, now: datetime) -> State:
    """Return the state of a round from the facts of its windows and its release."""
    states = {window.state(now) for window in windows}
    if not states or WindowState.DRAFT in states:
        return State.DRAFT
    if WindowState.OPEN in states:
        return State.RUNNING
    if states == {WindowState.COMING}:
        return State.COMING
    if WindowState.COMING in states:
        return State.BETWEEN
    return State.RELEASED if released_at is not None and released_at <= now else State.COUNTING


def outlook(
    windows: Sequence[WindowTimes], released_at: datetime | None, release_by: datetime | None, now: datetime
) -> Outlook:
    """Return the state of a round with the moment of its next step."""
    state = state_of(windows, released_at, now)
    match state:
        case State.COMING | State.BETWEEN:
            return Outlook(state, min(window.opens_at for window in _still_to_come(windows, now)))
        case State.RUNNING:
            return _running(windows, now)
        case State.COUNTING:
            return Outlook(state, release_by)
        case State.RELEASED:
            return Outlook(state, released_at)
    return Outlook(state, None)


def _running(windows: Sequence[WindowTimes], now: datetime) -> Outlook:
    """What is open runs on through every part that begins before it ends."""
    end = max(window.ends_at for window in windows if window.state(now) is WindowState.OPEN)
    later = sorted(_still_to_come(windows, now), key=lambda window: window.opens_at)
    for window in later:
        if window.opens_at > end:
            return Outlook(State.RUNNING, end, goes_on=True)
        end = max(end, window.ends_at)
    return Outlook(State.RUNNING, end)


def _still_to_come(windows: Sequence[WindowTimes], now: datetime) -> list[WindowTimes]:
    return [window for window in windows if window.state(now) is WindowState.COMING]


Text = dict[str, str]


@dataclass(frozen=True)
class PartDraft:
    """When a part shall be open, and what follows from it."""

    opens_at: datetime
    closes_at: datetime
    effect: Effect = Effect.RECOMMENDS


@dataclass(frozen=True)
class RoundDraft:
    """Everything that staff writes down of a round before it is published. ``vote`` is None for talk alone."""

    title: Text
    summary: Text
    mandate: Text
    influence: Text
    decided_by: Text
    level: Level | None
    concept_version_id: int | None
    talk: PartDraft
    vote: PartDraft | None
    premoderated: bool = False
    shows_interim: bool = False
    release_by: datetime | None = None
    note: Text | None = None

    @property
    def parts(self) -> dict[PartKind, PartDraft]:
        """The parts in their order."""
        both = {PartKind.TALK: self.talk, PartKind.VOTE: self.vote}
        return {kind: part for kind, part in both.items() if part is not None}

    @property
    def due(self) -> datetime:
        """When the result shall be out: as named, else fourteen days after the last close."""
        return self.release_by or max(part.closes_at for part in self.parts.values()) + RELEASE_AFTER


@dataclass(frozen=True)
class Gap:
    """Something that is missing or looks wrong before publishing; ``blocks`` says that it cannot stay so."""

    about: str
    """The field of the form that mends it."""
    sentence: str
    blocks: bool


def what_is_missing(draft: RoundDraft, *, handlungsfelder: int, now: datetime) -> tuple[Gap, ...]:
    """Return what keeps a round from being published and what deserves a second look, blocks first.

    :param handlungsfelder: how many the chosen version of the concept has
    """
    gaps = [*_missing_words(draft), *_missing_concept(draft, handlungsfelder), *_wrong_times(draft, now)]
    return tuple(sorted(gaps, key=lambda gap: not gap.blocks))


def _missing_words(draft: RoundDraft) -> Iterator[Gap]:
    if not draft.title.get("de"):
        yield Gap("title_de", marked("Der Titel fehlt."), True)
    if not draft.summary.get("de"):
        yield Gap("summary_de", marked("Es fehlt ein Absatz in einfachen Worten, worum es geht."), True)
    if draft.level is None:
        yield Gap("level", marked("Die Stufe fehlt: Information, Konsultation, Mitwirkung oder Mitentscheidung."), True)
    if not draft.decided_by.get("de"):
        yield Gap("decided_by_de", marked("Es fehlt, wer am Ende entscheidet."), True)
    if not draft.mandate.get("de"):
        yield Gap(
            "mandate_de", marked("Kein Auftrag genannt. Auf der Seite steht dann, dass keiner genannt ist."), False
        )
    if not draft.influence.get("de"):
        yield Gap("influence_de", marked("Es steht nicht da, was sich noch beeinflussen lässt."), False)
    if not all(text.get("en") for text in (draft.title, draft.summary)):
        yield Gap("title_en", marked("Titel oder Zusammenfassung fehlen auf Englisch."), False)


def _missing_concept(draft: RoundDraft, handlungsfelder: int) -> Iterator[Gap]:
    if draft.concept_version_id is None:
        yield Gap("concept_version_id", marked("Es ist keine Fassung eines Konzepts gewählt."), True)
    elif not handlungsfelder:
        yield Gap("concept_version_id", marked("Die gewählte Fassung hat keine Handlungsfelder."), True)


def _wrong_times(draft: RoundDraft, now: datetime) -> Iterator[Gap]:
    last = max(part.closes_at for part in draft.parts.values())
    for kind, part in draft.parts.items():
        if part.opens_at >= part.closes_at:
            yield Gap(f"{kind}_closes_at", marked("Ein Zeitraum endet, bevor er beginnt."), True)
        elif part.closes_at <= now:
            yield Gap(f"{kind}_closes_at", marked("Ein Zeitraum liegt in der Vergangenheit."), True)
        elif part.opens_at <= now:
            yield Gap(f"{kind}_opens_at", marked("Ein Zeitraum beginnt sofort mit dem Veröffentlichen."), False)
    if draft.due < last:
        yield Gap("release_by", marked("Das Ergebnis soll kommen, bevor alles zu Ende ist."), True)
    # The night the clocks go forward takes an hour from the three weeks.
    if timedelta(0) < draft.talk.closes_at - draft.talk.opens_at < SHORTEST_ROUND - timedelta(hours=1):
        yield Gap("talk_closes_at", marked("Die Diskussion dauert weniger als drei Wochen."), False)
    if draft.vote is not None and draft.vote.opens_at < draft.talk.opens_at:
        yield Gap("vote_opens_at", marked("Die Abstimmung beginnt vor der Diskussion."), False)


class NoSuchRound(Missing):
    """There is no such round, or it is not public yet."""

    sentence = marked("Diese Beteiligung gibt es nicht, oder sie ist noch nicht öffentlich.")


class RoundFrozen(Fact):
    """A published round stays as people were told."""

    sentence = marked("Die Beteiligung ist veröffentlicht und kann so nicht mehr geändert werden.")


class NotComplete(Unprocessable):
    """Something that every round needs is missing; the task list names it."""

    sentence = marked("Es fehlt noch etwas. Die Liste zeigt, was.")


class SecondOfficialNeeded(Unprocessable):
    """Two different officials with a grant on the round are needed."""

    sentence = marked("Dafür braucht es zwei verschiedene Berechtigte dieser Beteiligung.")


class ReasonMissing(Unprocessable):
    """A public reason is needed."""

    sentence = marked("Bitte geben Sie einen Grund an. Er wird veröffentlicht.")


class AlreadyClosed(Fact):
    """The round is over already."""

    sentence = marked("Die Beteiligung ist schon beendet.")


class RoundBegun(Fact):
    """What has begun stays published; from then on only recorded exits lead out."""

    sentence = marked("Die Beteiligung hat schon begonnen. Sie kann nicht mehr zurück in den Entwurf.")


class EndsBeforeItBegins(Unprocessable):
    """A window needs to open before it closes."""

    sentence = marked("Ein Zeitraum endet, bevor er beginnt.")


class DraftChangedMeanwhile(Fact):
    """Somebody else saved the draft after this page was opened."""

    sentence = marked(
        "Jemand hat diesen Entwurf inzwischen geändert. Ihre Eingabe steht noch hier und ist nicht gespeichert."
        " Vergleichen Sie beide und speichern Sie dann noch einmal."
    )


class NotBegun(Fact):
    """What has not begun cannot be closed early; a round not open yet is taken back to draft instead."""

    sentence = marked("Die Beteiligung hat noch nicht begonnen.")
