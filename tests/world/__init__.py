"""The words that tests of all rooms share: people, offices, and a round with something to talk about and to vote on.

Each word commits. What is not named is made up; names never repeat within a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.facts import TERMS_VERSION
from participation.accounts.models import Consent, Office, Person
from participation.audiences.facts import Admission, Kind, Role, Who
from participation.audiences.models import Audience, Participant, RoleGrant
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Kernziel, Leitthema
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.rounds.commands import publish_round, write_round
from participation.rounds.facts import Level, PartDraft, PartKind, RoundDraft
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest
from participation.windows.models import Window

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""When everybody and everything of this world was there already."""

OPENS = datetime(2026, 5, 1, 6, tzinfo=UTC)
CLOSES = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""A round without other times is open while the test clock stands: 1 May to the end of June 2026 in Bochum."""

_numbers = count(1)
_LOST_KEYS = TemporaryDirectory(prefix="keys-")
FIRST_KEYS = KeyFolder(Path(_LOST_KEYS.name))
"""Where the keys of rounds lie for which no other folder was named; with them such a round is closed."""


@dataclass(frozen=True)
class SubjectWords:
    """One Handlungsfeld of a round, with its thread and its question."""

    id: int
    slug: str
    home: str
    thread_id: int
    question_id: int
    question_slug: str


@dataclass(frozen=True)
class RoundWords:
    """A round of the test world: the keys that tests need."""

    id: int
    slug: str
    office_id: int
    audience_id: int
    talk_window_id: int
    vote_window_id: int
    contest_id: int
    contest_slug: str
    subjects: tuple[SubjectWords, ...]

    @property
    def thread_id(self) -> int:
        """The thread of the first Handlungsfeld."""
        return self.subjects[0].thread_id

    @property
    def question_id(self) -> int:
        """The question of the first Handlungsfeld."""
        return self.subjects[0].question_id

    @property
    def home(self) -> str:
        """The page of the first Handlungsfeld."""
        return self.subjects[0].home


def next_number() -> int:
    """Return a number that nothing else in this run carries."""
    return next(_numbers)


# ── People ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def a_person(session: Session, *, email: str | None = None, name: str | None = None, language: str = "de") -> UUID:
    """Add an account of somebody who agreed to the terms, without a password, and return the person."""
    number = next_number()
    person = Person(
        email=(email or f"person-{number}@example.org").lower(),
        name=name or f"Person {number}",
        language=language,
        created_at=BEFORE,
    )
    with transaction(session):
        session.add(person)
        session.flush()
        session.add(Consent(person_id=person.id, terms_version=TERMS_VERSION, given_at=BEFORE))
        return person.id


def a_citizen(session: Session, *, email: str | None = None, shown_as: str | None = None, language: str = "de") -> Who:
    """Add an account and return it as somebody who may act under a name."""
    person_id = a_person(session, email=email, name=shown_as, language=language)
    return Who(person_id, shown_as or f"Bürgerin {next_number()}")


def a_moderator(session: Session, round: RoundWords) -> UUID:
    """Add an official who moderates this round and nothing else."""
    return an_official(session, Role.MODERATOR, audience_id=round.audience_id)


def a_staff_member(session: Session, *, office_id: int) -> UUID:
    """Add an official who runs the rounds of an office."""
    return an_official(session, Role.STAFF, office_id=office_id)


def staff_elsewhere(session: Session) -> UUID:
    """Add an official who runs a round of another office: who runs none at all, any check would stop."""
    return a_staff_member(session, office_id=a_round(session, published=None).office_id)


def an_admin(session: Session) -> UUID:
    """Add an official who grants roles."""
    return an_official(session, Role.ADMIN)


def an_official(
    session: Session,
    role: Role,
    *,
    office_id: int | None = None,
    audience_id: int | None = None,
    since: datetime = BEFORE,
    until: datetime | None = None,
) -> UUID:
    """Add a person with a role over an office or over one audience."""
    person_id = a_person(session)
    grant = RoleGrant(
        person_id=person_id, role=role, office_id=office_id, audience_id=audience_id, since=since, until=until
    )
    with transaction(session):
        session.add(grant)
    return person_id


def a_participant(session: Session, *, audience_id: int, person_id: UUID | None = None, shown_as: str = "Ada") -> UUID:
    """Let a person (or somebody new) take part, and return the participant."""
    participant = Participant(
        audience_id=audience_id, kind=Kind.ACCOUNT, person_id=person_id or a_person(session), shown_as=shown_as
    )
    with transaction(session):
        session.add(participant)
        session.flush()
        return participant.id


# ── Offices, audiences, windows ───────────────────────────────────────────────────────────────────────────────────────
def an_office(session: Session, *, slug: str | None = None, name: str | None = None) -> int:
    """Add an office."""
    number = next_number()
    office = Office(slug=slug or f"amt-{number}", name={"de": name or f"Amt {number}"})
    with transaction(session):
        session.add(office)
        session.flush()
        return office.id


def an_audience(session: Session, *, office_id: int | None = None, admission: Admission = Admission.REGISTERED) -> int:
    """Add an audience, of an office of its own if none is named."""
    audience = Audience(office_id=office_id or an_office(session), admission=admission)
    with transaction(session):
        session.add(audience)
        session.flush()
        return audience.id


def a_window(
    session: Session,
    *,
    audience_id: int | None = None,
    opens: datetime = OPENS,
    closes: datetime = CLOSES,
    published: datetime | None = BEFORE,
    closed: datetime | None = None,
) -> int:
    """Add a window, published before it opens unless told otherwise."""
    window = Window(
        audience_id=audience_id or an_audience(session),
        opens_at=opens,
        closes_at=closes,
        published_at=published,
        closed_at=closed,
    )
    with transaction(session):
        session.add(window)
        session.flush()
        return window.id


# ── A concept and a round on it ───────────────────────────────────────────────────────────────────────────────────────
def a_concept_version(session: Session, *, office_id: int, handlungsfelder: int = 2, frozen: bool = True) -> int:
    """Add a concept with one Leitthema and some Handlungsfelder, each with a Kernziel."""
    number = next_number()
    with transaction(session):
        concept = Concept(office_id=office_id, slug=f"konzept-{number}", title={"de": f"Konzept {number}"})
        session.add(concept)
        session.flush()
        version = ConceptVersion(concept_id=concept.id, number=1, summary={"de": "Worum es geht."}, created_at=BEFORE)
        session.add(version)
        session.flush()
        theme = Leitthema(concept_version_id=version.id, slug="leben", position=1, title={"de": "Gut leben"})
        session.add(theme)
        session.flush()
        for position in range(1, handlungsfelder + 1):
            _add_handlungsfeld(session, version.id, theme.id, position)
        session.flush()
        version.frozen_at = BEFORE if frozen else None
        return version.id


def _add_handlungsfeld(session: Session, version_id: int, theme_id: int, position: int) -> None:
    field = HandlungsfeldVersion(
        concept_version_id=version_id,
        leitthema_id=theme_id,
        slug=f"feld-{position}",
        position=position,
        title={"de": f"Handlungsfeld {position}", "en": f"Field of action {position}"},
        text={"de": "Was die Stadt **vorhat**.", "en": "What the city **plans**."},
    )
    session.add(field)
    session.flush()
    session.add(Kernziel(handlungsfeld_version_id=field.id, position=1, text={"de": "Ein Ziel."}))


def a_round(
    session: Session,
    *,
    opens: datetime = OPENS,
    closes: datetime = CLOSES,
    vote_opens: datetime | None = None,
    vote_closes: datetime | None = None,
    published: datetime | None = BEFORE,
    office_id: int | None = None,
    handlungsfelder: int = 2,
    premoderated: bool = False,
    shows_interim: bool = False,
    keys: KeyFolder | None = None,
) -> RoundWords:
    """Write a round on a concept of its own and publish it, with a thread and a question for each Handlungsfeld.

    Both windows have the same times unless the vote's are named. ``published=None`` leaves a draft, which has neither
    threads nor questions yet: their numbers are 0. Without ``keys`` the contest's key lies in ``FIRST_KEYS``.
    """
    office_id = office_id or an_office(session)
    version_id = a_concept_version(session, office_id=office_id, handlungsfelder=handlungsfelder, frozen=False)
    draft = a_draft(
        version_id,
        talk=PartDraft(opens, closes),
        vote=PartDraft(vote_opens or opens, vote_closes or closes),
        premoderated=premoderated,
        shows_interim=shows_interim,
    )
    before = StoppedClock(min(published or BEFORE, opens))
    made = write_round(session, office_id=office_id, draft=draft, slug=f"runde-{next_number()}", by=None, clock=before)
    if published is None:
        return words_of_round(session, made.id)
    publish_round(session, round_id=made.id, by=None, clock=before, keys=keys or FIRST_KEYS)
    windows = select(Part.window_id).where(Part.round_id == made.id)
    with transaction(session):
        session.execute(update(Window).where(Window.id.in_(windows)).values(published_at=published))
    return words_of_round(session, made.id)


def a_draft(version_id: int | None, **names: Any) -> RoundDraft:
    """Return a draft in which nothing is missing; what is named is so."""
    number = next_number()
    told: dict[str, Any] = {
        "title": {"de": f"Runde {number}", "en": f"Round {number}"},
        "summary": {"de": "Worum es geht.", "en": "What it is about."},
        "mandate": {"de": "Beschluss des Rates vom 1. Januar 2026."},
        "influence": {"de": "Die Reihenfolge."},
        "decided_by": {"de": "Der Rat der Stadt."},
        "level": Level.CONSULTATION,
        "concept_version_id": version_id,
        "talk": PartDraft(OPENS, CLOSES),
        "vote": PartDraft(OPENS, CLOSES),
    }
    return RoundDraft(**(told | names))


def words_of_round(session: Session, round_id: int) -> RoundWords:
    """Return the keys of a round."""
    made = session.get_one(Round, round_id)
    office_id = session.get_one(Audience, made.audience_id).office_id
    parts = session.execute(select(Part.kind, Part.window_id).where(Part.round_id == round_id)).all()
    windows: dict[str, int] = dict(parts)
    contest = session.execute(select(Contest.id).where(Contest.slug == made.slug)).scalar_one_or_none()
    return RoundWords(
        id=made.id,
        slug=made.slug,
        office_id=office_id,
        audience_id=made.audience_id,
        talk_window_id=windows[PartKind.TALK],
        vote_window_id=windows.get(PartKind.VOTE, 0),
        contest_id=contest or 0,
        contest_slug=made.slug,
        subjects=tuple(_subjects(session, made)),
    )


def _subjects(session: Session, made: Round) -> Iterator[SubjectWords]:
    fields = select(HandlungsfeldVersion.slug).where(HandlungsfeldVersion.concept_version_id == made.concept_version_id)
    for slug in session.execute(fields.order_by(HandlungsfeldVersion.position)).scalars().all():
        subject = select(Subject.id).where(Subject.round_id == made.id, Subject.slug == slug)
        subject_id = session.execute(subject).scalar_one_or_none() or 0
        joined = session.execute(select(SubjectPart).where(SubjectPart.subject_id == subject_id)).scalars().all()
        yield SubjectWords(
            id=subject_id,
            slug=slug,
            home=f"/runden/{made.slug}/handlungsfelder/{slug}",
            thread_id=next((one.thread_id for one in joined if one.thread_id), 0),
            question_id=next((one.question_id for one in joined if one.question_id), 0),
            question_slug=slug,
        )
