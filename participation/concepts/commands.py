"""Writing concepts: staff of the office alone, and only while the version is not frozen.

Whoever changes something of a version locks the version's row first, so that freezing and two editors come one after
the other. ``by`` is the official, or None where the shell acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.audiences.queries import why_not_act_for_office
from participation.concepts import queries
from participation.concepts.facts import (
    Kind,
    NoSuchConcept,
    SlugTaken,
    StillUsed,
    TextChangedMeanwhile,
    VersionFrozen,
    VersionStillOpen,
    fingerprint,
    slug_of,
)
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Kernziel, Leitthema
from participation.foundation.clock import Clock
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note

Text = dict[str, str]


def write_concept(
    session: Session,
    *,
    office_id: int,
    title: Text,
    summary: Text,
    by: UUID | None,
    clock: Clock,
    slug: str | None = None,
) -> Concept:
    """Add a concept with an empty first version.

    :param slug: its short name; made from the German title if left out
    :raises SlugTaken: if another concept has that short name
    :raises NotEntitled: unless ``by`` is staff of the office
    """
    with transaction(session):
        now = clock()
        _check_staff_of(session, office_id=office_id, by=by, now=now)
        short = slug or slug_of(title["de"])
        concept_id = _insert_named(session, Concept, ["slug"], slug=short, office_id=office_id, title=title)
        concept = session.get_one(Concept, concept_id)
        session.add(ConceptVersion(concept_id=concept.id, number=1, summary=summary, created_at=now))
        note(session, act="concepts:created", about=f"concept:{concept.id}", office_id=office_id, actor=by, now=now)
        return concept


def edit_concept(
    session: Session, *, version_id: int, title: Text, summary: Text, seen: str, by: UUID | None, clock: Clock
) -> None:
    """Change the title of a concept and the summary of a version.

    :param seen: the fingerprint of the texts that the change was made on
    :raises TextChangedMeanwhile: if somebody else changed them since
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        version, concept = _open_version(session, version_id, by, now)
        if fingerprint(concept.title, version.summary) != seen:
            raise TextChangedMeanwhile()
        concept.title, version.summary = title, summary
        note(
            session,
            act="concepts:edited",
            about=f"concept_version:{version.id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )


def write_leitthema(
    session: Session,
    *,
    version_id: int,
    title: Text,
    by: UUID | None,
    clock: Clock,
    text: Text | None = None,
    slug: str | None = None,
) -> Leitthema:
    """Add a Leitthema at the end of a version.

    :raises SlugTaken: if the version has one of that short name
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        version, concept = _open_version(session, version_id, by, now)
        leitthema_id = _insert_named(
            session,
            Leitthema,
            ["concept_version_id", "slug"],
            concept_version_id=version.id,
            slug=slug or slug_of(title["de"]),
            position=_next_position(session, Leitthema.position, Leitthema.concept_version_id == version.id),
            title=title,
            text=text or {"de": ""},
        )
        note(
            session,
            act="concepts:added",
            about=f"leitthema:{leitthema_id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )
        return session.get_one(Leitthema, leitthema_id)


def edit_leitthema(
    session: Session, *, leitthema_id: int, title: Text, text: Text, seen: str, by: UUID | None, clock: Clock
) -> None:
    """Change the texts of a Leitthema; its short name stays.

    :raises TextChangedMeanwhile: if somebody else changed them since ``seen``
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        theme, concept = _open_thing(session, Leitthema, leitthema_id, by, now)
        if fingerprint(theme.title, theme.text) != seen:
            raise TextChangedMeanwhile()
        theme.title, theme.text = title, text
        note(
            session,
            act="concepts:edited",
            about=f"leitthema:{theme.id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )


def write_handlungsfeld(
    session: Session,
    *,
    leitthema_id: int,
    title: Text,
    text: Text,
    kernziele: Sequence[Text],
    by: UUID | None,
    clock: Clock,
    slug: str | None = None,
) -> HandlungsfeldVersion:
    """Add a Handlungsfeld at the end of a Leitthema.

    :param text: Markdown
    :raises SlugTaken: if the version has one of that short name
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        theme, concept = _open_thing(session, Leitthema, leitthema_id, by, now)
        field_id = _insert_named(
            session,
            HandlungsfeldVersion,
            ["concept_version_id", "slug"],
            concept_version_id=theme.concept_version_id,
            leitthema_id=theme.id,
            slug=slug or slug_of(title["de"]),
            position=_next_position(session, *_siblings_in(theme.id)),
            title=title,
            text=text,
        )
        _write_kernziele(session, field_id, kernziele)
        note(
            session,
            act="concepts:added",
            about=f"handlungsfeld:{field_id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )
        return session.get_one(HandlungsfeldVersion, field_id)


def edit_handlungsfeld(
    session: Session,
    *,
    handlungsfeld_id: int,
    leitthema_id: int,
    title: Text,
    text: Text,
    kernziele: Sequence[Text],
    seen: str,
    by: UUID | None,
    clock: Clock,
) -> None:
    """Change the texts of a Handlungsfeld, or the Leitthema it belongs to; its short name stays.

    :raises TextChangedMeanwhile: if somebody else changed it since ``seen``
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        field, concept = _open_thing(session, HandlungsfeldVersion, handlungsfeld_id, by, now)
        kept = queries.kernziele_of(session, field.id)
        if queries.field_fingerprint(field.leitthema_id, field.title, field.text, kept) != seen:
            raise TextChangedMeanwhile()
        if field.leitthema_id != leitthema_id:
            _put_under(session, field, leitthema_id)
        field.title, field.text = title, text
        _write_kernziele(session, field.id, kernziele)
        note(
            session,
            act="concepts:edited",
            about=f"handlungsfeld:{field.id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )


def reorder(session: Session, *, kind: Kind, thing_id: int, up: bool, by: UUID | None, clock: Clock) -> None:
    """Move a Leitthema, or a Handlungsfeld within its Leitthema, one place up or down; at the end it stays.

    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        table = Leitthema if kind is Kind.LEITTHEMA else HandlungsfeldVersion
        thing, concept = _open_thing(session, table, thing_id, by, now)
        siblings = _siblings_of(session, thing)
        at = siblings.index(thing)
        to = max(0, at - 1) if up else min(len(siblings) - 1, at + 1)
        siblings[at], siblings[to] = siblings[to], siblings[at]
        for position, sibling in enumerate(siblings, 1):
            sibling.position = position
        note(
            session,
            act="concepts:reordered",
            about=f"{kind}:{thing_id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )


def remove(session: Session, *, kind: Kind, thing_id: int, by: UUID | None, clock: Clock) -> None:
    """Remove a Handlungsfeld with its Kernziele, or a Leitthema that holds no Handlungsfeld.

    :raises StillUsed: if the Leitthema holds any
    :raises VersionFrozen: if a round asks about the version
    """
    with transaction(session):
        now = clock()
        table = Leitthema if kind is Kind.LEITTHEMA else HandlungsfeldVersion
        thing, concept = _open_thing(session, table, thing_id, by, now)
        if kind is Kind.HANDLUNGSFELD:
            session.execute(delete(Kernziel).where(Kernziel.handlungsfeld_version_id == thing_id))
        elif session.execute(select(HandlungsfeldVersion.id).filter_by(leitthema_id=thing_id).limit(1)).first():
            raise StillUsed()
        session.delete(thing)
        note(
            session, act="concepts:removed", about=f"{kind}:{thing_id}", office_id=concept.office_id, actor=by, now=now
        )


def new_version(session: Session, *, concept_id: int, by: UUID | None, clock: Clock) -> ConceptVersion:
    """Add the next version as a copy of the whole of the last one.

    :raises VersionStillOpen: if the last one can still be edited
    """
    with transaction(session):
        now = clock()
        concept = session.execute(
            select(Concept).where(Concept.id == concept_id).with_for_update()
        ).scalar_one_or_none()
        if concept is None:
            raise NoSuchConcept()
        _check_sees(session, concept, by, now)
        newest = select(ConceptVersion).where(ConceptVersion.concept_id == concept_id)
        last = session.execute(newest.order_by(ConceptVersion.number.desc()).limit(1)).scalar_one()
        if last.frozen_at is None:
            raise VersionStillOpen()
        fresh = ConceptVersion(concept_id=concept_id, number=last.number + 1, summary=last.summary, created_at=now)
        session.add(fresh)
        session.flush()
        _copy_themes(session, last.id, fresh.id)
        note(
            session,
            act="concepts:copied",
            about=f"concept_version:{fresh.id}",
            office_id=concept.office_id,
            actor=by,
            now=now,
        )
        return fresh


def freeze_version(session: Session, *, version_id: int, now: datetime) -> bool:
    """Freeze a version, in the transaction of the round that asks about it; say whether it was not frozen before.

    From then on triggers refuse every change of it.
    """
    session.execute(select(ConceptVersion.id).where(ConceptVersion.id == version_id).with_for_update())
    once = update(ConceptVersion).where(ConceptVersion.id == version_id, ConceptVersion.frozen_at.is_(None))
    return affected(session, once.values(frozen_at=now)) == 1


def _check_staff_of(session: Session, *, office_id: int, by: UUID | None, now: datetime) -> None:
    if by is None:
        return
    reason = why_not_act_for_office(session, person_id=by, role=Role.STAFF, office_id=office_id, now=now)
    if reason is not None:
        raise reason


def _check_sees(session: Session, concept: Concept, by: UUID | None, now: datetime) -> None:
    """Staff of other offices are not told that the concept exists."""
    if by is not None and why_not_act_for_office(
        session, person_id=by, role=Role.STAFF, office_id=concept.office_id, now=now
    ):
        raise NoSuchConcept()


def _open_version(session: Session, version_id: int, by: UUID | None, now: datetime) -> tuple[ConceptVersion, Concept]:
    """Lock a version and return it with its concept, if this person may change it now."""
    locked = select(ConceptVersion).where(ConceptVersion.id == version_id).with_for_update()
    version = session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if version is None:
        raise NoSuchConcept()
    concept = session.get_one(Concept, version.concept_id)
    _check_sees(session, concept, by, now)
    if version.frozen_at is not None:
        raise VersionFrozen()
    return version, concept


def _open_thing(session: Session, table: Any, thing_id: int, by: UUID | None, now: datetime) -> tuple[Any, Concept]:
    """Lock the version of a Leitthema or Handlungsfeld, then read the thing as it is now."""
    version_id = session.execute(select(table.concept_version_id).where(table.id == thing_id)).scalar_one_or_none()
    if version_id is None:
        raise NoSuchConcept()
    _, concept = _open_version(session, version_id, by, now)
    thing = session.get(table, thing_id, populate_existing=True)
    if thing is None:
        raise NoSuchConcept()
    return thing, concept


def _insert_named(session: Session, table: Any, unique: list[str], **values: Any) -> int:
    row = insert(session, table).values(**values).on_conflict_do_nothing(index_elements=unique)
    made: int | None = session.execute(row.returning(table.id)).scalar_one_or_none()
    if made is None:
        raise SlugTaken()
    return made


def _siblings_in(leitthema_id: int) -> tuple[Any, Any]:
    return HandlungsfeldVersion.position, HandlungsfeldVersion.leitthema_id == leitthema_id


def _siblings_of(session: Session, thing: Leitthema | HandlungsfeldVersion) -> list[Any]:
    table: Any = type(thing)
    if isinstance(thing, Leitthema):
        where = Leitthema.concept_version_id == thing.concept_version_id
    else:
        where = HandlungsfeldVersion.leitthema_id == thing.leitthema_id
    return list(session.execute(select(table).where(where).order_by(table.position, table.id)).scalars())


def _next_position(session: Session, position: Any, where: Any) -> int:
    last: int | None = session.execute(select(func.max(position)).where(where)).scalar_one()
    return (last or 0) + 1


def _put_under(session: Session, field: HandlungsfeldVersion, leitthema_id: int) -> None:
    theme = session.get(Leitthema, leitthema_id)
    if theme is None or theme.concept_version_id != field.concept_version_id:
        raise NoSuchConcept()
    field.position = _next_position(session, *_siblings_in(theme.id))
    field.leitthema_id = theme.id


def _write_kernziele(session: Session, handlungsfeld_id: int, texts: Sequence[Text]) -> None:
    """Let the Kernziele be these, in this order; a row keeps its key where its place stays."""
    kept = select(Kernziel).where(Kernziel.handlungsfeld_version_id == handlungsfeld_id)
    rows = session.execute(kept.order_by(Kernziel.position, Kernziel.id)).scalars().all()
    for position, (row, text) in enumerate(zip_longest(rows, texts), 1):
        if text is None:
            session.delete(row)
        elif row is None:
            session.add(Kernziel(handlungsfeld_version_id=handlungsfeld_id, position=position, text=text))
        else:
            row.position, row.text = position, text


def _copy_themes(session: Session, from_id: int, to_id: int) -> None:
    for at, theme in enumerate(queries.themes_of(session, from_id), 1):
        copy = Leitthema(concept_version_id=to_id, slug=theme.slug, position=at, title=theme.title, text=theme.text)
        session.add(copy)
        session.flush()
        _copy_fields(session, theme.fields, to_id, copy.id)


def _copy_fields(session: Session, fields: Sequence[queries.FieldNode], version_id: int, leitthema_id: int) -> None:
    copies = [
        HandlungsfeldVersion(
            concept_version_id=version_id,
            leitthema_id=leitthema_id,
            slug=field.slug,
            position=position,
            title=field.title,
            text=field.text,
        )
        for position, field in enumerate(fields, 1)
    ]
    session.add_all(copies)
    session.flush()
    for field, copy in zip(fields, copies, strict=True):
        _write_kernziele(session, copy.id, field.kernziele)
