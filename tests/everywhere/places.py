"""One of everything: a world in which every address leads somewhere, in each state that makes a difference."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

import tests.world as world
from participation.accounts.facts import TERMS_VERSION, LinkPurpose
from participation.accounts.models import Intent, MailLink, SignIn
from participation.audiences.facts import Role, Who
from participation.audiences.models import RoleGrant
from participation.audiences.queries import participant_id
from participation.brakes.commands import pull
from participation.concepts.models import Concept, ConceptVersion, HandlungsfeldVersion, Leitthema
from participation.contributions.facts import NETIQUETTE_VERSION, Kind, State
from participation.contributions.models import Contribution
from participation.discussion.facts import Brake, Stance
from participation.discussion.models import Comment, Thread
from participation.foundation.clock import StoppedClock
from participation.foundation.config import Settings
from participation.foundation.db import transaction
from participation.moderation.commands import decide
from participation.moderation.facts import Outcome
from participation.moderation.models import ModerationDecision, Notice
from participation.pauses.commands import confirm, contest, enter_basis, propose
from participation.queues.commands import decide_many
from participation.queues.facts import Chosen, How
from participation.remarks.commands import Draft, add_note, add_template, set_task
from participation.results.commands import count_round, release_round
from participation.results.models import TieDecision
from participation.reviews.models import Review
from participation.voting.commands import cast_ballot
from participation.voting.keys import KeyFolder
from tests.world import FIRST_KEYS, RoundWords
from tests.world.sign_in import a_sign_in
from tests.world.voting import keys_of

NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
"""Noon in Bochum, while the first round is open."""

RECEIPT = "ein-link-zu-einer-meldung"
LINK = "ein-link-aus-einer-mail"
ROLES = (
    "visitor",
    "citizen",
    "other_citizen",
    "moderator",
    "staff",
    "moderator_elsewhere",
    "staff_elsewhere",
    "desk",
    "jury",
    "audit",
    "safeguard",
    "admin",
)


@dataclass
class Places:
    """Where things are, and the open sessions of who looks at them."""

    rounds: dict[str, RoundWords] = field(default_factory=dict)
    """One round in each state."""
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Tokens of open sessions by role."""
    comments: dict[str, int] = field(default_factory=dict)
    """A comment by the citizen in each round that ever opened, and one held and one withheld in the open round."""
    numbers: dict[str, object] = field(default_factory=dict)
    """Keys of the other things that addresses name."""

    def states_of(self, kind: str) -> tuple[str, ...]:
        """Return the states in which there is a thing of a kind."""
        return tuple(self.rounds) if kind == "round" else tuple(self.comments)


def build(session: Session, settings: Settings) -> Places:
    """Fill a migrated database and return where everything is."""
    places = Places()
    office_id, elsewhere_id = world.an_office(session), world.an_office(session)
    _add_rounds(session, places, office_id)
    # Who runs nothing at all would be stopped by any check.
    world.a_round(session, office_id=elsewhere_id, published=None)
    _add_people(session, places, office_id, elsewhere_id)
    _add_acts(session, places, KeyFolder(settings.key_dir))
    _add_ends(session, places)
    _add_drafts(session, places, office_id)
    _add_decisions(session, places)
    _add_pause(session, places, office_id)
    _add_remarks(session, places, office_id)
    _add_brake(session, places)
    return places


def _add_rounds(session: Session, places: Places, office_id: int) -> None:
    spring = {"opens": NOON - timedelta(days=90), "closes": NOON - timedelta(days=30)}
    places.rounds = {
        "open": world.a_round(session, office_id=office_id),
        "draft": world.a_round(session, office_id=office_id, published=None),
        "coming": world.a_round(
            session, office_id=office_id, opens=NOON + timedelta(days=9), closes=NOON + timedelta(days=60)
        ),
        "closed": world.a_round(session, office_id=office_id, **spring),
        "counted": world.a_round(session, office_id=office_id, **spring),
        "released": world.a_round(session, office_id=office_id, **spring),
    }


def _add_people(session: Session, places: Places, office_id: int, elsewhere_id: int) -> None:
    people = {name: world.a_person(session) for name in ("citizen", "other_citizen")}
    for role in Role:
        people[role] = world.an_official(session, role, office_id=None if role == Role.ADMIN else office_id)
    people["moderator_elsewhere"] = world.an_official(session, Role.MODERATOR, office_id=elsewhere_id)
    people["staff_elsewhere"] = world.an_official(session, Role.STAFF, office_id=elsewhere_id)
    places.people = people
    places.tokens = {name: a_sign_in(session, person_id) for name, person_id in people.items()}


def _add_acts(session: Session, places: Places, keys: KeyFolder) -> None:
    for state in ("open", "closed", "counted", "released"):
        round = places.rounds[state]
        keys_of(round, keys.path)
        when = StoppedClock(NOON - timedelta(days=60) if state != "open" else NOON - timedelta(days=2))
        for name in ("citizen", "other_citizen"):
            who = Who(places.people[name], f"Name von {name}")
            cast_ballot(session, question_id=round.question_id, who=who, choice="dafuer", keys=keys, clock=when)
        places.comments[state] = a_comment(session, round, places.people["citizen"], "Mehr Bäume am Ring, bitte.")
    round = places.rounds["open"]
    held = a_comment(session, round, places.people["citizen"], "Noch nicht gelesen.", state=State.HELD)
    withheld = a_comment(session, round, places.people["citizen"], "Zurückgehalten.", state=State.WITHHELD)
    places.comments |= {"held": held, "withheld": withheld}
    with transaction(session):
        session.add(
            Notice(
                contribution_id=places.comments["open"],
                kind="other",
                text="Bitte ansehen",
                created_at=NOON,
                token=RECEIPT,
                language="de",
            )
        )


def _add_decisions(session: Session, places: Places) -> None:
    """Add a decision that can still be undone, and one whose author asked for a second look."""
    round, moderator = places.rounds["open"], places.people["moderator"]
    for name, when in (("decision", NOON), ("review", NOON - timedelta(days=1))):
        comment = a_comment(session, round, places.people["citizen"], f"Darüber wird entschieden ({name}).")
        clock = StoppedClock(when)
        made = decide(
            session,
            contribution_id=comment,
            by=moderator,
            outcome=Outcome.WITHHELD,
            rule="persons",
            reason="Das ist eine Beleidigung.",
            version=1,
            clock=clock,
        )
        places.numbers[name] = made
    with transaction(session):
        # The address of the letter, which the places of a rule can name.
        session.add(
            Review(
                decision_id=places.numbers["review"],
                contested_by=moderator,
                words="Das war ein Zitat.",
                asked_at=NOON,
                reason="",
            )
        )
        session.flush()
        places.numbers["token"] = session.get_one(ModerationDecision, places.numbers["review"]).token or ""
        places.numbers["review"] = session.query(Review.id).scalar()
    threat = a_comment(session, round, places.people["citizen"], "Das ist eine Drohung.")
    places.numbers["sealed"] = decide(
        session,
        contribution_id=threat,
        by=moderator,
        outcome=Outcome.POLICE,
        rule="law",
        reason="Das ist eine Drohung.",
        version=1,
        clock=StoppedClock(NOON),
    )
    together = a_comment(session, round, places.people["citizen"], "Darüber wird mit anderen entschieden.")
    places.numbers["bulk"] = decide_many(
        session,
        chosen=[Chosen(together, 1, None)],
        how=How.PAGE,
        by=moderator,
        outcome=Outcome.WITHHELD,
        rule="persons",
        reason="Das ist eine Beleidigung.",
        clock=StoppedClock(NOON),
    )


def _add_pause(session: Session, places: Places, office_id: int) -> None:
    """Add a pause in a round that is over, about which its author wants a second look, so that everybody still writes."""
    round, staff = places.rounds["closed"], places.people["staff"]
    comment = a_comment(session, round, places.people["citizen"], "Darauf folgt eine Schreibpause.")
    then, later = StoppedClock(NOON - timedelta(days=3)), StoppedClock(NOON - timedelta(days=2))
    enter_basis(session, office_id=office_id, reference="§ 7", text={"de": "Erlaubt es."}, by=staff, clock=then)
    moderator = places.people["moderator"]
    ruling = {"outcome": Outcome.WITHHELD, "rule": "persons", "reason": "Das ist eine Beleidigung.", "version": 1}
    decide(session, contribution_id=comment, by=moderator, clock=then, **ruling)
    pause = propose(
        session, contribution_id=comment, by=moderator, rule="persons", reason="Zum dritten Mal.", clock=later
    )
    confirm(session, pause_id=pause, by=staff, clock=later)
    contest(session, pause_id=pause, person_id=places.people["citizen"], words="Das war Satire.", clock=later)
    places.numbers["pause"] = pause


def _add_remarks(session: Session, places: Places, office_id: int) -> None:
    """Add a template, and a note and a task on the open comment."""
    clock, moderator = StoppedClock(NOON), places.people["moderator"]
    draft = Draft("Beleidigung", {"de": "Das ist eine Beleidigung."}, "withheld", "persons")
    places.numbers["template"] = add_template(
        session, office_id=office_id, draft=draft, by=places.people["staff"], clock=clock
    )
    comment = places.comments["open"]
    add_note(session, contribution_id=comment, text="Die Meldung kam telefonisch.", by=moderator, clock=clock)
    places.numbers["task"] = set_task(
        session, contribution_id=comment, text="Beim Rechtsamt nachfragen.", by=moderator, clock=clock
    )


def _add_brake(session: Session, places: Places) -> None:
    """Slow down the second discussion of the open round."""
    places.numbers["brake"] = pull(
        session,
        thread_id=places.rounds["open"].subjects[1].thread_id,
        kind=Brake.SLOW,
        hours=24,
        reason={"de": "Es geht sehr schnell."},
        seen=None,
        by=places.people["moderator"],
        clock=StoppedClock(NOON),
    )


def a_comment(
    session: Session, round: RoundWords, person_id: UUID, text: str, *, state: State = State.PUBLISHED
) -> int:
    """Add a comment on the first Handlungsfeld of a round as it would lie there, whatever the clock says."""
    author = participant_id(session, audience_id=round.audience_id, person_id=person_id)
    with transaction(session):
        contribution = Contribution(
            kind=Kind.COMMENT,
            participant_id=author or world.a_participant(session, audience_id=round.audience_id, person_id=person_id),
            window_id=round.talk_window_id,
            text=text,
            language="de",
            state=state,
            reason_kind="law" if state == State.WITHHELD else None,
            netiquette_version=NETIQUETTE_VERSION,
            created_at=NOON - timedelta(days=40),
        )
        session.add(contribution)
        session.flush()
        session.add(Comment(id=contribution.id, thread_id=round.thread_id, stance=Stance.IN_FAVOUR))
        if state == State.PUBLISHED:
            thread = session.get_one(Thread, round.thread_id)
            thread.comments += 1
            thread.in_favour += 1
        return contribution.id


def _add_ends(session: Session, places: Places) -> None:
    staff = places.people["staff"]
    for state in ("counted", "released"):
        count_round(
            session,
            round_id=places.rounds[state].id,
            by=staff,
            keys=FIRST_KEYS,
            clock=StoppedClock(NOON - timedelta(days=20)),
        )
    release_round(
        session, round_id=places.rounds["released"].id, by=staff, clock=StoppedClock(NOON - timedelta(days=10))
    )


def _add_drafts(session: Session, places: Places, office_id: int) -> None:
    """Add what only some addresses name: a concept that is still written, a link, something meant to be sent."""
    version_id = world.a_concept_version(session, office_id=office_id, frozen=False)
    theme = session.query(Leitthema).filter_by(concept_version_id=version_id).first()
    written = session.query(HandlungsfeldVersion).filter_by(concept_version_id=version_id).first()
    assert theme and written
    version = session.get_one(ConceptVersion, version_id)
    intent = Intent(
        path=f"/diskussion/{places.rounds['open'].thread_id}/kommentare",
        method="POST",
        fields={"fields": [["text", "Was ich schreiben wollte"]], "page": None},
        person_id=places.people["citizen"],
        created_at=NOON,
    )
    tied = places.rounds["closed"].question_id
    tie = TieDecision(question_id=tied, kind="seat", between='["dafuer","dagegen"]', found_at=NOON)
    with transaction(session):
        session.add_all([intent, tie, a_link()])
        session.flush()
        places.numbers |= {
            "concept": session.get_one(Concept, version.concept_id).slug,
            "version": version.number,
            "leitthema": theme.id,
            "handlungsfeld": written.id,
            "intent": intent.id,
            "tie": tie.id,
            "office": office_id,
            "grant": session.query(RoleGrant.id).filter_by(person_id=places.people["moderator_elsewhere"]).scalar(),
            "sign_in": session.query(SignIn.id).filter_by(person_id=places.people["citizen"]).scalar(),
        }


def a_link() -> MailLink:
    """Return a link for somebody new, as a mail would carry it."""
    return MailLink(
        token_hash=hashlib.sha256(LINK.encode()).hexdigest(),
        purpose=LinkPurpose.SIGN_IN,
        email="neu@example.org",
        language="de",
        terms_version=TERMS_VERSION,
        created_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


# ── From rules to addresses ───────────────────────────────────────────────────────────────────────────────────────────
def addresses(rule: str, places: Places) -> Iterator[tuple[str, str]]:
    """Yield for each state that makes a difference to a rule the state and a path that leads there.

    :raises KeyError: for an argument that this world has no thing for; add it to ``ARGUMENTS``
    """
    names = ARGUMENT.findall(rule)
    makers = [_maker(rule, name) for name in names]
    states = next((places.states_of(kind) for kind, _ in makers if kind), ("-",))
    for state in states:
        path = rule
        for name, (_, make) in zip(names, makers, strict=True):
            path = re.sub(rf"<(?:[^<>]*:)?{name}>", str(make(places, state)), path, count=1)
        yield state, path


def _maker(rule: str, name: str) -> tuple[str, Maker]:
    for prefix, argument, kind, make in ARGUMENTS:
        if argument == name and rule.startswith(prefix):
            return kind, make
    raise KeyError(f"{rule}: no thing for <{name}> in tests/everywhere/places.py")


ARGUMENT = re.compile(r"<(?:[^<>]*:)?(\w+)>")
Maker = Callable[[Places, str], object]
ARGUMENTS: tuple[tuple[str, str, str, Maker], ...] = (
    ("/runden/", "slug", "round", lambda places, state: places.rounds[state].slug),
    ("/verwaltung/runden/", "slug", "round", lambda places, state: places.rounds[state].slug),
    ("/runden/", "field", "", lambda places, state: "feld-1"),
    ("/verwaltung/runden/", "tie_id", "", lambda places, state: places.numbers["tie"]),
    ("/verwaltung/runden/", "field", "", lambda places, state: "feld-1"),
    ("/abstimmungen/", "contest", "round", lambda places, state: places.rounds[state].contest_slug),
    ("/verwaltung/stichproben/", "contest", "round", lambda places, state: places.rounds[state].contest_slug),
    ("/abstimmungen/", "question", "", lambda places, state: "feld-1"),
    ("/abstimmungen/", "number", "", lambda places, state: 1),
    ("/abstimmungen/", "size", "", lambda places, state: 1),
    ("/diskussion/", "thread_id", "round", lambda places, state: places.rounds[state].thread_id),
    ("/kommentare/", "comment_id", "comment", lambda places, state: places.comments[state]),
    ("/beitraege/", "contribution_id", "comment", lambda places, state: places.comments[state]),
    ("/moderation/schreibpausen/", "pause_id", "", lambda places, state: places.numbers["pause"]),
    ("/schreibpausen/", "pause_id", "", lambda places, state: places.numbers["pause"]),
    ("/verwaltung/schreibpausen/", "office_id", "", lambda places, state: places.numbers["office"]),
    ("/moderation/diskussionen/", "thread_id", "round", lambda places, state: places.rounds[state].thread_id),
    ("/moderation/notbremsen/", "brake_id", "", lambda places, state: places.numbers["brake"]),
    ("/netiquette/fassungen/", "version", "", lambda places, state: 1),
    ("/moderationsbericht/", "year", "", lambda places, state: NOON.year),
    ("/moderation/", "contribution_id", "comment", lambda places, state: places.comments[state]),
    ("/moderation/runden/", "slug", "round", lambda places, state: places.rounds[state].slug),
    ("/moderation/entscheidungen/", "decision_id", "", lambda places, state: places.numbers["decision"]),
    ("/moderation/versiegelt/", "decision_id", "", lambda places, state: places.numbers["sealed"]),
    ("/moderation/sammelentscheidungen/", "bulk_id", "", lambda places, state: places.numbers["bulk"]),
    ("/moderation/textbausteine/", "office_id", "", lambda places, state: places.numbers["office"]),
    ("/moderation/textbausteine/", "template_id", "", lambda places, state: places.numbers["template"]),
    ("/moderation/aufgaben/", "task_id", "", lambda places, state: places.numbers["task"]),
    ("/moderation/ueberpruefungen/", "review_id", "", lambda places, state: places.numbers["review"]),
    ("/ueberpruefung/", "token", "", lambda places, state: places.numbers["token"]),
    ("/verwaltung/konzepte/", "slug", "", lambda places, state: places.numbers["concept"]),
    ("/verwaltung/konzepte/", "number", "", lambda places, state: places.numbers["version"]),
    ("/verwaltung/konzepte/", "leitthema_id", "", lambda places, state: places.numbers["leitthema"]),
    ("/verwaltung/konzepte/", "field_id", "", lambda places, state: places.numbers["handlungsfeld"]),
    ("/verwaltung/konzepte/", "kind", "", lambda places, state: "handlungsfelder"),
    ("/verwaltung/konzepte/", "thing_id", "", lambda places, state: places.numbers["handlungsfeld"]),
    ("/meldungen/", "token", "", lambda places, state: RECEIPT),
    ("/anmeldelink/", "token", "", lambda places, state: LINK),
    ("/fortsetzen/", "intent_id", "", lambda places, state: places.numbers["intent"]),
    ("/verwaltung/berechtigungen/", "grant_id", "", lambda places, state: places.numbers["grant"]),
    ("/verwaltung/signale/", "office_id", "", lambda places, state: places.numbers["office"]),
    ("/verwaltung/stellen/", "office_id", "", lambda places, state: places.numbers["office"]),
    ("/meine-beteiligung/beitraege/", "slug", "round", lambda places, state: places.rounds[state].slug),
    ("/meine-beteiligung/bewertungen/", "slug", "round", lambda places, state: places.rounds[state].slug),
    ("/meine-beteiligung/stimmen/", "question_id", "round", lambda places, state: places.rounds[state].question_id),
    ("/konto/", "sign_in_id", "", lambda places, state: places.numbers["sign_in"]),
)
