"""Every outcome from every state by every role, for comments and replies; what each changes, seals and tells."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from participation.audiences.facts import Role, Who
from participation.contributions.facts import NETIQUETTE_VERSION, PLACE_RULE, State
from participation.contributions.models import Contribution
from participation.discussion.commands import SENT_AGAIN, edit_comment, rate_comment, withdraw_comment
from participation.discussion.facts import RepliesEndHere, Stance, Value
from participation.discussion.models import Comment
from participation.discussion.queries import counters_that_differ, thread_page
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Fact
from participation.letters.jobs import send_letters
from participation.moderation.facts import (
    BLACK,
    KEPT_ORIGINAL,
    STATE_AFTER,
    UNDO_FOR,
    AlreadySo,
    NoSuchOriginal,
    NoSuchSubject,
    NothingLeft,
    NothingToDecide,
    Outcome,
    PassageMissing,
    RuleMissing,
    TooLateToReword,
    WithdrawnMeanwhile,
)
from participation.moderation.models import ModerationDecision, SealedCopy
from participation.reviews import jobs
from tests.everywhere import pages
from tests.servers import Postbox
from tests.world import CLOSES, RoundWords, a_citizen, a_moderator, a_round, a_staff_member, an_official
from tests.world.moderation import REASON, a_comment, counts_of, decide_so, decision_letters, publish, state_of
from tests.world.sign_in import signed_in

STARTS = ("held", "published", "withheld", "withdrawn")
TEXT = "Mehr Bäume, sagt Frau Beispiel aus der Musterstraße 7."


def extras(session: Session, round: RoundWords, outcome: Outcome, clock: StoppedClock) -> dict[str, Any]:
    """Return what an outcome needs besides rule and reason."""
    match outcome:
        case Outcome.REDACTED:
            return {"passages": ["Musterstraße 7"]}
        case Outcome.DUPLICATE:
            return {"duplicate_of": a_comment(session, round, clock=clock, text="Das steht schon hier.")}
        case Outcome.MOVED:
            return {"moved_to": round.subjects[1].thread_id}
        case _:
            return {}


def text_of(session: Session, comment: int) -> str:
    session.rollback()
    return session.execute(select(Contribution.text).where(Contribution.id == comment)).scalar_one()


def said(act: Any) -> str:
    try:
        act()
    except Fact as fact:
        return fact.name
    return "done"


# ── The table ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kind", ["comment", "reply"])
@pytest.mark.parametrize("start", STARTS)
def test_every_outcome_from_every_state_by_every_role(
    session: Session, clock: StoppedClock, start: str, kind: str
) -> None:
    round, elsewhere = a_round(session), a_round(session)
    author = a_citizen(session)
    roles = {
        "moderator": a_moderator(session, round),
        "of_another_round": a_moderator(session, elsewhere),
        "staff": a_staff_member(session, office_id=round.office_id),
        "admin": an_official(session, Role.ADMIN),
        "author": author.person_id,
        # Who recounts votes and who reads threats decide nothing, though they belong to the same office.
        "audit": an_official(session, Role.AUDIT, office_id=round.office_id),
        "safeguard": an_official(session, Role.SAFEGUARD, office_id=round.office_id),
        # Whoever has no account is nobody that a right was ever given to.
        "visitor": uuid4(),
    }
    for outcome in Outcome:
        clock.advance(SENT_AGAIN)
        comment, version, last = _begin(session, round, author, clock, start=start, kind=kind, by=roles["moderator"])
        more = extras(session, round, outcome, clock)
        before = (state_of(session, comment), counts_of(session, round.thread_id), len(decision_letters(session)))
        for role in roles.keys() - {"moderator"}:
            refused = said(lambda: _act(session, comment, outcome, roles[role], clock, version, last, more))
            assert refused == NothingToDecide.__name__, (outcome, role)
        answer = said(lambda: _act(session, comment, outcome, roles["moderator"], clock, version, last, more))
        assert answer == _expected(outcome, start, kind), (outcome, answer)
        after = (state_of(session, comment), counts_of(session, round.thread_id), len(decision_letters(session)))
        if answer == "done":
            assert (after[0], after[2]) == (STATE_AFTER[outcome], before[2] + 1)
        else:
            assert after == before
        assert counters_that_differ(session) == []


def _begin(
    session: Session, round: RoundWords, author: Who, clock: StoppedClock, *, start: str, kind: str, by: UUID
) -> tuple[int, int, int | None]:
    parent = a_comment(session, round, clock=clock) if kind == "reply" else None
    comment = a_comment(session, round, clock=clock, who=author, text=TEXT, answers=parent, held=start == "held")
    if start == "withheld":
        return comment, 1, decide_so(session, comment, Outcome.WITHHELD, by=by, clock=clock, reason="Zuerst.")
    if start == "withdrawn":
        withdraw_comment(session, comment_id=comment, who=author, clock=clock)
        return comment, 2, None
    return comment, 1, None


def _act(
    session: Session,
    comment: int,
    outcome: Outcome,
    by: UUID,
    clock: StoppedClock,
    version: int,
    last: int | None,
    more: dict[str, Any],
) -> None:
    decide_so(session, comment, outcome, by=by, clock=clock, version=version, last_seen=last, **more)


def _expected(outcome: Outcome, start: str, kind: str) -> str:
    if (outcome, kind) == (Outcome.MOVED, "reply"):
        return NoSuchSubject.__name__
    if start == "withdrawn":
        return WithdrawnMeanwhile.__name__
    return AlreadySo.__name__ if (start, outcome) == ("published", Outcome.PUBLISHED) else "done"


@pytest.mark.parametrize("outcome", [Outcome.WITHHELD, Outcome.REDACTED, Outcome.REWORD, Outcome.POLICE])
def test_what_takes_something_away_needs_a_rule_or_a_law_and_facts(
    session: Session, clock: StoppedClock, outcome: Outcome
) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock, text=TEXT), a_moderator(session, round)
    more = extras(session, round, outcome, clock)
    for missing in ({"rule": None}, {"reason": " "}, {"rule": None, "law": " "}):
        with pytest.raises(RuleMissing):
            decide_so(session, comment, outcome, by=moderator, clock=clock, **(more | missing))
    decide_so(session, comment, outcome, by=moderator, clock=clock, **(more | {"rule": None, "law": "§ 241 StGB"}))
    assert decision_letters(session)[0].facts["law"] == "§ 241 StGB"


def test_the_database_itself_refuses_a_decision_without_a_rule(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    first = decide_so(session, comment, Outcome.WITHHELD, by=moderator, clock=clock)
    case_id = session.get_one(ModerationDecision, first).case_id
    there = {"moved_to": round.subjects[1].thread_id}
    broken: tuple[tuple[str, dict[str, Any]], ...] = (
        ("police", {}),
        ("duplicate", {}),
        ("moved", {}),
        ("moved", there),
        ("moved", {**there, "rule": "private"}),
        ("withheld", {"reason": ""}),
        ("withheld", {"rule": PLACE_RULE}),
    )
    for outcome, more in broken:
        words = {"rule": None, "reason": "Ein Satz.", "netiquette_version": NETIQUETTE_VERSION, **more}
        row = ModerationDecision(
            case_id=case_id,
            outcome=outcome,
            decided_by=moderator,
            decided_at=clock(),
            contribution_version=1,
            **words,
        )
        with pytest.raises(IntegrityError), transaction(session):
            session.add(row)


# ── Blacking out ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_private_data_are_blacked_out_and_the_original_is_sealed_for_a_set_time(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, text=TEXT)
    passages = ["Frau Beispiel", "Musterstraße 7"]
    decide_so(session, comment, Outcome.REDACTED, by=a_moderator(session, round), clock=clock, passages=passages)
    assert text_of(session, comment) == f"Mehr Bäume, sagt {BLACK} aus der {BLACK}."
    (copy,) = session.execute(select(SealedCopy)).scalars()
    assert copy.text == TEXT and "Musterstraße" not in decision_letters(session)[0].facts["text"]
    clock.advance(KEPT_ORIGINAL)
    with app.app_context():
        jobs.delete_sealed()
    session.rollback()
    assert (copy.text, copy.deleted_at) == ("", clock())


def test_what_is_blacked_out_must_stand_in_the_text_and_leave_something(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock, text=TEXT), a_moderator(session, round)
    for passages, fact in ((["musterstraße 7"], PassageMissing), ([TEXT], NothingLeft)):
        with pytest.raises(fact):
            decide_so(session, comment, Outcome.REDACTED, by=moderator, clock=clock, passages=passages)
    assert text_of(session, comment) == TEXT


# ── Other words ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_author_finds_other_words_even_after_answers_and_moderation_reads_them(
    session: Session, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author, text=TEXT)
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    decide_so(session, comment, Outcome.REWORD, by=a_moderator(session, round), clock=clock)
    assert state_of(session, comment) == State.HELD
    seen = thread_page(session, thread_id=round.thread_id, viewer=None, now=clock())
    (trace,) = seen.rows
    assert trace.is_tombstone and trace.text == "" and len(trace.answers) == 1
    assert thread_page(session, thread_id=round.thread_id, viewer=author.person_id, now=clock()).rows[0].can_be_edited
    session.rollback()
    edit_comment(session, comment_id=comment, who=author, text="Mehr Bäume!!", stance=Stance.NEUTRAL, clock=clock)
    rewording, version = session.execute(
        select(Contribution.rewording, Contribution.version).where(Contribution.id == comment)
    ).one()
    assert (state_of(session, comment), rewording, version) == (State.HELD, False, 2)
    assert counters_that_differ(session) == []


def test_who_is_asked_for_other_words_reads_until_when_and_what_becomes_of_it_then(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    author = a_citizen(session, email="ada@example.org")
    comment = a_comment(session, round, clock=clock, who=author, text=TEXT)
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    moderator = a_moderator(session, round)
    decide_so(session, comment, Outcome.REWORD, by=moderator, clock=clock)
    clock.advance(UNDO_FOR)
    with app.app_context():
        send_letters()
    letter = " ".join(smtp.to("ada@example.org")[-1].get_content().split())
    mine, until = signed_in(app, session, author.person_id), "01.07.2026, 00:00 Uhr"
    edit, own = (re.search(rf"https?://[^/]+({path}\S+)", letter) for path in ("/kommentare/", "/ueberpruefung/"))
    assert edit and own and until in letter and "bleibt er danach unveröffentlicht" in letter
    where = ("/meine-beteiligung", own[1], f"/kommentare/{comment}", edit[1])
    for path in where:
        assert f"bis zum {until}, dann endet die Diskussion" in words_on(mine.get(path)), path
    desk, decided = signed_in(app, session, moderator), "/moderation?liste=decided"
    listed = words_on(desk.get(decided))
    assert "Wartet auf andere Worte" in listed and "Wird geprüft" not in listed
    clock.at = CLOSES
    for path in where[:3]:
        told = words_on(mine.get(path))
        assert f"am {until} zu Ende gegangen" in told and "bleibt unveröffentlicht" in told, path
        assert "Andere Worte erbeten" not in told and f"/kommentare/{comment}/bearbeitung" not in mine.get(path).text
    over = "Dieser Kommentar wurde nicht überarbeitet und bleibt unveröffentlicht."
    listed = words_on(desk.get(decided))
    assert "Nicht veröffentlicht" in listed and "Wartet auf andere Worte" not in listed
    for told in (words_on(app.test_client().get(round.home)), words_on(desk.get(f"/moderation/{comment}"))):
        assert over in told and "Wartet auf andere Worte" not in told


def words_on(answer: TestResponse) -> str:
    assert answer.status_code == 200
    return " ".join(pages.text_of(answer.text).split())


def test_nobody_is_asked_for_other_words_after_the_close(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    clock.at = CLOSES
    with pytest.raises(TooLateToReword):
        decide_so(session, comment, Outcome.REWORD, by=a_moderator(session, round), clock=clock)


# ── Linking and moving ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_duplicate_stays_readable_and_names_the_other(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    first, second = (a_comment(session, round, clock=clock) for _ in range(2))
    decide_so(session, second, Outcome.DUPLICATE, by=a_moderator(session, round), clock=clock, duplicate_of=first)
    page = app.test_client().get(round.home).text
    assert "Dasselbe steht schon in einem anderen Beitrag" in page and f"/kommentare/{first}" in page
    assert counts_of(session, round.thread_id)["comments"] == 2


def test_a_duplicate_needs_another_public_original_of_the_same_round(session: Session, clock: StoppedClock) -> None:
    round, other = a_round(session), a_round(session)
    moderator = a_moderator(session, round)
    comment, first = (a_comment(session, round, clock=clock) for _ in range(2))
    held = a_comment(session, round, clock=clock, held=True)
    duplicate = a_comment(session, round, clock=clock)
    decide_so(session, duplicate, Outcome.DUPLICATE, by=moderator, clock=clock, duplicate_of=first)
    for wrong in (comment, held, duplicate, a_comment(session, other, clock=clock), 999_999, None):
        with pytest.raises(NoSuchOriginal):
            decide_so(session, comment, Outcome.DUPLICATE, by=moderator, clock=clock, duplicate_of=wrong)


@pytest.mark.parametrize("then", [Outcome.REDACTED, Outcome.REWORD, Outcome.WITHHELD])
def test_a_link_stays_until_the_contribution_is_withheld(session: Session, clock: StoppedClock, then: Outcome) -> None:
    round = a_round(session)
    moderator = a_moderator(session, round)
    comment, original = (a_comment(session, round, clock=clock) for _ in range(2))
    linked = decide_so(session, comment, Outcome.DUPLICATE, by=moderator, clock=clock, duplicate_of=original)
    made = decide_so(session, comment, then, by=moderator, clock=clock, last_seen=linked, passages=["Bäume"])
    kept = None if then is Outcome.WITHHELD else original
    assert session.get_one(Contribution, comment, populate_existing=True).duplicate_of == kept
    session.rollback()
    if then is not Outcome.REDACTED:
        publish(session, comment, by=moderator, clock=clock, last_seen=made)
    assert session.get_one(Contribution, comment, populate_existing=True).duplicate_of == kept


def test_a_comment_moves_with_its_replies_and_ratings(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    here, there = (subject.thread_id for subject in round.subjects)
    comment = a_comment(session, round, clock=clock)
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    rate_comment(session, comment_id=comment, who=a_citizen(session), value=Value.AGREE, clock=clock)
    empty, full = counts_of(session, there), counts_of(session, here)
    decide_so(session, comment, Outcome.MOVED, by=a_moderator(session, round), clock=clock, moved_to=there)
    assert (counts_of(session, there), counts_of(session, here)) == (full, empty)
    assert tuple(session.execute(select(Comment.agree, Comment.replies).where(Comment.id == comment)).one()) == (1, 1)
    assert counters_that_differ(session) == []


def test_nothing_moves_to_another_round(session: Session, clock: StoppedClock) -> None:
    round, other = a_round(session), a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    for wrong in (other.thread_id, round.thread_id, 999_999, None):
        with pytest.raises(NoSuchSubject):
            decide_so(session, comment, Outcome.MOVED, by=moderator, clock=clock, moved_to=wrong)


def test_a_reply_goes_where_its_comment_goes(session: Session, clock: StoppedClock) -> None:
    from participation.discussion.commands import move_comment

    round = a_round(session)
    reply = a_comment(session, round, clock=clock, answers=a_comment(session, round, clock=clock))
    with pytest.raises(RepliesEndHere), transaction(session):
        move_comment(session, reply, round.subjects[1].thread_id)


# ── Threats ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_threat_is_withheld_and_sealed(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, text="Ich weiß, wo du wohnst. Warte nur.")
    decide_so(session, comment, Outcome.POLICE, by=a_moderator(session, round), clock=clock, rule="persons")
    (copy,) = session.execute(select(SealedCopy)).scalars()
    assert (copy.kind, copy.text) == ("threat", "Ich weiß, wo du wohnst. Warte nur.")
    with pytest.raises(IntegrityError), transaction(session):
        session.execute(update(SealedCopy).values(deleted_at=clock()))


# ── Letters ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("language", "outcome"), list(product(("de", "en"), Outcome)))
def test_each_decision_sends_one_letter_in_the_authors_language_after_ten_minutes(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, language: str, outcome: Outcome
) -> None:
    round = a_round(session)
    author = a_citizen(session, email="ada@example.org", shown_as="Ada", language=language)
    comment = a_comment(session, round, clock=clock, who=author, text=TEXT, held=True)
    more = extras(session, round, outcome, clock)
    decide_so(session, comment, outcome, by=a_moderator(session, round), clock=clock, **more)
    with app.app_context():
        clock.advance(UNDO_FOR - timedelta(seconds=1))
        send_letters()
        assert smtp.letters == []
        clock.advance(timedelta(seconds=1))
        send_letters()
        send_letters()
    (letter,) = smtp.letters
    text = letter.get_content()
    assert (letter["Content-Language"], str(letter["To"])) == (language, "Ada <ada@example.org>")
    assert str(comment) in text and ("office" if language == "en" else "Stelle") in text
    assert ("/ueberpruefung/" in text) == (outcome is not Outcome.PUBLISHED)
    number = {Outcome.PUBLISHED: None, Outcome.DUPLICATE: 6, Outcome.MOVED: 6}.get(outcome, 3)
    assert REASON in text and text.count("Rule " if language == "en" else "Regel ") == (number is not None)
    if number:
        assert f"{'Rule' if language == 'en' else 'Regel'} {number}" in text and "/netiquette/fassungen/2" in text
    if outcome in (Outcome.DUPLICATE, Outcome.MOVED):
        assert f"/kommentare/{more.get('duplicate_of', comment)}" in text
