"""The words that tests of all rooms share: people, offices, and a round with something to talk about and to vote on.

Each word commits. What is not named is made up; names never repeat within a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy.orm import Session

from participation.accounts.models import Office, Person
from participation.audiences.facts import Admission, Kind, Role, Who
from participation.audiences.models import Audience, Participant, RoleGrant
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Kernziel, Leitthema
from participation.discussion.models import Thread
from participation.foundation.db import transaction
from participation.rounds.facts import Effect, Level, PartKind, SubjectKind
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.voting.facts import Choice, Method
from participation.voting.models import Contest, Option, Question
from participation.windows.models import Window

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""When everybody and everything of this world was there already."""

OPENS = datetime(2026, 5, 1, 6, tzinfo=UTC)
CLOSES = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""A round without other times is open while the test clock stands: 1 May to the end of June 2026 in Bochum."""

LABELS = {Choice.FOR: "dafür", Choice.AGAINST: "dagegen", Choice.ABSTAIN: "Enthaltung"}

_numbers = count(1)


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
    """Add an account without a password and return the person."""
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
) -> RoundWords:
    """Add a round on a frozen concept, with a thread and a question for each Handlungsfeld.

    Both windows have the same times unless the vote's are named. ``published=None`` makes a draft.
    """
    office_id = office_id or an_office(session)
    version_id = a_concept_version(session, office_id=office_id, handlungsfelder=handlungsfelder)
    audience_id = an_audience(session, office_id=office_id)
    talk = a_window(session, audience_id=audience_id, opens=opens, closes=closes, published=published)
    vote = a_window(
        session,
        audience_id=audience_id,
        opens=vote_opens or opens,
        closes=vote_closes or closes,
        published=published,
    )
    with transaction(session):
        made = _add_round(session, audience_id, version_id, premoderated, shows_interim)
        contest = Contest(slug=made.slug, window_id=vote, method=Method.APPROVAL)
        session.add(contest)
        session.flush()
        parts = [_add_part(session, made.id, PartKind.TALK, talk), _add_part(session, made.id, PartKind.VOTE, vote)]
        subjects = _add_subjects(session, made, contest, parts)
        return RoundWords(made.id, made.slug, office_id, audience_id, talk, vote, contest.id, contest.slug, subjects)


def _add_round(session: Session, audience_id: int, version_id: int, premoderated: bool, shows_interim: bool) -> Round:
    number = next_number()
    made = Round(
        slug=f"runde-{number}",
        audience_id=audience_id,
        concept_version_id=version_id,
        title={"de": f"Runde {number}", "en": f"Round {number}"},
        summary={"de": "Worum es geht."},
        mandate={"de": "Beschluss des Rates vom 1. Januar 2026."},
        influence={"de": "Die Reihenfolge."},
        decided_by={"de": "Der Rat der Stadt."},
        level=Level.CONSULTATION,
        premoderated=premoderated,
        shows_interim=shows_interim,
        release_by=CLOSES + timedelta(days=14),
        created_at=BEFORE,
    )
    session.add(made)
    session.flush()
    return made


def _add_part(session: Session, round_id: int, kind: PartKind, window_id: int) -> Part:
    part = Part(
        round_id=round_id,
        kind=kind,
        window_id=window_id,
        title={"de": "Sprechen" if kind == PartKind.TALK else "Abstimmen"},
        effect=Effect.RECOMMENDS,
        position=1 if kind == PartKind.TALK else 2,
    )
    session.add(part)
    session.flush()
    return part


def _add_subjects(session: Session, made: Round, contest: Contest, parts: list[Part]) -> tuple[SubjectWords, ...]:
    fields = session.query(HandlungsfeldVersion).filter_by(concept_version_id=made.concept_version_id)
    talk, vote = parts
    words = []
    for field in fields.order_by(HandlungsfeldVersion.position).all():
        home = f"/runden/{made.slug}/handlungsfelder/{field.slug}"
        subject = Subject(
            round_id=made.id,
            kind=SubjectKind.HANDLUNGSFELD,
            slug=field.slug,
            position=field.position,
            handlungsfeld_version_id=field.id,
        )
        thread = Thread(
            window_id=talk.window_id, home=home, premoderated=made.premoderated, shows_sums=made.shows_interim
        )
        question = Question(
            contest_id=contest.id, slug=field.slug, home=home, position=field.position, title=field.title
        )
        session.add_all([subject, thread, question])
        session.flush()
        for position, choice in enumerate(Choice, 1):
            label = {"de": LABELS[choice]}
            session.add(Option(question_id=question.id, slug=choice, position=position, label=label))
        session.add(SubjectPart(subject_id=subject.id, part_id=talk.id, thread_id=thread.id))
        session.add(SubjectPart(subject_id=subject.id, part_id=vote.id, question_id=question.id))
        session.flush()
        words.append(SubjectWords(subject.id, field.slug, home, thread.id, question.id, question.slug))
    return tuple(words)
