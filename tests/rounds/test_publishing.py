"""Publishing: everything at once, once, and back again only before it opens."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled, Role
from participation.concepts.commands import edit_concept
from participation.concepts.facts import NoSuchConcept, SlugTaken, VersionFrozen
from participation.concepts.models import ConceptVersion
from participation.discussion.facts import Stance
from participation.discussion.models import Thread
from participation.foundation.clock import StoppedClock
from participation.journal.models import JournalEntry
from participation.rounds import queries
from participation.rounds.commands import edit_round, publish_round, take_back, write_round
from participation.rounds.facts import (
    DraftChangedMeanwhile,
    EndsBeforeItBegins,
    Level,
    NoSuchRound,
    NotComplete,
    PartDraft,
    RoundBegun,
    RoundFrozen,
)
from participation.rounds.models import Round, Subject, SubjectPart
from participation.voting.facts import Choice
from participation.voting.keys import KeyFolder
from participation.voting.models import Contest, Option, Question
from participation.windows.models import Window
from tests.world import (
    BEFORE,
    CLOSES,
    OPENS,
    a_concept_version,
    a_draft,
    an_office,
    an_official,
    staff_elsewhere,
    words_of_round,
)
from tests.world.discussion import a_comment

EARLY = StoppedClock(BEFORE)


def count(session: Session, table: type) -> int:
    session.rollback()
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def read(session: Session, draft: Round, staff: UUID) -> queries.DraftPage:
    session.rollback()
    return queries.draft_page(session, slug=draft.slug, person_id=staff, now=BEFORE)


def test_a_draft_is_known_to_nobody_but_its_office(session: Session, draft: Round, staff: UUID) -> None:
    windows = session.execute(select(Window)).scalars().all()
    assert [window.published_at for window in windows] == [None, None]
    assert (count(session, Thread), count(session, Contest), count(session, Subject)) == (0, 0, 0)
    assert read(session, draft, staff).is_editable
    stranger = staff_elsewhere(session)
    with pytest.raises(NoSuchRound):
        queries.draft_page(session, slug=draft.slug, person_id=stranger, now=BEFORE)


def test_publishing_makes_a_thread_and_a_question_for_each_handlungsfeld(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    words = words_of_round(session, draft.id)
    assert [subject.slug for subject in words.subjects] == ["feld-1", "feld-2", "feld-3"]
    assert all(subject.thread_id and subject.question_id for subject in words.subjects)
    homes = set(session.execute(select(Thread.home)).scalars()) | set(session.execute(select(Question.home)).scalars())
    assert homes == {f"/runden/leben/handlungsfelder/feld-{number}" for number in (1, 2, 3)}
    assert count(session, Option) == 3 * len(Choice)
    assert session.get_one(ConceptVersion, version).frozen_at == BEFORE
    assert {window.published_at for window in session.execute(select(Window)).scalars()} == {BEFORE}
    assert keys.load("leben")


def test_the_rule_sheet_says_everything_and_its_fingerprint_can_be_recomputed(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder
) -> None:
    sha256 = publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    made = session.get_one(Round, draft.id)
    sheet = made.rule_sheet
    assert sheet is not None and made.rule_sheet_sha256 == sha256
    plain = json.dumps(sheet, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(plain.encode()).hexdigest() == sha256
    assert sheet["round"] == "leben" and sheet["method"] == "approval" and sheet["receipts"] is True
    assert sheet["admission"] == "registered" and sheet["interim"] is False and sheet["premoderated"] is False
    assert sheet["release_by"] == (CLOSES + timedelta(days=14)).isoformat().replace("+00:00", "Z")
    assert [part["kind"] for part in sheet["parts"]] == ["talk", "vote"]
    assert sheet["parts"][1]["opens_at"] == "2026-05-01T06:00:00Z" and sheet["effect"] == "recommends"
    assert [question["slug"] for question in sheet["questions"]] == ["feld-1", "feld-2", "feld-3"]
    assert [option["slug"] for option in sheet["questions"][0]["options"]] == [str(choice) for choice in Choice]
    assert session.execute(select(Contest.rules_sha256)).scalar_one() == sha256


def test_publishing_leaves_one_line_in_the_journal(
    session: Session, draft: Round, staff: UUID, office: int, keys: KeyFolder
) -> None:
    sha256 = publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    line = session.execute(select(JournalEntry).where(JournalEntry.act == "rounds:published")).scalar_one()
    assert (line.actor_id, line.office_id, line.about) == (staff, office, f"round:{draft.id}")
    assert line.details["rule_sheet_sha256"] == sha256


def test_a_second_click_changes_nothing(session: Session, draft: Round, staff: UUID, keys: KeyFolder) -> None:
    first = publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    key = keys.load("leben")
    with pytest.raises(RoundFrozen):
        publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    assert session.get_one(Round, draft.id, populate_existing=True).rule_sheet_sha256 == first
    assert (count(session, Thread), count(session, Question), keys.load("leben")) == (3, 3, key)


def test_what_is_incomplete_stays_a_draft(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    page = read(session, draft, staff)
    incomplete = replace(page.draft, level=None)
    edit_round(session, round_id=draft.id, draft=incomplete, seen=page.seen, by=staff, clock=EARLY)
    with pytest.raises(NotComplete):
        publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    session.rollback()
    assert session.get_one(ConceptVersion, version).frozen_at is None and count(session, Thread) == 0


def test_if_the_key_cannot_be_made_nothing_is_published(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    keys.path.write_text("no folder")
    with pytest.raises(OSError):
        publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    session.rollback()
    assert session.get_one(Round, draft.id).rule_sheet is None and count(session, Thread) == 0
    assert session.get_one(ConceptVersion, version).frozen_at is None


def test_a_published_round_is_edited_no_more(session: Session, draft: Round, staff: UUID, keys: KeyFolder) -> None:
    page = read(session, draft, staff)
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    with pytest.raises(RoundFrozen):
        edit_round(session, round_id=draft.id, draft=page.draft, seen=page.seen, by=staff, clock=EARLY)


def test_the_concept_of_a_published_round_is_edited_no_more(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    with pytest.raises(VersionFrozen):
        edit_concept(
            session, version_id=version, title={"de": "x"}, summary={"de": "x"}, seen="", by=staff, clock=EARLY
        )


def test_talk_alone_needs_no_contest_and_has_a_rule_sheet_too(
    session: Session, office: int, staff: UUID, keys: KeyFolder, version: int
) -> None:
    told = a_draft(version, vote=None)
    made = write_round(session, office_id=office, draft=told, by=staff, clock=EARLY)
    sha256 = publish_round(session, round_id=made.id, by=staff, clock=EARLY, keys=keys)
    assert count(session, Contest) == 0 and count(session, Thread) == 3
    assert session.get_one(Round, made.id).rule_sheet_sha256 == sha256


# ── Who may ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_staff_of_another_office_can_neither_edit_nor_publish_nor_take_back(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder
) -> None:
    stranger = staff_elsewhere(session)
    page = read(session, draft, staff)
    with pytest.raises(NoSuchRound):
        edit_round(session, round_id=draft.id, draft=page.draft, seen=page.seen, by=stranger, clock=EARLY)
    with pytest.raises(NoSuchRound):
        publish_round(session, round_id=draft.id, by=stranger, clock=EARLY, keys=keys)
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    with pytest.raises(NoSuchRound):
        take_back(session, round_id=draft.id, by=stranger, clock=EARLY)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN, Role.AUDIT, Role.DESK, Role.JURY])
def test_no_other_role_publishes_or_drafts(
    session: Session, draft: Round, office: int, keys: KeyFolder, version: int, role: Role
) -> None:
    somebody = an_official(session, role, office_id=None if role is Role.ADMIN else office)
    with pytest.raises(NoSuchRound):
        publish_round(session, round_id=draft.id, by=somebody, clock=EARLY, keys=keys)
    with pytest.raises(NotEntitled):
        write_round(session, office_id=office, draft=a_draft(version), by=somebody, clock=EARLY)


def test_staff_of_one_round_alone_runs_that_round_and_drafts_no_other(
    session: Session, draft: Round, office: int, version: int, keys: KeyFolder
) -> None:
    somebody = an_official(session, Role.STAFF, audience_id=draft.audience_id)
    with pytest.raises(NotEntitled):
        write_round(session, office_id=office, draft=a_draft(version), by=somebody, clock=EARLY)
    assert publish_round(session, round_id=draft.id, by=somebody, clock=EARLY, keys=keys)


def test_a_round_asks_about_no_concept_of_another_office(session: Session, office: int, staff: UUID) -> None:
    theirs = a_concept_version(session, office_id=an_office(session))
    with pytest.raises(NoSuchConcept):
        write_round(session, office_id=office, draft=a_draft(theirs), by=staff, clock=EARLY)


# ── Drafts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_two_rounds_never_share_an_address(
    session: Session, office: int, staff: UUID, draft: Round, version: int
) -> None:
    with pytest.raises(SlugTaken):
        write_round(session, office_id=office, draft=a_draft(version), by=staff, clock=EARLY, slug="leben")
    other = write_round(session, office_id=office, draft=a_draft(version), by=staff, clock=EARLY, slug="anders")
    page = read(session, other, staff)
    with pytest.raises(SlugTaken):
        edit_round(session, round_id=other.id, draft=page.draft, seen=page.seen, by=staff, clock=EARLY, slug="leben")
    assert read(session, other, staff).slug == "anders"


def test_who_edits_a_draft_that_was_changed_meanwhile_does_not_overwrite_it(
    session: Session, draft: Round, staff: UUID
) -> None:
    page = read(session, draft, staff)
    first, last = (replace(page.draft, level=level) for level in (Level.COOPERATION, Level.INFORMATION))
    edit_round(session, round_id=draft.id, draft=first, seen=page.seen, by=staff, clock=EARLY)
    with pytest.raises(DraftChangedMeanwhile):
        edit_round(session, round_id=draft.id, draft=last, seen=page.seen, by=staff, clock=EARLY)
    assert read(session, draft, staff).draft.level is Level.COOPERATION


def test_editing_changes_the_windows_too(session: Session, draft: Round, staff: UUID) -> None:
    page = read(session, draft, staff)
    longer = replace(page.draft, talk=PartDraft(OPENS, CLOSES + timedelta(days=7)))
    edit_round(session, round_id=draft.id, draft=longer, seen=page.seen, by=staff, clock=EARLY)
    assert read(session, draft, staff).windows[0].closes_at == CLOSES + timedelta(days=7)


def test_no_part_ends_before_it_begins(session: Session, office: int, staff: UUID, version: int) -> None:
    with pytest.raises(EndsBeforeItBegins):
        backwards = a_draft(version, talk=PartDraft(CLOSES, OPENS))
        write_round(session, office_id=office, draft=backwards, by=staff, clock=EARLY)


# ── Back to draft ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_before_it_opens_a_round_goes_back_to_draft_and_can_be_published_again(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder, version: int
) -> None:
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    take_back(session, round_id=draft.id, by=staff, clock=EARLY)
    assert [count(session, table) for table in (Thread, Contest, Question, Option, Subject, SubjectPart)] == [0] * 6
    page = read(session, draft, staff)
    assert page.is_editable and all(window.published_at is None for window in page.windows)
    edit_round(
        session, round_id=draft.id, draft=replace(page.draft, premoderated=True), seen=page.seen, by=staff, clock=EARLY
    )
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    assert session.execute(select(Thread.premoderated).distinct()).scalar_one() is True
    assert session.get_one(ConceptVersion, version).frozen_at == BEFORE


def test_once_it_is_open_nothing_leads_back(session: Session, draft: Round, staff: UUID, keys: KeyFolder) -> None:
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    with pytest.raises(RoundBegun):
        take_back(session, round_id=draft.id, by=staff, clock=StoppedClock(OPENS))
    assert count(session, Thread) == 3


def test_what_somebody_wrote_cannot_be_taken_back_even_with_a_clock_that_is_wrong(
    session: Session, draft: Round, staff: UUID, keys: KeyFolder
) -> None:
    publish_round(session, round_id=draft.id, by=staff, clock=EARLY, keys=keys)
    a_comment(session, words_of_round(session, draft.id), clock=StoppedClock(OPENS), stance=Stance.NEUTRAL)
    with pytest.raises(DBAPIError):
        take_back(session, round_id=draft.id, by=staff, clock=EARLY)
    session.rollback()
    assert count(session, Thread) == 3 and session.get_one(Round, draft.id).rule_sheet is not None


def test_taking_back_a_draft_changes_nothing(session: Session, draft: Round, staff: UUID) -> None:
    before = read(session, draft, staff)
    take_back(session, round_id=draft.id, by=staff, clock=EARLY)
    assert read(session, draft, staff) == before
