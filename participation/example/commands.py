"""Loading the example, through the ordinary commands of the rooms, with a clock that shows when each act happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.accounts.commands import add_office, password_hash
from participation.accounts.facts import TERMS_VERSION
from participation.accounts.models import Consent, Office, Person
from participation.audiences.commands import grant_role
from participation.audiences.facts import Role, Who
from participation.concepts import commands as concepts
from participation.concepts.models import ConceptVersion
from participation.concepts.queries import ThemeNode, field_text, themes_of
from participation.discussion import commands as discussion
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Thread
from participation.example import logic
from participation.example.facts import ExampleInProduction
from participation.foundation.clock import Clock, StoppedClock, berlin
from participation.foundation.db import transaction
from participation.letters.models import Letter
from participation.moderation import commands as moderation
from participation.moderation.facts import NoticeKind, Outcome
from participation.results import commands as results
from participation.rounds import commands as rounds
from participation.rounds.facts import Effect, Level, PartDraft, RoundDraft
from participation.rounds.models import Round, Subject, SubjectPart
from participation.voting.commands import cast_ballot
from participation.voting.keys import KeyFolder

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
class _Place:
    """Where in a round a Handlungsfeld is talked about and voted on."""

    thread_id: int
    question_id: int


def load_example(session: Session, *, environment: str, keys: KeyFolder, clock: Clock) -> Loaded:
    """Load people, a concept and three rounds, once; a second call changes nothing.

    Everything or nothing: it is one transaction. The same day gives the same example, but for ids and secrets.

    :raises ExampleInProduction: in production, since everybody can read the password
    """
    if environment == "production":
        raise ExampleInProduction()
    people = logic.data_file("people.toml")
    sign_ins = tuple(sign_in["email"] for sign_in in people["sign_in"])
    with transaction(session):
        now = clock()
        open_one, closed, coming = logic.scripts(berlin(now).date())
        if session.execute(select(Round.id).where(Round.slug == closed.words["slug"])).first():
            return Loaded({}, sign_ins, people["password"])
        stage = _Stage(session, keys, StoppedClock(closed.times.published - 2 * BEFORE_THE_ROUND))
        _settle_people(stage, people)
        concept_id, version_id = _write_first_version(stage, closed)
        _play_closed_round(stage, closed, version_id)
        _start_round(stage, coming, _write_mobility(stage, coming))
        _start_round(stage, open_one, _write_next_version(stage, open_one, concept_id))
        _play(stage, open_one)
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
        if "role" in sign_in:
            office_id = stage.offices[sign_in["office"]] if "office" in sign_in else None
            role = Role(sign_in["role"])
            grant_role(stage.session, person_id=person_id, role=role, by=None, clock=stage.clock, office_id=office_id)


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
    newest = select(ConceptVersion.id).where(ConceptVersion.concept_id == concept.id)
    return concept.id, stage.session.execute(newest).scalar_one()


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
    results.count_round(stage.session, round_id=round_id, by=stage.people["leitung"], clock=stage.clock)
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
            case logic.Rating():
                discussion.rate_comment(
                    stage.session,
                    comment_id=stage.written[act.key],
                    who=Who(stage.people[act.by or ""]),
                    value=Value(act.value),
                    clock=stage.clock,
                )
            case logic.Ballot():
                cast_ballot(
                    stage.session,
                    question_id=places[act.handlungsfeld].question_id,
                    who=Who(stage.people[act.by or ""]),
                    choice=act.choice,
                    keys=stage.keys,
                    clock=stage.clock,
                )
            case _:
                _look_after(stage, act)


def _places(session: Session, slug: str) -> dict[str, _Place]:
    """Return where each Handlungsfeld of a round is talked about and voted on."""
    rows = session.execute(
        select(Subject.slug, SubjectPart.thread_id, SubjectPart.question_id)
        .join(SubjectPart, SubjectPart.subject_id == Subject.id)
        .join(Round, Round.id == Subject.round_id)
        .where(Round.slug == slug)
    ).all()
    threads = {row.slug: row.thread_id for row in rows if row.thread_id}
    return {row.slug: _Place(threads[row.slug], row.question_id) for row in rows if row.question_id}


def _write(stage: _Stage, places: dict[str, _Place], act: logic.Comment | logic.Reply) -> None:
    who = Who(stage.people[act.by or ""], stage.names[act.by or ""])
    language = _language(stage, who)
    if isinstance(act, logic.Reply):
        parent = stage.written[act.to]
        made = discussion.reply(
            stage.session, comment_id=parent, who=who, text=act.text, language=language, clock=stage.clock
        )
    else:
        thread_id = places[act.handlungsfeld].thread_id
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


def _look_after(stage: _Stage, act: logic.Act) -> None:
    """Do what authors, readers and moderators do with a comment that is there."""
    session, clock, person_id = stage.session, stage.clock, stage.people.get(act.by or "")
    match act:
        case logic.Edit():
            assert person_id is not None
            comment_id, who = stage.written[act.key], Who(person_id)
            discussion.edit_comment(session, comment_id=comment_id, who=who, text=act.text, stance=None, clock=clock)
            stage.versions[act.key] += 1
        case logic.Withdrawal():
            assert person_id is not None
            discussion.withdraw_comment(session, comment_id=stage.written[act.key], who=Who(person_id), clock=clock)
        case logic.Notice():
            moderation.report(
                session,
                contribution_id=stage.written[act.key],
                kind=NoticeKind(act.kind),
                text=act.text,
                reporter=person_id,
                clock=clock,
            )
        case logic.Decision():
            moderation.decide(
                session,
                contribution_id=stage.written[act.key],
                by=stage.people["moderation"],
                outcome=Outcome(act.outcome),
                rule=act.rule,
                reason=act.reason,
                version=stage.versions[act.key],
                clock=clock,
            )
