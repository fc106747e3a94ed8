"""A second look: asked for once, within six months, given by another person, with reasons, told by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from participation.audiences.facts import Role, Who
from participation.contributions.facts import State
from participation.contributions.models import Contribution
from participation.discussion.commands import withdraw_comment
from participation.discussion.models import Comment
from participation.discussion.queries import counters_that_differ
from participation.foundation.clock import StoppedClock
from participation.foundation.db import transaction
from participation.letters.jobs import send_letters
from participation.moderation.commands import escalate, undo
from participation.moderation.facts import (
    CONTESTABLE,
    KEPT_ORIGINAL,
    UNDO_FOR,
    AlreadySo,
    LookAwaited,
    NothingToDecide,
    Outcome,
    OwnContribution,
    ReasonMissing,
    UndoOver,
    WithdrawnMeanwhile,
)
from participation.moderation.models import ModerationDecision, SealedCopy
from participation.moderation.queries import decisions_on, held_about
from participation.queues.commands import decide_many
from participation.queues.facts import Chosen, How, Listed
from participation.queues.queries import queue
from participation.reviews.commands import contest, delete_sealed, review
from participation.reviews.facts import (
    CONTEST_FOR,
    AlreadyContested,
    NoSuchDecision,
    NothingToContest,
    ReviewOutcome,
    ReviewTooLate,
    SamePerson,
)
from participation.reviews.models import Review
from participation.reviews.queries import differing_looks, review_file
from tests.everywhere.pages import text_of
from tests.moderation.test_undo import a_full_comment, snapshot
from tests.servers import Postbox
from tests.world import a_citizen, a_moderator, a_round, a_staff_member, an_admin, an_official
from tests.world.moderation import a_comment, a_notice, decide_so, decision_letters, publish, state_of, withhold
from tests.world.sign_in import post, signed_in


def told(clock: StoppedClock) -> None:
    """Let the ten minutes pass in which nobody was told yet."""
    clock.advance(UNDO_FOR)


def token_of(session: Session, decision_id: int) -> str:
    session.rollback()
    token = session.get_one(ModerationDecision, decision_id).token
    assert token is not None
    return token


def test_a_second_look_that_reverses_brings_everything_back_and_tells_the_author_twice(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    author = a_citizen(session, email="ada@example.org", language="en")
    comment = a_comment(session, round, clock=clock, who=author)
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="Das war ein Zitat.", clock=clock)
    second = a_moderator(session, round)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Es ist ein Zitat.", clock=clock)
    assert state_of(session, comment) == State.PUBLISHED and counters_that_differ(session) == []
    kept = session.get_one(Review, asked)
    result = session.get_one(ModerationDecision, kept.result_id)
    assert (result.outcome, result.decided_by, result.reason) == ("published", second, "Es ist ein Zitat.")
    with app.app_context():
        send_letters()
    subjects = [str(letter["Subject"]) for letter in smtp.to("ada@example.org")]
    assert subjects == [
        "Your contribution will not be published",
        "Your request for a review has arrived",
        "After the review: your contribution is public",
    ]
    assert "Es ist ein Zitat." in smtp.letters[2].get_content()
    assert len(decision_letters(session)) == 1, "the reversal is told by the letter of the review alone"


@pytest.mark.parametrize("outcome", sorted(CONTESTABLE))
def test_every_outcome_can_be_reversed(session: Session, clock: StoppedClock, outcome: Outcome) -> None:
    round = a_round(session)
    comment = a_full_comment(session, round, clock)
    original = a_comment(session, round, clock=clock)
    more = {
        Outcome.REDACTED: {"passages": ["Frau Beispiel"]},
        Outcome.DUPLICATE: {"duplicate_of": original},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }.get(outcome, {})
    before = snapshot(session)
    made = decide_so(session, comment, outcome, by=a_moderator(session, round), clock=clock, **more)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    second = a_moderator(session, round)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Doch nicht.", clock=clock)
    assert snapshot(session) == before and counters_that_differ(session) == []


def test_a_second_look_that_upholds_tells_the_author_that_it_was_asked_for_and_given(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, who=a_citizen(session, email="ada@example.org"))
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    by = a_moderator(session, round)
    review(session, review_id=asked, by=by, outcome=ReviewOutcome.UPHELD, reason="Es bleibt dabei.", clock=clock)
    for _ in range(2):
        with app.app_context():
            send_letters()
    assert [str(letter["Subject"]) for letter in smtp.to("ada@example.org")] == [
        "Ihr Beitrag wird nicht veröffentlicht",
        "Ihre Bitte um Überprüfung ist angekommen",
        "Nach der Überprüfung: Die Entscheidung bleibt",
    ]
    assert "Es bleibt dabei." in smtp.letters[2].get_content()


def test_what_never_was_public_is_public_after_a_reversal(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock, held=True)
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    second = a_moderator(session, round)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Doch nicht.", clock=clock)
    assert state_of(session, comment) == State.PUBLISHED
    result = session.get_one(Review, asked).result_id
    assert result is not None
    with pytest.raises(UndoOver):
        undo(session, decision_id=result, by=second, clock=clock)


def test_a_second_look_that_upholds_changes_nothing(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    second = a_moderator(session, round)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.UPHELD, reason="Es bleibt dabei.", clock=clock)
    assert state_of(session, comment) == State.WITHHELD
    with pytest.raises(AlreadySo):
        review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Doch.", clock=clock)


def test_it_is_another_person_and_the_database_says_so_too(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, moderator = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=moderator, clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    with pytest.raises(SamePerson):
        review(session, review_id=asked, by=moderator, outcome=ReviewOutcome.UPHELD, reason="Ich.", clock=clock)
    with pytest.raises(IntegrityError), transaction(session):
        row = session.get_one(Review, asked)
        row.decided_by, row.decided_at, row.outcome, row.reason = moderator, clock(), "upheld", "Ich."
    with pytest.raises(IntegrityError), transaction(session):
        row = session.get_one(Review, asked)
        row.contested_by = a_moderator(session, round)
    stranger = a_moderator(session, a_round(session))
    with pytest.raises(NothingToDecide):
        review(session, review_id=asked, by=stranger, outcome=ReviewOutcome.UPHELD, reason="Nein.", clock=clock)
    with pytest.raises(ReasonMissing):
        review(session, review_id=asked, by=stranger, outcome=ReviewOutcome.UPHELD, reason=" ", clock=clock)


def test_it_is_asked_for_once_within_six_months(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    moderator = a_moderator(session, round)
    first, second = (a_comment(session, round, clock=clock) for _ in range(2))
    tokens = [token_of(session, withhold(session, comment, by=moderator, clock=clock)) for comment in (first, second)]
    clock.advance(CONTEST_FOR - timedelta(seconds=1))
    contest(session, token=tokens[0], words="", clock=clock)
    with pytest.raises(AlreadyContested):
        contest(session, token=tokens[0], words="Noch einmal.", clock=clock)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(ReviewTooLate):
        contest(session, token=tokens[1], words="", clock=clock)
    with pytest.raises(NoSuchDecision):
        contest(session, token="geraten", words="", clock=clock)
    assert len(session.execute(select(Review)).all()) == 1


def test_nobody_contests_what_nobody_was_told_yet(session: Session, app: Flask, clock: StoppedClock) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    token = token_of(session, withhold(session, comment, by=a_moderator(session, round), clock=clock))
    clock.advance(UNDO_FOR - timedelta(seconds=1))
    with pytest.raises(NoSuchDecision):
        contest(session, token=token, words="", clock=clock)
    assert app.test_client().get(f"/ueberpruefung/{token}").status_code == 404


def test_what_does_not_hold_any_more_is_not_contested(session: Session, app: Flask, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    moderator = a_moderator(session, round)
    replaced, gone, kept = (
        a_comment(session, round, clock=clock, who=author, text=f"Baum {n} fehlt.") for n in (1, 2, 3)
    )
    first = withhold(session, replaced, by=moderator, clock=clock)
    undone = withhold(session, gone, by=moderator, clock=clock)
    undo(session, decision_id=undone, by=moderator, clock=clock)
    last = publish(session, replaced, by=moderator, clock=clock, last_seen=first)
    public = decide_so(session, kept, Outcome.DUPLICATE, by=moderator, clock=clock, duplicate_of=gone)
    withdraw_comment(session, comment_id=kept, who=author, clock=clock)
    told(clock)
    for made in (first, undone, last, public):
        with pytest.raises(NothingToContest):
            contest(session, token=token_of(session, made), words="", clock=clock)
    for made in (first, public):
        page = app.test_client().get(f"/ueberpruefung/{token_of(session, made)}").text
        assert "Diese Entscheidung gilt nicht mehr." in page and 'name="words"' not in page


def test_who_asked_reads_that_another_decision_came_before_the_second_look(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    comment = a_comment(session, round, clock=clock)
    first = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    address = f"/ueberpruefung/{token_of(session, first)}"
    asked = contest(session, token=token_of(session, first), words="", clock=clock)
    assert "Wird überprüft" in app.test_client().get(address).text
    publish(session, comment, by=a_moderator(session, round), clock=clock, last_seen=first)
    page = app.test_client().get(address).text
    assert "Wird überprüft" not in page and "Diese Entscheidung gilt nicht mehr." in page
    desk = signed_in(app, session, a_moderator(session, round)).get(f"/moderation/ueberpruefungen/{asked}").text
    assert "Es gibt nichts zu überprüfen." in desk and 'name="outcome"' not in desk


def test_a_second_look_ends_what_was_passed_on(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    comment, second = a_comment(session, round, clock=clock), a_moderator(session, round)
    made = withhold(session, comment, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    escalate(session, contribution_id=comment, by=second, why="Ein Zitat?", clock=clock)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.UPHELD, reason="Es bleibt.", clock=clock)
    assert queue(session, moderator=second, listed=Listed.ESCALATED, now=clock()).page.rows == ()


def test_an_original_is_kept_while_a_second_look_at_what_is_blacked_out_is_open(
    session: Session, clock: StoppedClock
) -> None:
    assert KEPT_ORIGINAL > CONTEST_FOR, "who asks in the last moment finds it"
    round, author = a_round(session), a_citizen(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    late, gone, nobody = (
        a_comment(session, round, clock=clock, who=author, text=f"Baum {n}, sagt Frau Beispiel.") for n in range(3)
    )
    made = [
        decide_so(session, one, Outcome.REDACTED, by=first, clock=clock, passages=["Frau Beispiel"])
        for one in (late, gone, nobody)
    ]
    told(clock)
    contest(session, token=token_of(session, made[1]), words="", clock=clock)
    withdraw_comment(session, comment_id=gone, who=author, clock=clock)
    clock.advance(CONTEST_FOR - UNDO_FOR - timedelta(seconds=1))
    asked = contest(session, token=token_of(session, made[0]), words="", clock=clock)
    assert delete_sealed(session, clock=clock) == 0
    clock.advance(timedelta(days=60))
    assert delete_sealed(session, clock=clock) == 2, "nobody looks again at what was withdrawn or not contested"
    session.rollback()
    assert session.get_one(SealedCopy, made[0]).text == "Baum 0, sagt Frau Beispiel."
    looked = {"review_id": asked, "moderator": second, "now": clock()}
    assert getattr(review_file(session, **looked), "original", None) == "Baum 0, sagt Frau Beispiel."
    session.rollback()
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.UPHELD, reason="Es bleibt.", clock=clock)
    assert getattr(review_file(session, **looked), "original", "") is None, "it is sealed again at once"
    session.rollback()
    assert delete_sealed(session, clock=clock) == 1


@pytest.mark.parametrize("together", [False, True])
def test_to_leave_it_public_after_a_notice_leaves_the_decision_before_it_open_to_a_second_look(
    session: Session, clock: StoppedClock, together: bool
) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    other = a_comment(session, round, clock=clock)
    outcomes: dict[Outcome, dict[str, Any]] = {
        Outcome.REDACTED: {"passages": ["Frau Beispiel"]},
        Outcome.DUPLICATE: {"duplicate_of": other},
        Outcome.MOVED: {"moved_to": round.subjects[1].thread_id},
    }
    comments = [a_full_comment(session, round, clock) for _ in outcomes]
    begun = snapshot(session)
    made = {
        comment: decide_so(session, comment, outcome, by=first, clock=clock, **more)
        for comment, (outcome, more) in zip(comments, outcomes.items(), strict=True)
    }
    told(clock)
    early = contest(session, token=token_of(session, made[comments[0]]), words="", clock=clock)
    decided = snapshot(session)
    for comment in comments:
        a_notice(session, comment, clock=clock)
        chosen = Chosen(comment, 2 if comment == comments[0] else 1, made[comment])
        if together:
            decide_many(session, chosen=[chosen], how=How.PAGE, by=first, outcome=Outcome.PUBLISHED, clock=clock)
        else:
            kept = publish(session, comment, by=first, clock=clock, version=chosen.version, last_seen=made[comment])
            if comment == comments[1]:
                again = {**outcomes[Outcome.DUPLICATE], "last_seen": kept}
                with pytest.raises(AlreadySo):
                    decide_so(session, comment, Outcome.DUPLICATE, by=second, clock=clock, **again)
    assert snapshot(session) == decided, "what is linked, moved and blacked out stays so"
    assert {number: one.id for number, (one,) in decisions_on(session, comments).items()} == made
    later = [contest(session, token=token_of(session, made[one]), words="", clock=clock) for one in comments[1:]]
    waiting = queue(session, moderator=second, listed=Listed.REVIEWS, now=clock()).page.rows
    assert [row.key for row in waiting] == [early, *later]
    session.rollback()
    for number in (early, *later):
        review(session, review_id=number, by=second, outcome=ReviewOutcome.REVERSED, reason="Doch.", clock=clock)
    assert snapshot(session) == begun and counters_that_differ(session) == []
    assert {one.outcome for (one,) in decisions_on(session, comments).values()} == {Outcome.PUBLISHED}


def test_a_review_of_what_was_withdrawn_meanwhile_is_named(session: Session, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    other = a_comment(session, round, clock=clock)
    made = decide_so(
        session, comment, Outcome.DUPLICATE, by=a_moderator(session, round), clock=clock, duplicate_of=other
    )
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    with pytest.raises(WithdrawnMeanwhile):
        review(
            session,
            review_id=asked,
            by=a_moderator(session, round),
            outcome=ReviewOutcome.REVERSED,
            reason="Doch nicht.",
            clock=clock,
        )


def test_nobody_decides_or_looks_again_at_what_they_wrote_themselves(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    official = a_moderator(session, round)
    own = a_comment(session, round, clock=clock, who=Who(official, "Ada"), text="Das meine ich als Bürgerin.")
    with pytest.raises(OwnContribution):
        publish(session, own, by=official, clock=clock)
    made = withhold(session, own, by=a_moderator(session, round), clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    with pytest.raises(OwnContribution):
        review(session, review_id=asked, by=official, outcome=ReviewOutcome.REVERSED, reason="Doch.", clock=clock)
    assert state_of(session, own) == State.WITHHELD


def test_that_a_threat_is_secured_its_author_is_not_told(session: Session, app: Flask, clock: StoppedClock) -> None:
    round, author = a_round(session), a_citizen(session)
    comment = a_comment(session, round, clock=clock, who=author)
    made = decide_so(session, comment, Outcome.POLICE, by=a_moderator(session, round), clock=clock)
    told(clock)
    page = app.test_client().get(f"/ueberpruefung/{token_of(session, made)}").text
    assert "nicht veröffentlicht" in page and "Drohung" not in page and "gesichert" not in page
    disclosed = [one for one in held_about(session, author.person_id) if one.kind == "decision_on_own"]
    assert [one.facts["outcome"] for one in disclosed] == ["withheld"]


def test_who_decided_does_not_get_ahead_of_a_second_look(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    comment = a_comment(session, round, clock=clock)
    made = withhold(session, comment, by=first, clock=clock)
    told(clock)
    asked = contest(session, token=token_of(session, made), words="", clock=clock)
    with pytest.raises(LookAwaited):
        withhold(session, comment, by=first, clock=clock, rule="spam", last_seen=made)
    session.rollback()
    assert differing_looks(session) == set()
    session.rollback()
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.UPHELD, reason="Es bleibt dabei.", clock=clock)
    withhold(session, comment, by=first, clock=clock, rule="spam", last_seen=made)
    assert differing_looks(session) == set()


def test_who_decided_may_give_in_and_others_may_decide_anew(session: Session, clock: StoppedClock) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    comments = [
        a_comment(session, round, clock=clock, text=text) for text in ("Mehr Bäume am Ring.", "Mehr Bänke am Ring.")
    ]
    made = [withhold(session, comment, by=first, clock=clock) for comment in comments]
    told(clock)
    for one in made:
        contest(session, token=token_of(session, one), words="", clock=clock)
    publish(session, comments[0], by=first, clock=clock, last_seen=made[0])
    anew = withhold(session, comments[1], by=second, clock=clock, rule="spam", last_seen=made[1])
    withhold(session, comments[1], by=first, clock=clock, rule="law", last_seen=anew)
    assert [state_of(session, comment) for comment in comments] == [State.PUBLISHED, State.WITHHELD]
    assert differing_looks(session) == set(), "what lapsed may wait again"


def test_who_decided_gets_ahead_of_no_second_look_whatever_others_decided_beside_it(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    first, second, third = (a_moderator(session, round) for _ in range(3))
    comment, other = a_full_comment(session, round, clock), a_comment(session, round, clock=clock)
    text = session.get_one(Contribution, comment).text
    session.rollback()
    bars = decide_so(session, comment, Outcome.REDACTED, by=first, clock=clock, passages=["Frau Beispiel"])
    asked = contest_told(session, bars, clock)
    there: dict[str, Any] = {"moved_to": round.subjects[1].thread_id, "version": 2, "last_seen": bars}
    moved = decide_so(session, comment, Outcome.MOVED, by=third, clock=clock, **there)
    read: dict[str, Any] = {"by": first, "clock": clock, "version": 2, "last_seen": moved}
    with pytest.raises(LookAwaited):
        withhold(session, comment, **read)
    with pytest.raises(LookAwaited):
        decide_so(session, comment, Outcome.REDACTED, passages=["Musterstraße"], **read)
    decide_so(session, comment, Outcome.DUPLICATE, duplicate_of=other, **read)
    review(session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Kein Name.", clock=clock)
    session.rollback()
    found = session.get_one(Contribution, comment, populate_existing=True)
    assert (found.text, found.duplicate_of) == (text, other), "a link leaves the bars to be looked at"


# ── Decisions one on another ──────────────────────────────────────────────────────────────────────────────────────────
def reverse(session: Session, decision_id: int, *, by: Any, clock: StoppedClock) -> None:
    asked = contest_told(session, decision_id, clock)
    review(session, review_id=asked, by=by, outcome=ReviewOutcome.REVERSED, reason="Doch nicht.", clock=clock)


def contest_told(session: Session, decision_id: int, clock: StoppedClock) -> int:
    told(clock)
    return contest(session, token=token_of(session, decision_id), words="", clock=clock)


@pytest.mark.parametrize("later", [Outcome.WITHHELD, Outcome.MOVED, Outcome.REDACTED])
def test_what_an_earlier_decision_blacked_out_is_contested_once_a_later_decision_is_reversed(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock, later: Outcome
) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    author, text = a_citizen(session, email="ada@example.org"), "Frau Beispiel und Herr Muster wollen Bäume."
    comment = a_comment(session, round, clock=clock, who=author, text=text)
    begun = snapshot(session)
    bars = decide_so(session, comment, Outcome.REDACTED, by=first, clock=clock, passages=["Frau Beispiel"])
    barred = snapshot(session)
    more = {"passages": ["Herr Muster"], "moved_to": round.subjects[1].thread_id}
    made = decide_so(session, comment, later, by=first, clock=clock, version=2, last_seen=bars, **more)
    reverse(session, made, by=second, clock=clock)
    assert snapshot(session) == barred, "it stands as before the decision that was reversed"
    with app.app_context():
        send_letters()
    assert "weiter: mit Schwärzungen veröffentlicht" in " ".join(smtp.letters[-1].get_content().split())
    assert decisions_on(session, [comment])[comment][0].id == bars
    reverse(session, bars, by=second, clock=clock)
    assert snapshot(session) == begun and counters_that_differ(session) == []
    assert decisions_on(session, [comment])[comment][0].outcome == Outcome.PUBLISHED
    with app.app_context():
        send_letters()
    assert "weiter" not in smtp.letters[-1].get_content()


def test_what_is_blacked_out_is_contested_after_it_was_withheld_and_published_again(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    by = a_moderator(session, round)
    comment = a_full_comment(session, round, clock)
    begun = snapshot(session)
    bars = decide_so(session, comment, Outcome.REDACTED, by=by, clock=clock, passages=["Frau Beispiel"])
    early = contest_told(session, bars, clock)
    hidden = withhold(session, comment, by=a_moderator(session, round), clock=clock, version=2, last_seen=bars)
    second = a_moderator(session, round)
    answer = {"review_id": early, "by": second, "outcome": ReviewOutcome.REVERSED, "reason": "Doch.", "clock": clock}
    with pytest.raises(NothingToContest):
        review(session, **answer)
    publish(session, comment, by=by, clock=clock, version=2, last_seen=hidden)
    review(session, **answer)
    assert snapshot(session) == begun


def test_a_reversal_brings_no_link_back_to_what_is_linked_here_by_now(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    one, other = (a_comment(session, round, clock=clock, text=f"Mehr Bäume, Nummer {n}.") for n in range(2))
    linked = decide_so(session, one, Outcome.DUPLICATE, by=first, clock=clock, duplicate_of=other)
    hidden = withhold(session, one, by=first, clock=clock, last_seen=linked)
    asked = contest_told(session, hidden, clock)
    again = publish(session, one, by=second, clock=clock, last_seen=hidden)
    session.rollback()
    decide_so(session, other, Outcome.DUPLICATE, by=second, clock=clock, duplicate_of=one)
    undo(session, decision_id=again, by=second, clock=clock)
    browser = signed_in(app, session, second)
    sent = post(browser, f"/moderation/ueberpruefungen/{asked}", outcome="reversed", reason="Doch.", version="1")
    assert f"Der Verweis auf Beitrag {other} ist nicht zurückgekommen" in browser.get(sent.location).text
    session.rollback()
    kept = [session.get_one(Contribution, number, populate_existing=True) for number in (one, other)]
    assert [(it.state, it.duplicate_of) for it in kept] == [(State.PUBLISHED, None), (State.PUBLISHED, one)]
    assert decisions_on(session, [one])[one][0].outcome == Outcome.PUBLISHED


def test_what_is_blacked_out_is_contested_whatever_else_was_decided_and_each_remedy_leaves_the_other(
    session: Session, app: Flask, smtp: Postbox, clock: StoppedClock
) -> None:
    round = a_round(session)
    first, second, third = (a_moderator(session, round) for _ in range(3))
    text, there = "Frau Beispiel und Herr Muster wollen Bäume.", round.subjects[1].thread_id
    comment = a_comment(session, round, clock=clock, who=a_citizen(session, email="ada@example.org"), text=text)
    bars = decide_so(session, comment, Outcome.REDACTED, by=first, clock=clock, passages=["Frau Beispiel"])
    early = contest_told(session, bars, clock)
    made = decide_so(
        session, comment, Outcome.MOVED, by=third, clock=clock, version=2, last_seen=bars, moved_to=there, rule=None
    )
    later = contest_told(session, made, clock)
    waiting = queue(session, moderator=second, listed=Listed.REVIEWS, now=clock())
    assert [row.key for row in waiting.page.rows] == [early, later]
    review(session, review_id=later, by=second, outcome=ReviewOutcome.UPHELD, reason="Passt dort.", clock=clock)
    review(session, review_id=early, by=second, outcome=ReviewOutcome.REVERSED, reason="Kein Name.", clock=clock)
    session.rollback()
    found = session.get_one(Contribution, comment)
    assert (found.text, found.state) == (text, State.PUBLISHED), "nothing is black any more"
    assert session.get_one(Comment, comment).thread_id == there, "and it stays where it was moved to"
    assert counters_that_differ(session) == []
    with app.app_context():
        send_letters()
    assert "gilt aber weiter: zu einem anderen Thema verschoben" in " ".join(smtp.letters[-1].get_content().split())


def test_the_page_of_a_decision_tells_what_else_was_decided_and_holds(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round, author = a_round(session), a_citizen(session)
    by, text = a_moderator(session, round), "Frau Beispiel will Bäume."
    comment = a_comment(session, round, clock=clock, who=author, text=text)
    why = {"passages": ["Frau Beispiel"], "reason": "Ein Name steht darin."}
    bars = decide_so(session, comment, Outcome.REDACTED, by=by, clock=clock, **why)
    told(clock)
    there = {"moved_to": round.subjects[1].thread_id, "reason": "Es geht um Verkehr."}
    moved = decide_so(session, comment, Outcome.MOVED, by=by, clock=clock, version=2, last_seen=bars, **there)
    tokens = [token_of(session, one) for one in (bars, moved)]

    def page(token: str) -> str:
        return app.test_client().get(f"/ueberpruefung/{token}").text

    assert "um Verkehr" not in page(tokens[0]), "it may still be taken back"
    told(clock)
    assert "um Verkehr" in page(tokens[0]) and "Ein Name steht" in page(tokens[1])
    assert tokens[1] not in page(tokens[0]), "who holds one link does not hold the other"
    withdraw_comment(session, comment_id=comment, who=author, clock=clock)
    assert "um Verkehr" not in page(tokens[0])


def test_a_link_is_contested_after_something_was_blacked_out_and_the_bars_stay(
    session: Session, clock: StoppedClock
) -> None:
    round = a_round(session)
    first, second = a_moderator(session, round), a_moderator(session, round)
    author, text = a_citizen(session), "Frau Beispiel und Herr Muster wollen Bäume."
    other = a_comment(session, round, clock=clock)
    comment = a_comment(session, round, clock=clock, who=author, text=text)
    link = decide_so(session, comment, Outcome.DUPLICATE, by=first, clock=clock, duplicate_of=other)
    bars = decide_so(
        session, comment, Outcome.REDACTED, by=first, clock=clock, last_seen=link, passages=["Frau Beispiel"]
    )
    more = {"version": 2, "last_seen": bars, "passages": ["Herr Muster"]}
    decide_so(session, comment, Outcome.REDACTED, by=first, clock=clock, **more)
    told(clock)
    with pytest.raises(NothingToContest):
        contest(session, token=token_of(session, bars), words="", clock=clock)
    asked = contest(session, token=token_of(session, link), words="", clock=clock)
    review(
        session, review_id=asked, by=second, outcome=ReviewOutcome.REVERSED, reason="Anderes.", version=3, clock=clock
    )
    session.rollback()
    found = session.get_one(Contribution, comment)
    assert (found.text, found.duplicate_of) == ("█████ und █████ wollen Bäume.", None)


def test_where_one_person_moderates_alone_officials_read_that_nobody_can_look_again(
    session: Session, app: Flask, clock: StoppedClock
) -> None:
    round = a_round(session)
    staff, admin = a_staff_member(session, office_id=round.office_id), an_admin(session)
    places = [(staff, f"/moderation/runden/{round.slug}"), (admin, f"/verwaltung/runden/{round.slug}/berechtigungen")]

    def told() -> list[str]:
        read = (text_of(signed_in(app, session, who).get(path).text) for who, path in places)
        return [next((sign for sign in ("nur eine Person", "nur Sie", "niemand") if sign in page), "") for page in read]

    assert told() == ["niemand", "niemand"]
    places += [(admin, "/verwaltung/berechtigungen"), (a_moderator(session, round), "/moderation?liste=reviews")]
    assert told() == ["nur eine Person"] * 3 + ["nur Sie"]
    an_official(session, Role.MODERATOR, office_id=round.office_id)
    assert told() == [""] * 4
