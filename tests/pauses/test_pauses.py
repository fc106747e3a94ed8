"""A pause from writing: only where the law allows it, shortest first, by two people, for a time, with a remedy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import NotEntitled, Role, Who
from participation.audiences.models import RoleGrant
from participation.contributions.facts import WritingPaused
from participation.discussion.commands import edit_comment, rate_comment, reply, withdraw_comment
from participation.discussion.facts import Stance, Value
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.foundation.facts import Fact
from participation.journal.models import JournalEntry
from participation.letters.jobs import send_letters
from participation.letters.models import Letter
from participation.moderation.commands import undo
from participation.moderation.facts import Outcome as Decided
from participation.moderation.facts import OwnContribution
from participation.moderation.models import Case, ModerationDecision
from participation.pauses import commands, queries
from participation.pauses.facts import (
    CONTEST_FOR,
    LADDER,
    REMEMBERED,
    Acts,
    AlreadyAsked,
    AlreadyPaused,
    AlreadySettled,
    NoLegalBasis,
    NoLongerWithheld,
    NoSuchPause,
    NotAnotherPerson,
    NothingToAsk,
    NothingToReview,
    NothingWithheld,
    Outcome,
    OwnProposal,
    ReasonNeeded,
    State,
    StepChanged,
    TooLateToAsk,
    state_of,
    step_after,
)
from participation.pauses.models import LegalBasis, WritingPause
from participation.queues.facts import Listed
from participation.queues.queries import queue
from participation.reviews.commands import contest, review
from participation.reviews.facts import ReviewOutcome
from participation.voting.commands import cast_ballot
from tests.servers import Postbox
from tests.world import a_citizen, a_moderator, a_person, a_round, a_staff_member, an_admin, an_office
from tests.world.moderation import a_comment, decide_so, publish, withhold
from tests.world.pauses import BASIS, REASON, Trouble, trouble
from tests.world.voting import keys_of


@pytest.fixture
def case(session: Session, clock: StoppedClock) -> Trouble:
    return trouble(session, a_round(session), clock)


def letters(session: Session) -> list[Letter]:
    session.rollback()
    return list(
        session.execute(select(Letter).where(Letter.template.startswith("pauses/")).order_by(Letter.id)).scalars()
    )


def acts(session: Session) -> list[str]:
    session.rollback()
    found = select(JournalEntry.act).where(JournalEntry.act.startswith("pauses:")).order_by(JournalEntry.id)
    return list(session.execute(found).scalars())


# ── Off until the law is named ────────────────────────────────────────────────────────────────────────────────────────
def test_nobody_is_paused_before_the_office_names_its_legal_basis(session: Session, clock: StoppedClock) -> None:
    case = trouble(session, a_round(session), clock, allowed=False)
    with pytest.raises(NoLegalBasis):
        case.propose(session, clock)
    assert session.execute(select(func.count()).select_from(WritingPause)).scalar_one() == 0


def test_a_proposal_is_not_confirmed_once_the_basis_is_taken_out(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    made = case.propose(session, clock)
    commands.remove_basis(session, office_id=case.round.office_id, by=an_admin(session), clock=clock)
    with pytest.raises(NoLegalBasis):
        commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    assert case.participant(session).silent_until is None


def test_staff_of_the_office_and_administrators_enter_it_and_nobody_else(session: Session, clock: StoppedClock) -> None:
    office, elsewhere = an_office(session), an_office(session)
    round = a_round(session, office_id=office)
    given = {"office_id": office, "reference": "§ 7", "text": BASIS, "clock": clock}
    for person in (a_person(session), a_moderator(session, round), a_staff_member(session, office_id=elsewhere)):
        with pytest.raises(NotEntitled):
            commands.enter_basis(session, by=person, **given)
    for person, seen in ((a_staff_member(session, office_id=office), None), (an_admin(session), clock())):
        commands.enter_basis(session, by=person, seen=seen, **given)
    assert session.execute(select(func.count()).select_from(LegalBasis)).scalar_one() == 1
    assert acts(session) == ["pauses:basis_entered"] * 2


# ── Four eyes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_proposal_changes_nothing_and_tells_nobody(session: Session, clock: StoppedClock, case: Trouble) -> None:
    case.propose(session, clock)
    assert a_comment(session, case.round, clock=clock, who=case.author, text="Ich schreibe weiter.")
    assert letters(session) == []
    assert queries.own_pauses(session, person_id=case.author.person_id, now=clock()) == ()


def test_who_proposes_does_not_confirm(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.propose(session, clock)
    with pytest.raises(OwnProposal):
        commands.confirm(session, pause_id=made, by=case.one, clock=clock)
    with pytest.raises(IntegrityError), transaction(session):
        values = {"confirmed_by": case.one, "confirmed_at": clock(), "ends_at": clock() + LADDER[0]}
        session.execute(update(WritingPause).values(**values))


def test_nobody_pauses_themselves_or_ends_their_own_pause(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    with transaction(session):
        grant = {"role": Role.MODERATOR, "office_id": None, "audience_id": case.round.audience_id, "since": clock()}
        session.add(RoleGrant(person_id=case.author.person_id, **grant))
    with pytest.raises(OwnContribution):
        commands.review(
            session, pause_id=made, by=case.author.person_id, outcome=Outcome.REVERSED, reason="Doch.", clock=clock
        )


def test_somebody_else_may_turn_it_down_and_then_it_is_settled(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    commands.withdraw(session, pause_id=made, by=case.other, clock=clock)
    for again in (commands.confirm, commands.withdraw):
        with pytest.raises(AlreadySettled):
            again(session, pause_id=made, by=case.other, clock=clock)
    assert letters(session) == []
    assert case.propose(session, clock, comment) != made


def test_a_moderator_of_another_round_sees_and_does_nothing(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    stranger, comment = a_moderator(session, a_round(session)), case.insult(session, clock)
    made = case.propose(session, clock, comment)
    assert queries.pause(session, pause_id=made, official=stranger, now=clock()) is None
    assert queries.pauses(session, official=stranger, now=clock()).rows == ()
    for act in (commands.confirm, commands.withdraw):
        with pytest.raises(NoSuchPause):
            act(session, pause_id=made, by=stranger, clock=clock)
    with pytest.raises(NoSuchPause):
        commands.propose(session, contribution_id=comment, by=stranger, rule="persons", reason=REASON, clock=clock)


# ── What it rests on ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("outcome", [one for one in Decided if one not in (Decided.DUPLICATE, Decided.MOVED)])
def test_only_what_was_taken_back_carries_a_pause(
    session: Session, clock: StoppedClock, case: Trouble, outcome: Decided
) -> None:
    held = outcome is Decided.PUBLISHED
    text = "Der Trottel wohnt in der Kortumstraße."
    comment = a_comment(session, case.round, clock=clock, who=case.author, text=text, held=held)
    more = {"passages": ("Kortumstraße",)} if outcome is Decided.REDACTED else {}
    if outcome is Decided.PUBLISHED:
        publish(session, comment, by=case.one, clock=clock)
    else:
        decide_so(session, comment, outcome, by=case.one, clock=clock, **more)
    clock.advance(timedelta(minutes=10))
    if outcome in (Decided.WITHHELD, Decided.POLICE):
        assert case.propose(session, clock, comment)
    else:
        with pytest.raises(NothingWithheld):
            case.propose(session, clock, comment)


def test_a_decision_that_can_be_undone_carries_none(session: Session, clock: StoppedClock, case: Trouble) -> None:
    comment = case.insult(session, clock)
    clock.advance(-timedelta(microseconds=1))
    with pytest.raises(NothingWithheld):
        case.propose(session, clock, comment)


def test_a_proposal_is_not_confirmed_once_its_decision_is_reversed(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    token = session.execute(select(ModerationDecision.token)).scalar_one()
    session.rollback()
    asked = contest(session, token=token or "", words="", clock=clock)
    review(session, review_id=asked, by=case.third, outcome=ReviewOutcome.REVERSED, reason="Ein Zitat.", clock=clock)
    with pytest.raises(NoLongerWithheld):
        commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    assert case.participant(session).silent_until is None and letters(session) == []


def test_each_decision_carries_one_pause(session: Session, clock: StoppedClock, case: Trouble) -> None:
    comment = case.insult(session, clock)
    commands.confirm(session, pause_id=case.propose(session, clock, comment), by=case.other, clock=clock)
    clock.advance(LADDER[0])
    with pytest.raises(NothingWithheld):
        case.propose(session, clock, comment)


def test_one_proposal_waits_at_a_time_and_none_while_a_pause_runs(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    first, second = case.insult(session, clock), case.insult(session, clock)
    made = case.propose(session, clock, first)
    with pytest.raises(AlreadyPaused):
        case.propose(session, clock, second)
    commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    with pytest.raises(AlreadyPaused):
        case.propose(session, clock, second)


def test_a_reason_is_needed(session: Session, clock: StoppedClock, case: Trouble) -> None:
    comment = case.insult(session, clock)
    with pytest.raises(ReasonNeeded):
        commands.propose(session, contribution_id=comment, by=case.one, rule="persons", reason=" ", clock=clock)


# ── What it takes and what it leaves ──────────────────────────────────────────────────────────────────────────────────
def test_writing_stops_and_all_else_stays(session: Session, clock: StoppedClock, case: Trouble, tmp_path: Path) -> None:
    mine = a_comment(session, case.round, clock=clock, who=case.author, text="Mehr Bänke am Markt.")
    theirs = a_comment(session, case.round, clock=clock, text="Mehr Licht am Bahnhof.")
    case.pause(session, clock)
    until = case.participant(session).silent_until
    with pytest.raises(WritingPaused) as told:
        a_comment(session, case.round, clock=clock, who=case.author, text="Und noch etwas dazu.")
    assert told.value.values == {"until": until}
    with pytest.raises(WritingPaused):
        reply(session, comment_id=theirs, who=case.author, text="Nein, auf keinen Fall.", language="de", clock=clock)
    with pytest.raises(WritingPaused):
        edit_comment(
            session, comment_id=mine, who=case.author, text="Ganz anders jetzt.", stance=Stance.AGAINST, clock=clock
        )
    rate_comment(session, comment_id=theirs, who=case.author, value=Value.AGREE, clock=clock)
    withdraw_comment(session, comment_id=mine, who=case.author, clock=clock)
    keys = keys_of(case.round, tmp_path)
    who = Who(case.author.person_id)
    assert cast_ballot(session, question_id=case.round.question_id, who=who, choice="dafuer", keys=keys, clock=clock)


def test_other_words_that_moderation_asked_for_may_still_be_sent(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    mine = a_comment(session, case.round, clock=clock, who=case.author, text="Das ist ein Trottelprojekt.")
    decide_so(session, mine, Decided.REWORD, by=case.one, clock=clock)
    case.pause(session, clock)
    edit_comment(session, comment_id=mine, who=case.author, text="Das Projekt taugt nichts.", stance=None, clock=clock)


def test_other_people_and_other_rounds_are_not_touched(session: Session, clock: StoppedClock, case: Trouble) -> None:
    elsewhere = a_round(session, office_id=case.round.office_id)
    case.pause(session, clock)
    assert a_comment(session, case.round, clock=clock, text="Ich war es nicht.")
    assert a_comment(session, elsewhere, clock=clock, who=case.author, text="Hier darf ich schreiben.")


def test_it_ends_by_itself_at_its_very_moment(session: Session, clock: StoppedClock, case: Trouble) -> None:
    case.pause(session, clock)
    clock.advance(LADDER[0] - timedelta(microseconds=1))
    with pytest.raises(WritingPaused):
        a_comment(session, case.round, clock=clock, who=case.author, text="Einen Augenblick zu früh.")
    clock.advance(timedelta(microseconds=1))
    assert a_comment(session, case.round, clock=clock, who=case.author, text="Jetzt geht es wieder.")
    (line,) = queries.own_pauses(session, person_id=case.author.person_id, now=clock())
    assert line.state is State.OVER


def last_on(session: Session, comment: int) -> ModerationDecision:
    session.rollback()
    its = select(ModerationDecision).join(Case).where(Case.contribution_id == comment)
    return session.execute(its.order_by(ModerationDecision.id.desc()).limit(1)).scalar_one()


def test_it_holds_only_while_the_decision_that_it_rests_on_does(
    app: Flask, session: Session, clock: StoppedClock, case: Trouble
) -> None:
    """The application says who asks whom; a decision that is undone lets the pause run on."""
    comment = case.insult(session, clock)
    made, ends, cited = case.propose(session, clock, comment), clock() + LADDER[0], last_on(session, comment).id
    commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    shown = publish(session, comment, by=case.third, clock=clock, last_seen=cited)
    assert a_comment(session, case.round, clock=clock, who=case.author, text="Ich schreibe wieder.")
    undo(session, decision_id=shown, by=case.third, clock=clock)
    with pytest.raises(WritingPaused) as told:
        a_comment(session, case.round, clock=clock, who=case.author, text="Doch noch nicht.")
    assert told.value.values == {"until": ends}
    withhold(session, comment, by=case.third, clock=clock, last_seen=cited, rule="spam")
    assert a_comment(session, case.round, clock=clock, who=case.author, text="Wegen einer anderen Regel.")


def test_once_a_second_look_made_the_contribution_public_nothing_runs_or_waits(
    app: Flask, session: Session, clock: StoppedClock, case: Trouble
) -> None:
    mine = {"person_id": case.author.person_id, "clock": clock}
    first = case.pause(session, clock)
    commands.contest(session, pause_id=first, words="Nein.", **mine)
    clock.advance(LADDER[0])
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    token = last_on(session, comment).token or ""
    asked = contest(session, token=token, words="", clock=clock)
    clock.advance(timedelta(hours=1))
    review(session, review_id=asked, by=case.third, outcome=ReviewOutcome.REVERSED, reason="Ein Zitat.", clock=clock)
    line = queries.own_pauses(session, person_id=case.author.person_id, now=clock())[0]
    assert (line.state, line.acts.overtaken_at, line.is_open_to_ask) == (State.OVERTAKEN, clock(), False)
    assert line.is_public_again
    with pytest.raises(NothingToAsk):
        commands.contest(session, pause_id=made, words="Trotzdem.", **mine)
    # The next one is the first again and shorter than what was left of this one.
    commands.review(session, pause_id=first, by=case.third, outcome=Outcome.REVERSED, reason="Ja.", clock=clock)
    commands.confirm(session, pause_id=case.propose(session, clock), by=case.other, clock=clock)
    with pytest.raises(WritingPaused) as told:
        a_comment(session, case.round, clock=clock, who=case.author, text="Und noch etwas.")
    assert told.value.values == {"until": clock() + LADDER[0]}
    assert queries.differing_ends(session) == []


def test_a_second_look_at_a_pause_that_was_overtaken_waits_for_nobody(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    waits = [queries.waiting(session, official=case.third, now=clock()).looks]
    publish(session, comment, by=case.third, clock=clock, last_seen=last_on(session, comment).id)
    waits.append(queries.waiting(session, official=case.third, now=clock()).looks)
    found = queue(session, moderator=case.third, now=clock(), listed=Listed.PAUSES)
    assert (waits, found.page.rows, found.waiting[Listed.PAUSES].count) == ([1, 0], (), 0)
    with pytest.raises(NothingToReview):
        commands.review(session, pause_id=made, by=case.third, outcome=Outcome.UPHELD, reason="Doch.", clock=clock)


def test_who_asked_in_vain_is_told_once_in_their_language_when_that_is_final(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, case: Trouble
) -> None:
    case.author = a_citizen(session, email="ada@example.org", language="en")
    comment = case.insult(session, clock)
    made = case.propose(session, clock, comment)
    commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    cited = last_on(session, comment).id
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    for taken_back in (True, False):
        shown = publish(session, comment, by=case.third, clock=clock, last_seen=cited)
        clock.advance(timedelta(minutes=9))
        assert commands.tell_moot(session, clock=clock) == 0, "the decision may still be taken back"
        if taken_back:
            undo(session, decision_id=shown, by=case.third, clock=clock)
            clock.advance(timedelta(minutes=1))
            assert commands.tell_moot(session, clock=clock) == 0, "the pause runs on"
    clock.advance(timedelta(minutes=1))
    assert [commands.tell_moot(session, clock=clock) for _ in range(2)] == [1, 0]
    with app.app_context():
        send_letters()
    told = [one for one in smtp.to("ada@example.org") if one["Subject"] == "Your writing pause has ended early"]
    assert len(told) == 1 and "nothing left to review" in " ".join(told[0].get_content().split())


# ── Shortest first ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_ladder_only_grows() -> None:
    assert list(LADDER) == sorted(set(LADDER))
    assert [step_after(earlier) for earlier in range(8)] == [1, 2, 3, 4, 5, 5, 5, 5]


def test_each_pause_is_the_next_step_and_after_a_quiet_year_the_first_again(
    session: Session, clock: StoppedClock
) -> None:
    case = trouble(session, a_round(session, closes=clock() + timedelta(days=900)), clock)
    for span in (*LADDER, LADDER[-1]):
        case.pause(session, clock)
        assert case.participant(session).silent_until == clock() + span
        clock.advance(span)
    clock.advance(REMEMBERED)
    case.pause(session, clock)
    assert case.participant(session).silent_until == clock() + LADDER[0]
    assert queries.differing_ends(session) == []


def test_a_year_after_its_end_it_names_nobody_and_its_row_stays_for_the_report(
    session: Session, clock: StoppedClock
) -> None:
    case = trouble(session, a_round(session, closes=clock() + timedelta(days=900)), clock)
    quiet = trouble(session, a_round(session), clock)
    dropped, old, other = case.insult(session, clock), case.pause(session, clock), quiet.pause(session, clock)
    clock.advance(LADDER[0])
    commands.withdraw(session, pause_id=case.propose(session, clock, dropped), by=case.one, clock=clock)
    clock.advance(REMEMBERED - timedelta(minutes=1))
    newer = case.pause(session, clock)
    clock.advance(timedelta(minutes=1))
    assert [commands.forget_old(session, clock=clock) for _ in range(2)] == [3, 0]
    session.rollback()
    rows = session.execute(select(WritingPause).order_by(WritingPause.id)).scalars().all()
    assert [(row.id, row.participant_id is None, row.reason) for row in rows] == [
        (old, True, "–"),
        (other, True, "–"),
        (newer, False, REASON),
    ]
    assert quiet.participant(session).silent_until is None
    assert queries.pause(session, pause_id=old, official=case.one, now=clock()) is None
    assert queries.differing_ends(session) == []
    assert None not in [row.confirmed_at for row in rows]
    clock.advance(LADDER[0])
    with pytest.raises(NothingWithheld):
        case.propose(session, clock, dropped)


def test_a_pause_that_was_lifted_counts_for_none(session: Session, clock: StoppedClock, case: Trouble) -> None:
    first = case.pause(session, clock)
    commands.contest(session, pause_id=first, person_id=case.author.person_id, words="Satire.", clock=clock)
    clock.advance(LADDER[0])
    second = case.propose(session, clock)
    commands.review(session, pause_id=first, by=case.third, outcome=Outcome.REVERSED, reason="Satire.", clock=clock)
    with pytest.raises(StepChanged):
        commands.confirm(session, pause_id=second, by=case.other, clock=clock)


# ── Letter, remedy, journal ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_letter_says_all_that_counts(session: Session, clock: StoppedClock, case: Trouble) -> None:
    case.pause(session, clock)
    (letter,) = letters(session)
    assert letter.next_try_at == clock()
    assert letter.facts["reason"] == REASON
    assert letter.facts["rule"]["number"] == 1
    assert letter.facts["reference"] == "§ 7 Satzung"
    assert letter.facts["basis"] == BASIS
    assert letter.facts["days"] == 1
    assert letter.facts["ends"] == (clock() + LADDER[0]).isoformat()


def test_a_second_look_lifts_it_at_once(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Das war Satire.", clock=clock)
    with pytest.raises(WritingPaused):
        a_comment(session, case.round, clock=clock, who=case.author, text="Bis dahin gilt sie noch.")
    commands.review(session, pause_id=made, by=case.third, outcome=Outcome.REVERSED, reason="Stimmt.", clock=clock)
    assert a_comment(session, case.round, clock=clock, who=case.author, text="Danke fürs Hinsehen.")
    assert [letter.template for letter in letters(session)] == [
        f"pauses/letters/{name}" for name in ("paused", "asked", "reviewed")
    ]
    assert queries.differing_ends(session) == []


def test_a_second_look_that_upholds_changes_nothing(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    until = case.participant(session).silent_until
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    commands.review(session, pause_id=made, by=case.third, outcome=Outcome.UPHELD, reason="Doch.", clock=clock)
    assert case.participant(session).silent_until == until
    with pytest.raises(NothingToReview):
        commands.review(session, pause_id=made, by=case.third, outcome=Outcome.REVERSED, reason="Doch.", clock=clock)


def test_the_second_look_is_a_third_persons(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    for person in (case.one, case.other):
        with pytest.raises(NotAnotherPerson):
            commands.review(session, pause_id=made, by=person, outcome=Outcome.UPHELD, reason="Ja.", clock=clock)
        with pytest.raises(IntegrityError), transaction(session):
            values = {"reviewed_by": person, "reviewed_at": clock(), "outcome": "upheld", "review_reason": "Ja."}
            session.execute(update(WritingPause).values(**values))


def test_it_is_asked_for_once_by_its_author_within_six_months(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    proposed = case.propose(session, clock)
    mine = {"person_id": case.author.person_id, "words": "Nein.", "clock": clock}
    with pytest.raises(NoSuchPause):
        commands.contest(session, pause_id=proposed, **mine)
    commands.confirm(session, pause_id=proposed, by=case.other, clock=clock)
    with pytest.raises(NoSuchPause):
        commands.contest(session, pause_id=proposed, **(mine | {"person_id": a_citizen(session).person_id}))
    clock.advance(CONTEST_FOR)
    with pytest.raises(TooLateToAsk):
        commands.contest(session, pause_id=proposed, **mine)
    clock.advance(-timedelta(microseconds=1))
    commands.contest(session, pause_id=proposed, **mine)
    with pytest.raises(AlreadyAsked):
        commands.contest(session, pause_id=proposed, **mine)


def test_every_act_of_office_stands_in_the_journal(session: Session, clock: StoppedClock, case: Trouble) -> None:
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    commands.review(session, pause_id=made, by=case.third, outcome=Outcome.UPHELD, reason="Doch.", clock=clock)
    clock.advance(LADDER[0])
    commands.withdraw(session, pause_id=case.propose(session, clock), by=case.one, clock=clock)
    wanted = ["basis_entered", "proposed", "confirmed", "reviewed", "proposed", "withdrawn"]
    assert acts(session) == [f"pauses:{act}" for act in wanted]


def test_who_goes_takes_their_words_and_open_proposals_along(
    session: Session, clock: StoppedClock, case: Trouble
) -> None:
    made = case.pause(session, clock)
    commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Das war Satire.", clock=clock)
    clock.advance(LADDER[0])
    proposed = case.propose(session, clock)
    held = queries.held_about(session, case.author.person_id)
    assert [(one.kind, one.text) for one in held] == [("pause", "Das war Satire.")]
    commands.forget(session, case.author.person_id, clock)
    session.rollback()
    assert session.get_one(WritingPause, made, populate_existing=True).words == ""
    with pytest.raises(AlreadySettled):
        commands.confirm(session, pause_id=proposed, by=case.other, clock=clock)


# ── As a table ────────────────────────────────────────────────────────────────────────────────────────────────────────
STAGES = ("proposed", "withdrawn", "running", "asked", "over", "lifted")
DOERS = ("one", "other", "third", "stranger")
OK, OWN, SETTLED, NOBODY = "-", "OwnProposal", "AlreadySettled", "NoSuchPause"
NOT_THIRD, NOTHING = "NotAnotherPerson", "NothingToReview"
TABLE = {
    ("confirm", "proposed"): (OWN, OK, OK, NOBODY),
    ("confirm", "withdrawn"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("confirm", "running"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("confirm", "asked"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("confirm", "over"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("confirm", "lifted"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("withdraw", "proposed"): (OK, OK, OK, NOBODY),
    ("withdraw", "withdrawn"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("withdraw", "running"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("withdraw", "asked"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("withdraw", "over"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("withdraw", "lifted"): (SETTLED, SETTLED, SETTLED, NOBODY),
    ("review", "proposed"): (NOTHING, NOTHING, NOTHING, NOBODY),
    ("review", "withdrawn"): (NOTHING, NOTHING, NOTHING, NOBODY),
    ("review", "running"): (NOTHING, NOTHING, NOTHING, NOBODY),
    ("review", "asked"): (NOT_THIRD, NOT_THIRD, OK, NOBODY),
    ("review", "over"): (NOTHING, NOTHING, NOTHING, NOBODY),
    ("review", "lifted"): (NOTHING, NOTHING, NOTHING, NOBODY),
}


def at_stage(session: Session, clock: StoppedClock, case: Trouble, stage: str) -> int:
    made = case.propose(session, clock)
    if stage == "withdrawn":
        commands.withdraw(session, pause_id=made, by=case.one, clock=clock)
    if stage in ("running", "asked", "over", "lifted"):
        commands.confirm(session, pause_id=made, by=case.other, clock=clock)
    if stage in ("asked", "lifted"):
        commands.contest(session, pause_id=made, person_id=case.author.person_id, words="Nein.", clock=clock)
    if stage == "lifted":
        commands.review(session, pause_id=made, by=case.third, outcome=Outcome.REVERSED, reason="Ja.", clock=clock)
    if stage == "over":
        clock.advance(LADDER[0])
    return made


@pytest.mark.parametrize(("act", "stage"), TABLE)
def test_who_may_do_what_at_which_stage(
    session: Session, clock: StoppedClock, case: Trouble, act: str, stage: str
) -> None:
    more = {"outcome": Outcome.UPHELD, "reason": "Darum."} if act == "review" else {}
    people = {"one": case.one, "other": case.other, "third": case.third, "stranger": a_person(session)}
    said = []
    for doer in reversed(DOERS):
        made = at_stage(session, clock, case, stage)
        try:
            getattr(commands, act)(session, pause_id=made, by=people[doer], clock=clock, **more)
            said.append(OK)
        except Fact as fact:
            said.append(fact.name)
        case = trouble(session, a_round(session), clock)
        people |= {"one": case.one, "other": case.other, "third": case.third}
    assert tuple(reversed(said)) == TABLE[act, stage]


def test_the_state_follows_from_facts_and_clock(clock: StoppedClock) -> None:
    one, other, now = UUID(int=1), UUID(int=2), clock()
    proposed = Acts(one)
    running = Acts(one, other, ends_at=now + timedelta(microseconds=1))
    assert state_of(proposed, now) is State.PROPOSED
    assert state_of(Acts(one, withdrawn=True), now) is State.WITHDRAWN
    assert state_of(running, now) is State.RUNNING
    assert state_of(running, now + timedelta(microseconds=1)) is State.OVER
    assert state_of(Acts(one, other, ends_at=now, asked=True, outcome="reversed"), now) is State.LIFTED
