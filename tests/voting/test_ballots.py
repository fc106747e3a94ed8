"""One participant, one ballot per question, while the window is open and never after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from participation.audiences.facts import Admission, NotAdmitted, Who
from participation.audiences.models import Audience, Participant
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Fact
from participation.log.commands import close_windows
from participation.voting import queries
from participation.voting.commands import cast_ballot, forget, withdraw_ballot
from participation.voting.facts import Choice, KeyLost, NoBallot, NoSuchOption, NoSuchQuestion
from participation.voting.keys import KeyFolder
from participation.voting.ledger import commitment
from participation.voting.models import Ballot, RollEntry
from participation.windows.facts import WindowClosed, WindowNotOpenYet, WindowNotPublished
from participation.windows.models import Window
from tests.world import CLOSES, OPENS, RoundWords, a_citizen, a_round
from tests.world.voting import a_vote, ballots_and_roll, keys_of


@pytest.fixture
def round(session: Session) -> RoundWords:
    return a_round(session)


@pytest.fixture
def keys(round: RoundWords, tmp_path: Path) -> KeyFolder:
    return keys_of(round, tmp_path / "keys")


def _ballot(session: Session, question_id: int) -> Ballot:
    session.rollback()
    session.expire_all()
    return session.execute(select(Ballot).where(Ballot.question_id == question_id)).scalar_one()


def test_a_vote_leaves_one_ballot_and_one_entry_in_the_roll(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    a_vote(session, round, keys=keys, clock=clock)
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_the_roll_names_the_day_in_bochum(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    clock.at = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    a_vote(session, round, keys=keys, clock=clock)
    entry = session.execute(select(RollEntry)).scalar_one()
    assert entry.took_part_on.isoformat() == "2026-06-02"


def test_the_ballot_holds_no_name_and_a_commitment_to_its_choice(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, choice=Choice.AGAINST)
    ballot = _ballot(session, round.question_id)
    participant = session.execute(select(Participant).where(Participant.person_id == who.person_id)).scalar_one()
    question = round.subjects[0].question_slug
    assert ballot.choice == '"dagegen"'
    assert ballot.voter_tag == keys.tag(contest=round.contest_slug, question=question, participant_id=participant.id)
    assert ballot.voter_tag not in (participant.id.bytes, who.person_id.bytes)
    assert ballot.commitment == commitment(
        contest=round.contest_slug, question=question, nonce=ballot.nonce, choice='"dagegen"'
    )


def test_changing_the_vote_makes_a_new_nonce(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    before = _ballot(session, round.question_id).nonce
    a_vote(session, round, keys=keys, clock=clock, who=who, choice=Choice.ABSTAIN)
    after = _ballot(session, round.question_id)
    assert after.choice == '"enthaltung"'
    assert after.nonce != before
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_the_same_vote_again_is_answered_with_the_ballot_as_it_stands(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_citizen(session)
    standing = [
        cast_ballot(session, question_id=round.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock)
        for _ in range(3)
    ]
    assert len(set(standing)) == 1


def test_withdrawing_removes_ballot_and_entry(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    a_vote(session, round, keys=keys, clock=clock)
    withdraw_ballot(session, question_id=round.question_id, who=who, keys=keys, clock=clock)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    with pytest.raises(NoBallot):
        withdraw_ballot(session, question_id=round.question_id, who=who, keys=keys, clock=clock)


def test_the_tags_of_one_person_differ_from_question_to_question(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_citizen(session)
    for subject in round.subjects:
        cast_ballot(session, question_id=subject.question_id, who=who, choice=Choice.FOR, keys=keys, clock=clock)
    tags = session.execute(select(Ballot.voter_tag)).scalars().all()
    assert len(set(tags)) == len(round.subjects) == 2


@pytest.mark.parametrize("choice", ["", "for", "dafuer ", '"dafuer"', "x" * 5000])
def test_what_the_question_does_not_offer_is_refused(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, choice: str
) -> None:
    with pytest.raises(NoSuchOption):
        a_vote(session, round, keys=keys, clock=clock, choice=choice)
    assert ballots_and_roll(session, round.question_id) == (0, 0)


def test_an_unknown_question_is_refused(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    with pytest.raises(NoSuchQuestion):
        cast_ballot(session, question_id=9999, who=a_citizen(session), choice=Choice.FOR, keys=keys, clock=clock)


def test_who_is_not_admitted_cannot_vote(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    session.execute(update(Audience).where(Audience.id == round.audience_id).values(admission=Admission.NOBODY))
    session.commit()
    with pytest.raises(NotAdmitted):
        a_vote(session, round, keys=keys, clock=clock)


# ── What may be done in which state of the window ─────────────────────────────────────────────────────────────────────
STATES: list[tuple[str, dict[str, datetime | None], datetime, type[Fact] | None]] = [
    ("draft", {"published_at": None}, OPENS + timedelta(days=1), WindowNotPublished),
    ("announced for later", {"published_at": OPENS + timedelta(days=9)}, OPENS + timedelta(days=1), WindowNotPublished),
    ("coming", {}, OPENS - timedelta(microseconds=1), WindowNotOpenYet),
    ("first moment", {}, OPENS, None),
    ("last moment", {}, CLOSES - timedelta(microseconds=1), None),
    ("the end itself", {}, CLOSES, WindowClosed),
    ("closed early", {"closed_at": OPENS + timedelta(days=2)}, OPENS + timedelta(days=3), WindowClosed),
    ("closed, clock set back", {"closed_at": CLOSES}, OPENS + timedelta(days=3), WindowClosed),
]


@pytest.mark.parametrize(("state", "facts", "at", "reason"), STATES, ids=[line[0] for line in STATES])
def test_vote_change_and_withdraw_only_while_the_window_is_open(
    session: Session,
    round: RoundWords,
    keys: KeyFolder,
    clock: StoppedClock,
    state: str,
    facts: dict[str, datetime | None],
    at: datetime,
    reason: type[Fact] | None,
) -> None:
    early = a_vote(session, round, keys=keys, clock=clock)
    if "closed_at" in facts:
        with transaction(session):
            close_windows(session, {round.vote_window_id: facts["closed_at"] or at}, keys=keys, now=clock())
    elif facts:
        session.execute(update(Window).where(Window.id == round.vote_window_id).values(**facts))
        session.commit()
    clock.at = at
    newcomer = a_citizen(session)
    acts = [
        lambda: a_vote(session, round, keys=keys, clock=clock, who=newcomer),
        lambda: a_vote(session, round, keys=keys, clock=clock, who=early, choice=Choice.AGAINST),
        lambda: withdraw_ballot(session, question_id=round.question_id, who=early, keys=keys, clock=clock),
    ]
    for act in acts:
        if reason is None:
            act()
        else:
            with pytest.raises(reason):
                act()
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert _ballot(session, round.question_id).choice == '"dafuer"'


# ── What one sees ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _card(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, who: Who | None
) -> queries.QuestionCard:
    session.rollback()
    viewer = who.person_id if who else None
    return queries.question_card(session, question_id=round.question_id, viewer=viewer, now=clock(), keys=keys)


def test_the_card_shows_the_own_choice_and_nobody_elses(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, choice=Choice.AGAINST)
    other = a_citizen(session)
    assert (_card(session, round, keys, clock, who).choice, _card(session, round, keys, clock, other).choice) == (
        "dagegen",
        None,
    )
    visitor = _card(session, round, keys, clock, None)
    assert (visitor.choice, visitor.has_voted, visitor.why_not) == (None, False, None)
    assert [option.slug for option in visitor.options] == ["dafuer", "dagegen", "enthaltung"]
    assert (visitor.number, visitor.count) == (1, 2)


def test_after_the_close_one_sees_that_one_voted_and_not_how(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    clock.at = CLOSES
    card = _card(session, round, keys, clock, who)
    assert (card.has_voted, card.choice, type(card.why_not)) == (True, None, WindowClosed)
    with pytest.raises(WindowClosed):
        queries.own_choice(session, question_id=round.question_id, person_id=who.person_id, now=clock(), keys=keys)


def test_the_own_choice_stands_behind_a_question_of_its_own(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock, choice=Choice.ABSTAIN)
    mine = queries.own_choice(session, question_id=round.question_id, person_id=who.person_id, now=clock(), keys=keys)
    assert mine.choice == "enthaltung"
    with pytest.raises(NoBallot):
        somebody = a_citizen(session).person_id
        queries.own_choice(session, question_id=round.question_id, person_id=somebody, now=clock(), keys=keys)


def test_that_somebody_voted_is_told_without_the_choice(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    (line,) = queries.votes_of(session, person_id=who.person_id, now=clock())
    assert (line.question_id, line.is_open, line.home) == (round.question_id, True, round.home)
    (holding,) = queries.held_about(session, who.person_id)
    assert (holding.room, holding.kind, holding.text) == ("voting", "roll_entry", None)
    assert "dafuer" not in repr(line) + repr(holding)


def test_a_contest_lists_its_questions_and_on_which_one_voted(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    mine = queries.contest_card(session, contest=round.contest_slug, viewer=who.person_id, now=clock())
    visitors = queries.contest_card(session, contest=round.contest_slug, viewer=None, now=clock())
    assert [line.has_voted for line in mine.questions] == [True, False]
    assert [line.has_voted for line in visitors.questions] == [False, False]
    with pytest.raises(WindowNotPublished):
        clock.at = datetime(2025, 1, 1, tzinfo=UTC)
        queries.contest_card(session, contest=round.contest_slug, viewer=None, now=clock())


# ── Without the key, and when somebody leaves ─────────────────────────────────────────────────────────────────────────
def test_without_the_key_nobody_votes_and_nothing_is_lost(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock
) -> None:
    who = a_vote(session, round, keys=keys, clock=clock)
    (keys.path / f"{round.contest_slug}.key").unlink()
    with pytest.raises(KeyLost):
        a_vote(session, round, keys=keys, clock=clock)
    with pytest.raises(KeyLost):
        withdraw_ballot(session, question_id=round.question_id, who=who, keys=keys, clock=clock)
    card = _card(session, round, keys, clock, who)
    assert (card.has_voted, card.choice, type(card.why_not)) == (True, None, KeyLost)
    assert ballots_and_roll(session, round.question_id) == (1, 1)


def test_leaving_withdraws_what_is_open_and_keeps_what_is_closed(
    session: Session, round: RoundWords, keys: KeyFolder, clock: StoppedClock, tmp_path: Path
) -> None:
    over = a_round(session)
    keys.make(over.contest_slug)
    who = a_vote(session, round, keys=keys, clock=clock)
    a_vote(session, over, keys=keys, clock=clock, who=who)
    a_vote(session, round, keys=keys, clock=clock)
    session.execute(update(Window).where(Window.id == over.vote_window_id).values(closes_at=clock()))
    session.commit()
    forget(session, who.person_id, clock, keys)
    assert ballots_and_roll(session, round.question_id) == (1, 1)
    assert ballots_and_roll(session, over.question_id) == (1, 1)
    assert [line.question_id for line in queries.votes_of(session, person_id=who.person_id, now=clock())] == [
        over.question_id
    ]
