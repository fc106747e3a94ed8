"""Moderators publish and withhold with a reason; authors are told; counts follow and come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from participation.audiences.facts import Role
from participation.contributions.facts import ChangedMeanwhile, State
from participation.contributions.models import Contribution
from participation.discussion.commands import edit_comment, rate_comment, withdraw_comment
from participation.discussion.facts import Stance, Value
from participation.discussion.models import Comment
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.journal.models import JournalEntry
from participation.moderation.commands import import_decisions
from participation.moderation.facts import (
    AlreadySo,
    DecidedMeanwhile,
    ImportedDecision,
    NothingToDecide,
    Outcome,
    RuleMissing,
    WithdrawnMeanwhile,
)
from participation.moderation.models import Case, ModerationDecision, Notice
from tests.world import CLOSES, a_citizen, a_moderator, a_round, a_staff_member, an_official
from tests.world.moderation import (
    REASON,
    a_comment,
    a_notice,
    counts_of,
    decision_letters,
    publish,
    state_of,
    withhold,
)


def decisions(session: Session) -> list[ModerationDecision]:
    session.rollback()
    return list(session.execute(select(ModerationDecision).order_by(ModerationDecision.id)).scalars())


def test_a_held_comment_is_published_and_counted(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    assert counts_of(session, round.thread_id)["comments"] == 0
    publish(session, comment, by=a_moderator(session, round), clock=clock)
    assert state_of(session, comment) == State.PUBLISHED
    assert counts_of(session, round.thread_id) | {"comments": 1, "in_favour": 1} == counts_of(session, round.thread_id)


def test_withholding_takes_a_comment_out_of_every_count_and_publishing_brings_all_back(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, stance=Stance.AGAINST)
    a_comment(session, round, clock=clock, answers=comment, text="Das sehe ich genauso.")
    rate_comment(session, comment_id=comment, who=a_citizen(session), value=Value.AGREE, clock=clock)
    before, moderator = counts_of(session, round.thread_id), a_moderator(session, round)
    first = withhold(session, comment, by=moderator, clock=clock)
    assert counts_of(session, round.thread_id) == before | {"comments": 0, "against": 0}
    publish(session, comment, by=moderator, clock=clock, last_seen=first)
    assert counts_of(session, round.thread_id) == before
    kept = session.execute(select(Comment.agree, Comment.replies).where(Comment.id == comment)).one()
    assert tuple(kept) == (1, 1)
    assert [one.outcome for one in decisions(session)] == ["withheld", "published"]


def test_withholding_an_answer_takes_it_from_its_comment_too(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    answer = a_comment(session, round, clock=clock, answers=comment, text="Sie Trottel, das geht nicht.")
    first = withhold(session, answer, by=a_moderator(session, round), clock=clock)
    replies = select(Comment.replies).where(Comment.id == comment)
    assert counts_of(session, round.thread_id)["replies"] == 0
    assert session.execute(replies).scalar_one() == 0
    publish(session, answer, by=a_moderator(session, round), clock=clock, last_seen=first)
    assert counts_of(session, round.thread_id)["replies"] == 1
    assert session.execute(replies).scalar_one() == 1


def test_the_tombstone_knows_the_rule(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    withhold(session, comment, by=a_moderator(session, round), clock=clock, rule="private")
    assert session.get_one(Contribution, comment).reason_kind == "private"


# ── Who is told ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_each_decision_makes_one_letter_with_rule_reason_and_office(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    author = a_citizen(session, email="ada@example.org", shown_as="Ada", language="en")
    comment, moderator = a_comment(session, round, clock=clock, who=author), a_moderator(session, round)
    first = withhold(session, comment, by=moderator, clock=clock)
    publish(session, comment, by=moderator, clock=clock, last_seen=first)
    withheld, published = decision_letters(session)
    assert (withheld.to_address, withheld.to_name, withheld.language) == ("ada@example.org", "Ada", "en")
    assert (withheld.facts["reason"], withheld.facts["rule"]["number"]) == (REASON, 1)
    assert withheld.facts["office"]["de"].startswith("Amt") and withheld.facts["number"] == comment
    assert (published.facts["outcome"], published.facts["rule"]) == ("published", None)


def test_a_second_click_changes_and_sends_nothing(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    withhold(session, comment, by=moderator, clock=clock)
    with pytest.raises(AlreadySo):
        withhold(session, comment, by=moderator, clock=clock)
    assert len(decisions(session)) == len(decision_letters(session)) == 1


def test_what_was_imported_and_who_is_gone_get_no_letter(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    imported, orphaned = (a_comment(session, round, clock=clock) for _ in range(2))
    with transaction(session):
        row = session.get_one(Contribution, imported)
        row.source, row.source_key = "polis", "17"
    from participation.accounts.commands import forget
    from participation.audiences.models import Participant

    author = session.execute(
        select(Participant.person_id)
        .join(Contribution, Contribution.participant_id == Participant.id)
        .where(Contribution.id == orphaned)
    ).scalar_one()
    assert author is not None
    forget(session, person_id=author, clock=clock)
    for comment in (imported, orphaned):
        withhold(session, comment, by=a_moderator(session, round), clock=clock)
    assert decision_letters(session) == []


def test_each_decision_writes_one_line_without_names_or_texts(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    a_notice(session, comment, clock=clock)
    number = withhold(session, comment, by=moderator, clock=clock)
    (line,) = session.execute(select(JournalEntry).where(JournalEntry.act == "moderation:decided")).scalars()
    assert (line.actor_id, line.office_id, line.about) == (moderator, round.office_id, f"contribution:{comment}")
    expected = {"decision": number, "from": "published", "to": "withheld", "rule": "persons"}
    assert line.details == expected | {"version": 1, "notices": 1}


def test_a_decision_settles_the_open_notices(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    a_notice(session, comment, clock=clock)
    a_notice(session, comment, clock=clock)
    publish(session, comment, by=a_moderator(session, round), clock=clock)
    session.rollback()
    assert {one.settled_at for one in session.execute(select(Notice)).scalars()} == {clock()}
    assert decision_letters(session)[0].facts["noticed"] is True


# ── What was read is what is decided ──────────────────────────────────────────────────────────────────────────────────
def test_a_text_edited_meanwhile_is_not_decided_on(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    edit_comment(
        session, comment_id=comment, who=author, text="Ein ganz anderer Satz.", stance=Stance.NEUTRAL, clock=clock
    )
    with pytest.raises(ChangedMeanwhile):
        withhold(session, comment, by=a_moderator(session, round), clock=clock, version=1)
    assert state_of(session, comment) == State.PUBLISHED and decisions(session) == []
    withhold(session, comment, by=a_moderator(session, round), clock=clock, version=2)


def test_the_second_moderator_is_told_and_overwrites_nothing(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    first = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    second = a_moderator(session, round)
    with pytest.raises(DecidedMeanwhile):
        publish(session, comment, by=second, clock=clock, last_seen=None)
    with pytest.raises(DecidedMeanwhile):
        withhold(session, comment, by=second, clock=clock, last_seen=None)
    assert state_of(session, comment) == State.WITHHELD and len(decision_letters(session)) == 1
    publish(session, comment, by=second, clock=clock, last_seen=first)
    assert state_of(session, comment) == State.PUBLISHED


def test_a_comment_withdrawn_meanwhile_is_named(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    with pytest.raises(WithdrawnMeanwhile):
        withhold(session, comment, by=a_moderator(session, round), clock=clock)
    assert state_of(session, comment) == State.WITHDRAWN and decisions(session) == []


def test_withholding_needs_a_rule_and_a_reason(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    for rule, reason in ((None, REASON), ("law", " ")):
        with pytest.raises(RuleMissing):
            withhold(session, comment, by=moderator, clock=clock, rule=rule, reason=reason)
    assert state_of(session, comment) == State.PUBLISHED


# ── Who and when ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nobody_decides_for_another_office(session: Session, clock: StoppedClock) -> None:
    round, other = a_round(session), a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    strangers = [
        a_moderator(session, other),
        an_official(session, Role.MODERATOR, office_id=other.office_id),
        a_staff_member(session, office_id=round.office_id),
        an_official(session, Role.ADMIN),
        an_official(session, Role.MODERATOR, audience_id=round.audience_id, until=clock() - timedelta(days=1)),
        a_citizen(session).person_id,
    ]
    for stranger in strangers:
        with pytest.raises(NothingToDecide):
            publish(session, comment, by=stranger, clock=clock)
    assert state_of(session, comment) == State.HELD
    publish(session, comment, by=an_official(session, Role.MODERATOR, office_id=round.office_id), clock=clock)
    assert state_of(session, comment) == State.PUBLISHED


def test_what_does_not_exist_cannot_be_decided(session: Session, clock: StoppedClock) -> None:
    with pytest.raises(NothingToDecide):
        publish(session, 4711, by=a_moderator(session, a_round(session)), clock=clock)


def test_decisions_go_on_after_the_close(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    clock.at = CLOSES + timedelta(days=100)
    withhold(session, comment, by=a_moderator(session, round), clock=clock)
    assert state_of(session, comment) == State.WITHHELD
    assert counts_of(session, round.thread_id)["comments"] == 0


# ── Imports ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_imported_decisions_come_in_bulk_without_letters_and_only_once(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comments = [a_comment(session, round, clock=clock) for _ in range(3)]
    rows = [ImportedDecision(comment, Outcome.WITHHELD, clock()) for comment in comments]
    assert import_decisions(session, decisions=rows[:2]) == 2
    assert import_decisions(session, decisions=rows) == 1
    assert [(one.decided_by, one.rule, one.reason) for one in decisions(session)] == [
        (None, None, "Übernommen aus Polis")
    ] * 3
    assert len(session.execute(select(Case)).all()) == 3 and decision_letters(session) == []
