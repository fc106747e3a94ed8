"""Loading the example and importing from Polis.

The example goes through the ordinary commands of the rooms, with a clock that shows when each act happened. An import
has its own way in, since rules of length and of one's own comment were not the rules of the platform it comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.commands import add_office, password_hash
from participation.accounts.facts import TERMS_VERSION
from participation.accounts.models import Consent, Office, Person
from participation.audiences import commands as audiences
from participation.audiences.facts import Role, Who
from participation.concepts import commands as concepts
from participation.concepts.facts import slug_of
from participation.concepts.models import ConceptVersion
from participation.concepts.queries import ThemeNode, field_text, themes_of
from participation.contributions.commands import import_contributions
from participation.contributions.facts import NETIQUETTE_VERSION, Kind, State
from participation.contributions.models import Contribution
from participation.discussion import commands as discussion
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Thread
from participation.example import logic
from participation.example.facts import ExampleInProduction, ImportedElsewhere, SlugBelongsElsewhere, SlugNotUsable
from participation.example.polis import Conversation
from participation.foundation.clock import Clock, StoppedClock, berlin
from participation.foundation.db import transaction
from participation.journal.commands import note
from participation.letters.models import Letter
from participation.moderation import commands as moderation
from participation.moderation.facts import ImportedDecision, NoticeKind, Outcome
from participation.remarks import commands as remarks
from participation.results import commands as results
from participation.rounds import commands as rounds
from participation.rounds.facts import Effect, Level, PartDraft, RoundDraft, Way
from participation.rounds.models import Part, Round, Subject, SubjectPart
from participation.voting.commands import cast_ballot
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest, Question

BEFORE_THE_ROUND = timedelta(days=5)
"""How long before publishing a round its texts are written."""


@dataclass(frozen=True)
class Loaded:
    """What is there after loading: how many acts of which kind, none if it was there before."""

    acts: dict[str, int]
    sign_ins: tuple[str, ...]
    password: str

    @property
    def anew(self) -> bool:
        """Whether this call loaded it."""
        return bool(self.acts)


@dataclass
class _Stage:
    """Where the example is played: its people, its clock, and the contributions made so far, by their keys."""

    session: Session
    keys: KeyFolder
    clock: StoppedClock
    people: dict[str, UUID] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    offices: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Places:
    """Where a round is talked about and voted on: its threads by Handlungsfeld, its questions by their names."""

    threads: dict[str, int]
    questions: dict[str, int]


def load_example(session: Session, *, environment: str, keys: KeyFolder, clock: Clock) -> Loaded:
    """Load people, a concept with three rounds and two small ones beside it, once; a second call changes nothing.

    Everything or nothing: it is one transaction. The same day gives the same example, but for ids and secrets.

    :raises ExampleInProduction: in production, since everybody can read the password
    """
    if environment == "production":
        raise ExampleInProduction()
    people = logic.data_file("people.toml")
    sign_ins = tuple(sign_in["email"] for sign_in in people["sign_in"])
    with transaction(session):
        now = clock()
        open_one, closed, coming, *beside = logic.scripts(berlin(now).date())
        if session.execute(select(Round.id).where(Round.slug == closed.words["slug"])).first():
            return Loaded({}, sign_ins, people["password"])
        first = min(script.times.published for script in (closed, *beside))
        stage = _Stage(session, keys, StoppedClock(first - 2 * BEFORE_THE_ROUND))
        _settle_people(stage, people)
        concept_id, version_id = _write_first_version(stage, closed)
        _play_closed_round(stage, closed, version_id)
        for script in beside:
            _play_beside(stage, script)
        _start_round(stage, coming, _write_mobility(stage, coming))
        _start_round(stage, open_one, _write_next_version(stage, open_one, concept_id))
        _play(stage, open_one)
        _add_remarks(stage, open_one)
    return Loaded(dict(stage.done), sign_ins, people["password"])


# ── People ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _settle_people(stage: _Stage, people: dict[str, Any]) -> None:
    for office in people["office"]:
        made = add_office(stage.session, slug=office["slug"], name=office["name"])
        found = select(Office.id).where(Office.slug == office["slug"])
        stage.offices[office["slug"]] = made or stage.session.execute(found).scalar_one()
    for citizen in people["citizen"]:
        _settle(stage, f"{citizen['key']}@example.org", citizen, language=citizen.get("language", "de"))
    for sign_in in people["sign_in"]:
        person_id = _settle(stage, sign_in["email"], sign_in, password=people["password"])
        office_id = stage.offices[sign_in["office"]] if "office" in sign_in else None
        for role in sign_in.get("roles", ()):
            audiences.grant_role(
                stage.session, person_id=person_id, role=Role(role), by=None, clock=stage.clock, office_id=office_id
            )


def _settle(
    stage: _Stage, email: str, words: dict[str, str], *, language: str = "de", password: str | None = None
) -> UUID:
    """Add an account as registering by mail would leave it. Commands of accounts make one only from a mailed link."""
    key = email.partition("@")[0]
    kept = stage.session.execute(select(Person).where(Person.email == email)).scalar_one_or_none()
    person = kept or Person(email=email, language=language, created_at=stage.clock())
    if password is not None:
        person.password_hash = password_hash(password)
    if kept is None:
        stage.session.add(person)
        stage.session.flush()
        stage.session.add(Consent(person_id=person.id, terms_version=TERMS_VERSION, given_at=stage.clock()))
    stage.people[key] = person.id
    if "shown_as" in words:
        stage.names[key] = words["shown_as"]
    return person.id


# ── The concept in two versions, and a small one ──────────────────────────────────────────────────────────────────────
def _write_first_version(stage: _Stage, script: logic.Script) -> tuple[int, int]:
    """Write the concept with those Handlungsfelder that were there at first; return concept and version."""
    words = logic.data_file("concept.toml")["concept"]
    concept_id, version_id = _write_concept(stage, words, script)
    for theme in logic.leitthemen():
        first = [field for field in theme["handlungsfeld"] if "first_text" in field]
        _write_theme(stage, version_id, theme["leitthema"], first, "first_text")
    return concept_id, version_id


def _write_mobility(stage: _Stage, script: logic.Script) -> int:
    """Write the small concept of the coming round; return its version."""
    words = logic.data_file("concept.toml")["mobility"]
    _, version_id = _write_concept(stage, words, script)
    [theme] = [theme for theme in logic.leitthemen() if theme["leitthema"]["slug"] == words["leitthema"]]
    _write_theme(stage, version_id, theme["leitthema"], theme["handlungsfeld"], "text")
    return version_id


def _play_beside(stage: _Stage, script: logic.Script) -> None:
    """Play a small round with a concept of its own, to its end if it is over."""
    words = logic.small_concept(script.words["concept"])
    _, version_id = _write_concept(stage, words["concept"], script)
    _write_theme(stage, version_id, words["leitthema"], words["handlungsfeld"], "text")
    if script.times.released is not None:
        _play_closed_round(stage, script, version_id)
    else:
        _start_round(stage, script, version_id)
        _play(stage, script)


def _write_next_version(stage: _Stage, script: logic.Script, concept_id: int) -> int:
    """Take the concept into its next version: new texts for what was there, and what is new; return the version."""
    stage.clock.at = script.times.published - timedelta(hours=1)
    version = concepts.new_version(stage.session, concept_id=concept_id, by=stage.people["leitung"], clock=stage.clock)
    themes = {theme.slug: theme for theme in themes_of(stage.session, version.id)}
    for theme in logic.leitthemen():
        _bring_up_to_date(stage, themes[theme["leitthema"]["slug"]], theme["handlungsfeld"])
    return version.id


def _write_concept(stage: _Stage, words: dict[str, Any], script: logic.Script) -> tuple[int, int]:
    stage.clock.at = script.times.published - BEFORE_THE_ROUND
    concept = concepts.write_concept(
        stage.session,
        office_id=stage.offices[script.words["office"]],
        title=words["title"],
        summary=words["summary"],
        by=stage.people["leitung"],
        clock=stage.clock,
        slug=words["slug"],
    )
    return concept.id, _newest_version(stage.session, concept.id)


def _newest_version(session: Session, concept_id: int) -> int:
    versions = select(ConceptVersion.id).where(ConceptVersion.concept_id == concept_id)
    return session.execute(versions.order_by(ConceptVersion.number.desc()).limit(1)).scalar_one()


def _write_theme(
    stage: _Stage, version_id: int, words: dict[str, Any], fields: list[dict[str, Any]], text: str
) -> None:
    theme = concepts.write_leitthema(
        stage.session,
        version_id=version_id,
        title=words["title"],
        text=words["text"],
        by=stage.people["leitung"],
        clock=stage.clock,
        slug=words["slug"],
    )
    for handlungsfeld in fields:
        _write_field(stage, theme.id, handlungsfeld, text)


def _write_field(stage: _Stage, leitthema_id: int, words: dict[str, Any], text: str) -> None:
    concepts.write_handlungsfeld(
        stage.session,
        leitthema_id=leitthema_id,
        title=words["title"],
        text=_with_mark(words, text),
        kernziele=words["kernziel"],
        by=stage.people["leitung"],
        clock=stage.clock,
        slug=words["slug"],
    )


def _bring_up_to_date(stage: _Stage, theme: ThemeNode, fields: list[dict[str, Any]]) -> None:
    kept = {node.slug: node.id for node in theme.fields}
    for words in fields:
        if words["slug"] not in kept:
            _write_field(stage, theme.id, words, "text")
            continue
        leitung, now = stage.people["leitung"], stage.clock()
        before = field_text(stage.session, handlungsfeld_id=kept[words["slug"]], person_id=leitung, now=now)
        concepts.edit_handlungsfeld(
            stage.session,
            handlungsfeld_id=before.id,
            leitthema_id=before.leitthema_id,
            title=words["title"],
            text=_with_mark(words, "text"),
            kernziele=words["kernziel"],
            seen=before.seen,
            by=leitung,
            clock=stage.clock,
        )


def _with_mark(words: dict[str, Any], text: str) -> dict[str, str]:
    mark = logic.data_file("concept.toml")["mark"]["known" if words["known"] else "own"]
    return {language: f"{body.strip()}\n\n{mark[language]}\n" for language, body in words[text].items()}


# ── Rounds ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _play_closed_round(stage: _Stage, script: logic.Script, version_id: int) -> None:
    round_id = _start_round(stage, script, version_id)
    _play(stage, script)
    assert script.times.counted and script.times.released
    stage.clock.at = script.times.counted
    results.count_round(
        stage.session, round_id=round_id, by=stage.people["leitung"], keys=stage.keys, clock=stage.clock
    )
    stage.clock.at = script.times.released
    results.release_round(stage.session, round_id=round_id, by=stage.people["leitung"], clock=stage.clock)
    _take_letters_as_sent(stage)


def _take_letters_as_sent(stage: _Stage) -> None:
    """Mark the letters of what is long past as sent, so that the worker does not bring last season's mail."""
    addresses = [f"{key}@example.org" for key in stage.people]
    waiting = update(Letter).where(Letter.to_address.in_(addresses), Letter.sent_at.is_(None))
    stage.session.execute(waiting.values(sent_at=Letter.created_at, facts={}))


def _start_round(stage: _Stage, script: logic.Script, version_id: int) -> int:
    stage.clock.at = script.times.published - timedelta(hours=1)
    leitung = stage.people["leitung"]
    written = rounds.write_round(
        stage.session,
        office_id=stage.offices[script.words["office"]],
        draft=_draft(script, version_id),
        by=leitung,
        clock=stage.clock,
        slug=script.words["slug"],
    )
    stage.clock.at = script.times.published
    rounds.publish_round(stage.session, round_id=written.id, by=leitung, clock=stage.clock, keys=stage.keys)
    return written.id


def _draft(script: logic.Script, version_id: int) -> RoundDraft:
    words, times = script.words, script.times
    return RoundDraft(
        title=words["title"],
        summary=words["summary"],
        mandate=words["mandate"],
        influence=words["influence"],
        decided_by=words["decided_by"],
        level=Level(words["level"]),
        concept_version_id=version_id,
        talk=PartDraft(times.opens, times.talk_closes, Effect(words["effect_talk"])),
        vote=PartDraft(times.opens, times.vote_closes, Effect(words["effect_vote"])),
        premoderated=words["premoderated"],
        shows_interim=words["shows_interim"],
        release_by=times.release_by,
        note=logic.data_file("rounds.toml")["note"],
        way=Way.of({"projects": [], **words["way"]}) if "way" in words else None,
    )


# ── What happens in them ──────────────────────────────────────────────────────────────────────────────────────────────
def _play(stage: _Stage, script: logic.Script) -> None:
    places = _places(stage.session, script.words["slug"])
    for act in script.acts:
        stage.clock.at = act.at
        stage.done[type(act).__name__] += 1
        match act:
            case logic.Comment() | logic.Reply():
                _write(stage, places, act)
            case logic.Edit() | logic.Withdrawal():
                _change(stage, act)
            case logic.Rating():
                _rate(stage, act)
            case logic.Ballot():
                _vote(stage, places.questions[act.question], act)
            case logic.Notice() | logic.Decision():
                _moderate(stage, act)


def _places(session: Session, slug: str) -> _Places:
    """Return where a round is talked about and voted on; its contest has its name."""
    threads = (
        select(Subject.slug, SubjectPart.thread_id)
        .join(SubjectPart, SubjectPart.subject_id == Subject.id)
        .join(Round, Round.id == Subject.round_id)
        .where(Round.slug == slug)
    )
    questions = select(Question.slug, Question.id).join(Contest, Contest.id == Question.contest_id)
    return _Places(
        {name: thread_id for name, thread_id in session.execute(threads) if thread_id},
        dict(session.execute(questions.where(Contest.slug == slug)).all()),
    )


def _write(stage: _Stage, places: _Places, act: logic.Comment | logic.Reply) -> None:
    who = Who(stage.people[act.by or ""], stage.names[act.by or ""])
    language = _language(stage, who)
    if isinstance(act, logic.Reply):
        parent = stage.written[act.to]
        made = discussion.reply(
            stage.session, comment_id=parent, who=who, text=act.text, language=language, clock=stage.clock
        )
    else:
        thread_id = places.threads[act.handlungsfeld]
        with _moderated_first(stage, thread_id, act.held):
            made = discussion.post_comment(
                stage.session,
                thread_id=thread_id,
                who=who,
                text=act.text,
                stance=Stance(act.stance),
                language=language,
                clock=stage.clock,
            )
    stage.written[act.key], stage.versions[act.key] = made.id, 1


@contextmanager
def _moderated_first(stage: _Stage, thread_id: int, held: bool) -> Generator[None]:
    """Let moderation read first what is written meanwhile, if it shall be held.

    In a round that is moderated afterwards nothing is held by itself, and the queue of the example would be empty.
    """
    thread = update(Thread).where(Thread.id == thread_id)
    if held:
        stage.session.execute(thread.values(premoderated=True))
    yield
    if held:
        stage.session.execute(thread.values(premoderated=False))


def _language(stage: _Stage, who: Who) -> str:
    return stage.session.execute(select(Person.language).where(Person.id == who.person_id)).scalar_one()


def _change(stage: _Stage, act: logic.Edit | logic.Withdrawal) -> None:
    comment_id, who = stage.written[act.key], Who(stage.people[act.by or ""])
    if isinstance(act, logic.Withdrawal):
        discussion.withdraw_comment(stage.session, comment_id=comment_id, who=who, clock=stage.clock)
    else:
        discussion.edit_comment(
            stage.session, comment_id=comment_id, who=who, text=act.text, stance=None, clock=stage.clock
        )
    stage.versions[act.key] += 1


def _rate(stage: _Stage, act: logic.Rating) -> None:
    comment_id, who, value = stage.written[act.key], Who(stage.people[act.by or ""]), Value(act.value)
    discussion.rate_comment(stage.session, comment_id=comment_id, who=who, value=value, clock=stage.clock)


def _vote(stage: _Stage, question_id: int, act: logic.Ballot) -> None:
    who = Who(stage.people[act.by or ""])
    cast_ballot(stage.session, question_id=question_id, who=who, choice=act.choice, keys=stage.keys, clock=stage.clock)


def _moderate(stage: _Stage, act: logic.Notice | logic.Decision) -> None:
    """Let somebody report a comment, a visitor too, or the moderator decide on it."""
    contribution_id = stage.written[act.key]
    if isinstance(act, logic.Notice):
        moderation.report(
            stage.session,
            contribution_id=contribution_id,
            kind=NoticeKind(act.kind),
            text=act.text,
            reporter=stage.people.get(act.by or ""),
            clock=stage.clock,
        )
        return
    moderation.decide(
        stage.session,
        contribution_id=contribution_id,
        by=stage.people["moderation"],
        outcome=Outcome(act.outcome),
        rule=act.rule,
        reason=act.reason,
        version=stage.versions[act.key],
        clock=stage.clock,
    )


def _add_remarks(stage: _Stage, script: logic.Script) -> None:
    """Keep templates for the office, and a note and a task on what was reported last."""
    words, office_id = logic.data_file("remarks.toml"), stage.offices[script.words["office"]]
    for one in words["template"]:
        draft = remarks.Draft(one["title"], one["text"], one["outcome"], one.get("rule"))
        leitung = stage.people["leitung"]
        remarks.add_template(stage.session, office_id=office_id, draft=draft, by=leitung, clock=stage.clock)
    reported = [stage.written[act.key] for act in script.acts if isinstance(act, logic.Notice)][-1]
    given: dict[str, Any] = {"contribution_id": reported, "by": stage.people["moderation"], "clock": stage.clock}
    remarks.add_note(stage.session, text=words["note"], **given)
    due_on = berlin(stage.clock()).date() + timedelta(days=words["days"])
    remarks.set_task(stage.session, text=words["task"], due_on=due_on, **given)


# ── Imports from Polis ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Imported:
    """What an import brought. ``replaced`` rows of votes gave way to a later one; ``ratings`` is what is left."""

    slug: str
    statements: int
    published: int
    held: int
    withheld: int
    participants: int
    voters: int
    rows: int
    ratings: int
    replaced: int


def import_polis(
    session: Session,
    *,
    conversation: Conversation,
    slug: str,
    keys: KeyFolder,
    clock: Clock,
    tell: Callable[[int], object],
) -> Imported | None:
    """Make a closed, released round of one Handlungsfeld out of a Polis conversation, in one transaction.

    Statements become comments of participants without person and name, the moderated column decisions, votes ratings.
    A set that is here already is left as it is; then there is nothing to report.

    :param slug: the round's name in addresses
    :param tell: is told how many more ratings are written
    :raises SlugNotUsable: if it cannot be a name
    :raises SlugBelongsElsewhere: if another round has it
    :raises ImportedElsewhere: if the set is here already under another name
    """
    if slug_of(slug) != slug:
        raise SlugNotUsable(slug=slug)
    with transaction(session):
        if _is_here(session, conversation, slug):
            return None
        now = clock()
        made = _make_closed_round(session, conversation, slug, keys, now)
        comments = _import_statements(session, conversation, made)
        _import_verdicts(session, conversation, comments, now)
        ratings = _ratings(conversation, comments, made.participants)
        discussion.import_ratings(session, thread_id=made.thread_id, ratings=ratings, tell=tell)
        results.count_round(session, round_id=made.round_id, by=None, keys=keys, clock=lambda: now)
        results.release_round(session, round_id=made.round_id, by=None, clock=lambda: now)
        report = _report(conversation, slug)
        details = {"source": conversation.source, **asdict(report)}
        about, act = f"round:{made.round_id}", "example:imported"
        note(session, act=act, actor=None, office_id=made.office_id, about=about, details=details, now=now)
        return report


@dataclass(frozen=True)
class _Made:
    """A round made for an import: its keys, and who takes part, by their numbers in the set."""

    round_id: int
    office_id: int
    window_id: int
    thread_id: int
    participants: dict[int, UUID]


def _is_here(session: Session, conversation: Conversation, slug: str) -> bool:
    known = (
        select(Round.slug)
        .join(Part, Part.round_id == Round.id)
        .join(Contribution, Contribution.window_id == Part.window_id)
        .where(Contribution.source == conversation.source)
    )
    elsewhere = session.execute(known.limit(1)).scalar_one_or_none()
    if elsewhere is not None and elsewhere != slug:
        raise ImportedElsewhere(source=conversation.name, slug=elsewhere)
    if elsewhere is None and session.execute(select(Round.id).where(Round.slug == slug)).first():
        raise SlugBelongsElsewhere(slug=slug)
    return elsewhere is not None


def _make_closed_round(
    session: Session, conversation: Conversation, slug: str, keys: KeyFolder, now: datetime
) -> _Made:
    """Write concept and round and publish it, with a clock that stands where the conversation began."""
    first, last = conversation.moments
    opens, closes = logic.whole_seconds(first), logic.whole_seconds(last) + timedelta(seconds=1)
    then, office_id = StoppedClock(opens), _office_of_imports(session)
    version_id = _write_imported_concept(session, conversation, slug, office_id, then)
    draft = _imported_draft(conversation, version_id, PartDraft(opens, closes, Effect.INFORMS), now)
    written = rounds.write_round(session, office_id=office_id, draft=draft, by=None, clock=then, slug=slug)
    people = conversation.people
    participants = audiences.import_participants(session, audience_id=written.audience_id, number=len(people))
    rounds.publish_round(session, round_id=written.id, by=None, clock=then, keys=keys)
    threads = select(Thread.window_id, Thread.id).join(Part, Part.window_id == Thread.window_id)
    window_id, thread_id = session.execute(threads.where(Part.round_id == written.id)).one()
    return _Made(written.id, office_id, window_id, thread_id, dict(zip(people, participants, strict=True)))


def _office_of_imports(session: Session) -> int:
    """Return the office of imported rounds, made with the first of them; officials get it granted like any other."""
    slug, name = "uebernommen", {"de": "Übernommene Beteiligungen", "en": "Imported rounds"}
    made = add_office(session, slug=slug, name=name)
    return made or session.execute(select(Office.id).where(Office.slug == slug)).scalar_one()


def _write_imported_concept(
    session: Session, conversation: Conversation, slug: str, office_id: int, then: Clock
) -> int:
    title, summary = conversation.title, conversation.summary
    concept = concepts.write_concept(
        session, office_id=office_id, title=title, summary=summary, by=None, clock=then, slug=slug
    )
    version_id = _newest_version(session, concept.id)
    theme = concepts.write_leitthema(session, version_id=version_id, title=title, by=None, clock=then, slug="leitthema")
    concepts.write_handlungsfeld(
        session,
        leitthema_id=theme.id,
        title=title,
        text=conversation.text,
        kernziele=[],
        by=None,
        clock=then,
        slug=slug_of(conversation.topic),
    )
    return version_id


def _imported_draft(conversation: Conversation, version_id: int, talk: PartDraft, now: datetime) -> RoundDraft:
    return RoundDraft(
        title=conversation.title,
        summary=conversation.summary,
        mandate={"de": ""},
        influence={"de": ""},
        decided_by={
            "de": "Nicht bekannt. Die Beteiligung fand auf einer anderen Plattform statt.",
            "en": "Not known. The round took place on another platform.",
        },
        level=Level.CONSULTATION,
        concept_version_id=version_id,
        talk=talk,
        vote=None,
        shows_interim=True,
        release_by=now,
        note=conversation.note,
    )


STATES = {1: State.PUBLISHED, 0: State.HELD, -1: State.WITHHELD}
"""What the moderated column of Polis says."""

VALUES = {1: Value.AGREE, -1: Value.DISAGREE, 0: Value.PASS}


def _import_statements(session: Session, conversation: Conversation, made: _Made) -> dict[int, int]:
    """Insert the statements and return the contribution of each, by its number in the set."""
    rows = [
        {
            "kind": Kind.COMMENT,
            "participant_id": made.participants[statement.author],
            "window_id": made.window_id,
            "text": statement.text,
            "language": conversation.language,
            "state": STATES[statement.moderated],
            "reason_kind": "imported" if statement.moderated == -1 else None,
            "netiquette_version": NETIQUETTE_VERSION,
            "source": conversation.source,
            "source_key": str(statement.number),
            "created_at": statement.at,
        }
        for statement in sorted(conversation.statements, key=lambda statement: (statement.at, statement.number))
    ]
    import_contributions(session, rows)
    mine = select(Contribution.source_key, Contribution.id).where(Contribution.source == conversation.source)
    comments = {int(key or ""): comment_id for key, comment_id in session.execute(mine)}
    discussion.import_comments(session, thread_id=made.thread_id, comment_ids=sorted(comments.values()))
    return comments


def _import_verdicts(session: Session, conversation: Conversation, comments: dict[int, int], now: datetime) -> None:
    outcomes = {1: Outcome.PUBLISHED, -1: Outcome.WITHHELD}
    moderation.import_decisions(
        session,
        decisions=[
            ImportedDecision(comments[statement.number], outcomes[statement.moderated], now)
            for statement in conversation.statements
            if statement.moderated in outcomes
        ],
    )


def _ratings(
    conversation: Conversation, comments: dict[int, int], participants: dict[int, UUID]
) -> Iterator[discussion.Imported]:
    """Return the ratings in the order of their key, in which a table grows fastest."""
    rows = [
        (comments[vote.statement], participants[vote.voter], VALUES[vote.value], berlin(vote.at).date())
        for vote in conversation.votes
    ]
    yield from sorted(rows, key=lambda row: (row[0], row[1].bytes))


def _report(conversation: Conversation, slug: str) -> Imported:
    states = Counter(STATES[statement.moderated] for statement in conversation.statements)
    return Imported(
        slug=slug,
        statements=len(conversation.statements),
        published=states[State.PUBLISHED],
        held=states[State.HELD],
        withheld=states[State.WITHHELD],
        participants=len(conversation.people),
        voters=len(conversation.voters),
        rows=conversation.rows,
        ratings=len(conversation.votes),
        replaced=conversation.replaced,
    )
