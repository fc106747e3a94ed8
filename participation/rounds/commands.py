"""Drafting, publishing and ending rounds.

``by`` is the official, or None where the shell or the example acts. The doors of a round's windows come first, then
the row of the round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.commands import make_audience
from participation.audiences.facts import Role
from participation.audiences.models import Audience
from participation.audiences.queries import office_of, why_not_act, why_not_act_for_office
from participation.concepts import queries as concepts
from participation.concepts.commands import freeze_version
from participation.concepts.facts import NoSuchConcept, SlugTaken, slug_of
from participation.concepts.models import Concept, ConceptVersion
from participation.discussion.commands import open_thread, remove_thread
from participation.foundation.clock import Clock
from participation.foundation.db import insert, transaction
from participation.journal.commands import note
from participation.log.commands import close_windows
from participation.rounds import queries
from participation.rounds.facts import (
    EFFECTS,
    PART_TITLES,
    QUESTION,
    SHORTEST_REASON,
    AlreadyClosed,
    DraftChangedMeanwhile,
    EndsBeforeItBegins,
    NoSuchRound,
    NotBegun,
    NotComplete,
    PartDraft,
    PartKind,
    ReasonMissing,
    RoundBegun,
    RoundDraft,
    RoundFrozen,
    SecondOfficialNeeded,
    State,
    SubjectKind,
    state_of,
    way_options,
    what_is_missing,
)
from participation.rounds.models import EarlyClose, Part, Round, Subject, SubjectPart
from participation.voting.commands import add_question, freeze_rules, open_contest, remove_contest
from participation.voting.facts import Method
from participation.voting.keys import KeyFolder
from participation.voting.ledger import sha256_of
from participation.voting.models import Contest
from participation.windows import commands as windows
from participation.windows.facts import State as WindowState
from participation.windows.facts import WindowTimes

COLUMNS = (
    "title",
    "summary",
    "mandate",
    "influence",
    "decided_by",
    "level",
    "concept_version_id",
    "premoderated",
    "shows_interim",
    "release_by",
    "note",
)
"""What a draft says about the round itself."""


@dataclass(frozen=True)
class _Held:
    """A round with its doors taken and its row locked."""

    round: Round
    parts: dict[PartKind, Part]
    times: dict[int, WindowTimes]
    now: datetime

    @property
    def state(self) -> State:
        return state_of(list(self.times.values()), self.round.released_at, self.now)

    @property
    def draft(self) -> RoundDraft:
        return queries.draft_from(self.round, [(part, self.times[part.window_id]) for part in self.parts.values()])


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def write_round(
    session: Session, *, office_id: int, draft: RoundDraft, by: UUID | None, clock: Clock, slug: str | None = None
) -> Round:
    """Add a draft with an audience of its own; nobody but staff of the office knows of it.

    :param slug: its name in addresses; made from the German title if left out
    :raises NotEntitled: unless ``by`` is staff of the office
    :raises SlugTaken: if another round has that name
    :raises NoSuchConcept: if the version is none of the office
    :raises EndsBeforeItBegins: for a part that does
    """
    with transaction(session):
        now = clock()
        _check_staff_of_office(session, office_id, by, now)
        _check_draft(session, office_id, draft)
        audience_id = make_audience(session, office_id=office_id).id
        values = {column: getattr(draft, column) for column in COLUMNS}
        name = slug_of(slug or draft.title["de"])
        row = insert(session, Round).values(slug=name, audience_id=audience_id, created_at=now, version=1, **values)
        made = session.execute(row.on_conflict_do_nothing(index_elements=["slug"]).returning(Round.id))
        round_id = made.scalar_one_or_none()
        if round_id is None:
            raise SlugTaken()
        for position, (kind, part) in enumerate(draft.parts.items(), 1):
            added = _add_part(session, round_id, audience_id, (position, kind, part))
            added.way = _way_of(kind, draft)
        session.flush()
        _note(session, "rounds:drafted", round_id, office_id=office_id, actor=by, now=now)
        return session.get_one(Round, round_id)


def edit_round(
    session: Session,
    *,
    round_id: int,
    draft: RoundDraft,
    seen: str,
    by: UUID | None,
    clock: Clock,
    slug: str | None = None,
) -> None:
    """Change a draft; it keeps the parts it was written with.

    :param seen: the fingerprint of the draft that the change was made on
    :raises RoundFrozen: once it is published
    :raises DraftChangedMeanwhile: if somebody else changed it since
    :raises NoSuchRound: if it belongs to another office
    """
    with transaction(session):
        held = _hold(session, round_id, by, clock)
        if held.round.rule_sheet_sha256 is not None:
            raise RoundFrozen()
        if queries.draft_fingerprint(held.draft) != seen:
            raise DraftChangedMeanwhile()
        office_id = office_of(session, held.round.audience_id)
        _check_draft(session, office_id, draft)
        for column in COLUMNS:
            setattr(held.round, column, getattr(draft, column))
        for kind, part in held.parts.items():
            _change_part(session, part, draft.parts[kind])
            part.way = _way_of(kind, draft)
        held.round.slug = slug_of(slug or held.round.slug)
        held.round.version += 1
        _flush_name(session)
        _note(session, "rounds:edited", round_id, office_id=office_id, actor=by, now=held.now)


# ── Publishing ────────────────────────────────────────────────────────────────────────────────────────────────────────
def publish_round(session: Session, *, round_id: int, by: UUID | None, clock: Clock, keys: KeyFolder) -> str:
    """Make a round public and freeze what it asks; return the SHA-256 of its rule sheet.

    In one transaction: the concept's version freezes, each Handlungsfeld gets its thread and its question, the rule
    sheet is written and hashed, the contest's key is made, and the windows become known.

    :raises RoundFrozen: if it is published already; so a second click changes nothing
    :raises NotComplete: if something is missing that every round needs
    :raises NoSuchRound: if it belongs to another office
    """
    with transaction(session):
        held = _hold(session, round_id, by, clock)
        if held.round.rule_sheet_sha256 is not None:
            raise RoundFrozen()
        _check_complete(session, held)
        version_id = held.round.concept_version_id
        assert version_id is not None
        held.round.release_by = held.draft.due
        freeze_version(session, version_id=version_id, now=held.now)
        _add_subjects(session, held, concepts.subjects_of(session, version_id))
        sheet, sha256 = _freeze_rules(session, held, keys)
        held.round.rule_sheet, held.round.rule_sheet_sha256 = sheet, sha256
        held.round.version += 1
        for part in held.parts.values():
            windows.publish(session, part.window_id, held.now)
        details = {"rule_sheet_sha256": sha256, "concept_version": version_id, "windows": sorted(held.times)}
        office_id = office_of(session, held.round.audience_id)
        _note(session, "rounds:published", round_id, office_id=office_id, actor=by, now=held.now, details=details)
        return sha256


def take_back(session: Session, *, round_id: int, by: UUID | None, clock: Clock) -> None:
    """Make a published round a draft again, before anything of it opens. The concept's version stays frozen.

    Taking back a draft changes nothing.

    :raises RoundBegun: once a part has opened
    :raises NoSuchRound: if it belongs to another office
    """
    with transaction(session):
        held = _hold(session, round_id, by, clock)
        if held.state is State.DRAFT:
            return
        if held.state is not State.COMING:
            raise RoundBegun()
        _remove_subjects(session, held)
        held.round.rule_sheet, held.round.rule_sheet_sha256 = None, None
        held.round.version += 1
        for part in held.parts.values():
            windows.take_back(session, part.window_id)
        office_id = office_of(session, held.round.audience_id)
        _note(session, "rounds:took_back", round_id, office_id=office_id, actor=by, now=held.now)


# ── Ending early ──────────────────────────────────────────────────────────────────────────────────────────────────────
def close_early(
    session: Session, *, round_id: int, by: UUID, second: UUID, reason: str, keys: KeyFolder, clock: Clock
) -> datetime:
    """End a running round now, by two officials and with a public reason; return the moment.

    Waits until everybody who is inside has left; who comes after finds the door shut. A constraint says that the two
    officials are two.

    :raises NotEntitled: if ``by`` does not run the round
    :raises SecondOfficialNeeded: unless ``second`` is somebody else who runs it
    :raises ReasonMissing: for fewer than ten characters
    :raises NotBegun: before anything opened
    :raises AlreadyClosed: if all is over
    :raises SigningKeyLost: if the log of the vote cannot be finished
    :raises LogBroken: if it does not continue what was signed last
    """
    with transaction(session):
        _check_two(session, round_id, by, second, clock())
        stated = reason.strip()
        if len(stated) < SHORTEST_REASON:
            raise ReasonMissing()
        held = _hold(session, round_id, None, clock)
        _check_running(held)
        running = [key for key, times in held.times.items() if times.state(held.now) is not WindowState.CLOSED]
        close_windows(session, dict.fromkeys(running, held.now), keys=keys, now=held.now)
        session.add(EarlyClose(round_id=round_id, closed_by=by, confirmed_by=second, reason=stated, at=held.now))
        held.round.version += 1
        details = {"second": str(second), "windows": sorted(held.times)}
        office_id = office_of(session, held.round.audience_id)
        _note(session, "rounds:closed_early", round_id, office_id=office_id, actor=by, now=held.now, details=details)
        return held.now


# ── Parts of these ────────────────────────────────────────────────────────────────────────────────────────────────────
def _hold(session: Session, round_id: int, by: UUID | None, clock: Clock) -> _Held:
    """Take the doors of a round, lock its row, and see that this person runs it."""
    mine = select(Part).where(Part.round_id == round_id).order_by(Part.position)
    parts = {PartKind(part.kind): part for part in session.execute(mine).scalars()}
    now, times = windows.take_doors(session, [part.window_id for part in parts.values()], clock)
    locked = select(Round).where(Round.id == round_id).with_for_update()
    found = session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NoSuchRound()
    if by is not None and why_not_act(session, person_id=by, role=Role.STAFF, audience_id=found.audience_id, now=now):
        raise NoSuchRound()
    return _Held(found, parts, times, now)


def _check_staff_of_office(session: Session, office_id: int, by: UUID | None, now: datetime) -> None:
    if by is None:
        return
    reason = why_not_act_for_office(session, person_id=by, role=Role.STAFF, office_id=office_id, now=now)
    if reason is not None:
        raise reason


def _check_draft(session: Session, office_id: int, draft: RoundDraft) -> None:
    if any(part.opens_at >= part.closes_at for part in draft.parts.values()):
        raise EndsBeforeItBegins()
    version_id = draft.concept_version_id
    if version_id is not None and concepts.office_of_version(session, version_id) != office_id:
        raise NoSuchConcept()


def _check_complete(session: Session, held: _Held) -> None:
    fields = concepts.handlungsfelder_in(session, held.round.concept_version_id)
    if any(gap.blocks for gap in what_is_missing(held.draft, handlungsfelder=fields, now=held.now)):
        raise NotComplete()


def _check_two(session: Session, round_id: int, by: UUID, second: UUID, now: datetime) -> None:
    audience_id = session.execute(select(Round.audience_id).where(Round.id == round_id)).scalar_one_or_none()
    if audience_id is None:
        raise NoSuchRound()
    reason = why_not_act(session, person_id=by, role=Role.STAFF, audience_id=audience_id, now=now)
    if reason is not None:
        raise reason
    if by == second or why_not_act(session, person_id=second, role=Role.STAFF, audience_id=audience_id, now=now):
        raise SecondOfficialNeeded()


def _check_running(held: _Held) -> None:
    if held.state in {State.DRAFT, State.COMING}:
        raise NotBegun()
    if held.state in {State.COUNTING, State.RELEASED}:
        raise AlreadyClosed()


def _add_part(session: Session, round_id: int, audience_id: int, placed: tuple[int, PartKind, PartDraft]) -> Part:
    position, kind, part = placed
    window = windows.make_window(session, audience_id=audience_id, opens_at=part.opens_at, closes_at=part.closes_at)
    title = PART_TITLES[kind]
    row = Part(round_id=round_id, kind=kind, window_id=window.id, title=title, effect=part.effect, position=position)
    session.add(row)
    session.flush()
    return row


def _way_of(kind: PartKind, draft: RoundDraft) -> dict[str, Any] | None:
    """Return what a part keeps of how it is voted on: nothing for Zustimmung with receipts."""
    if kind is not PartKind.VOTE:
        return None
    kept = draft.way.as_json() if draft.way is not None else {}
    return (kept if draft.receipts else kept | {"receipts": False}) or None


def _change_part(session: Session, part: Part, draft: PartDraft) -> None:
    part.effect = draft.effect
    windows.plan(session, part.window_id, opens_at=draft.opens_at, closes_at=draft.closes_at)


def _flush_name(session: Session) -> None:
    """Write the round; that its name is free is the constraint's to say."""
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as taken:
        raise SlugTaken() from taken


def _add_subjects(session: Session, held: _Held, fields: Sequence[concepts.SubjectText]) -> None:
    contest_id = _add_contest(session, held, fields) if PartKind.VOTE in held.parts else None
    way = held.draft.way
    for position, field in enumerate(fields, 1):
        subject = Subject(
            round_id=held.round.id,
            kind=SubjectKind.HANDLUNGSFELD,
            slug=field.slug,
            position=position,
            handlungsfeld_version_id=field.id,
        )
        session.add(subject)
        session.flush()
        _join_mechanisms(session, held, subject, field, contest_id if way is None else None)
    session.flush()


def _add_contest(session: Session, held: _Held, fields: Sequence[concepts.SubjectText]) -> int:
    """Add the contest; where it is voted on in one question, with that question on the page of the round."""
    window_id, way = held.parts[PartKind.VOTE].window_id, held.draft.way
    method = way.method if way is not None else Method.APPROVAL
    receipts = held.draft.receipts
    contest = open_contest(session, slug=held.round.slug, window_id=window_id, method=method, receipts=receipts)
    if way is not None:
        options = way_options(way, [(field.slug, field.title) for field in fields])
        add_question(
            session,
            contest_id=contest.id,
            slug=QUESTION,
            home=f"/runden/{held.round.slug}",
            position=1,
            title=way.question,
            options=options,
            terms=way.terms,
            costs=way.asked(list(options)).costs,
        )
    return contest.id


def _join_mechanisms(
    session: Session, held: _Held, subject: Subject, field: concepts.SubjectText, contest_id: int | None
) -> None:
    home = f"/runden/{held.round.slug}/handlungsfelder/{field.slug}"
    talk = held.parts[PartKind.TALK]
    thread = open_thread(
        session,
        window_id=talk.window_id,
        home=home,
        premoderated=held.round.premoderated,
        shows_sums=held.round.shows_interim,
    )
    session.add(SubjectPart(subject_id=subject.id, part_id=talk.id, thread_id=thread.id))
    if contest_id is not None:
        question = add_question(
            session,
            contest_id=contest_id,
            slug=field.slug,
            home=home,
            position=subject.position,
            title=field.title,
        )
        vote = held.parts[PartKind.VOTE]
        session.add(SubjectPart(subject_id=subject.id, part_id=vote.id, question_id=question.id))


def _freeze_rules(session: Session, held: _Held, keys: KeyFolder) -> tuple[dict[str, Any], str]:
    """Write the rule sheet; with a vote it is the contest's own, questions and options included."""
    sheet = _rule_sheet(session, held)
    if PartKind.VOTE not in held.parts:
        return sheet, sha256_of(sheet)
    contest = session.execute(select(Contest).where(Contest.slug == held.round.slug)).scalar_one()
    sha256 = freeze_rules(session, contest_id=contest.id, rules=sheet, keys=keys)
    return dict(contest.rules or {}), sha256


def _rule_sheet(session: Session, held: _Held) -> dict[str, Any]:
    draft, last = held.draft, list(held.draft.parts.values())[-1]
    concept = session.execute(
        select(Concept.slug, ConceptVersion.number)
        .join(ConceptVersion, ConceptVersion.concept_id == Concept.id)
        .where(ConceptVersion.id == held.round.concept_version_id)
    ).one()
    return {
        "format": "participation/rules/v1",
        "round": held.round.slug,
        "title": draft.title,
        "home": f"/runden/{held.round.slug}",
        "result": f"/runden/{held.round.slug}/ergebnis",
        "concept": {"slug": concept.slug, "version": concept.number},
        "level": str(draft.level),
        "decided_by": draft.decided_by,
        "admission": session.get_one(Audience, held.round.audience_id).admission,
        "premoderated": draft.premoderated,
        "interim": draft.shows_interim,
        "release_by": _iso(draft.due),
        "effect": str(last.effect),
        "effect_sentence": EFFECTS[last.effect],
        "parts": [
            {
                "kind": str(kind),
                "opens_at": _iso(part.opens_at),
                "closes_at": _iso(part.closes_at),
                "effect": str(part.effect),
            }
            for kind, part in draft.parts.items()
        ],
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _remove_subjects(session: Session, held: _Held) -> None:
    """Undo what publishing made. Nothing was written there yet; the keys of the database see to it."""
    subjects = select(Subject.id).where(Subject.round_id == held.round.id)
    joined = session.execute(select(SubjectPart).where(SubjectPart.subject_id.in_(subjects))).scalars().all()
    threads = [one.thread_id for one in joined if one.thread_id is not None]
    windows_of_it = [part.window_id for part in held.parts.values()]
    contests = session.execute(select(Contest.id).where(Contest.window_id.in_(windows_of_it))).scalars().all()
    session.execute(delete(SubjectPart).where(SubjectPart.subject_id.in_(subjects)))
    session.execute(delete(Subject).where(Subject.round_id == held.round.id))
    for thread_id in threads:
        remove_thread(session, thread_id=thread_id)
    for contest_id in contests:
        remove_contest(session, contest_id=contest_id)


def _note(session: Session, act: str, round_id: int, **names: Any) -> None:
    note(session, act=act, about=f"round:{round_id}", **names)
