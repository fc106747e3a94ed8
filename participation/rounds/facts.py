"""Levels, effects and parts of a round, its state, what is missing before publishing, and reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from participation.concepts.facts import slug_of
from participation.foundation.facts import Fact, Missing, Unprocessable, marked
from participation.voting.facts import Asked, Method
from participation.voting.logic import why_unfit
from participation.windows.facts import State as WindowState
from participation.windows.facts import WindowTimes

SHORTEST_ROUND = timedelta(days=21)
SHORTEST_REASON = 10
QUESTION = "frage"
"""The short name of a question that asks about all Handlungsfelder or projects at once."""

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


METHOD_SENTENCES = {
    Method.APPROVAL: marked("Zu jedem Handlungsfeld: dafür, dagegen oder Enthaltung."),
    Method.SELECTION: marked("Einige Handlungsfelder ankreuzen. Zeigt, was den meisten gefällt."),
    Method.POINTS: marked("Punkte auf Handlungsfelder verteilen. Zeigt, was wie stark gewünscht ist."),
    Method.IMPORTANCE: marked("Jedes Handlungsfeld auf einer Skala. Zeigt, was wie wichtig ist."),
    Method.RANKING: marked("Handlungsfelder in eine Reihenfolge bringen. Eines gewinnt, mit Stichrunden ausgezählt."),
    Method.BUDGET: marked(
        "Vorhaben mit Kosten wählen. Bezahlt wird, was am meisten Stimmen hat, bis die Summe reicht."
    ),
}
"""What each way to vote means for a round, for those who choose one."""

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
OVERDUE = marked("Es wird ausgezählt. Zugesagt war das Ergebnis bis zum %(moment)s.")


@dataclass(frozen=True)
class Outlook:
    """Where a round stands at a moment and what comes next."""

    state: State
    at: datetime | None
    """The moment that the next step names."""
    goes_on: bool = False
    """Whether something begins after what is open now, with a pause between."""
    overdue: bool = False
    """Whether the result should be there since that moment and is not, as while a tie is open."""

    @property
    def step(self) -> str:
        """The next step, a marked msgid with a place for ``%(moment)s``."""
        if self.overdue:
            return OVERDUE
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
            return Outlook(state, release_by, overdue=release_by is not None and release_by < now)
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
class Project:
    """Something that a budget can pay for."""

    label: Text
    cost: int | None


@dataclass(frozen=True)
class Way:
    """How a round is voted on, where that is one question instead of Zustimmung to each Handlungsfeld.

    The options are the Handlungsfelder; those of a budget are projects, whose costs staff knows.
    """

    method: Method
    question: Text
    terms: Mapping[str, Any] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()

    @property
    def has_projects(self) -> bool:
        """Whether its options are projects of its own."""
        return self.method is Method.BUDGET

    @property
    def ballots_public(self) -> bool:
        """Whether whole ballots are published after the end."""
        return Asked(self.method, (), self.terms).ballots_public

    def asked(self, options: Sequence[str]) -> Asked:
        """Return what is asked, with the short names of the options in their order."""
        costs = zip(options, self.projects, strict=True) if self.has_projects else ()
        known = {option: project.cost for option, project in costs if project.cost is not None}
        return Asked(self.method, tuple(options), self.terms, known)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        projects = [{"label": dict(project.label), "cost": project.cost} for project in self.projects]
        return {
            "method": str(self.method),
            "question": dict(self.question),
            "terms": dict(self.terms),
            "projects": projects,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Read what was kept."""
        projects = tuple(Project(one["label"], one["cost"]) for one in kept["projects"])
        return cls(Method(kept["method"]), kept["question"], kept["terms"], projects)


def way_options(way: Way, handlungsfelder: Sequence[tuple[str, Text]]) -> dict[str, Text]:
    """Return the options of a way by their short names, each other than the rest.

    :param handlungsfelder: short names and titles, in their order
    """
    if not way.has_projects:
        return dict(handlungsfelder)
    options: dict[str, Text] = {}
    for project in way.projects:
        name, same = slug_of(project.label["de"]), 1
        while name in options:
            same += 1
            name = f"{slug_of(project.label['de'])}-{same}"
        options[name] = project.label
    return options


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
    way: Way | None = None
    """How it is voted on; None for Zustimmung to each Handlungsfeld."""
    receipts: bool = True
    """Whether voters are offered a receipt; not where votes are worth buying."""

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
    if draft.way is not None and draft.vote is not None:
        gaps += _missing_way(draft.way, handlungsfelder)
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


WAY_GAPS = {
    (Method.SELECTION, "most"): (
        "selection_most",
        marked("Es fehlt, wie viele Möglichkeiten gewählt werden dürfen, oder es sind mehr, als es gibt."),
    ),
    (Method.SELECTION, "seats"): ("selection_seats", marked("Es sollen mehr Möglichkeiten gewinnen, als es gibt.")),
    (Method.POINTS, "points"): ("points_total", marked("Es fehlt, wie viele Punkte alle zu vergeben haben.")),
    (Method.POINTS, "seats"): ("points_seats", marked("Es sollen mehr Möglichkeiten gewinnen, als es gibt.")),
    (Method.RANKING, "most_ranks"): ("ranking_most", marked("Es gibt mehr Ränge als Möglichkeiten.")),
    (Method.BUDGET, "options"): ("projects-0-label_de", marked("Das Budget hat noch keine Vorhaben.")),
    (Method.BUDGET, "cost"): ("projects-0-label_de", marked("Bei einem Vorhaben fehlen die Kosten.")),
    (Method.BUDGET, "sum"): ("budget_sum", marked("Die Summe des Budgets fehlt.")),
}
"""What keeps a way from being asked: by method and term the field that mends it, and the sentence."""


def _missing_way(way: Way, handlungsfelder: int) -> Iterator[Gap]:
    if not way.question.get("de"):
        yield Gap("vote_question_de", marked("Die Frage fehlt, über die abgestimmt wird."), True)
    elif not way.question.get("en"):
        yield Gap("vote_question_en", marked("Die Frage der Abstimmung fehlt auf Englisch."), False)
    number = len(way.projects) if way.has_projects else handlungsfelder
    unfit = why_unfit(way.asked([str(place) for place in range(number)])) if number or way.has_projects else None
    if unfit is not None:
        about, sentence = WAY_GAPS.get((way.method, unfit.values["term"]), ("vote_method", unfit.sentence))
        yield Gap(about, sentence, True)
    elif number == 1:
        yield Gap("vote_method", marked("Es gibt nur eine Möglichkeit. Dann ist nichts zu wählen."), False)
    elif way.has_projects:
        yield from _odd_costs([project.cost or 0 for project in way.projects], way.terms["sum"])


def _odd_costs(costs: Sequence[int], whole: int) -> Iterator[Gap]:
    if max(costs) > whole:
        yield Gap("budget_sum", marked("Ein Vorhaben kostet mehr als die ganze Summe. Es kann nie gewinnen."), False)
    elif sum(costs) <= whole:
        yield Gap("budget_sum", marked("Das Geld reicht für alle Vorhaben. Dann ist nichts zu entscheiden."), False)


OPENS_AT_ONCE = {
    PartKind.TALK: marked("Die Diskussion beginnt sofort mit dem Veröffentlichen."),
    PartKind.VOTE: marked("Die Abstimmung beginnt sofort mit dem Veröffentlichen."),
}


def _wrong_times(draft: RoundDraft, now: datetime) -> Iterator[Gap]:
    last = max(part.closes_at for part in draft.parts.values())
    for kind, part in draft.parts.items():
        if part.opens_at >= part.closes_at:
            yield Gap(f"{kind}_closes_at", marked("Ein Zeitraum endet, bevor er beginnt."), True)
        elif part.closes_at <= now:
            yield Gap(f"{kind}_closes_at", marked("Ein Zeitraum liegt in der Vergangenheit."), True)
        elif part.opens_at <= now:
            yield Gap(f"{kind}_opens_at", OPENS_AT_ONCE[kind], False)
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
