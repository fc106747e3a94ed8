"""Reading templates for reasons, and what moderators noted and have to do about a contribution."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from participation.accounts.models import Office, Person
from participation.audiences.facts import Role
from participation.audiences.models import Audience, Participant
from participation.audiences.queries import audiences_where, offices_where, officials
from participation.contributions.models import Contribution
from participation.foundation.facts import Holding
from participation.moderation.queries import selves
from participation.remarks.facts import GERMAN, MOST_SHOWN, wording
from participation.remarks.models import CaseNote, CaseTask, ReasonTemplate
from participation.windows.models import Window

Text = dict[str, str]


@dataclass(frozen=True)
class Template:
    """A template as staff keeps it."""

    id: int
    title: str
    outcome: str | None
    rule: str | None
    text: Text
    version: int
    changed_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True)
class OfficeLine:
    """An office, and how many templates it offers."""

    office_id: int
    office: Text
    count: int


@dataclass(frozen=True)
class OfficeTemplates:
    """The templates of an office, by title; of the retired ones the last 50."""

    office_id: int
    office: Text
    offered: tuple[Template, ...] = ()
    retired: tuple[Template, ...] = ()


@dataclass(frozen=True)
class Offered:
    """A template as it would be put into a reason."""

    id: int
    title: str
    outcome: str | None
    rule: str | None
    text: str
    languages: tuple[str, ...]
    """In which languages it stands there."""


@dataclass(frozen=True)
class Offer:
    """The templates for a decision, and the languages in which its letters go out, German first."""

    languages: tuple[str, ...]
    templates: tuple[Offered, ...]

    def find(self, number: int | None) -> Offered | None:
        """Return the template with this number, if it is offered."""
        return next((one for one in self.templates if one.id == number), None)


@dataclass(frozen=True)
class NoteLine:
    """An internal note."""

    id: int
    text: str
    written_at: datetime
    writer: str | None
    """Address of the official; None once the account is gone."""


@dataclass(frozen=True)
class TaskLine:
    """Something to be done about a contribution, or done."""

    id: int
    contribution_id: int
    text: str
    for_id: UUID | None
    for_whom: str | None
    due_on: date | None
    set_at: datetime
    setter: str | None
    done_at: datetime | None
    doer: str | None


@dataclass(frozen=True)
class Colleague:
    """Somebody who moderates the round."""

    person_id: UUID
    email: str


@dataclass(frozen=True)
class Backstage:
    """What moderators keep for one another about a contribution."""

    contribution_id: int
    notes: tuple[NoteLine, ...]
    """Newest first."""
    tasks: tuple[TaskLine, ...]
    """Open ones first, those by the day they are due."""
    colleagues: tuple[Colleague, ...]


# ── Templates ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def offices(session: Session, *, person_id: UUID, now: datetime) -> tuple[OfficeLine, ...]:
    """Return the offices that a person leads rounds for, by short name, each with how many templates it offers."""
    offered = select(func.count()).where(ReasonTemplate.office_id == Office.id, ReasonTemplate.retired_at.is_(None))
    found = select(Office.id, Office.name, offered.correlate(Office).scalar_subquery())
    mine = found.where(Office.id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now)))
    return tuple(OfficeLine(*row) for row in session.execute(mine.order_by(Office.slug)))


def templates_of(session: Session, *, office_id: int, person_id: UUID, now: datetime) -> OfficeTemplates | None:
    """Return the templates of an office, or None if this person does not lead rounds for it; three statements."""
    mine = Office.id.in_(offices_where(person_id=person_id, role=Role.STAFF, now=now))
    row = session.execute(select(Office.id, Office.name).where(Office.id == office_id, mine)).one_or_none()
    if row is None:
        return None
    offered = _templates(office_id).where(ReasonTemplate.retired_at.is_(None)).order_by(ReasonTemplate.title)
    retired = _templates(office_id).where(ReasonTemplate.retired_at.is_not(None))
    newest = retired.order_by(ReasonTemplate.retired_at.desc(), ReasonTemplate.id.desc()).limit(MOST_SHOWN)
    return OfficeTemplates(
        row[0], row[1], _as_templates(session.execute(offered)), _as_templates(session.execute(newest))
    )


def template(session: Session, *, office_id: int, template_id: int) -> Template | None:
    """Return a template of an office, a retired one too, or None. Whether somebody may know of it the caller asks."""
    found = _templates(office_id).where(ReasonTemplate.id == template_id)
    return next(iter(_as_templates(session.execute(found))), None)


def _templates(office_id: int) -> Select[*tuple[Any, ...]]:
    columns = (ReasonTemplate.id, ReasonTemplate.title, ReasonTemplate.outcome, ReasonTemplate.rule)
    more = (ReasonTemplate.text, ReasonTemplate.version, ReasonTemplate.changed_at, ReasonTemplate.retired_at)
    return select(*columns, *more).where(ReasonTemplate.office_id == office_id)


def _as_templates(rows: Iterable[Any]) -> tuple[Template, ...]:
    return tuple(Template(*row) for row in rows)


def offer(
    session: Session,
    *,
    contribution_ids: Collection[int],
    official: UUID,
    now: datetime,
    roles: Collection[Role] = (Role.MODERATOR,),
) -> Offer:
    """Return what an official may put into the reason of one decision on some contributions; one statement.

    The texts stand in the languages of those who get letters. What was imported, and whose author has no address, gets
    none. Contributions of several offices have no templates in common.

    :param roles: in which they decide
    """
    acts = or_(*(Audience.id.in_(audiences_where(person_id=official, role=role, now=now)) for role in roles))
    to = _addressed(contribution_ids, acts).subquery()
    live = and_(ReasonTemplate.office_id == to.c.office_id, ReasonTemplate.retired_at.is_(None))
    columns = (ReasonTemplate.id, ReasonTemplate.title, ReasonTemplate.outcome, ReasonTemplate.rule)
    found = select(to.c.office_id, to.c.language, *columns, ReasonTemplate.text).outerjoin(ReasonTemplate, live)
    rows = session.execute(found.order_by(ReasonTemplate.title)).all()
    languages = tuple(sorted({row.language for row in rows if row.language}, key=lambda tag: (tag != GERMAN, tag)))
    of_one_office = len({row.office_id for row in rows}) == 1
    offered = {row.id: row for row in rows if row.id is not None} if of_one_office else {}
    return Offer(
        languages or (GERMAN,),
        tuple(
            Offered(row.id, row.title, row.outcome, row.rule, *wording(row.text, languages)) for row in offered.values()
        ),
    )


def _addressed(contribution_ids: Collection[int], acts: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select the offices of contributions about which somebody acts, with the languages of the letters about them."""
    gets_one = and_(Contribution.source.is_(None), Person.email.is_not(None))
    return (
        select(Audience.office_id.label("office_id"), case((gets_one, Person.language)).label("language"))
        .select_from(Contribution)
        .join(Participant, Participant.id == Contribution.participant_id)
        .join(Window, Window.id == Contribution.window_id)
        .join(Audience, Audience.id == Window.audience_id)
        .outerjoin(Person, Person.id == Participant.person_id)
        .where(Contribution.id.in_(contribution_ids), acts)
        .distinct()
    )


# ── Notes and tasks ───────────────────────────────────────────────────────────────────────────────────────────────────
def moderated_audience(session: Session, *, contribution_id: int, moderator: UUID, now: datetime) -> int | None:
    """Return the audience of a contribution, or None if this person does not moderate there."""
    mine = audiences_where(person_id=moderator, role=Role.MODERATOR, now=now)
    found = select(Window.audience_id).join(Contribution, Contribution.window_id == Window.id)
    return session.execute(
        found.where(Contribution.id == contribution_id, Window.audience_id.in_(mine))
    ).scalar_one_or_none()


def backstage(session: Session, *, contribution_id: int, audience_id: int, now: datetime) -> Backstage:
    """Return what moderators keep for one another about a contribution of an audience; three statements.

    Only for who moderates there, which the caller has asked.
    """
    return Backstage(
        contribution_id,
        notes=_notes(session, contribution_id),
        tasks=_tasks(session, contribution_id),
        colleagues=colleagues(session, audience_id=audience_id, now=now),
    )


def _notes(session: Session, contribution_id: int) -> tuple[NoteLine, ...]:
    found = select(CaseNote.id, CaseNote.text, CaseNote.written_at, Person.email)
    found = found.join(Person, Person.id == CaseNote.written_by).where(CaseNote.contribution_id == contribution_id)
    return tuple(NoteLine(*row) for row in session.execute(found.order_by(CaseNote.id.desc()).limit(MOST_SHOWN)))


def _tasks(session: Session, contribution_id: int) -> tuple[TaskLine, ...]:
    whose, setter, doer = aliased(Person), aliased(Person), aliased(Person)
    found: Select[*tuple[Any, ...]] = (
        select(
            *(CaseTask.id, CaseTask.contribution_id, CaseTask.text, CaseTask.for_id, whose.email),
            *(CaseTask.due_on, CaseTask.set_at, setter.email, CaseTask.done_at, doer.email),
        )
        .join(setter, setter.id == CaseTask.set_by)
        .outerjoin(whose, whose.id == CaseTask.for_id)
        .outerjoin(doer, doer.id == CaseTask.done_by)
        .where(CaseTask.contribution_id == contribution_id)
    )
    open_first = (CaseTask.done_at.is_not(None), CaseTask.due_on.is_(None), CaseTask.due_on, CaseTask.id.desc())
    return tuple(TaskLine(*row) for row in session.execute(found.order_by(*open_first).limit(MOST_SHOWN)))


def colleagues(session: Session, *, audience_id: int, now: datetime) -> tuple[Colleague, ...]:
    """Return who moderates in an audience, by address."""
    found = officials(session, now=now, audience_id=audience_id)
    return tuple(
        Colleague(one.person_id, one.email) for one in found if any(line.role is Role.MODERATOR for line in one.grants)
    )


def contribution_of(session: Session, *, task_id: int) -> int:
    """Return the contribution that a task is about."""
    return session.execute(select(CaseTask.contribution_id).where(CaseTask.id == task_id)).scalar_one()


# ── What is kept about a person ───────────────────────────────────────────────────────────────────────────────────────
def held_about(session: Session, person_id: UUID) -> list[Holding]:
    """Return what moderators noted about what a person wrote, and what they noted or had to do in office themselves.

    Who noted it is not said: officials are not what a person asks about (Art. 15 (4) DSGVO).
    """
    own = Contribution.participant_id.in_(selves(person_id))
    theirs = or_(CaseTask.set_by == person_id, CaseTask.for_id == person_id, CaseTask.done_by == person_id)
    return [
        *_notes_held(session, "note_on_own", own),
        *_tasks_held(session, "task_on_own", own),
        *_notes_held(session, "note_written", CaseNote.written_by == person_id),
        *_tasks_held(session, "task_of_office", theirs),
    ]


def _notes_held(session: Session, kind: str, which: ColumnElement[bool]) -> list[Holding]:
    found = select(CaseNote).join(Contribution, Contribution.id == CaseNote.contribution_id).where(which)
    return [
        Holding("remarks", kind, one.text, {"contribution": one.contribution_id, "at": one.written_at.isoformat()})
        for one in session.execute(found.order_by(CaseNote.id)).scalars()
    ]


def _tasks_held(session: Session, kind: str, which: ColumnElement[bool]) -> list[Holding]:
    found = select(CaseTask).join(Contribution, Contribution.id == CaseTask.contribution_id).where(which)
    return [
        Holding("remarks", kind, one.text, _facts_of(one))
        for one in session.execute(found.order_by(CaseTask.id)).scalars()
    ]


def _facts_of(one: CaseTask) -> dict[str, Any]:
    return {
        "contribution": one.contribution_id,
        "at": one.set_at.isoformat(),
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "done_at": one.done_at.isoformat() if one.done_at else None,
    }
