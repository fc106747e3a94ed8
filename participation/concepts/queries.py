"""Reading concepts: the list of an official, one version as a tree, the texts of one thing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from participation.accounts.models import Office
from participation.audiences.facts import Role
from participation.audiences.queries import offices_where
from participation.concepts.facts import NoSuchConcept, fingerprint
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Kernziel, Leitthema

Text = dict[str, str]


@dataclass(frozen=True)
class OfficeLine:
    """An office for which somebody may write."""

    id: int
    name: Text


@dataclass(frozen=True)
class ConceptLine:
    """A concept in a list, with its newest version."""

    id: int
    slug: str
    title: Text
    office_id: int
    office: Text
    version_id: int
    number: int
    frozen_at: datetime | None
    handlungsfelder: int


@dataclass(frozen=True)
class FieldNode:
    """A Handlungsfeld in its place."""

    id: int
    slug: str
    title: Text
    text: Text
    kernziele: tuple[Text, ...]


@dataclass(frozen=True)
class ThemeNode:
    """A Leitthema with its Handlungsfelder, in their order."""

    id: int
    slug: str
    title: Text
    text: Text
    fields: tuple[FieldNode, ...]


@dataclass(frozen=True)
class Tree:
    """One version of a concept, whole."""

    concept_id: int
    slug: str
    title: Text
    office_id: int
    version_id: int
    number: int
    newest: int
    summary: Text
    created_at: datetime
    frozen_at: datetime | None
    themes: tuple[ThemeNode, ...]

    @property
    def is_editable(self) -> bool:
        """Whether its texts may still be changed."""
        return self.frozen_at is None

    @property
    def seen(self) -> str:
        """The fingerprint of title and summary."""
        return fingerprint(self.title, self.summary)


@dataclass(frozen=True)
class ThemeText:
    """The texts of a Leitthema, and the version they belong to."""

    id: int
    version_id: int
    concept_slug: str
    frozen_at: datetime | None
    title: Text
    text: Text

    @property
    def seen(self) -> str:
        """The fingerprint of its texts."""
        return fingerprint(self.title, self.text)


@dataclass(frozen=True)
class FieldText:
    """The texts of a Handlungsfeld, and where it stands."""

    id: int
    version_id: int
    leitthema_id: int
    concept_slug: str
    frozen_at: datetime | None
    title: Text
    text: Text
    kernziele: tuple[Text, ...]

    @property
    def seen(self) -> str:
        """The fingerprint of its texts and place."""
        return field_fingerprint(self.leitthema_id, self.title, self.text, self.kernziele)


@dataclass(frozen=True)
class SubjectText:
    """A Handlungsfeld as a round takes it over: its key, name and place in the whole version."""

    id: int
    slug: str
    title: Text


def field_fingerprint(leitthema_id: int, title: Text, text: Text, kernziele: tuple[Text, ...]) -> str:
    """Return the fingerprint of a Handlungsfeld."""
    return fingerprint(leitthema_id, title, text, list(kernziele))


def offices_of(session: Session, *, person_id: UUID, now: datetime) -> tuple[OfficeLine, ...]:
    """Return the offices for which a person may write concepts and rounds."""
    rows = select(Office.id, Office.name).where(_in_own_office(Office.id, person_id, now)).order_by(Office.id)
    return tuple(OfficeLine(*row) for row in session.execute(rows))


def concepts_of(session: Session, *, person_id: UUID, now: datetime) -> tuple[ConceptLine, ...]:
    """Return the concepts of a person's offices, newest first."""
    newest = (
        select(ConceptVersion.concept_id, func.max(ConceptVersion.number).label("number"))
        .group_by(ConceptVersion.concept_id)
        .subquery()
    )
    rows = (
        select(
            Concept.id,
            Concept.slug,
            Concept.title,
            Concept.office_id,
            Office.name,
            ConceptVersion.id,
            ConceptVersion.number,
            ConceptVersion.frozen_at,
            _handlungsfelder(),
        )
        .join(Office, Office.id == Concept.office_id)
        .join(newest, newest.c.concept_id == Concept.id)
        .join(ConceptVersion, (ConceptVersion.concept_id == Concept.id) & (ConceptVersion.number == newest.c.number))
        .where(_in_own_office(Concept.office_id, person_id, now))
        .order_by(Concept.id.desc())
    )
    return tuple(ConceptLine(*row) for row in session.execute(rows))


def versions_of(session: Session, *, person_id: UUID, now: datetime) -> tuple[ConceptLine, ...]:
    """Return every version of the concepts of a person's offices, newest first, to choose one for a round."""
    rows = (
        select(
            Concept.id,
            Concept.slug,
            Concept.title,
            Concept.office_id,
            Office.name,
            ConceptVersion.id,
            ConceptVersion.number,
            ConceptVersion.frozen_at,
            _handlungsfelder(),
        )
        .join(Office, Office.id == Concept.office_id)
        .join(ConceptVersion, ConceptVersion.concept_id == Concept.id)
        .where(_in_own_office(Concept.office_id, person_id, now))
        .order_by(Concept.id.desc(), ConceptVersion.number.desc())
    )
    return tuple(ConceptLine(*row) for row in session.execute(rows))


def tree_of(session: Session, *, slug: str, number: int | None, person_id: UUID, now: datetime) -> Tree:
    """Return one version of a concept of a person's own office, the newest if none is named.

    :raises NoSuchConcept: if there is none, or it belongs to another office
    """
    newest = (
        select(func.max(ConceptVersion.number))
        .where(ConceptVersion.concept_id == Concept.id)
        .correlate(Concept)
        .scalar_subquery()
    )
    wanted = (
        select(Concept, ConceptVersion, newest)
        .join(ConceptVersion, ConceptVersion.concept_id == Concept.id)
        .where(Concept.slug == slug, _in_own_office(Concept.office_id, person_id, now))
        .where(ConceptVersion.number == (newest if number is None else number))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NoSuchConcept()
    concept, version, last = found
    return Tree(
        concept_id=concept.id,
        slug=concept.slug,
        title=concept.title,
        office_id=concept.office_id,
        version_id=version.id,
        number=version.number,
        newest=last,
        summary=version.summary,
        created_at=version.created_at,
        frozen_at=version.frozen_at,
        themes=themes_of(session, version.id),
    )


def themes_of(session: Session, version_id: int) -> tuple[ThemeNode, ...]:
    """Return the Leitthemen of a version with their Handlungsfelder and Kernziele, in their order."""
    goals = _kernziele_of_version(session, version_id)
    fields: dict[int, list[FieldNode]] = defaultdict(list)
    for row in session.execute(
        select(HandlungsfeldVersion)
        .where(HandlungsfeldVersion.concept_version_id == version_id)
        .order_by(HandlungsfeldVersion.position, HandlungsfeldVersion.id)
    ).scalars():
        node = FieldNode(row.id, row.slug, row.title, row.text, tuple(goals[row.id]))
        fields[row.leitthema_id].append(node)
    themes = (
        select(Leitthema).where(Leitthema.concept_version_id == version_id).order_by(Leitthema.position, Leitthema.id)
    )
    return tuple(
        ThemeNode(theme.id, theme.slug, theme.title, theme.text, tuple(fields[theme.id]))
        for theme in session.execute(themes).scalars()
    )


def theme_text(session: Session, *, leitthema_id: int, person_id: UUID, now: datetime) -> ThemeText:
    """Return the texts of a Leitthema of a person's own office.

    :raises NoSuchConcept: if there is none
    """
    wanted = (
        select(Leitthema.id, ConceptVersion.id, Concept.slug, ConceptVersion.frozen_at, Leitthema.title, Leitthema.text)
        .join(ConceptVersion, ConceptVersion.id == Leitthema.concept_version_id)
        .join(Concept, Concept.id == ConceptVersion.concept_id)
        .where(Leitthema.id == leitthema_id, _in_own_office(Concept.office_id, person_id, now))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NoSuchConcept()
    return ThemeText(*found)


def field_text(session: Session, *, handlungsfeld_id: int, person_id: UUID, now: datetime) -> FieldText:
    """Return the texts of a Handlungsfeld of a person's own office.

    :raises NoSuchConcept: if there is none
    """
    wanted = (
        select(
            HandlungsfeldVersion.id,
            ConceptVersion.id,
            HandlungsfeldVersion.leitthema_id,
            Concept.slug,
            ConceptVersion.frozen_at,
            HandlungsfeldVersion.title,
            HandlungsfeldVersion.text,
        )
        .join(ConceptVersion, ConceptVersion.id == HandlungsfeldVersion.concept_version_id)
        .join(Concept, Concept.id == ConceptVersion.concept_id)
        .where(HandlungsfeldVersion.id == handlungsfeld_id, _in_own_office(Concept.office_id, person_id, now))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NoSuchConcept()
    return FieldText(*found, kernziele=kernziele_of(session, handlungsfeld_id))


def kernziele_of(session: Session, handlungsfeld_id: int) -> tuple[Text, ...]:
    """Return the Kernziele of a Handlungsfeld in their order."""
    texts = select(Kernziel.text).where(Kernziel.handlungsfeld_version_id == handlungsfeld_id)
    return tuple(session.execute(texts.order_by(Kernziel.position, Kernziel.id)).scalars())


def subjects_of(session: Session, version_id: int) -> tuple[SubjectText, ...]:
    """Return the Handlungsfelder of a version in the order of the whole: Leitthema by Leitthema."""
    rows = (
        select(HandlungsfeldVersion.id, HandlungsfeldVersion.slug, HandlungsfeldVersion.title)
        .join(Leitthema, Leitthema.id == HandlungsfeldVersion.leitthema_id)
        .where(HandlungsfeldVersion.concept_version_id == version_id)
        .order_by(Leitthema.position, Leitthema.id, HandlungsfeldVersion.position, HandlungsfeldVersion.id)
    )
    return tuple(SubjectText(*row) for row in session.execute(rows))


def handlungsfelder_in(session: Session, version_id: int | None) -> int:
    """Count the Handlungsfelder of a version."""
    if version_id is None:
        return 0
    counted = select(func.count()).where(HandlungsfeldVersion.concept_version_id == version_id)
    return session.execute(counted).scalar_one()


def office_of_version(session: Session, version_id: int) -> int | None:
    """Return whose concept a version belongs to, or None if there is no such version."""
    office = select(Concept.office_id).join(ConceptVersion, ConceptVersion.concept_id == Concept.id)
    return session.execute(office.where(ConceptVersion.id == version_id)).scalar_one_or_none()


def _kernziele_of_version(session: Session, version_id: int) -> dict[int, list[Text]]:
    goals: dict[int, list[Text]] = defaultdict(list)
    rows = (
        select(Kernziel.handlungsfeld_version_id, Kernziel.text)
        .join(HandlungsfeldVersion, HandlungsfeldVersion.id == Kernziel.handlungsfeld_version_id)
        .where(HandlungsfeldVersion.concept_version_id == version_id)
        .order_by(Kernziel.position, Kernziel.id)
    )
    for handlungsfeld_id, text in session.execute(rows):
        goals[handlungsfeld_id].append(text)
    return goals


def _handlungsfelder() -> ColumnElement[int]:
    counted = select(func.count()).where(HandlungsfeldVersion.concept_version_id == ConceptVersion.id)
    return counted.correlate(ConceptVersion).scalar_subquery()


def _in_own_office(office_id: InstrumentedAttribute[int], person_id: UUID, now: datetime) -> ColumnElement[bool]:
    return office_id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now))
