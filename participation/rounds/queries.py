"""Reading rounds: lists, the page of a round and of a Handlungsfeld, drafts of one's own office, and ETags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, String, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where
from participation.concepts import queries as concepts
from participation.concepts.facts import fingerprint
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Leitthema
from participation.discussion.models import Thread
from participation.foundation.db import run
from participation.foundation.facts import Holding
from participation.foundation.model import Moment
from participation.rounds.facts import (
    EFFECTS,
    LEVEL_SENTENCES,
    LEVELS,
    QUESTION,
    RELEASE_AFTER,
    Effect,
    Gap,
    Level,
    NoSuchRound,
    Outlook,
    PartDraft,
    PartKind,
    RoundDraft,
    State,
    Way,
    outlook,
    way_options,
    what_is_missing,
)
from participation.rounds.models import EarlyClose, Part, Round, Subject, SubjectPart
from participation.voting.logic import rule_of, why_unfit
from participation.voting.models import RollEntry
from participation.voting.queries import OptionLine, QuestionCard
from participation.windows.facts import State as WindowState
from participation.windows.facts import WindowTimes
from participation.windows.models import Window

Text = dict[str, str]


@dataclass(frozen=True)
class PartTimes:
    """A part of a round with the facts of its window."""

    kind: PartKind
    title: Text
    effect: Effect
    window_id: int
    times: WindowTimes
    way: Way | None = None
    """Of a vote in one question, how that is answered."""

    def state(self, now: datetime) -> WindowState:
        """Return whether it is still to come, open or over."""
        return self.times.state(now)

    @property
    def effect_sentence(self) -> str:
        """What follows from it, a marked msgid."""
        return EFFECTS[self.effect]


@dataclass(frozen=True)
class RoundLine:
    """A round in a list."""

    id: int
    slug: str
    title: Text
    summary: Text
    level: Level | None
    release_by: datetime | None
    released_at: datetime | None
    office: Text
    handlungsfelder: int
    comments: int
    """Public comments and answers."""
    parts: tuple[PartTimes, ...]
    outlook: Outlook

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.outlook.state

    @property
    def opens_at(self) -> datetime:
        """When its first part opens."""
        return min(part.times.opens_at for part in self.parts)

    @property
    def closes_at(self) -> datetime:
        """When its last part ended or will end."""
        return max(part.times.ends_at for part in self.parts)

    @property
    def next_step(self) -> str:
        """What comes next, with a place for ``%(moment)s``."""
        return self.outlook.step

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next step."""
        return self.outlook.at


@dataclass(frozen=True)
class HomeRounds:
    """All public rounds, each where a visitor looks for it."""

    running: tuple[RoundLine, ...]
    """Open, or between two parts; what ends first stands first."""
    coming: tuple[RoundLine, ...]
    """Announced; what begins first stands first."""
    closed: tuple[RoundLine, ...]
    """Over, with or without a result; what ended last stands first."""


@dataclass(frozen=True)
class Closed:
    """That a round was ended before its time, and why."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class RoundHead:
    """Everything of a round but what it is about in detail."""

    id: int
    slug: str
    audience_id: int
    office_id: int
    office: Text
    title: Text
    summary: Text
    mandate: Text
    influence: Text
    decided_by: Text
    level: Level | None
    premoderated: bool
    shows_interim: bool
    release_by: datetime | None
    released_at: datetime | None
    rule_sheet_sha256: str | None
    note: Text | None
    version: int
    concept: Text | None
    concept_number: int | None
    closed: Closed | None
    parts: tuple[PartTimes, ...]
    outlook: Outlook

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.outlook.state

    @property
    def level_words(self) -> tuple[str, str] | None:
        """Name and meaning of the level, marked msgids."""
        return (LEVELS[self.level], LEVEL_SENTENCES[self.level]) if self.level else None

    def part(self, kind: PartKind) -> PartTimes | None:
        """Return the part of a kind, or None if the round has none."""
        return next((part for part in self.parts if part.kind is kind), None)

    @property
    def talk(self) -> PartTimes | None:
        """The part to talk."""
        return self.part(PartKind.TALK)

    @property
    def vote(self) -> PartTimes | None:
        """The part to vote."""
        return self.part(PartKind.VOTE)

    @property
    def way(self) -> Way | None:
        """How it is voted on in one question; None where each Handlungsfeld has its own, or there is no vote."""
        return self.vote.way if self.vote is not None else None

    @property
    def published_at(self) -> datetime | None:
        """When it became public."""
        moments = [part.times.published_at for part in self.parts if part.times.published_at is not None]
        return max(moments) if moments else None


@dataclass(frozen=True)
class SubjectLine:
    """A Handlungsfeld of a round, in a list."""

    slug: str
    title: Text
    comments: int
    question_id: int | None
    thread_id: int | None


@dataclass(frozen=True)
class ThemeLines:
    """A Leitthema of a round with its Handlungsfelder."""

    title: Text
    text: Text
    subjects: tuple[SubjectLine, ...]


@dataclass(frozen=True)
class RoundPage:
    """A round with its Leitthemen; ``voted`` holds the questions that the viewer answered."""

    head: RoundHead
    themes: tuple[ThemeLines, ...]
    voted: frozenset[int]
    sample: QuestionCard | None = None
    """In a preview the question as it will stand there, once its terms hold together."""

    def option_paths(self, base: str) -> dict[str, str]:
        """Return where the Handlungsfelder stand that are options of the round's one question, below a path."""
        if self.head.way is None or self.head.way.has_projects:
            return {}
        return {one.slug: f"{base}/handlungsfelder/{one.slug}" for theme in self.themes for one in theme.subjects}

    @property
    def handlungsfelder(self) -> int:
        """How many Handlungsfelder it has."""
        return sum(len(theme.subjects) for theme in self.themes)

    @property
    def comments(self) -> int:
        """How many public comments and answers it has."""
        return sum(subject.comments for theme in self.themes for subject in theme.subjects)


@dataclass(frozen=True)
class Neighbour:
    """The Handlungsfeld before or after."""

    slug: str
    title: Text


@dataclass(frozen=True)
class FieldPage:
    """One Handlungsfeld of a round, without discussion and vote."""

    head: RoundHead
    slug: str
    title: Text
    text: Text
    leitthema: Text
    kernziele: tuple[Text, ...]
    position: int
    count: int
    thread_id: int | None
    question_id: int | None
    before: Neighbour | None
    after: Neighbour | None


@dataclass(frozen=True)
class Mark:
    """What decides whether a visitor's copy of a page is still right."""

    versions: tuple[object, ...]
    """The version of the round, and of each part how its threads stand."""
    windows: tuple[WindowTimes, ...]
    released_at: datetime | None
    outlook: Outlook


@dataclass(frozen=True)
class DraftPage:
    """A round as its officials see it."""

    id: int
    slug: str
    audience_id: int
    office_id: int
    office: Text
    draft: RoundDraft
    handlungsfelder: int
    rule_sheet_sha256: str | None
    released_at: datetime | None
    windows: tuple[WindowTimes, ...]

    @property
    def is_editable(self) -> bool:
        """Whether it is still a draft."""
        return self.rule_sheet_sha256 is None

    @property
    def seen(self) -> str:
        """The fingerprint of the draft."""
        return draft_fingerprint(self.draft)

    @property
    def level_words(self) -> tuple[str, str] | None:
        """Name and meaning of the level, marked msgids."""
        level = self.draft.level
        return (LEVELS[level], LEVEL_SENTENCES[level]) if level else None

    @property
    def rule(self) -> tuple[str, dict[str, int]] | None:
        """What one can do in the vote, a marked msgid and its values; None while something is missing for it."""
        way = self.draft.way
        if way is None:
            return None
        asked = way.asked(
            [str(place) for place in range(len(way.projects) if way.has_projects else self.handlungsfelder)]
        )
        return rule_of(asked) if why_unfit(asked) is None else None

    def outlook(self, now: datetime) -> Outlook:
        """Return where it stands."""
        return outlook(self.windows, self.released_at, self.draft.due, now)

    def gaps(self, now: datetime) -> tuple[Gap, ...]:
        """Return what is missing before it can be published."""
        return what_is_missing(self.draft, handlungsfelder=self.handlungsfelder, now=now)


def draft_fingerprint(draft: RoundDraft) -> str:
    """Return the mark of a draft as somebody read it."""
    return fingerprint(repr(draft))


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def rounds_for_home(session: Session, now: datetime) -> HomeRounds:
    """Return every public round; one statement."""
    lines = _lines(session, now, Window.published_at <= now)
    running = [line for line in lines if line.state in {State.RUNNING, State.BETWEEN}]
    coming = [line for line in lines if line.state is State.COMING]
    closed = [line for line in lines if line.state in {State.COUNTING, State.RELEASED}]
    return HomeRounds(
        running=tuple(sorted(running, key=lambda line: line.closes_at)),
        coming=tuple(sorted(coming, key=lambda line: line.opens_at)),
        closed=tuple(sorted(closed, key=lambda line: line.closes_at, reverse=True)),
    )


def rounds_of(session: Session, *, person_id: UUID, now: datetime) -> tuple[RoundLine, ...]:
    """Return the rounds, drafts too, that a person runs as staff, newest first."""
    own = audiences_where(person_id=person_id, role=Role.STAFF, now=now)
    return tuple(_lines(session, now, Round.audience_id.in_(own)))


def all_rounds(session: Session, *, now: datetime) -> tuple[RoundLine, ...]:
    """Return every round, drafts too, newest first: for administrators, who grant roles on them."""
    return tuple(_lines(session, now, true()))


def _lines(session: Session, now: datetime, condition: ColumnElement[bool]) -> list[RoundLine]:
    subjects = select(func.count(Subject.id)).where(Subject.round_id == Round.id).scalar_subquery()
    drafted = select(func.count(HandlungsfeldVersion.id)).where(
        HandlungsfeldVersion.concept_version_id == Round.concept_version_id
    )
    comments = (
        select(func.coalesce(func.sum(Thread.comments + Thread.replies), 0))
        .join(SubjectPart, SubjectPart.thread_id == Thread.id)
        .join(Subject, Subject.id == SubjectPart.subject_id)
        .where(Subject.round_id == Round.id)
        .scalar_subquery()
    )
    statement = (
        select(
            Round.id,
            Round.slug,
            Round.title,
            Round.summary,
            Round.level,
            Round.release_by,
            Round.released_at,
            Office.name.label("office"),
            func.coalesce(func.nullif(subjects, 0), drafted.scalar_subquery()).label("handlungsfelder"),
            comments.label("comments"),
            Part,
            Window,
        )
        .join(Audience, Audience.id == Round.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .join(Part, Part.round_id == Round.id)
        .join(Window, Window.id == Part.window_id)
        .where(condition)
        .order_by(Round.id.desc(), Part.position)
    )
    grouped = groupby(session.execute(statement), key=lambda row: row.id)
    return [_line(list(rows), now) for _, rows in grouped]


def _line(rows: Sequence[Row[Any]], now: datetime) -> RoundLine:
    values = dict(rows[0]._mapping)
    values.pop("Part"), values.pop("Window")
    parts = _parts(rows)
    values["level"] = Level(values["level"]) if values["level"] else None
    ahead = outlook([part.times for part in parts], values["released_at"], values["release_by"], now)
    return RoundLine(**values, parts=parts, outlook=ahead)


def _parts(rows: Iterable[Row[Any]]) -> tuple[PartTimes, ...]:
    return tuple(
        PartTimes(
            kind=PartKind(row.Part.kind),
            title=row.Part.title,
            effect=Effect(row.Part.effect),
            window_id=row.Part.window_id,
            times=row.Window.times,
            way=_way(row.Part),
        )
        for row in rows
    )


def _way(part: Part) -> Way | None:
    return Way.of(part.way) if part.way is not None and "method" in part.way else None


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def round_page(session: Session, *, slug: str, viewer: UUID | None, now: datetime) -> RoundPage:
    """Return a public round; three statements, and one more for who is signed in.

    :raises NoSuchRound: if there is none, or it is not public yet
    """
    head = round_head(session, slug=slug, now=now)
    return RoundPage(head, _themes(session, head.id), _voted(session, head.audience_id, viewer))


def round_head(session: Session, *, slug: str, now: datetime) -> RoundHead:
    """Return a public round without what it is about in detail; one statement.

    :raises NoSuchRound: if there is none, or it is not public yet
    """
    rows = session.execute(_heads().where(Round.slug == slug, Window.published_at <= now)).all()
    if not rows:
        raise NoSuchRound()
    return _head(rows, now)


def field_page(session: Session, *, slug: str, field: str, now: datetime) -> FieldPage:
    """Return a Handlungsfeld of a public round; two statements.

    :raises NoSuchRound: if there is none, or the round is not public yet
    """
    rows = session.execute(_fields(), {"slug": slug, "field": field, "now": now}).all()
    if not rows:
        raise NoSuchRound()
    row = rows[0]
    return FieldPage(
        head=_head(rows, now),
        slug=field,
        title=row.field_title,
        text=row.field_text,
        leitthema=row.leitthema,
        kernziele=concepts.kernziele_of(session, row.text_id),
        position=row.position,
        count=row.last,
        thread_id=row.thread_id,
        question_id=row.question_id,
        before=Neighbour(row.before_slug, row.before_title) if row.before_slug else None,
        after=Neighbour(row.after_slug, row.after_title) if row.after_slug else None,
    )


@lru_cache(maxsize=1)
def _fields() -> Select[*tuple[Any, ...]]:
    """Return the statement for a Handlungsfeld with its round and its neighbours, built once."""
    subject, text = aliased(Subject), aliased(HandlungsfeldVersion)
    talk, vote = aliased(SubjectPart), aliased(SubjectPart)
    last = select(func.max(Subject.position)).where(Subject.round_id == Round.id).correlate(Round).scalar_subquery()
    statement = (
        _heads()
        .join(subject, subject.round_id == Round.id)
        .join(text, text.id == subject.handlungsfeld_version_id)
        .join(Leitthema, Leitthema.id == text.leitthema_id)
        .outerjoin(talk, and_(talk.subject_id == subject.id, talk.thread_id.is_not(None)))
        .outerjoin(vote, and_(vote.subject_id == subject.id, vote.question_id.is_not(None)))
        .add_columns(
            text.id.label("text_id"),
            text.title.label("field_title"),
            text.text.label("field_text"),
            Leitthema.title.label("leitthema"),
            subject.position,
            last.label("last"),
            talk.thread_id,
            vote.question_id,
        )
        .where(
            Round.slug == bindparam("slug"),
            subject.slug == bindparam("field"),
            Window.published_at <= bindparam("now", type_=Moment()),
        )
    )
    for name, step in (("before", -1), ("after", 1)):
        statement = _with_neighbour(statement, subject, name, step)
    return statement


def _with_neighbour(
    statement: Select[*tuple[Any, ...]], subject: Any, name: str, step: int
) -> Select[*tuple[Any, ...]]:
    """Positions follow one another without a gap, so the neighbours are found by arithmetic."""
    beside, text = aliased(Subject), aliased(HandlungsfeldVersion)
    return (
        statement.outerjoin(
            beside, and_(beside.round_id == subject.round_id, beside.position == subject.position + step)
        )
        .outerjoin(text, text.id == beside.handlungsfeld_version_id)
        .add_columns(beside.slug.label(f"{name}_slug"), text.title.label(f"{name}_title"))
    )


@lru_cache(maxsize=2)
def _marks(*, of_a_field: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement behind a mark, built once: it runs at each visit, and building costs as much as running.

    Threads are found by the window of their part, and what is asked of them comes as one text: so a thousand of them
    are looked through once.
    """
    # A brake ends by itself, without a change of the thread.
    braked = func.count(case((Thread.brake_until > bindparam("now", type_=Moment()), 1)))
    threads = select(func.sum(Thread.version).cast(String) + "/" + braked.cast(String)).select_from(Thread)
    if of_a_field:
        threads = threads.join(SubjectPart, SubjectPart.thread_id == Thread.id)
        threads = threads.join(Subject, Subject.id == SubjectPart.subject_id).where(
            SubjectPart.part_id == Part.id, Subject.round_id == Round.id, Subject.slug == bindparam("field")
        )
    else:
        threads = threads.where(Thread.window_id == Part.window_id)
    facts = (Window.published_at, Window.opens_at, Window.closes_at, Window.closed_at)
    return (
        select(
            Round.version,
            Round.released_at,
            Round.release_by,
            threads.correlate(Part, Round).scalar_subquery().label("threads"),
            *facts,
        )
        .join(Part, Part.round_id == Round.id)
        .join(Window, Window.id == Part.window_id)
        .where(Round.slug == bindparam("slug"), Window.published_at <= bindparam("now", type_=Moment()))
        .order_by(Part.position)
    )


def page_mark(connection: Connection, *, slug: str, field: str | None, now: datetime) -> Mark:
    """Return what a visitor's copy of a round's page, or of one of its Handlungsfelder, depends on; one statement.

    :raises NoSuchRound: if there is none, or it is not public yet
    """
    asked = {"slug": slug, "field": field, "now": now}
    rows = connection.execute(_marks(of_a_field=field is not None), asked).all()
    if not rows:
        raise NoSuchRound()
    windows = tuple(WindowTimes(*row[4:]) for row in rows)
    first = rows[0]
    return Mark(
        versions=(first.version, *(row.threads for row in rows)),
        windows=windows,
        released_at=first.released_at,
        outlook=outlook(windows, first.released_at, first.release_by, now),
    )


def _head(rows: Sequence[Row[Any]], now: datetime) -> RoundHead:
    values = {name: value for name, value in rows[0]._mapping.items() if name in RoundHead.__dataclass_fields__}
    parts = _parts(rows)
    ahead = outlook([part.times for part in parts], rows[0].released_at, rows[0].release_by, now)
    closed = Closed(rows[0].closed_at, rows[0].reason) if rows[0].closed_at else None
    level = Level(rows[0].level) if rows[0].level else None
    return RoundHead(**(values | {"level": level}), closed=closed, parts=parts, outlook=ahead)


def _themes(session: Session, round_id: int) -> tuple[ThemeLines, ...]:
    rows = run(session, _subjects(), round=round_id)
    lines = [(row.leitthema_id, SubjectLine(*row[1:])) for row in rows]
    themes = run(session, _leitthemen(), ids=sorted({theme for theme, _ in lines})).all()
    known = {row.id: row for row in themes}
    return tuple(
        ThemeLines(known[theme].title, known[theme].text, tuple(line for _, line in grouped))
        for theme, grouped in groupby(lines, key=lambda one: one[0])
    )


@lru_cache(maxsize=1)
def _leitthemen() -> Select[*tuple[Any, ...]]:
    """Return the statement for the texts of Leitthemen; beside each Handlungsfeld they would be read over and over."""
    wanted = Leitthema.id.in_(bindparam("ids", expanding=True))
    return select(Leitthema.id, Leitthema.title, Leitthema.text).where(wanted)


@lru_cache(maxsize=1)
def _subjects() -> Select[*tuple[Any, ...]]:
    """Return the statement for the lines of a round, built once: the Leitthema, then what a line holds."""
    talk, vote = aliased(SubjectPart), aliased(SubjectPart)
    return (
        select(
            HandlungsfeldVersion.leitthema_id,
            Subject.slug,
            HandlungsfeldVersion.title,
            func.coalesce(Thread.comments + Thread.replies, 0).label("comments"),
            vote.question_id,
            talk.thread_id,
        )
        .select_from(Subject)
        .join(HandlungsfeldVersion, HandlungsfeldVersion.id == Subject.handlungsfeld_version_id)
        .outerjoin(talk, and_(talk.subject_id == Subject.id, talk.thread_id.is_not(None)))
        .outerjoin(Thread, Thread.id == talk.thread_id)
        .outerjoin(vote, and_(vote.subject_id == Subject.id, vote.question_id.is_not(None)))
        .where(Subject.round_id == bindparam("round"))
        .order_by(Subject.position)
    )


def _voted(session: Session, audience_id: int, viewer: UUID | None) -> frozenset[int]:
    """Return what the viewer answered; that they did, never how."""
    if viewer is None:
        return frozenset()
    answered = (
        select(RollEntry.question_id)
        .join(Participant, Participant.id == RollEntry.participant_id)
        .where(Participant.audience_id == audience_id, Participant.person_id == viewer)
    )
    return frozenset(session.execute(answered).scalars())


def _heads() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Round.id,
            Round.slug,
            Round.audience_id,
            Audience.office_id,
            Office.name.label("office"),
            Round.title,
            Round.summary,
            Round.mandate,
            Round.influence,
            Round.decided_by,
            Round.level,
            Round.premoderated,
            Round.shows_interim,
            Round.release_by,
            Round.released_at,
            Round.rule_sheet_sha256,
            Round.note,
            Round.version,
            Concept.title.label("concept"),
            ConceptVersion.number.label("concept_number"),
            EarlyClose.at.label("closed_at"),
            EarlyClose.reason,
            Part,
            Window,
        )
        .join(Audience, Audience.id == Round.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .join(Part, Part.round_id == Round.id)
        .join(Window, Window.id == Part.window_id)
        .outerjoin(ConceptVersion, ConceptVersion.id == Round.concept_version_id)
        .outerjoin(Concept, Concept.id == ConceptVersion.concept_id)
        .outerjoin(EarlyClose, EarlyClose.round_id == Round.id)
        .order_by(Part.position)
    )


@dataclass(frozen=True)
class RoundPlace:
    """What administrators know of a round when they grant roles on it."""

    slug: str
    title: Text
    office: Text
    audience_id: int


def round_place(session: Session, *, slug: str) -> RoundPlace:
    """Return a round, draft or not, for administrators.

    :raises NoSuchRound: if there is none
    """
    found = session.execute(
        select(Round.slug, Round.title, Office.name, Round.audience_id)
        .join(Audience, Audience.id == Round.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .where(Round.slug == slug)
    ).one_or_none()
    if found is None:
        raise NoSuchRound()
    return RoundPlace(*found)


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def draft_page(session: Session, *, slug: str, person_id: UUID, now: datetime) -> DraftPage:
    """Return a round, draft or published, as its own staff sees it.

    :raises NoSuchRound: if there is none that this person runs
    """
    own = audiences_where(person_id=person_id, role=Role.STAFF, now=now)
    statement = (
        select(Round, Audience.office_id, Office.name, Part, Window)
        .join(Audience, Audience.id == Round.audience_id)
        .join(Office, Office.id == Audience.office_id)
        .join(Part, Part.round_id == Round.id)
        .join(Window, Window.id == Part.window_id)
        .where(Round.slug == slug, Round.audience_id.in_(own))
        .order_by(Part.position)
    )
    rows = session.execute(statement).all()
    if not rows:
        raise NoSuchRound()
    found: Round = rows[0].Round
    return DraftPage(
        id=found.id,
        slug=found.slug,
        audience_id=found.audience_id,
        office_id=rows[0].office_id,
        office=rows[0].name,
        draft=draft_from(found, [(row.Part, row.Window.times) for row in rows]),
        handlungsfelder=concepts.handlungsfelder_in(session, found.concept_version_id),
        rule_sheet_sha256=found.rule_sheet_sha256,
        released_at=found.released_at,
        windows=tuple(row.Window.times for row in rows),
    )


def draft_from(round: Round, parts: Sequence[tuple[Part, WindowTimes]]) -> RoundDraft:
    """Return what is written down of a round as one value."""
    kept = {
        PartKind(part.kind): PartDraft(times.opens_at, times.closes_at, Effect(part.effect)) for part, times in parts
    }
    return RoundDraft(
        title=round.title,
        summary=round.summary,
        mandate=round.mandate,
        influence=round.influence,
        decided_by=round.decided_by,
        level=Level(round.level) if round.level else None,
        concept_version_id=round.concept_version_id,
        talk=kept[PartKind.TALK],
        vote=kept.get(PartKind.VOTE),
        premoderated=round.premoderated,
        shows_interim=round.shows_interim,
        release_by=round.release_by,
        note=round.note,
        way=next((_way(part) for part, _ in parts if part.way is not None), None),
        receipts=all((part.way or {}).get("receipts", True) for part, _ in parts),
    )


def preview(session: Session, *, slug: str, person_id: UUID, now: datetime) -> RoundPage:
    """Return a round of one's own office as citizens will see it, with the concept as it is now.

    :raises NoSuchRound: if there is none that this person runs
    """
    own = audiences_where(person_id=person_id, role=Role.STAFF, now=now)
    rows = session.execute(_heads().where(Round.slug == slug, Round.audience_id.in_(own))).all()
    if not rows:
        raise NoSuchRound()
    head = _as_published(_head(rows, now), now)
    version_id = session.execute(select(Round.concept_version_id).where(Round.id == head.id)).scalar_one()
    themes = _previewed(session, version_id)
    return RoundPage(head, themes, frozenset(), sample=_sample(head, themes, now))


def _as_published(head: RoundHead, now: datetime) -> RoundHead:
    """Return a draft as it would stand if it were published now."""
    parts = tuple(
        replace(part, times=replace(part.times, published_at=part.times.published_at or now)) for part in head.parts
    )
    due = head.release_by or max(part.times.closes_at for part in parts) + RELEASE_AFTER
    ahead = outlook([part.times for part in parts], head.released_at, due, now)
    return replace(head, parts=parts, release_by=due, outlook=ahead)


def _sample(head: RoundHead, themes: Sequence[ThemeLines], now: datetime) -> QuestionCard | None:
    """Return the one question of a draft as somebody would see it who has not voted."""
    way, vote = head.way, head.vote
    if way is None or vote is None:
        return None
    labels = way_options(way, [(one.slug, one.title) for theme in themes for one in theme.subjects])
    asked = way.asked(list(labels))
    if why_unfit(asked) is not None:
        return None
    return QuestionCard(
        asked=asked,
        options=tuple(OptionLine(slug, label, asked.costs.get(slug)) for slug, label in labels.items()),
        choice=None,
        question_id=0,
        contest=head.slug,
        slug=QUESTION,
        home=f"/runden/{head.slug}",
        title=way.question,
        number=1,
        count=1,
        state=WindowState.OPEN,
        opens_at=vote.times.opens_at,
        ends_at=vote.times.ends_at,
        has_voted=False,
        why_not=None,
        result=None,
    )


def _previewed(session: Session, version_id: int | None) -> tuple[ThemeLines, ...]:
    themes = concepts.themes_of(session, version_id) if version_id is not None else ()
    return tuple(
        ThemeLines(
            theme.title, theme.text, tuple(SubjectLine(one.slug, one.title, 0, None, None) for one in theme.fields)
        )
        for theme in themes
        if theme.fields
    )


def field_preview(session: Session, *, slug: str, field: str, person_id: UUID, now: datetime) -> FieldPage:
    """Return a Handlungsfeld of a round of one's own office as citizens will see it.

    :raises NoSuchRound: if there is none that this person runs
    """
    page = preview(session, slug=slug, person_id=person_id, now=now)
    version_id = session.execute(select(Round.concept_version_id).where(Round.id == page.head.id)).scalar_one()
    themes = concepts.themes_of(session, version_id) if version_id is not None else ()
    placed = [(theme, one) for theme in themes for one in theme.fields]
    at = next((at for at, (_, one) in enumerate(placed) if one.slug == field), None)
    if at is None:
        raise NoSuchRound()
    theme, one = placed[at]
    beside = [Neighbour(other.slug, other.title) for _, other in placed]
    return FieldPage(
        head=page.head,
        slug=field,
        title=one.title,
        text=one.text,
        leitthema=theme.title,
        kernziele=one.kernziele,
        position=at + 1,
        count=len(placed),
        thread_id=None,
        question_id=None,
        before=beside[at - 1] if at else None,
        after=beside[at + 1] if at + 1 < len(beside) else None,
    )


def round_id_of(session: Session, slug: str) -> int:
    """Return the key of a round, draft or public, for the shell and for commands.

    :raises NoSuchRound: if there is none
    """
    found = session.execute(select(Round.id).where(Round.slug == slug)).scalar_one_or_none()
    if found is None:
        raise NoSuchRound()
    return found


def rule_sheet(session: Session, *, slug: str, now: datetime) -> dict[str, Any]:
    """Return the rule sheet of a public round.

    :raises NoSuchRound: if there is none, or it is not public yet
    """
    statement = (
        select(Round.rule_sheet)
        .join(Part, Part.round_id == Round.id)
        .join(Window, Window.id == Part.window_id)
        .where(Round.slug == slug, Window.published_at <= now, Round.rule_sheet_sha256.is_not(None))
    )
    found: dict[str, Any] | None = session.execute(statement.limit(1)).scalar_one_or_none()
    if found is None:
        raise NoSuchRound()
    return found


def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return which rounds a person ended early, in office."""
    ended = select(EarlyClose).where(or_(EarlyClose.closed_by == person_id, EarlyClose.confirmed_by == person_id))
    return [
        Holding(
            room="rounds",
            kind="early_close",
            text=act.reason if act.closed_by == person_id else None,
            facts={"round": act.round_id, "at": act.at.isoformat()},
        )
        for act in session.execute(ended.order_by(EarlyClose.round_id)).scalars()
    ]
