"""Keeping templates of an office, and what moderators note and have to do about a contribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.accounts.models import Office, Person
from participation.audiences.facts import Role
from participation.audiences.models import Participant
from participation.audiences.queries import why_not_act, why_not_act_for_office
from participation.contributions.models import Contribution
from participation.foundation.clock import Clock, berlin
from participation.foundation.db import affected, insert, transaction
from participation.journal.commands import note
from participation.moderation.commands import enter
from participation.moderation.queries import selves
from participation.remarks.facts import (
    MOST_TEMPLATES,
    AlreadyDone,
    DayOver,
    NoSuchTask,
    NoSuchTemplate,
    NothingWritten,
    NotTheirRound,
    StillOpen,
    TemplateChangedMeanwhile,
    TitleTaken,
    TooManyTemplates,
)
from participation.remarks.models import CaseNote, CaseTask, ReasonTemplate
from participation.windows.queries import audience_of


@dataclass(frozen=True)
class Draft:
    """A template as staff types it."""

    title: str
    text: Mapping[str, str]
    """German, and English where there is some."""
    outcome: str | None = None
    rule: str | None = None

    def columns(self) -> dict[str, Any]:
        """Return what is written down."""
        return {"title": self.title, "text": dict(self.text), "outcome": self.outcome, "rule": self.rule}


# ── Templates ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def add_template(session: Session, *, office_id: int, draft: Draft, by: UUID, clock: Clock) -> int:
    """Keep a template for the reasons of an office; return its number.

    :raises NoSuchTemplate: unless they lead rounds for this office
    :raises TitleTaken: or TooManyTemplates
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        _check_number(session, office_id)
        row = insert(session, ReasonTemplate).values(office_id=office_id, version=1, changed_at=now, **draft.columns())
        made = session.execute(row.on_conflict_do_nothing().returning(ReasonTemplate.id)).scalar_one_or_none()
        if made is None:
            raise TitleTaken()
        _note_template(session, "remarks:template_added", office_id, int(made), by=by, now=now)
        return int(made)


def change_template(
    session: Session, *, office_id: int, template_id: int, draft: Draft, seen: int, by: UUID, clock: Clock
) -> None:
    """Change a template; what was decided with it stays as it was written.

    :param seen: the version that was read
    :raises NoSuchTemplate: unless they lead rounds for this office, and it has this template
    :raises TemplateChangedMeanwhile: if somebody saved another version since, or retired it
    :raises TitleTaken: if another one has this title
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        mine = (ReasonTemplate.id == template_id, ReasonTemplate.office_id == office_id)
        if session.execute(select(ReasonTemplate.id).where(*mine)).first() is None:
            raise NoSuchTemplate()
        read = update(ReasonTemplate).where(*mine, ReasonTemplate.version == seen, ReasonTemplate.retired_at.is_(None))
        try:
            changed = affected(session, read.values(version=seen + 1, changed_at=now, **draft.columns()))
        except IntegrityError as conflict:
            raise TitleTaken() from conflict
        if not changed:
            raise TemplateChangedMeanwhile()
        details = {"version": seen + 1}
        _note_template(session, "remarks:template_changed", office_id, template_id, by=by, now=now, **details)


def retire_template(session: Session, *, office_id: int, template_id: int, by: UUID, clock: Clock) -> None:
    """Offer a template no more; it stays to be read. Doing it twice changes nothing.

    :raises NoSuchTemplate: unless they lead rounds for this office, and it has this template
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        mine = (ReasonTemplate.id == template_id, ReasonTemplate.office_id == office_id)
        if session.execute(select(ReasonTemplate.id).where(*mine)).first() is None:
            raise NoSuchTemplate()
        live = update(ReasonTemplate).where(*mine, ReasonTemplate.retired_at.is_(None))
        if affected(session, live.values(retired_at=now)):
            _note_template(session, "remarks:template_retired", office_id, template_id, by=by, now=now)


def restore_template(session: Session, *, office_id: int, template_id: int, by: UUID, clock: Clock) -> None:
    """Offer a retired template again. Doing it twice changes nothing.

    :raises NoSuchTemplate: unless they lead rounds for this office, and it has this template
    :raises TitleTaken: if another one that is offered has this title by now
    :raises TooManyTemplates: if as many as possible are offered
    """
    with transaction(session):
        now = _keep_office(session, office_id, by, clock)
        mine = (ReasonTemplate.id == template_id, ReasonTemplate.office_id == office_id)
        if session.execute(select(ReasonTemplate.id).where(*mine)).first() is None:
            raise NoSuchTemplate()
        _check_number(session, office_id, but=template_id)
        retired = update(ReasonTemplate).where(*mine, ReasonTemplate.retired_at.is_not(None))
        try:
            restored = affected(session, retired.values(retired_at=None))
        except IntegrityError as conflict:
            raise TitleTaken() from conflict
        if restored:
            _note_template(session, "remarks:template_restored", office_id, template_id, by=by, now=now)


def _check_number(session: Session, office_id: int, *, but: int | None = None) -> None:
    """Count what is offered, under the lock of the office.

    :raises TooManyTemplates: if there is no room for one more beside those
    """
    live = select(func.count()).where(ReasonTemplate.office_id == office_id, ReasonTemplate.retired_at.is_(None))
    others = live if but is None else live.where(ReasonTemplate.id != but)
    if session.execute(others).scalar_one() >= MOST_TEMPLATES:
        raise TooManyTemplates(most=MOST_TEMPLATES)


def _keep_office(session: Session, office_id: int, by: UUID, clock: Clock) -> datetime:
    """Hold the office, so that two who add at the same time are counted one after the other, and check the grant."""
    session.execute(select(Office.id).where(Office.id == office_id).with_for_update(key_share=True))
    now = clock()
    if why_not_act_for_office(session, person_id=by, role=Role.STAFF, office_id=office_id, now=now):
        raise NoSuchTemplate()
    return now


def _note_template(
    session: Session, act: str, office_id: int, template_id: int, *, by: UUID, now: datetime, **details: Any
) -> None:
    about = f"reason_template:{template_id}"
    note(session, act=act, actor=by, office_id=office_id, about=about, details=details, now=now)


# ── Notes and tasks ───────────────────────────────────────────────────────────────────────────────────────────────────
def add_note(session: Session, *, contribution_id: int, text: str, by: UUID, clock: Clock) -> int:
    """Note something about a contribution for the others who moderate it; return the note's number.

    Nobody outside is told, and it stands in no letter. Its author gets it with everything else that is kept about them.

    :param text: 1 to 2,000 signs
    :raises NothingToDecide: if it is not theirs to moderate
    :raises NothingWritten: without a word
    """
    if not text.strip():
        raise NothingWritten()
    with transaction(session):
        now, office_id = enter(session, contribution_id, by=by, clock=clock)
        _hold_people(session, contribution_id)
        made = CaseNote(contribution_id=contribution_id, text=text.strip(), written_by=by, written_at=now)
        session.add(made)
        session.flush()
        _note(session, "remarks:noted", contribution_id, office_id, by=by, now=now, note=made.id)
        return made.id


def set_task(
    session: Session,
    *,
    contribution_id: int,
    text: str,
    by: UUID,
    clock: Clock,
    for_id: UUID | None = None,
    due_on: date | None = None,
) -> int:
    """Write down what is to be done about a contribution; return the task's number.

    :param text: 1 to 500 signs
    :param for_id: who is to do it, None for whoever comes first
    :param due_on: by which day, today at the earliest
    :raises NothingToDecide: if it is not theirs to moderate
    :raises NothingWritten: or NotTheirRound, DayOver
    """
    if not text.strip():
        raise NothingWritten()
    with transaction(session):
        now, office_id = enter(session, contribution_id, by=by, clock=clock)
        _hold_people(session, contribution_id, for_id)
        if for_id is not None and not _moderates(session, contribution_id, for_id, now):
            raise NotTheirRound()
        if due_on is not None and due_on < berlin(now).date():
            raise DayOver()
        made = CaseTask(
            contribution_id=contribution_id, text=text.strip(), for_id=for_id, due_on=due_on, set_by=by, set_at=now
        )
        session.add(made)
        session.flush()
        _note(session, "remarks:task_set", contribution_id, office_id, by=by, now=now, task=made.id)
        return made.id


def finish_task(session: Session, *, task_id: int, by: UUID, clock: Clock) -> int:
    """Say that a task is done, whoever it was for; return its contribution.

    :raises NoSuchTask: if there is none, or NothingToDecide if it is not theirs to moderate
    :raises AlreadyDone: if somebody said so before
    """
    return _settle(session, task_id, by=by, clock=clock, done=True)


def reopen_task(session: Session, *, task_id: int, by: UUID, clock: Clock) -> int:
    """Say that a task is still to be done; return its contribution.

    :raises NoSuchTask: if there is none, or NothingToDecide if it is not theirs to moderate
    :raises StillOpen: if nobody said that it was done
    """
    return _settle(session, task_id, by=by, clock=clock, done=False)


def _settle(session: Session, task_id: int, *, by: UUID, clock: Clock, done: bool) -> int:
    with transaction(session):
        where = session.execute(select(CaseTask.contribution_id).where(CaseTask.id == task_id)).scalar_one_or_none()
        if where is None:
            raise NoSuchTask()
        now, office_id = enter(session, where, by=by, clock=clock)
        other = CaseTask.done_at.is_(None) if done else CaseTask.done_at.is_not(None)
        values = {"done_by": by, "done_at": now} if done else {"done_by": None, "done_at": None}
        if not affected(session, update(CaseTask).where(CaseTask.id == task_id, other).values(**values)):
            raise AlreadyDone() if done else StillOpen()
        act = "remarks:task_done" if done else "remarks:task_reopened"
        _note(session, act, where, office_id, by=by, now=now, task=task_id)
        return int(where)


def _moderates(session: Session, contribution_id: int, person_id: UUID, now: datetime) -> bool:
    window = select(Contribution.window_id).where(Contribution.id == contribution_id)
    audience_id = audience_of(session, session.execute(window).scalar_one())
    return not why_not_act(session, person_id=person_id, role=Role.MODERATOR, audience_id=audience_id, now=now)


def _hold_people(session: Session, contribution_id: int, also: UUID | None = None) -> None:
    """Keep the author, and who is to do something, from being erased meanwhile; whoever erases finds what is written.

    Shared, so that moderators do not wait for each other.
    """
    author = select(Participant.person_id).join(Contribution, Contribution.participant_id == Participant.id)
    theirs = author.where(Contribution.id == contribution_id).scalar_subquery()
    people = select(Person.id).where((Person.id == theirs) | (Person.id == also)).order_by(Person.id)
    session.execute(people.with_for_update(read=True))


def _note(
    session: Session, act: str, contribution_id: int, office_id: int, *, by: UUID, now: datetime, **details: int
) -> None:
    about = f"contribution:{contribution_id}"
    note(session, act=act, actor=by, office_id=office_id, about=about, details=details, now=now)


# ── Forgetting ────────────────────────────────────────────────────────────────────────────────────────────────────────
def forget(session: Session, person_id: UUID, clock: Clock) -> None:
    """Blank what was noted about what a person wrote; what they were to do in office is anybody's from now on.

    That there was a note, or that something is to be done, stays, and so does what they wrote in office.
    """
    with transaction(session):
        now = clock()
        own = select(Contribution.id).where(Contribution.participant_id.in_(selves(person_id)))
        for kept in (CaseNote, CaseTask):
            about_them = update(kept).where(kept.contribution_id.in_(own), kept.emptied_at.is_(None))
            session.execute(about_them.values(text="", emptied_at=now).execution_options(synchronize_session=False))
        theirs = update(CaseTask).where(CaseTask.for_id == person_id, CaseTask.done_at.is_(None))
        session.execute(theirs.values(for_id=None).execution_options(synchronize_session=False))
